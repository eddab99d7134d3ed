"""The same question gets the same answer at every door: command line, query API, GraphQL, the tools of agents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tachograph
from tachograph.cli.main import main
from tachograph.errors import TachographError
from tachograph.serve.mcp_tools import BY_NAME, Caller, SearchHistory
from tests.cli import recordings
from tests.serve.conftest import Ask

MOST = "1000"
COMMON = {
    "agent": ["claude", "c*", "*", "%u%", "C*", "nobody", "["],
    "since": [
        *("7d", "today", "now", "20260101", "2026-11-10", "2026-11-10T09:00:30Z", "2026-11-10T10:00:04+01:00", "0s"),
        *("90", "1:30m", "soon", "-1d", "2026-02-30", "99999w"),
    ],
    "until": ["now", "yesterday", "0m", "20270101", "2026-11-10T09:00:30.5Z", "2027-01-01 00:00", "1w", "12"],
}
SESSION = {"session": ["last", "last~1", "@claude", "last~99", "0", "01a0", "*"]}
CALLS = {"tool": ["Bash", "*", "e*"], "category": ["test", "git", "none"], "path": ["*.py", "src/*", "seek.py", "src"]}
TYPES = ["error", "command", "tool_call", "prompt", "test_result", "state", "none"]
WORDS = [
    *("error", "seek*", "test -passed", '"is missing"', "-x", "type:error seek", "agent:claude seek", "--force"),
    *("seek session:last", "seek session:@claude", "type:error session:last~99", "session:*"),
]


class Question(NamedTuple):
    """A list: its command, its name in the API, what its rows are under and told apart by, what it is picked by."""

    command: str
    name: str
    rows: str
    key: str
    filters: dict[str, list[str]]


QUESTIONS = [
    Question("sessions", "sessions", "sessions", "id", {**COMMON, "project": ["shop", "/srv/*", "s?op"]}),
    Question("events", "events", "events", "id", {**COMMON, **SESSION, "type": TYPES, "status": ["ok", "error"]}),
    Question("events", "events", "events", "id", {**COMMON, **SESSION, **CALLS}),
    Question(
        "events", "events", "events", "id", {**COMMON, "pattern": ["python_error", "none"], "risk": ["low", "high"]}
    ),
    Question("files", "files", "files", "file_path", {**COMMON, **SESSION, "path": CALLS["path"]}),
    Question("code", "code-blocks", "code_blocks", "digest", {**COMMON, **SESSION, "language": ["python", "sh"]}),
    Question("failures", "failures", "failures", "message", {**COMMON, **SESSION}),
    Question("search", "search", "hits", "text", {**COMMON, **SESSION, "type": TYPES}),
]


@pytest.fixture
def filled(told: Path) -> Path:
    """Histories of two agents, and two runs that were wrapped."""
    recordings.write(recordings.GOOD)
    recordings.write(recordings.BAD)
    assert main(["db", "migrate"]) == 0
    return told


@st.composite
def asked(draw: st.DrawFn) -> tuple[Question, dict[str, str]]:
    question = draw(st.sampled_from(QUESTIONS))
    names = draw(st.lists(st.sampled_from(sorted(question.filters)), unique=True, max_size=3))
    words = {name: draw(st.sampled_from(question.filters[name])) for name in names}
    return question, {**words, "q": draw(st.sampled_from(WORDS))} if question.command == "search" else words


@settings(max_examples=30)
@given(asked())
@example((QUESTIONS[0], {"until": "20270101"}))
@example((QUESTIONS[0], {"until": "1h", "since": "60m"}))
@example((QUESTIONS[-1], {"q": "seek session:last~1"}))
def test_every_door_says_the_same(
    filled: Path, ask: Ask, capsys: pytest.CaptureFixture[str], drawn: tuple[Question, dict[str, str]]
) -> None:
    question, words = drawn
    options = [f"--{name}={value}" for name, value in words.items() if name != "q"]
    typed = ["--context=2", "--", words["q"]] if "q" in words else []
    capsys.readouterr()
    code = main([question.command, "--json", f"--limit={MOST}", *options, *typed])
    printed = capsys.readouterr().out
    reply = ask("GET", f"/api/query/{question.name}?{urlencode({**words, 'limit': MOST})}")
    assert (code == 0) is (reply.status == 200), (code, reply)
    edges = _graph(ask, question, words)
    assert (edges is None) is (code != 0)
    if code == 0:
        rows = reply.json[question.rows]
        for row in rows:
            row.pop("trend", None)  # drawn for the page
        assert json.loads(printed) == rows
        assert edges == [row[question.key] for row in rows]
    if "q" in words and words.keys() <= {"q", "agent", "since"}:
        assert _tool(words) == ([row["text"] for row in reply.json["hits"][:50]] if code == 0 else None)


def _graph(ask: Ask, question: Question, words: dict[str, str]) -> list[Any] | None:
    """The keys of the rows; None when it is refused."""
    name = question.name.replace("-", "_")
    given = "".join(f", {name}: {json.dumps(value)}" for name, value in words.items())
    query = f"{{ {name}(first: {MOST}{given}) {{ edges {{ node {{ {question.key} }} }} }} }}"
    found = ask("POST", "/graphql", json.dumps({"query": query}).encode()).json
    return None if "errors" in found else [edge["node"][question.key] for edge in found["data"][name]["edges"]]


def _tool(words: dict[str, str]) -> list[str] | None:
    given = SearchHistory(words["q"], agent=words.get("agent", ""), since=words.get("since", ""), limit=50)
    with tachograph.open() as store:
        try:
            return [hit["text"] for hit in BY_NAME["search_history"].answer(store, given, Caller("", "", None))["hits"]]
        except TachographError:
            return None
