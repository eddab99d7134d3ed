"""Sessions of which several sources tell, and that turn out to be one while they are told."""

from __future__ import annotations

import msgspec
import pytest

import tachograph
from tachograph import clock
from tachograph.ingest.header import agent_of, session_of
from tachograph.ingest.told_session import adopt
from tachograph.records import Session
from tests.ingest.machine import HISTORIES, Machine, machine
from tests.ingest.test_history_files import FIRST, NAME, SECOND, SESSION, prompts
from tests.recount import rows

BEGUN = 1_767_225_600 * clock.SECOND  # when the history begins


@pytest.mark.parametrize("cut", [len(FIRST), len(FIRST) + 40], ids=["whole lines", "a torn line"])
def test_another_process_joins_it_with_the_run_it_is_part_of(cut: int) -> None:
    """The follower holds what it knows of a session; a recording of its terminal comes later, and takes it in."""
    with machine() as one:
        path = one.put(NAME, SECOND[:cut], None)
        one.take(path, final=False)
        with tachograph.open(one.folder / "tachograph.db") as other:
            other.sessions.add(Session("claude-1", "claude", command="claude"))
            with other.transaction():
                other.merging.merge("claude-1", SESSION)
                other.sessions.add_alias(SESSION, "claude-1")
        one.put(NAME, SECOND, None)
        one.take(path, final=False)
        assert prompts(one) == [("claude-1", "look at it"), ("claude-1", "mend it")]
        assert [session.id for session in one.store.sessions.list()] == ["claude-1"]
        session = one.store.sessions.get("claude-1")
        assert (session.tool_calls, session.tool_errors, session.commands) == (2, 1, 1)
        assert one.originals("claude-1") == [SECOND]


def test_of_two_runs_that_followed_each_other_each_takes_its_own_history_in() -> None:
    """Both histories were there first, because the recordings of the terminal waited for room on the disk."""
    begun, folder = 1_780_000_000 * clock.SECOND, {"cwd": "/thing"}
    with machine() as one:
        sessions = one.store.sessions
        for number, name in enumerate(("first", "second")):
            at = begun + number * 8 * clock.SECOND
            told = Session(name, "claude", "local", name, "/thing", started_at=at + clock.SECOND // 2)
            sessions.add(told)
            run = Session(f"claude-{number}", "claude", command="claude", started_at=at, metadata=folder)
            sessions.add(msgspec.structs.replace(run, ended_at=at + 8 * clock.SECOND - 1, status="completed"))
        for number in range(2):
            adopt(one.store, sessions.get(f"claude-{number}"))
        joined = {session.id: session.copilot_session_id for session in sessions.list()}
        assert joined == {"claude-0": "first", "claude-1": "second"}


COMMANDS = {  # and the name that the wrapper gives a run of it
    "claude": "claude", "npx -y @anthropic-ai/claude-code@2 -c": "npx", "sh /opt/bin/claude": "sh",
    "/usr/bin/claude.exe": "claude",
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("order", ["run first", "history first"])
def test_a_run_and_its_history_are_one_by_whatever_program_the_agent_was_started(command: str, order: str) -> None:
    """It is the agent that it starts, whatever started that."""
    header = {"agent": COMMANDS[command], "argv": command.split(), "cwd": "/thing", "started_at": BEGUN}
    run = session_of(header, "run-1", agent_of(header, "run-1"), BEGUN, "")
    with machine() as one:
        path = one.put(NAME, SECOND, None)
        if order == "run first":
            one.store.sessions.add(run)
            one.take(path, final=False)
        else:
            one.take(path, final=False)
            one.store.sessions.add(run)
            with one.store.transaction():
                adopt(one.store, one.store.sessions.get("run-1"))
        (session,) = one.store.sessions.list()
        assert (session.id, session.copilot_session_id) == ("run-1", SESSION)
        assert (session.agent, session.command) == ("claude", command)
        assert {event.source for event in one.store.events.list(agent="claude")} == {"transcript"}


def test_a_run_that_was_named_keeps_its_name() -> None:
    argv = ["npx", "@openai/codex"]
    assert agent_of({"agent": "nightly", "argv": argv}, "nightly-1") == "nightly"
    assert agent_of({"agent": "npx", "argv": argv}, "npx-20261121-091402") == "codex"
    assert agent_of({"agent": "npx", "argv": ["npx", "vite"]}, "npx-20261121-091402") == "npx"
    assert agent_of({}, "make-20261121-091402") == "make"


RUNS = {
    "claude": ("claude/printed.jsonl", "claude/d11bd8b2-2747-47c9-a282-b2d31464ce2e.jsonl"),
    "codex": (
        "codex/exec-stream.jsonl",
        "codex/rollout-2026-11-21T02-12-50-01a1fbe0-b883-7092-8cc9-9fdb865bbe26.jsonl",
    ),
}
IDS = {b"01a1fbe1-71e3-7992-a270-9f6383f630c8": b"01a1fbe0-b883-7092-8cc9-9fdb865bbe26"}  # two runs of the same task


@pytest.mark.parametrize("order", ["printed first", "history first", "by turns"])
@pytest.mark.parametrize("agent", RUNS)
def test_what_an_agent_prints_of_a_run_and_its_history_are_told_once(agent: str, order: str) -> None:
    printed, transcript = ((HISTORIES / name).read_bytes() for name in RUNS[agent])
    for other, same in IDS.items():
        printed = printed.replace(other, same)
    with machine() as alone:
        alone.take(alone.put(RUNS[agent][1], transcript))
        (known,) = alone.store.sessions.list()
        steps = told(alone)
    with machine() as one:
        at = known.started_at // clock.SECOND + 5  # the stream has no times of its own: that of its file
        files = [(RUNS[agent][0], printed), (RUNS[agent][1], transcript)]
        if order == "by turns":
            half = printed.find(b"\n", len(printed) // 2) + 1
            one.take(one.put(RUNS[agent][0], printed[:half], at), final=False)
        for name, data in reversed(files) if order == "history first" else files:
            one.take(one.put(name, data, at))
        assert told(one) == steps
        (session,) = one.store.sessions.list()
        names = ("prompts", "replies", "tool_calls", "tool_errors", "commands", "input_tokens", "output_tokens")
        assert [getattr(session, name) for name in names] == [getattr(known, name) for name in names]
        assert sorted(one.originals(session.id)) == sorted([printed, transcript])


def told(one: Machine) -> list[tuple[object, ...]]:
    fields = "event_type, tool_call_id, command, file_path, status, content, exit_code"
    sql = f"SELECT {fields} FROM events WHERE pattern IS NULL"
    return sorted(rows(one.store, sql), key=repr)
