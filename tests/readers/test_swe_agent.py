"""Trajectories of SWE-agent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import mini_swe_agent, swe_agent
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Session, Told, facts, mangled, read

CALLING = (HISTORIES / "swe-agent" / "function_calling.traj").read_bytes()
WINDOWED = (HISTORIES / "swe-agent" / "windowed.traj").read_bytes()
WRITTEN = 1_700_000_000 * 10**9
PATH = "/trajectories/user/run-7/test-repo-i1/test-repo-i1.traj"


def calls(session: Session) -> list[tuple[object, ...]]:
    names = ("event_type", "tool_name", "operation", "file_path", "command", "status")
    return [tuple(step.get(name) for name in names) for step in session.steps.values() if "tool_call_id" in step]


def test_tools_called_by_the_model() -> None:
    session = read(swe_agent, CALLING, PATH, WRITTEN).only
    file = "/SWE-agent__test-repo/tests/missing_colon.py"
    assert calls(session) == [
        ("tool_call", "find_file", None, None, None, "ok"),
        ("file_op", "open", "read", file, None, "ok"),
        ("file_op", "edit", "edit", file, None, "ok"),
        ("command", "bash", None, None, f"python3 {file}", None),
        ("tool_call", "submit", None, None, None, "ok"),
    ]
    edit = session.all("file_op")[1]
    assert edit["key"] == "call:call_DVnbJcFrvwPsrPt3KfIMf7OH"
    assert (edit["metadata"]["lines_added"], edit["metadata"]["lines_removed"]) == (1, 1)  # type: ignore[index]
    assert edit["duration_ms"] == pytest.approx(493.5784)
    assert session.all("command")[0]["content"] == "8.2"
    assert len(session.all("reply")) == 5


def test_what_the_run_says_of_itself() -> None:
    told = read(swe_agent, CALLING, PATH, WRITTEN)
    facts_ = told.only.facts
    assert next(iter(told.sessions)).startswith("test-repo-i1-")
    assert facts_["model"] == "gpt-4o" and facts_["project_dir"] == "/SWE-agent__test-repo"
    assert facts_["usage"] == Usage(None, 7141, 243) and facts_["cost_usd"] == pytest.approx(0.01952)
    assert facts_["status"] == "completed" and facts_["last_at"] == WRITTEN
    assert facts_["metadata"] == {"environment": "main", "exit_status": "submitted", "api_calls": 5}


def test_a_demonstration_is_no_prompt() -> None:
    (prompt,) = read(swe_agent, CALLING, PATH).only.column("prompt", "content")
    assert str(prompt).startswith("We're currently solving the following issue")


def test_a_task_run_twice_is_two_sessions() -> None:
    other = PATH.replace("run-7", "run-8")
    assert read(swe_agent, CALLING, PATH).sessions.keys() != read(swe_agent, CALLING, other).sessions.keys()


def test_before_1_0_the_state_is_a_string_and_an_edit_changes_the_open_file() -> None:
    session = read(swe_agent, WINDOWED, "/t/run/pydicom-1458.traj", WRITTEN).only
    handler = "/pydicom__pydicom/pydicom/pixel_data_handlers/numpy_handler.py"
    assert [call[:4] + call[5:] for call in calls(session)] == [
        ("file_op", "create", "write", "reproduce_bug.py", "ok"),
        ("file_op", "edit", "edit", "/pydicom__pydicom/reproduce_bug.py", "ok"),
        ("command", "bash", None, None, None),
        ("tool_call", "find_file", None, None, "ok"),
        ("file_op", "open", "read", "pydicom/pixel_data_handlers/numpy_handler.py", "ok"),
        *[("file_op", "edit", "edit", handler, "error")] * 3,
    ]
    assert session.all("command")[0]["command"] == "python reproduce_bug.py"
    assert session.all("command")[0]["duration_ms"] == 1250


def test_a_limit_that_was_reached_and_the_patch_that_was_handed_in_for_it() -> None:
    session = read(swe_agent, WINDOWED, "/t/run/pydicom-1458.traj", WRITTEN).only
    assert session.facts["status"] == "completed"
    assert [(step["content"], step.get("status")) for step in session.all("marker")][:2] == [
        ("Exit due to cost limit", "error"),
        ("submitted (exit_cost)", "error"),
    ]
    (patch,) = [s["content"] for s in session.all("marker") if s["metadata"] == {"kind": "submission"}]
    assert "diff --git" in str(patch)
    assert len(session.all("reply")) == 8


def test_the_editor_with_one_tool_for_everything() -> None:
    def call(command: str, **more: object) -> dict[str, object]:
        arguments = json.dumps({"command": command, "path": "/repo/a.py", **more})
        return {"id": "same", "function": {"name": "str_replace_editor", "arguments": arguments}}

    said = [
        ("str_replace_editor view /repo/a.py", call("view"), "Here's the result of running `cat -n`"),
        (
            "str_replace_editor str_replace /repo/a.py --old_str x",
            call("str_replace", old_str="a\nb", new_str="c"),
            "The file",
        ),
        ("str_replace_editor create '/repo/a.py'", None, "File already exists at: /repo/a.py. Cannot overwrite"),
        ("cd /repo && sleep 99", None, "The command 'sleep 99' was cancelled because it took more than 30 seconds."),
    ]
    document = {
        "trajectory": [{"action": action, "observation": seen, "response": "r"} for action, _, seen in said],
        "history": [{"role": "assistant", "action": action, "tool_calls": [c] if c else None} for action, c, _ in said],
    }
    session = read(swe_agent, json.dumps(document).encode()).only
    assert calls(session) == [
        ("file_op", "str_replace_editor", "read", "/repo/a.py", None, "ok"),
        ("file_op", "str_replace_editor", "edit", "/repo/a.py", None, "ok"),
        ("file_op", "str_replace_editor", "write", "/repo/a.py", None, "error"),
        ("command", "bash", None, None, "cd /repo && sleep 99", "error"),
    ]
    assert [step["key"] for step in session.all("file_op")] == ["call:same", "call:#2", "call:#3"]
    assert session.all("file_op")[1]["metadata"]["lines_removed"] == 2  # type: ignore[index]


def test_a_demonstration_alone_and_several_attempts() -> None:
    history = {"history": [{"role": "user", "agent": "main", "content": "x"}]}
    demonstration = read(swe_agent, json.dumps(history).encode(), "/demos/simple.traj").only
    assert demonstration.facts["metadata"] == {"demonstration": True} and not demonstration.steps
    attempts = {"attempts": [{"trajectory": []}, json.loads(CALLING)]}
    assert len(read(swe_agent, json.dumps(attempts).encode()).only.all("reply")) == 5


def test_detects_its_own_only() -> None:
    mini = (HISTORIES / "mini-swe-agent" / "tool_calls.traj.json").read_bytes()
    assert swe_agent.detect(CALLING[:500], "x") and swe_agent.detect(WINDOWED[:500], "x")
    assert not swe_agent.detect(mini, "a.traj") and not mini_swe_agent.detect(CALLING, "a.traj.json")
    for other in (b'{"history": []}', b"[]", b"", b'{"issue": 1, "history": [{"action": "run"}]}'):
        assert not swe_agent.detect(other, "a.traj")


@settings(max_examples=80)
@given(st.data())
def test_mangled_documents_never_raise(data: st.DataObject) -> None:
    Told(facts(swe_agent, mangled(data.draw, data.draw(st.sampled_from([CALLING, WINDOWED]))), PATH, WRITTEN))
    Told(facts(swe_agent, data.draw(st.binary(max_size=50))))
