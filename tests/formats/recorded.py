"""Two sessions for the formats: steps as an agent's history tells them, and a terminal as it was recorded. What they
say is of the kind that breaks formats.

`python -m tests.formats.recorded` writes the golden files anew; look at the difference before you keep it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import tachograph
from tachograph.formats.exports import FORMATS
from tachograph.ingest import exporting
from tachograph.records import CodeBlock, Event, Extraction, Session, Step, Usage
from tachograph.store import Store
from tests.hostile import PAYLOADS
from tests.store.samples import AT, SECOND, printed

STEPS, SCREEN = "agent/../odd id", "tester-1"  # their ids; the first is no name of a file
GOLDEN = Path(__file__).parent / "golden"
FORMS = ("har", "cast", "cast-v2", "jsonl", "json", "csv", "md", "chrome-trace")
HOSTILE = "".join(text for text in PAYLOADS.values() if "\udc9b" not in text)
TEST = "pytest -q | tail -1"
TITLE = "=fix [seek](javascript:1)"
BREAKING = "</script><img src=x onerror=alert(1)> ```\n````\n# no title\n=1+1\n| a | b |"


def steps(store: Store) -> str:
    """Two turns: calls that overlap, one that fails, one that is refused, one whose result nobody told."""
    usage = Usage("dragon-1", 1200, 90, 1000, 50, 40, 0.0125)
    at = iter(range(AT, AT + 100 * SECOND, SECOND // 2 + 1))
    told = [
        Step("p1", "prompt", next(at), content=f"fix `seek`, please: {BREAKING}"),
        Step("t1", "thinking", next(at), content="I look first."),
        Step("r1", "reply", next(at), content="On it: <b>now</b>", metadata={"request_id": "q1"}),
        Step("u1", "usage", next(at), usage=usage, metadata={"request_id": "q1"}),
        Step("call:c1", "command", next(at), "Bash", "c1", command=TEST, exit_code=1, duration_ms=2500.5,
             status="error", content=f"1 failed\n{HOSTILE}", metadata={"input": {"command": TEST}}),
        Step("call:f1", "file_op", next(at), "Read", "f1", "src/a|b `c`.py", "read", duration_ms=900.0, status="ok",
             content="\n".join(f"line {number}" for number in range(90))),
        Step("call:f2", "file_op", next(at), "Edit", "f2", "src/seek.py", "edit", duration_ms=12.0, status="ok",
             content="=HYPERLINK(\"http://evil.example\")"),
        Step("r1b", "reply", next(at), content="More of the same answer", metadata={"request_id": "q1"}),
        Step("p2", "prompt", next(at), content="and now remove it"),
        Step("call:c2", "command", next(at), "Bash", "c2", command="rm -rf build", status="rejected"),
        Step("call:t2", "tool_call", next(at), "mcp__search", "t2", metadata={"input": {"query": "資料 ½ \u2028"}}),
        Step("m1", "marker", next(at), content="@everyone here it went wrong"),
        Step("r2", "reply", next(at), content="Done. 🎉"),
        Step("u2", "usage", next(at), usage=Usage("gpt-5", 10, 5), duration_ms=750.0),
    ]  # fmt: skip
    store.sessions.add(Session(STEPS, "agent", title=TITLE, started_at=AT, project_dir="/srv/shop"))
    store.steps.put(STEPS, "agent", told, source="transcript")
    found = store.events.list(session=STEPS, type="command")[0]
    store.extractions.add(
        Extraction(
            "agent", STEPS, "error", "python_exception", "1 failed", "1 failed", 1, {"step": "command"}, at=found.at
        )
    )
    store.code_blocks.add(CodeBlock("agent", STEPS, "print('```')", "python", 1, 3, at=AT), step=found.id)
    store.sessions.update(STEPS, status="completed", ended_at=AT + 20 * SECOND)
    return STEPS


def screen(store: Store) -> str:
    """A terminal of 90 columns: a character cut in two, another size, an error, a note, exit code 3."""
    terminal = {"terminal": {"columns": 90, "rows": 20, "term": "xterm-256color"}}
    store.sessions.add(Session(SCREEN, "tester", started_at=AT, command="make test", metadata=terminal))
    store.sessions.update(SCREEN, exit_code=3, status="failed", ended_at=AT + 5 * SECOND)
    euro = "€".encode()
    pieces = [
        (AT + 1_000_400_000, b"\x1b[1mbuilding\x1b[0m\r\n"),
        (AT + 1_000_800_000, b"10 " + euro[:1]),
        (AT + 1_001_200_000, euro[1:] + b"\r\nValueError: bad\r\n"),
        (AT + 2 * SECOND, b"\xff half a character: \xe2"),
    ]
    printed(store, SCREEN, *pieces)
    printed(store, SCREEN, (AT + 3 * SECOND, b"y\r"), stream=2)
    store.events.add(
        Event(SCREEN, "state", content="resized", metadata={"columns": 120, "rows": 40}, at=AT + 2 * SECOND)
    )
    store.events.add(Event(SCREEN, "marker", content="here\x1b]0;x\x07", source="user", at=AT + 4 * SECOND))
    store.events.add(
        Event(SCREEN, "command", command="make test", exit_code=3, duration_ms=5000.0, status="error", source="wrapper",
              at=AT + 5 * SECOND)
    )  # fmt: skip
    store.extractions.add(Extraction("tester", SCREEN, "error", "python_exception", "bad", "ValueError: bad", 3,
                                     at=AT + 1_001_200_000, source="wrapper"))  # fmt: skip
    return SCREEN


SESSIONS: dict[str, Callable[[Store], str]] = {"steps": steps, "screen": screen}


def exported(store: Store, session: str, form: str) -> bytes:
    return b"".join(exporting.export(store, session, form).pieces)


def golden(name: str, form: str) -> Path:
    return GOLDEN / f"{name}.{form.replace('-', '_')}{'' if form in {'md', 'csv'} else '.txt'}"


def _made() -> Iterator[tuple[Path, bytes]]:
    for name, make in SESSIONS.items():
        with tempfile.TemporaryDirectory() as folder, tachograph.open(Path(folder) / "tachograph.db") as store:
            session = make(store)
            for form in FORMS:
                yield golden(name, form), exported(store, session, form)


if __name__ == "__main__":
    assert set(FORMS) <= FORMATS.keys()
    GOLDEN.mkdir(exist_ok=True)
    for path, data in _made():
        path.write_bytes(data)
