"""What happens in a store's life, drawn at random, and what is asked of it; every row as one plain statement has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tachograph.records import Step, Usage
from tachograph.store import Store
from tachograph.store.query_words import Term, marks
from tests.recount import rows

from .samples import AT, SECOND, event, extraction

WORDS = ("lock", "locked", "Database", "is", "not", "error", "café", "한글", "a.b", "-x", "snake_case")
TYPED = (*WORDS, "lock*", "-not", "-error", '"is locked"', '"database is"', "c*", "café*", "--x", "nothing")
_ROWS = """SELECT e.id, s.session_id, e.seq, e.at, a.name, k.event_type, k.pattern, k.risk_level, k.source, t.status,
    w.name, e.matched_value, e.original_line, t.event IS NOT NULL, t.content, t.command, t.file_path, t.tool_name
FROM _events e JOIN _sessions s ON s.id = e.session JOIN _agents w ON w.id = s.agent
JOIN _kinds k ON k.id = e.kind JOIN _agents a ON a.id = k.agent LEFT JOIN _steps t ON t.event = e.id
ORDER BY e.id"""


def maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


name = st.sampled_from(["codex-1", "codex-2", "claude-1", "gemini-1"])
at = st.integers(0, 12).map(lambda n: AT + n * SECOND)
line = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
lines = st.lists(line, min_size=1, max_size=5)
text = st.lists(line, min_size=1, max_size=3).map("\n".join)
typed = st.lists(st.sampled_from(TYPED), max_size=3).map(" ".join)
outcome = st.sampled_from([None, "ok", "error"])
agent = st.sampled_from(["codex", "c*"])
events = st.lists(
    st.builds(
        event,
        name,
        st.sampled_from(["marker", "note.own", "reply", "command"]),
        tool_call_id=st.sampled_from([None, None, "c0", "c1"]),
        content=maybe(text),
        at=at,
        status=outcome,
    ),
    min_size=1,
    max_size=6,
)
findings = st.lists(
    st.builds(
        extraction,
        name,
        event_type=st.sampled_from(["error", "warning"]),
        pattern=st.sampled_from(["python_exception", "own"]),
        risk_level=st.sampled_from(["low", "high"]),
        source=st.sampled_from(["wrapper", "api"]),
        matched_value=line,
        at=at,
    ),
    min_size=1,
    max_size=12,
)


def _call(n: int, at: int, command: str, status: str | None) -> Step:
    return Step(f"call:c{n}", "command", at, tool_name="Bash", tool_call_id=f"c{n}", command=command, status=status)


def _file(n: int, at: int, operation: str) -> Step:
    return Step(
        f"call:f{n}", "file_op", at, tool_call_id=f"f{n}", file_path=f"{n}.py", operation=operation, status="ok"
    )


_number = st.integers(0, 3)
steps = st.lists(
    st.one_of(
        st.builds(lambda n, at, said: Step(f"prompt:{n}", "prompt", at, content=said), _number, at, text),
        st.builds(lambda n, at, said: Step(f"reply:{n}", "reply", at, content=said), _number, at, text),
        st.builds(_call, _number, at, line, outcome),
        st.builds(_file, _number, at, st.sampled_from(["read", "write", "edit"])),
        st.builds(
            lambda n, at: Step(f"usage:{n}", "usage", at, usage=Usage("gpt-5", 9, n, cost_usd=0.25)), _number, at
        ),
    ),
    min_size=1,
    max_size=5,
)
_between = st.tuples(maybe(at), maybe(at)).filter(lambda two: None in two or two[0] <= two[1])


def chosen(**filters: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of a list, each of them or none; and the time between which."""
    alone = st.fixed_dictionaries({name: maybe(values) for name, values in filters.items()})
    return st.builds(lambda some, two: {**some, "since": two[0], "until": two[1]}, alone, _between)


class Row(NamedTuple):
    """An event; `agent` is the one it is counted for, `whose` that of its session; `said` is all that can be found."""

    id: int
    session: str
    seq: int
    at: int
    agent: str
    type: str
    pattern: str
    risk: str
    source: str
    status: str | None
    whose: str
    said: str


class Printed(NamedTuple):
    """A line that was printed."""

    session: str
    stream: str
    number: int
    at: int
    text: str
    whose: str


def stored(store: Store) -> list[Row]:
    """Every event there is, by number."""
    found = []
    for *known, matched, original, step, content, command, path, tool in rows(store, _ROWS):
        own = original or matched or ""
        said = "\n".join(part for part in (content, command, path, tool, own) if part) if step else own
        found.append(Row(*known, said))
    return found


def fits(row: Row | Printed, wanted: Mapping[str, Any], *, of: str = "agent") -> bool:
    """Whether a row is one of those meant. `of`: whose agent is."""
    for filter, value in wanted.items():
        if value is None:
            continue
        if filter == "agent":
            if not fnmatchcase(getattr(row, of), value):
                return False
        elif filter == "since":
            if row.at < value:
                return False
        elif filter == "until":
            if row.at > value:
                return False
        elif getattr(row, filter) != value:
            return False
    return True


def says(text: str, terms: Sequence[Term]) -> bool:
    """Whether a line of it matches, or all of it."""
    some = [one for one in text.split("\n") if one.strip()]
    return bool(some) and any(marks(one, terms) is not None for one in (*some, text))
