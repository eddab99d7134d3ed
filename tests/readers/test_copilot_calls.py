"""Copilot CLI: what its tools did, and how that went."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.readers import Origin, copilot
from tests.readers.copilot_records import KILLED, calls, ends, fails, lines, of, recorded, says, starts, written
from tests.readers.told import Told, watched


def test_commands_and_the_shells_they_leave_behind() -> None:
    found = list(calls(recorded(KILLED).only).values())
    assert [(c["event_type"], c["tool_name"], c["status"], c.get("exit_code")) for c in found] == [
        ("command", "bash", "ok", 0),
        ("command", "bash", "interrupted", None),
        ("tool_call", "stop_bash", "ok", None),
        ("tool_call", "stop_bash", "ok", None),
        ("command", "bash", "interrupted", None),
        ("tool_call", "stop_bash", "ok", None),
        ("tool_call", "read_bash", "error", None),
        ("tool_call", "stop_bash", "ok", None),
        ("command", "bash", "ok", 128),
        ("file_op", "view", "ok", None),
        ("file_op", "edit", "ok", None),
    ]
    first, second, edit = found[0], found[1], found[-1]
    assert first["command"].startswith("which entire") and first["duration_ms"] == 9694
    assert second["metadata"]["background"] is True
    assert edit["file_path"] == "/home/user/thing/.github/hooks/entire.json" and edit["operation"] == "edit"
    assert (edit["metadata"]["lines_added"], edit["metadata"]["lines_removed"]) == (8, 8)


@pytest.mark.parametrize(
    ("tool", "arguments", "step"),
    [
        ("bash", {"command": "ls"}, {"event_type": "command", "command": "ls"}),
        ("powershell", {"command": "dir"}, {"event_type": "command", "command": "dir"}),
        ("view", {"path": "/a"}, {"event_type": "file_op", "operation": "read", "file_path": "/a"}),
        ("create", {"path": "/a", "file_text": ""}, {"event_type": "file_op", "operation": "write", "file_path": "/a"}),
        ("edit", {"path": "/a"}, {"event_type": "file_op", "operation": "edit", "file_path": "/a"}),
        ("str_replace_editor", {"command": "view", "path": "/a"}, {"event_type": "file_op", "operation": "read"}),
        ("str_replace_editor", {"command": "create", "path": "/a"}, {"event_type": "file_op", "operation": "write"}),
        ("str_replace_editor", {"command": "insert", "path": "/a"}, {"event_type": "file_op", "operation": "edit"}),
        ("grep", {"pattern": "x", "path": "/a"}, {"event_type": "tool_call", "file_path": "/a"}),
        ("task", {"prompt": "x", "path": "/a"}, {"event_type": "tool_call"}),
        ("view", {}, {"event_type": "tool_call"}),
    ],
)
def test_what_tools_do(tool: str, arguments: dict[str, Any], step: dict[str, Any]) -> None:
    call = calls(written(starts("c1", tool, **arguments), ends("c1", "done")))["c1"]
    assert {name: call.get(name) for name in step} == step and call["tool_name"] == tool
    assert call["status"] == "ok" and call["content"] == "done" and call["duration_ms"] == 1000
    assert "operation" in step or "operation" not in call


def test_a_patch_over_two_files() -> None:
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y\n+z\n*** Add File: b.py\n+one\n*** End Patch"
    start = of("tool.execution_start", toolCallId="c1", toolName="apply_patch", arguments=patch)
    steps: Any = written(start, ends("c1", "ok")).all("file_op")
    assert [(s["key"], s["operation"], s["file_path"], s["tool_call_id"], s["status"]) for s in steps] == [
        ("call:c1", "edit", "a.py", "c1", "ok"),
        ("call:c1:b.py", "write", "b.py", "c1", "ok"),
    ]
    assert steps[1]["metadata"] == {"lines_added": 1, "lines_removed": 0}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ends("c1", "x\n<shellId: 7 completed with exit code 3>"), 3),
        (ends("c1", "<exited with exit code 0>"), 0),
        (ends("c1", "x", shellExecution={"exitCode": 9}), 9),
        (ends("c1", "x", result={"content": "x", "contents": [{"type": "shell_exit", "exitCode": 4}]}), 4),
        (ends("c1", "<shellId: 7 completed with exit code 3> is what it said"), None),
        (ends("c1", "no word of it"), None),
    ],
)
def test_where_exit_codes_are(answer: dict[str, Any], code: int | None) -> None:
    call = calls(written(starts("c1", "bash", command="x"), answer))["c1"]
    assert call.get("exit_code") == code and call["status"] == "ok", "the tool worked, whatever the command did"


GOING_ON = "<command with shellId: 5 is still running after 30 seconds. Use read_bash to continue waiting.>"


@pytest.mark.parametrize(
    ("end", "code", "took"),
    [
        (
            [of("system.notification", content="", kind={"type": "shell_completed", "shellId": "5", "exitCode": 2})],
            2,
            2000,
        ),
        ([starts("c2", "read_bash", shellId="5"), ends("c2", "late\n<exited with exit code 6>")], 6, 1000),
        ([starts("c2", "read_bash", shellId="4"), ends("c2", "late\n<exited with exit code 6>")], None, 1000),
        ([starts("c2", "read_bash", shellId="5"), ends("c2", "not yet")], None, 1000),
    ],
)
def test_a_command_that_ends_later(end: list[dict[str, Any]], code: int | None, took: float) -> None:
    call = calls(written(starts("c1", "bash", command="x"), ends("c1", GOING_ON), *end))["c1"]
    assert call.get("exit_code") == code and call["duration_ms"] == took and call["status"] == "ok"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (fails("c1", "no such file", code="failure"), "error"),
        (fails("c1", "The user rejected this tool call.", code="rejected"), "rejected"),
        (fails("c1", "Permission denied and could not request permission from user", code="denied"), "rejected"),
        (fails("c1", "The execution of this tool, or a previous tool was interrupted."), "interrupted"),
        (of("tool.execution_complete", toolCallId="c1", success=False, error="plain words"), "error"),
        (of("tool.execution_complete", toolCallId="c1", success=False), "error"),
    ],
)
def test_how_calls_fail(answer: dict[str, Any], status: str) -> None:
    call = calls(written(starts("c1", "view", path="/a"), answer))["c1"]
    assert call["status"] == status
    assert ("content" in call) == ("error" in answer["data"])


def test_the_user_said_no() -> None:
    asked = {"kind": "shell", "toolCallId": "c1", "fullCommandText": "rm x"}
    session = written(
        starts("c1", "bash", command="rm x"),
        of("permission.requested", requestId="r1", permissionRequest=asked),
        of("permission.completed", requestId="r1", toolCallId="c1", result={"kind": "denied-interactively-by-user"}),
        fails("c1", "No."),
    )
    assert calls(session)["c1"]["status"] == "rejected"
    (marker,) = session.all("marker")
    assert marker["status"] == "rejected" and marker["content"] == "Asked for permission: rm x"
    assert session.column("state", "content") == ["waiting", "running"]


def test_calls_without_a_start_and_without_an_answer() -> None:
    asked = {"toolCallId": "c1", "name": "bash", "arguments": '{"command": "ls"}'}
    session = written(says(toolRequests=[asked, {"toolCallId": "c2", "name": "view"}]), ends("c1", "x"))
    assert list(calls(session)) == ["c1"], "c2 never began"
    assert calls(session)["c1"]["command"] == "ls" and "duration_ms" not in calls(session)["c1"]
    assert calls(written(starts("c1", "bash", command="x")))["c1"]["status"] == "unknown"
    assert calls(written(starts("c1", "bash"), of("abort", reason="user_initiated")))["c1"]["status"] == "interrupted"


@pytest.mark.parametrize(
    ("then", "status"), [(ends("c1", "y"), "ok"), (of("abort", reason="user_initiated"), "interrupted")]
)
def test_an_answer_after_all(then: dict[str, Any], status: str) -> None:
    """What is looked at while a call is open knows how it went as well as what is read at its end."""
    told = Told(watched(copilot.parse(Origin("")), lines(starts("c1", "bash", command="x"), then)))
    assert calls(told.only)["c1"]["status"] == status


def test_masked_and_repeated_ids() -> None:
    session = written(
        *(starts("REDACTED", "bash", command=command) for command in "ab"),
        *(ends("REDACTED", content) for content in "AB"),
        starts("c1", "view", path="/a"),
        ends("c1", "1"),
        starts("c1", "view", path="/b"),
        ends("c1", "2"),
        says("x", id="m"),
        says("y", id="m"),
    )
    found = calls(session)
    assert [(c.get("command") or c["file_path"], c["content"]) for c in found.values()] == [
        ("a", "A"),
        ("b", "B"),
        ("/a", "1"),
        ("/b", "2"),
    ]
    assert list(found) == ["#1", "#2", "c1", "c1#2"] and session.column("reply", "content") == ["x", "y"]
