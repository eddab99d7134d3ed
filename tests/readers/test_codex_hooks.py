"""Hooks of Codex."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tachograph.readers import codex_hooks
from tests.readers.hook_messages import AT, STEP, Message, facts, odd, recorded, told

BASE = {"session_id": "s", "transcript_path": None, "cwd": "/p", "model": "gpt", "permission_mode": "default"}
PATCH = """*** Begin Patch
*** Add File: new.py
+one
+two
*** Update File: old.py
@@
-was
+is
*** End Patch"""


def message(event: str, **more: Any) -> Message:
    return None, {**BASE, "hook_event_name": event, "turn_id": "t1", **more}


def used(tool: str, given: Any, identity: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"tool_name": tool, "tool_input": given, "tool_use_id": identity, **more}


def test_a_short_run() -> None:
    found = told(codex_hooks, recorded("codex.jsonl"))
    assert found.unknown == []
    session = found.only
    assert list(found.sessions) == ["01a1fbe1-71e3-7992-a270-9f6383f630c8"]
    assert session.facts["model"] == "gpt-5.1-codex"
    assert session.facts["project_dir"] == "/home/u/cx/proj"
    assert session.column("prompt", "content") == ["Please say hello"]
    assert session.column("reply", "content") == ["All done."]
    assert session.column("state", "content") == ["started", "running", "waiting"]
    assert session.all("command") == [
        {
            "key": "call:call_mock_1",
            "event_type": "command",
            "at": AT + 2 * STEP,
            "tool_name": "Bash",
            "tool_call_id": "call_mock_1",
            "command": "echo hello-from-codex",
            "status": "ok",
            "content": "hello-from-codex\n",
            "metadata": {"input": {"command": "echo hello-from-codex"}},
        }
    ]


@pytest.mark.parametrize("name", ["command", "input"])
def test_a_patch_touches_its_files(name: str) -> None:
    session = told(
        codex_hooks,
        [
            message("PreToolUse", **used("apply_patch", {name: PATCH})),
            message("PostToolUse", **used("apply_patch", {name: PATCH}, tool_response="Success.")),
        ],
    ).only
    assert [(s["key"], s["operation"], s["file_path"], s["status"]) for s in session.all("file_op")] == [
        ("call:call_1", "write", "new.py", "ok"),
        ("call:call_1:old.py", "edit", "old.py", "ok"),
    ]
    assert {s["tool_call_id"] for s in session.all("file_op")} == {"call_1"}


@pytest.mark.parametrize(
    ("response", "status", "code", "content"),
    [
        ("out\n", "ok", None, "out\n"),
        ('{"output":"no\\n","metadata":{"exit_code":2,"duration_seconds":0.5}}', "error", 2, "no\n"),
        ("exec command rejected by user", "rejected", None, "exec command rejected by user"),
        ([{"type": "input_text", "text": "part"}], "ok", None, "part"),
        (None, "ok", None, ""),
    ],
)
def test_how_a_command_ended(response: object, status: str, code: int | None, content: str) -> None:
    session = told(codex_hooks, [message("PostToolUse", **used("Bash", {"command": "x"}, tool_response=response))]).only
    call = session.steps["call:call_1"]
    assert (call["status"], call.get("exit_code"), call["content"]) == (status, code, content)


def test_tools_of_servers() -> None:
    session = told(codex_hooks, [message("PreToolUse", **used("mcp__files__read", {"path": "/x"}))]).only
    call = session.steps["call:call_1"]
    assert (call["event_type"], call["tool_name"]) == ("tool_call", "mcp__files__read")
    assert call["metadata"] == {"input": {"path": "/x"}}


def test_the_older_notice_of_the_end_of_a_turn() -> None:
    notice = {
        "type": "agent-turn-complete",
        "thread-id": "s",
        "turn-id": "t1",
        "cwd": "/p",
        "last-assistant-message": "Hi",
    }
    session = told(codex_hooks, [("notify", notice), message("Stop", last_assistant_message="Hi")]).only
    assert session.column("reply", "content") == ["Hi"], "told twice, it is one reply"
    assert session.column("state", "content") == ["waiting"]


def test_an_interruption() -> None:
    session = told(codex_hooks, [message("UserPromptSubmit", prompt="go"), message("Interrupt")]).only
    assert session.column("marker", "content") == ["interrupted by the user"]
    assert session.column("state", "content") == ["running", "waiting"]


def test_a_subagent_is_a_thread_of_its_own() -> None:
    inside = {"agent_id": "child", "agent_type": "worker"}
    found = told(codex_hooks, [message("SubagentStart", **inside), message("SubagentStop", **inside)])
    assert found.sessions["child"].facts["parent_id"] == "s"
    assert found.sessions["child"].facts["status"] == "completed"


def test_calls_without_an_id_are_not_told() -> None:
    bare = {"tool_name": "Bash", "tool_input": {"command": "x"}}
    found = told(codex_hooks, [message("PreToolUse", **bare), message("PostToolUse", **bare, tool_response="")])
    assert not found.only.all("command")


def test_messages_that_are_not_understood_are_shown() -> None:
    found = facts(codex_hooks, [message("BrandNew"), (None, {"type": "agent-turn-complete"}), (None, 5)])
    kinds = [getattr(fact, "kind", None) for fact in found]
    assert kinds == ["hook BrandNew", "hook without a session", "hook without a session"]


@given(odd(recorded("codex.jsonl")))
def test_nothing_raises(messages: list[Message]) -> None:
    facts(codex_hooks, messages)
