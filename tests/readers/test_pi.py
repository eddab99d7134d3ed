"""pi: trees of entries, forks, what each message cost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, pi
from tachograph.records import Usage
from tests.ingest.machine import machine
from tests.readers.told import HISTORIES, Told, mangled, read, sound, watched

FORKED = (HISTORIES / "pi" / "forked.jsonl").read_bytes()
COMPACTED = (HISTORIES / "pi" / "compacted.jsonl").read_bytes()
SECOND = 10**9
NOON = 1778580000 * SECOND  # 2026-05-12T10:00:00Z


def test_a_fork_has_the_history_that_it_copied() -> None:
    session = read(pi, FORKED).only
    assert session.facts == {
        "id": "019e-child",
        "project_dir": "/home/user/thing",
        "parent_id": "019e-parent",
        "title": "A better name",
        "model": "gpt-5.4",
        "started_at": NOON - 3600 * SECOND + SECOND // 10,
        "last_at": NOON + 9 * SECOND,
        "metadata": {"copied_entries": 3},
    }
    assert session.column("prompt", "content") == ["what the parent was asked", "fix it\n\n[image]"]
    assert session.column("reply", "content") == ["what it said", "I try.", None]
    copied, own = session.column("usage", "usage")
    assert own == Usage("claude-opus-4-8", 350, 20, 300, 40, cost_usd=0.0125)
    assert isinstance(copied, Usage) and copied.input_tokens == 1000


@pytest.mark.parametrize("named", [True, False], ids=["with ids", "of the first versions"])
def test_what_a_fork_copied_costs_once(named: bool) -> None:
    def entry(id: str, second: int, **message: object) -> bytes:
        ids = {"id": id, "parentId": None} if named else {}
        return line({"type": "message", **ids, "timestamp": f"2026-05-12T09:00:{second:02}.000Z", "message": message})

    def line(record: dict[str, object]) -> bytes:
        return json.dumps(record).encode() + b"\n"

    used = {"input": 100, "output": 10, "cacheRead": 0, "cacheWrite": 0, "cost": {"total": 0.5}}
    header = {"type": "session", "timestamp": "2026-05-12T09:00:00.000Z", "cwd": "/home/user/thing"}
    fork = {**header, "timestamp": "2026-05-12T09:00:09.000Z", "parentSession": "/x/2026_p1.jsonl"}
    said = entry("a1", 1, role="user", content="hello") + entry("a2", 2, role="assistant", content=[], usage=used)
    more = entry("a3", 10, role="user", content="more") + entry("a4", 11, role="assistant", content=[], usage=used)
    with machine() as one:
        one.take(one.put(".pi/agent/sessions/--x--/2026_p1.jsonl", line({**header, "id": "p1"}) + said))
        one.take(one.put(".pi/agent/sessions/--x--/2026_p2.jsonl", line({**fork, "id": "p2"}) + said + more))
        (total,) = one.store.usage.by("total")
        assert (total.calls, total.input_tokens, total.cost_usd) == (2, 200, 1.0)
        assert {session.id: session.input_tokens for session in one.store.sessions.list()} == {"p1": 100, "p2": 200}


def test_calls_and_how_they_ended() -> None:
    session = read(pi, FORKED).only
    commands = [(s["command"], s.get("exit_code"), s["status"], s.get("duration_ms")) for s in session.all("command")]
    assert commands == [
        ("make test", 2, "error", 1500.0),
        ("true", 0, "ok", 1000.0),
        ("sleep 99", None, "unknown", None),
    ]
    files = [
        (s["operation"], s["file_path"], s["status"], s["metadata"]["lines_added"], s["metadata"]["lines_removed"])  # type: ignore[index]
        for s in session.all("file_op")
    ]
    assert files == [
        ("edit", "/home/user/thing/a.py", "ok", 3, 3),
        ("write", "/home/user/thing/b.py", "interrupted", 3, 0),
    ]


def test_what_happened_to_the_session_is_marked() -> None:
    session = read(pi, FORKED).only
    markers = [(s["metadata"]["kind"], s["content"]) for s in session.all("marker")]  # type: ignore[index]
    assert markers == [
        ("model_switch", "model switched from claude-opus-4-8 to gpt-5.4"),
        ("interruption", "Request was aborted"),
        ("user_shell", "git status"),
        ("user_shell_output", "clean"),
        ("rewind", "went back to an earlier entry"),
        ("branch_summary", "tried to fix it"),
    ]
    compacted = read(pi, COMPACTED).only
    assert len(compacted.all("marker")) == len(compacted.all("prompt")) == len(compacted.all("reply")) == 2
    assert compacted.facts["model"] == "pi-fixture-model"


def test_a_file_that_grows_says_the_same() -> None:
    at_once = read(pi, FORKED).only
    growing = Told(watched(pi.parse(Origin("")), FORKED.splitlines())).only
    assert (growing.facts, growing.steps) == (at_once.facts, at_once.steps)


def test_without_its_header_a_session_has_the_name_of_its_file() -> None:
    told = read(pi, b"torn\n" + FORKED.splitlines()[4] + b'\n{"type":"news"}\n', "/x/2026-05-12T10_019e-child.jsonl")
    assert told.only.facts["id"] == "019e-child" and len(told.only.all("prompt")) == 1
    assert [unknown.kind for unknown in told.unknown] == ["not JSON", "entry of type news"]


def test_sessions_are_known_by_their_header_or_by_what_no_other_agent_writes() -> None:
    assert pi.detect(FORKED, "") and pi.detect(COMPACTED, "x")
    assert pi.detect((HISTORIES / "pi" / "run.jsonl").read_bytes().split(b"\n", 3)[3], "2026_x.jsonl")
    for other in (
        b"",
        b'{"type":"session","id":"x"}',
        b'{"type":"session_meta","payload":{},"timestamp":"2026-05-12T10:00:00Z"}',
        b'{"type":"message","id":"m","timestamp":"2026-05-12T10:00:00Z","parentId":"l","message":{"role":"user","content":[]}}',
    ):
        assert not pi.detect(other, "2026_x.jsonl")


def test_places_follow_the_environment() -> None:
    assert [place.root for place in pi.places("/home/u", {})] == [
        "/home/u/.pi/agent/sessions",
        "/home/u/.omp/agent/sessions",
    ]
    assert pi.places("/home/u", {"PI_CODING_AGENT_DIR": "~/pi"})[0].root == "/home/u/pi/sessions"
    assert pi.places("/home/u", {"PI_CODING_AGENT_SESSION_DIR": "/s"})[0].root == "/s"


@settings(max_examples=100)
@given(st.data())
def test_nothing_in_a_line_breaks_the_reader(data: st.DataObject) -> None:
    parser = pi.parse(Origin(""))
    for line in FORKED.splitlines():
        broken = mangled(data.draw, line)
        pi.detect(broken, "")
        sound(parser.feed(broken))
    sound(parser.finish())


def test_a_run_of_0_74() -> None:
    told = read(pi, (HISTORIES / "pi" / "run.jsonl").read_bytes())
    session = told.only
    assert not told.unknown
    assert (session.facts["project_dir"], session.facts["model"]) == ("/home/user/thing", "fails")
    assert session.column("prompt", "content") == ["Please write a.py", "Please fail"]
    assert session.column("reply", "content") == ["I look.", *[None] * 7, "All done.", None]
    assert [(s["command"], s.get("exit_code"), s["status"]) for s in session.all("command")] == [
        ("echo hi; exit 3", 3, "error"),
        ("true", 0, "ok"),
        ("sleep 5", None, "error"),
    ]
    assert session.steps["call:call_f"]["metadata"]["timed_out"] is True  # type: ignore[index]
    assert [(s["operation"], s["file_path"], s["status"]) for s in session.all("file_op")] == [
        ("write", "a.py", "ok"),
        ("read", "a.py", "ok"),
        ("edit", "a.py", "ok"),
        ("read", "missing.py", "error"),
        ("edit", "a.py", "error"),
    ]
    assert [(s["tool_name"], s["status"]) for s in session.all("tool_call")] == [("nosuch", "error")]
    assert [u.input_tokens for u in session.column("usage", "usage")] == [1000 + n for n in range(9)]  # type: ignore[attr-defined]
    kinds = [s["metadata"]["kind"] for s in session.all("marker")]  # type: ignore[index]
    assert kinds == ["model_switch", "api_error"]
    assert session.steps["api_error:d6487c41"]["content"] == "400 the model is not there"
