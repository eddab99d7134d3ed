"""OpenHands: conversations in folders (V1 and V0), and in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, bundle, openhands, openhands_files
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Session, Told, facts, mangled, read, sound, watched

EVENTS = (HISTORIES / "openhands" / "events.jsonl").read_bytes()
OUTPUT = (HISTORIES / "openhands" / "output.jsonl").read_bytes()
STATE = {
    "id": "11111111-2222-3333-4444-555555555555",
    "agent": {"llm": {"model": "gpt-5"}},
    "workspace": {"working_dir": "/home/user/thing"},
    "execution_status": "finished",
    "stats": {
        "usage_to_metrics": {
            "agent": {
                "model_name": "gpt-5",
                "accumulated_cost": 0.25,
                "accumulated_token_usage": {"prompt_tokens": 900, "completion_tokens": 80, "cache_read_tokens": 500},
            },
            "condenser": {"model_name": "gpt-5-mini", "accumulated_token_usage": {"prompt_tokens": 10}},
            "unused": {},
        }
    },
}


def conversation(folder: Path, *, state: bool = True, inside: str = "events") -> Path:
    """A conversation as it lies on disk; gives its file that speaks for all."""
    (folder / inside).mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(EVENTS.splitlines()):
        name = f"event-{number:05d}-{json.loads(line)['id']}.json"
        (folder / inside / name).write_bytes(line)
    if state:
        (folder / "base_state.json").write_text(json.dumps(STATE, indent=2))
        return folder / "base_state.json"
    return min((folder / inside).iterdir())


def told_of(path: Path) -> Told:
    (name,) = openhands.sessions(str(path))
    parser = openhands.parse(Origin(f"{path}#{name}"))
    return Told([*parser.feed(openhands.document(str(path), name)), *parser.finish()])


def v1(kind: str, number: int = 1, **fields: object) -> bytes:
    event = {
        "id": f"e{number}",
        "timestamp": f"2026-01-01T00:00:{number:02d}.5",
        "source": "agent",
        **fields,
        "kind": kind,
    }
    return json.dumps(event).encode()


def one(*events: bytes) -> Session:
    return read(openhands_files, b"\n".join(events), "/x/abc.jsonl").only


def calls(session: Session) -> list[tuple[object, ...]]:
    names = ("tool_name", "event_type", "operation", "file_path", "command", "exit_code", "status")
    return [tuple(step.get(name) for name in names) for step in session.steps.values() if "tool_call_id" in step]


def test_a_conversation_in_a_folder(tmp_path: Path) -> None:
    session = told_of(conversation(tmp_path / "c1")).sessions["c1"]
    assert calls(session)[:4] == [
        ("terminal", "command", None, None, "echo hello world", 0, "ok"),
        ("terminal", "command", None, None, "echo hello world", 0, "ok"),
        ("file_editor", "file_op", "read", "/home/user", None, None, "ok"),
        ("finish", "tool_call", None, None, None, None, "ok"),
    ]
    first = session.steps["call:toolu_011nE8ngg1zdtz219BuyjkWJ"]
    assert (first["content"], round(float(str(first["duration_ms"])))) == ("hello world", 4086)
    assert first["metadata"]["input"]["command"] == "echo hello world"  # type: ignore[index]
    assert session.column("prompt", "content") == [
        "echo hello world",
        "do it again, mark it as a high risk action though",
    ]
    assert [step["metadata"]["kind"] for step in session.all("marker")] == ["automatic_prompt"]  # type: ignore[index]


def test_one_reply_for_each_response_of_the_model(tmp_path: Path) -> None:
    session = told_of(conversation(tmp_path / "c1")).sessions["c1"]
    keys = [step["key"] for step in session.all("reply")]
    assert len(keys) == len(set(keys)) == 6
    assert session.column("reply", "content")[:2] == [None, "hello world"]
    assert str(session.column("reply", "content")[-1]).startswith(
        "I'll help you review PR"
    )  # <think> is told as thinking
    assert str(session.column("thinking", "content")[0]).startswith("The user wants me to run")


def test_state_tells_of_project_model_and_tokens(tmp_path: Path) -> None:
    session = told_of(conversation(tmp_path / "c1")).sessions["c1"]
    assert session.facts["project_dir"] == "/home/user/thing" and session.facts["model"] == "gpt-5"
    assert session.facts["started_at"] == 1769610789797182000
    usage = {step["key"]: step["usage"] for step in session.all("usage")}
    assert usage["usage:agent"] == Usage("gpt-5", 900, 80, 500, cost_usd=0.25)
    assert usage["usage:condenser"] == Usage("gpt-5-mini", 10)
    assert usage["usage:default"] == Usage("litellm_proxy/minimax-m2.7", 107458, 1347, 68193)  # the latest total


def test_only_one_file_speaks_for_a_conversation_and_says_when_any_changes(tmp_path: Path) -> None:
    state = conversation(tmp_path / "c1")
    before = openhands.sessions(str(state))
    events = sorted((tmp_path / "c1" / "events").iterdir())
    assert list(before) == ["c1"] and not any(openhands.sessions(str(event)) for event in events)
    events[-1].write_bytes(events[-1].read_bytes() + b" ")
    assert openhands.sessions(str(state)) != before
    flat = conversation(tmp_path / "c2", state=False, inside="")
    assert [list(openhands.sessions(str(path))) for path in sorted((tmp_path / "c2").iterdir())][:2] == [["c2"], []]
    assert len(told_of(flat).only.all("command")) == 4


def test_any_file_leads_to_the_one_that_speaks_for_all(tmp_path: Path) -> None:
    state = conversation(tmp_path / "c1")
    assert {openhands.speaker(str(event)) for event in (tmp_path / "c1" / "events").iterdir()} == {str(state)}
    assert openhands.speaker(str(tmp_path / "other.json")) is None


def test_a_document_is_all_files_of_that_conversation_and_of_no_other(tmp_path: Path) -> None:
    state = conversation(tmp_path / "c1")
    (tmp_path / "c1" / "events" / ".lock").write_bytes(b"")
    (tmp_path / "c1" / "notes.pkl").write_bytes(b"\x80\x04\x95\n")
    (tmp_path / "elsewhere").write_bytes(b"not this")
    (tmp_path / "c1" / "link").symlink_to(tmp_path / "elsewhere")
    files = {file.name: file.data for file in bundle.bundled(openhands.document(str(state), "c1"))}
    folder = tmp_path / "c1"
    assert files == {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.glob("**/*") if path.is_file() and not path.is_symlink()
    }  # fmt: skip
    assert len(files) == len(EVENTS.splitlines()) + 3
    with pytest.raises(KeyError):
        openhands.document(str(state), "c2")


def test_a_folder_without_a_state_may_hold_what_is_none_of_it(tmp_path: Path) -> None:
    event = conversation(tmp_path / "c1", state=False, inside="")
    (tmp_path / "c1" / "taxes.txt").write_bytes(b"mine")
    names = [file.name for file in bundle.bundled(openhands.document(str(event), "c1"))]
    assert len(names) == len(EVENTS.splitlines()) and all(name.startswith("event-") for name in names)


def test_events_in_one_file_are_the_same_steps(tmp_path: Path) -> None:
    folder = told_of(conversation(tmp_path / "c1", state=False)).only
    assert read(openhands_files, EVENTS, "/x/events.jsonl").only.steps == folder.steps
    listed = b"[\n" + b",\n".join(EVENTS.splitlines()) + b"\n]\n"
    assert read(openhands_files, listed, "/x/trajectory.json").sessions["x"].steps == folder.steps


def test_refusals_errors_and_calls_that_never_ended() -> None:
    def call(number: int, name: str, tool: str = "terminal", **action: object) -> bytes:
        return v1(
            "ActionEvent", number, tool_name=tool, tool_call_id=name, action=action, llm_response_id="r", thought=[]
        )

    session = one(
        call(1, "a", command="rm -r x"),
        call(2, "b", command="sleep 99"),
        call(
            3, "c", "apply_patch", patch="*** Begin Patch\n*** Add File: n.py\n+a\n*** Delete File: o.py\n*** End Patch"
        ),
        call(4, "d", "str_replace_editor", command="str_replace", path="/a.py", old_str="x\ny", new_str="z"),
        call(5, "e", command="y", is_input=True),
        v1("UserRejectObservation", 6, tool_name="terminal", tool_call_id="a", rejection_reason="no", action_id="e1"),
        v1(
            "ObservationEvent",
            7,
            tool_name="terminal",
            tool_call_id="b",
            observation={"exit_code": -1, "timeout": True},
        ),
        v1("AgentErrorEvent", 8, tool_name="apply_patch", tool_call_id="c", error="no such file"),
        v1("ObservationEvent", 9, tool_name="str_replace_editor", tool_call_id="d", observation={"content": "done"}),
    )
    assert calls(session) == [
        ("terminal", "command", None, None, "rm -r x", None, "rejected"),
        ("terminal", "command", None, None, "sleep 99", None, "unknown"),
        ("apply_patch", "file_op", "write", "n.py", None, None, "error"),
        ("apply_patch", "file_op", "delete", "o.py", None, None, None),
        ("str_replace_editor", "file_op", "edit", "/a.py", None, None, "ok"),
        ("terminal", "tool_call", None, None, None, None, None),
    ]
    assert session.steps["call:d"]["metadata"]["lines_removed"] == 2  # type: ignore[index]
    assert len(session.all("reply")) == 1


def test_what_happens_to_a_conversation() -> None:
    session = one(
        v1("InterruptEvent", 1),
        v1("PauseEvent", 2),
        v1("ConversationErrorEvent", 3, code="LLMRateLimitError", detail="slow down"),
        v1("Condensation", 4, summary="so far", forgotten_event_ids=["a", "b"]),
        v1("HookExecutionEvent", 5, blocked=True, reason="not here", hook_command="guard"),
        v1("HookExecutionEvent", 6, blocked=False),
        v1("ConversationStateUpdateEvent", 7, key="execution_status", value="stuck"),
        v1("TokenEvent", 8),
    )
    assert [(s["metadata"]["kind"], s.get("status")) for s in session.all("marker")] == [  # type: ignore[index]
        *(("interruption", None), ("pause", None), ("api_error", "error"), ("compaction", None), ("hook", None)),
    ]
    assert session.column("state", "content") == ["failed"] and session.facts["status"] == "failed"


def test_another_agent_that_is_driven() -> None:
    def told(number: int, status: str, **fields: object) -> bytes:
        return v1("ACPToolCallEvent", number, tool_call_id="t", title="Edit", tool_kind="edit", status=status, **fields)

    diff = [{"type": "diff", "path": "/a.py", "oldText": "x", "newText": "y"}]
    run = {"tool_call_id": "u", "title": "Run", "tool_kind": "execute", "raw_input": {"command": "ls"}}
    session = one(
        told(1, "in_progress", content=diff),
        told(3, "completed", content=diff, raw_output="ok"),
        v1("ACPToolCallEvent", 4, status="failed", **run),
    )
    assert calls(session) == [
        ("Edit", "file_op", "edit", "/a.py", None, None, "ok"),
        ("Run", "command", None, None, "ls", None, "error"),
    ]
    assert session.steps["call:t"]["duration_ms"] == 2000


def test_the_output_of_a_resolver_is_a_session_a_line() -> None:
    told = read(openhands_files, OUTPUT, "/x/output.jsonl")
    session = told.only
    assert next(iter(told.sessions)).startswith("neubig-pr-viewer-5-")
    assert (session.facts["title"], session.facts["status"]) == ("Add MIT license", "completed")
    assert [(call[0], call[4], call[5], call[6]) for call in calls(session)] == [
        *(("run", "touch LICENSE", 0, "ok"), ("run_ipython", None, None, "ok")),
        *(("run", "cat LICENSE", 0, "ok"), ("finish", None, None, "ok")),
    ]
    assert len(session.all("prompt")) == 1 and len(session.all("reply")) == 4
    assert session.column("usage", "usage") == [Usage(cost_usd=0.070713)]
    assert "diff --git a/LICENSE" in str(session.steps["marker:submission"]["content"])


def test_an_evaluation_that_failed() -> None:
    run = {"instance_id": "a__b-1", "instruction": "Fix", "history": [[{"action": "run", "command": "ls"}, {}]]}
    session = read(openhands_files, json.dumps({**run, "error": "AgentStuckInLoopError"}).encode()).only
    assert session.facts["status"] == "failed" and session.column("prompt", "content") == ["Fix"]
    assert session.steps["marker:error"]["status"] == "error"
    assert [call[6] for call in calls(session)] == [None]


V0: list[dict[str, Any]] = [
    {"source": "agent", "action": "system", "args": {"openhands_version": "0.50.0"}},
    {"source": "user", "action": "message", "args": {"content": "list it"}},
    {"source": "user", "action": "recall", "args": {"query": "list it"}},
    {"source": "environment", "observation": "recall", "cause": 2, "content": "", "extras": {}},
    {
        "source": "agent",
        "action": "run",
        "args": {"command": "ls", "thought": "I look."},
        "tool_call_metadata": {
            "tool_call_id": "t1",
            "function_name": "execute_bash",
            "model_response": {"id": "m1", "model": "gpt-5"},
        },
        "llm_metrics": {
            "accumulated_cost": 0.5,
            "accumulated_token_usage": {"prompt_tokens": 7, "completion_tokens": 2},
        },
    },
    {
        "source": "agent",
        "action": "edit",
        "args": {"path": "/w/a.py", "command": "str_replace", "old_str": "a", "new_str": "b\nc", "thought": ""},
        "tool_call_metadata": {
            "tool_call_id": "t2",
            "function_name": "str_replace_editor",
            "model_response": {"id": "m1"},
        },
    },
    {
        "source": "agent",
        "observation": "run",
        "cause": 4,
        "content": "a.py",
        "extras": {"metadata": {"exit_code": 2, "working_dir": "/w"}},
    },
    {"source": "environment", "observation": "user_rejected", "cause": 5, "content": "no", "extras": {}},
    {
        "source": "environment",
        "observation": "agent_state_changed",
        "content": "",
        "extras": {"agent_state": "rate_limited"},
    },
    {
        "source": "environment",
        "observation": "agent_state_changed",
        "content": "",
        "extras": {"agent_state": "stopped"},
    },
    {"source": "environment", "observation": "error", "content": "lost", "extras": {}},
    {"source": "agent", "action": "fly"},
]


def old_conversation(folder: Path) -> Path:
    (folder / "events").mkdir(parents=True)
    for number, event in enumerate(V0):
        told = {"id": number, "timestamp": f"2025-03-01T10:00:{number:02d}", **event}
        (folder / "events" / f"{number}.json").write_text(json.dumps(told))
    metadata = {"conversation_id": "s1", "title": "Listing", "selected_branch": "main", "llm_model": "gpt-5"}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder / "metadata.json"


def test_a_conversation_of_v0(tmp_path: Path) -> None:
    told = told_of(old_conversation(tmp_path / "sessions" / "s1"))
    session = told.sessions["s1"]
    assert calls(session) == [
        ("execute_bash", "command", None, None, "ls", 2, "error"),
        ("str_replace_editor", "file_op", "edit", "/w/a.py", None, None, "rejected"),
    ]
    assert session.steps["call:t1"]["duration_ms"] == 2000
    assert session.column("reply", "content") == ["I look."]  # two calls of one response
    wanted = {"title": "Listing", "branch": "main", "model": "gpt-5", "version": "0.50.0", "project_dir": "/w"}
    assert {key: session.facts[key] for key in wanted} == wanted
    assert session.facts["status"] == "interrupted"
    assert session.column("usage", "usage") == [Usage("gpt-5", 7, 2, cost_usd=0.5)]
    kinds = [step["metadata"]["kind"] for step in session.all("marker")]  # type: ignore[index]
    assert kinds == ["recall", "api_error", "error"]
    assert [unknown.kind for unknown in told.unknown] == ["action fly"]


def test_detects_its_own_only(tmp_path: Path) -> None:
    for path in (conversation(tmp_path / "c1"), old_conversation(tmp_path / "s1")):
        files = [path, *(path.parent / "events").iterdir()]
        assert all(openhands.detect(file.read_bytes(), str(file)) for file in files)
        assert not any(openhands_files.detect(file.read_bytes(), str(file)) for file in files)
    assert openhands_files.detect(EVENTS, "x") and openhands_files.detect(OUTPUT, "x")
    assert openhands_files.detect(b"[" + EVENTS.splitlines()[0] + b"]", "x")
    for other in (b"{}", b"", b'{"id": 1, "type": "user"}', b'[{"id": 1}]', b'{"history": []}'):
        assert not openhands_files.detect(other, "events.jsonl") and not openhands.detect(other, "/a/base_state.json")


@settings(max_examples=100)
@given(st.data())
def test_mangled_events_never_raise(data: st.DataObject) -> None:
    v0 = [json.dumps({"id": n, "timestamp": "2025-03-01T10:00:00", **event}).encode() for n, event in enumerate(V0)]
    lines = data.draw(st.sampled_from([[json.dumps(STATE).encode(), *EVENTS.splitlines()], v0, [OUTPUT]]))
    at = data.draw(st.integers(0, len(lines) - 1))
    lines = [*lines[:at], mangled(data.draw, lines[at]), *lines[at + 1 :]]
    Told(watched(openhands_files.parse(Origin("/a/b.jsonl")), lines))
    parser = openhands.parse(Origin("/a/c1/base_state.json#c1"))
    Told(sound(parser.feed(b"\n".join(lines))))
    Told(facts(openhands_files, data.draw(st.binary(max_size=40))))
