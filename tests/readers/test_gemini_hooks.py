"""Hooks of Gemini CLI."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tachograph.readers import gemini_hooks
from tachograph.readers.times import iso
from tests.readers.hook_messages import AT, STEP, Message, facts, odd, recorded, told

BASE = {"session_id": "s", "transcript_path": "/h/x.jsonl", "cwd": "/p"}


def message(event: str, **more: Any) -> Message:
    return None, {**BASE, "hook_event_name": event, **more}


def begins(command: str) -> Message:
    return message("BeforeTool", tool_name="run_shell_command", tool_input={"command": command})


def ends(command: str, said: str = "ok", **more: Any) -> Message:
    response = {"llmContent": said, "returnDisplay": said, **more}
    return message("AfterTool", tool_name="run_shell_command", tool_input={"command": command}, tool_response=response)


def test_a_short_run() -> None:
    found = told(gemini_hooks, recorded("gemini.jsonl"))
    assert found.unknown == []
    session = found.only
    assert list(found.sessions) == ["ef0edaff-34aa-4942-b0e7-5da56f970b6f"]
    assert session.facts["project_dir"] == "/home/u/gm/proj"
    assert session.facts["started_at"] == iso("2026-11-21T02:14:22.246Z"), "its own times are taken"
    assert session.column("prompt", "content") == ["Please say hello"]
    assert session.column("reply", "content") == ["All done."]
    assert session.column("state", "content") == ["started", "running", "waiting", "completed"]
    (command,) = session.all("command")
    assert (command["key"], command["tool_name"]) == ("call:#1", "run_shell_command")
    assert (command["command"], command["status"]) == ("echo hello-from-gemini", "ok")
    assert command["duration_ms"] == 228.0
    assert not session.all("marker")


def test_equal_calls_are_told_apart() -> None:
    session = told(gemini_hooks, [begins("make"), ends("make", "first"), begins("make"), ends("make", "second")]).only
    assert session.column("command", "key") == ["call:#1", "call:#2"]
    assert session.column("command", "content") == ["first", "second"]
    assert session.column("command", "duration_ms") == [STEP / 1e6] * 2


def test_calls_that_overlap_find_their_ends() -> None:
    session = told(
        gemini_hooks, [begins("a"), begins("b"), begins("c"), ends("b", "B"), ends("c", "C"), ends("a", "A")]
    ).only
    assert [(c["command"], c["content"]) for c in session.all("command")] == [("a", "A"), ("b", "B"), ("c", "C")]


def test_what_a_subagent_calls_is_left_to_its_history() -> None:
    asked = {"agent_name": "codebase_investigator", "prompt": "look"}
    agent = message("BeforeTool", tool_name="invoke_agent", tool_input=asked)
    back = message("AfterTool", tool_name="invoke_agent", tool_input=asked, tool_response={"llmContent": "found"})
    inside = [begins("ls"), ends("ls", "its own"), begins("make"), ends("make", "its own")]
    session = told(gemini_hooks, [begins("make"), agent, *inside[:2], ends("make", "ours"), back, *inside[2:]]).only
    assert session.column("tool_call", "content") == ["found"]
    assert session.column("command", "content") == ["ours", "its own"], "what began before, and what came after"


def test_an_end_whose_beginning_we_missed() -> None:
    session = told(gemini_hooks, [ends("a", "A")]).only
    (command,) = session.all("command")
    assert (command["content"], command["at"]) == ("A", AT)
    assert "duration_ms" not in command


def test_arguments_that_another_hook_changed_on_the_way() -> None:
    session = told(gemini_hooks, [begins("a"), ends("a --safe", "A")]).only
    assert session.column("command", "key") == ["call:#1"]


@pytest.mark.parametrize("end", [("AfterAgent", {"prompt_response": "Fine."}), ("SessionEnd", {"reason": "exit"})])
def test_a_call_that_was_refused_or_cut_short_has_no_end(end: tuple[str, dict[str, str]]) -> None:
    session = told(gemini_hooks, [begins("rm -r /"), message(end[0], **end[1])]).only
    (command,) = session.all("command")
    assert (command["command"], command["status"]) == ("rm -r /", "unknown")


def test_how_calls_end() -> None:
    session = told(
        gemini_hooks,
        [
            begins("a"),
            ends("a", "Output: x\nExit Code: 3"),
            begins("b"),
            ends("b", "", error={"message": "no such tool", "type": "x"}),
        ],
    ).only
    assert [(c["status"], c.get("exit_code"), c.get("content")) for c in session.all("command")] == [
        ("ok", 3, "Output: x\nExit Code: 3"),
        ("error", None, "no such tool"),
    ]


def test_files() -> None:
    given = {"file_path": "/p/x", "content": "a\n"}
    session = told(
        gemini_hooks,
        [
            message("BeforeTool", tool_name="write_file", tool_input=given),
            message(
                "AfterTool", tool_name="write_file", tool_input=given, tool_response={"llmContent": [{"text": "done"}]}
            ),
        ],
    ).only
    (file,) = session.all("file_op")
    assert (file["operation"], file["file_path"], file["content"], file["status"]) == ("write", "/p/x", "done", "ok")


def test_a_permission_is_waited_for() -> None:
    asked = message("Notification", notification_type="ToolPermission", message="Run make?")
    session = told(gemini_hooks, [message("BeforeAgent", prompt="go"), asked, begins("make"), ends("make")]).only
    assert session.column("state", "content") == ["running", "waiting", "running"]


def test_a_clock_that_is_far_off_is_not_believed() -> None:
    session = told(gemini_hooks, [message("SessionStart", timestamp="1999-01-01T00:00:00Z")]).only
    assert session.facts["started_at"] == AT


@given(odd(recorded("gemini.jsonl")))
def test_nothing_raises(messages: list[Message]) -> None:
    facts(gemini_hooks, messages)
