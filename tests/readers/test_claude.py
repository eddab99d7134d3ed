"""Claude Code: transcripts of many versions, subagents, printed streams."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.readers import Origin, claude
from tachograph.records import Step, Usage
from tests.readers.claude_records import (
    FOLDER,
    PLACE,
    SESSION,
    answer,
    call,
    calls,
    notes,
    numbered,
    recorded,
    says,
    text,
    user,
    written,
)
from tests.readers.told import Told, read, watched


def test_an_old_session_with_a_refusal() -> None:
    session = recorded("fed8ce56-bc79-401f-a83e-af084253362f.jsonl").only
    assert session.column("prompt", "content") == ["push to github", "continue"]
    assert [(c["command"][:10], c["status"], c.get("exit_code")) for c in calls(session)] == [
        ("git status", "ok", 0),
        ("git remote", "ok", 0),
        ("git add .", "ok", 0),
        ("git commit", "rejected", None),
        ("git push o", "rejected", None),
        ("git commit", "ok", 0),
        ("git push o", "ok", 0),
    ]
    assert notes(session) == {"interruption": "[Request interrupted by user for tool use]"}
    replies = session.column("reply", "content")
    assert len(replies) == 4 and replies[2] is None and str(replies[3]).startswith("Successfully pushed")
    usages: list[Any] = session.column("usage", "usage")
    assert sum(u.output_tokens for u in usages) == 278 and all(u.partial for u in usages)
    assert "title" not in session.facts, "its summary is of another conversation"


def test_a_printed_run_may_do_nothing_it_was_not_allowed_before() -> None:
    session = recorded("2b4ed4c0-b905-41de-9238-273db3ec737a.jsonl").only
    statuses = [c["status"] for c in calls(session)]
    assert (statuses.count("ok"), statuses.count("rejected"), statuses.count("error")) == (3, 5, 1)
    (glob,) = [c for c in calls(session) if c["tool_name"] == "Glob"]
    assert glob["duration_ms"] == 328, "the agent's own figure goes before the difference of times"
    assert session.facts["version"] == "2.1.17" and session.facts["metadata"]["permission_mode"] == "default"  # type: ignore[index]


def test_the_newest_transcript_has_nothing_unknown() -> None:
    told = recorded("d11bd8b2-2747-47c9-a282-b2d31464ce2e.jsonl")
    assert told.unknown == []
    session = told.only
    assert session.facts["cost_usd"] == 0.003555 and session.facts["model"] == "claude-sonnet-4-5"
    assert session.facts["project_dir"] == "/home/u/cc/proj" and "branch" not in session.facts
    usage = Usage("claude-sonnet-4-5", 650, 77, 500, 30)
    assert session.column("usage", "usage") == [usage, usage]
    bash, write = calls(session)
    assert (bash["event_type"], bash["command"], bash["exit_code"], bash["content"]) == (
        "command",
        "echo hello-from-bash && ls",
        0,
        "hello-from-bash",
    )
    assert (write["operation"], write["file_path"]) == ("write", "/home/u/cc/proj/x.txt")
    assert (write["metadata"]["lines_added"], write["metadata"]["lines_removed"]) == (2, 0)
    assert list(session.steps)[:3] == [
        "prompt:5bf9f258-1c57-462d-8687-7e7affce6f02",
        "reply:msg_1795226991631595999",
        "usage:msg_1795226991631595999",
    ]


def test_a_printed_stream_is_the_same_session_under_the_same_keys() -> None:
    printed, kept = recorded("printed.jsonl"), recorded("d11bd8b2-2747-47c9-a282-b2d31464ce2e.jsonl").only
    assert printed.unknown == [] and list(printed.sessions) == ["d11bd8b2-2747-47c9-a282-b2d31464ce2e"]
    session = printed.only
    *_, rest = session.all("usage")
    assert rest["usage"] == Usage("claude-sonnet-4-5", 0, 152), "its messages say 1 each, its end says 154"
    assert session.facts["status"] == "completed" and session.facts["version"] == "2.1.329"
    keys = {key for key in kept.steps if not key.startswith("prompt")}
    assert session.steps.keys() - keys == {"usage:rest:d11bd8b2-2747-47c9-a282-b2d31464ce2e:claude-sonnet-4-5"}
    assert keys < session.steps.keys() and session.facts["cost_usd"] == 0.003555
    assert [c["content"] for c in calls(session)] == [c["content"] for c in calls(kept)]


def test_a_printed_stream_without_times_ends_when_its_file_was_written() -> None:
    lines = [json.loads(line) for line in (FOLDER / "printed.jsonl").read_bytes().splitlines()]
    data = b"\n".join(json.dumps({k: v for k, v in line.items() if k != "timestamp"}).encode() for line in lines)
    session = read(claude, data, "/tmp/run.json", modified_at=10**18).only
    assert (session.facts["last_at"], session.facts["started_at"]) == (10**18, 10**18 - 477 * 10**6)


def test_two_runs_printed_into_one_file() -> None:
    data = (FOLDER / "printed.jsonl").read_bytes()
    other = data.replace(b"d11bd8b2", b"e22bd8b2")
    told = read(claude, data + other, "/tmp/both.jsonl")
    assert [len(session.all("reply")) for session in told.sessions.values()] == [2, 2]


def test_a_run_that_prints_nothing_but_its_result() -> None:
    last = (FOLDER / "printed.jsonl").read_bytes().splitlines()[-1]
    session = read(claude, last, "/tmp/out.json").only
    assert session.column("reply", "content") == ["All done: hello."]


def test_subagents_have_a_session_and_parents_know_them() -> None:
    path = "0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f/subagents/agent-a0ad4f44468bdf20d"
    session = recorded(f"{path}.jsonl").only
    assert session.facts["id"] == "agent-a0ad4f44468bdf20d"
    assert session.facts["parent_id"] == "0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f", "by its folder: inside stands its own"
    assert session.all("prompt") == [] and notes(session) == {"task": "Search the repo for TODO comments"}
    assert "sidechain" not in calls(session)[0]["metadata"]
    about = recorded(f"{path}.meta.json").only
    assert about.facts["id"] == session.facts["id"]
    assert about.facts["metadata"] == {"agent_type": "general-purpose", "depth": 1}


def test_a_subagents_parent_is_the_session_inside() -> None:
    child = written(
        user("look", isSidechain=True), path=f"{PLACE}/{SESSION}/subagents/workflows/wf_1/agent-a1.jsonl"
    ).only
    assert child.facts["parent_id"] == SESSION and child.facts["metadata"] == {"workflow": "wf_1"}
    parent = written(
        says(call("Agent", prompt="look")),
        answer([text("done")], toolUseResult={"agentId": "a1", "status": "completed", "totalDurationMs": 40}),
    ).only
    (task,) = calls(parent)
    assert (task["metadata"]["subagent"], task["duration_ms"]) == ("agent-a1", 40)


def test_the_journal_of_a_workflow_and_a_list_of_summaries_are_no_sessions() -> None:
    journal = b'{"type":"started","key":"v2:a","agentId":"a1"}\n{"type":"result","key":"v2:a","result":"x"}\n'
    assert not claude.detect(journal, f"{PLACE}/{SESSION}/subagents/workflows/wf_1/journal.jsonl")
    for data in (journal, b'{"type":"summary","summary":"A talk","leafUuid":"u1"}\n'):
        told = read(claude, data, f"{PLACE}/{SESSION}.jsonl")
        assert not told.sessions and not told.unknown


def test_sidechains_inside_a_session_count_but_are_no_prompts() -> None:
    session = recorded("sidechain.jsonl").only
    assert session.facts["id"] == "df749439-8556-41bf-9965-9f49cf38bf2a"
    assert session.all("prompt") == [] and len(session.all("reply")) == 4
    assert [(c["tool_name"], c["status"], c["metadata"].get("sidechain")) for c in calls(session)] == [
        ("Task", "unknown", None),
        ("Read", "ok", True),
        ("Read", "unknown", True),
    ]
    assert session.facts["model"] == "claude-sonnet-4-20250514"


def test_what_runs_in_the_background_ends_later() -> None:
    session = recorded("background.jsonl").only
    shell = session.steps["call:toolu_154_bash_bg"]
    assert (shell["status"], shell["duration_ms"], shell.get("exit_code")) == ("interrupted", 13000, None)
    task = session.steps["call:toolu_154_task_async"]
    assert task["metadata"]["subagent"] == "agent-a1agnt" and task["metadata"]["background"] is True  # type: ignore[index]
    assert "duration_ms" not in task, "nobody told its end"
    assert session.steps["call:toolu_154_stop_missing"]["status"] == "error"


@pytest.mark.parametrize(
    "end",
    [
        user(
            "<task-notification>\n<task-id>b1</task-id>\n<status>completed</status>\n"
            '<summary>Background command "echo exit code 7" failed with exit code 2</summary>\n</task-notification>'
        ),
        answer(
            "<status>completed</status>\n\n<exit_code>2</exit_code>",
            "t2",
            toolUseResult={"shellId": "b1", "status": "completed", "exitCode": 2},
        ),
        answer("<task_id>b1</task_id>\n<status>completed</status>\n<exit_code>2</exit_code>\n<output>", "t2"),
    ],
)
def test_the_exit_code_of_a_background_shell(end: dict[str, Any]) -> None:
    session = written(
        says(call("Bash", command="make", run_in_background=True)),
        answer("Command running in background with ID: b1. Output is written to a file", error=False),
        says(call("TaskOutput", "t2", task_id="b1"), id="msg_2"),
        end,
    ).only
    assert [session.steps["call:t1"].get(f) for f in ("exit_code", "duration_ms", "status")] == [2, 3000, "ok"]
    assert session.all("prompt") == []


def test_a_broken_file_loses_only_what_is_broken() -> None:
    told = recorded("messy.jsonl")
    assert [u.kind for u in told.unknown] == ["user", "JSON but no object", "no type", *["JSON but no object"] * 2]
    session = told.only
    assert session.facts["id"] == "edge_cases" and len(session.all("prompt")) == 4
    assert [(c["tool_name"], c["status"]) for c in calls(session)] == [
        ("FailingTool", "error"),
        ("MultiEdit", "unknown"),
        ("TodoWrite", "unknown"),
    ]
    assert session.facts["started_at"] == 1749895320 * 10**9, "of the earliest record, which is not the first"


def test_a_message_on_many_lines_is_one_reply_and_its_tokens_count_once() -> None:
    def line(block: dict[str, Any], output: int, stop: str | None) -> dict[str, Any]:
        usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
        usage |= {"output_tokens": output, "output_tokens_details": {"thinking_tokens": 7}}  # type: ignore[dict-item]
        return says(block, message={"usage": usage, "stop_reason": stop}, requestId="req_1")

    lines = [
        line({"type": "thinking", "thinking": "Hm."}, 1, None),
        line(text("First."), 1, None),
        line(call("LS", path="/"), 1, None),
        line(text("Then."), 40, "tool_use"),
    ]
    session = written(*lines).only
    assert list(session.steps) == ["thinking:msg_1:1", "usage:msg_1", "reply:msg_1", "call:t1"]
    assert session.steps["reply:msg_1"]["content"] == "First.\nThen."
    (usage,) = session.all("usage")
    assert usage["usage"] == Usage("opus", 125, 40, 100, 20, 7) and usage["metadata"]["request_id"] == "req_1"  # type: ignore[index]
    assert written(*lines[:3]).only.column("usage", "usage") == [Usage("opus", 125, 1, 100, 20, 7, partial=True)]
    assert written(lines[0]).only.column("reply", "content") == [None], "a message counts before it has text"
    each = [json.dumps(record).encode() for record in numbered(tuple(lines))]
    looked_at = Told(watched(claude.parse(Origin(f"{PLACE}/{SESSION}.jsonl")), each)).only
    replies = [told.steps["reply:msg_1"]["at"] for told in (session, looked_at)]
    assert replies == [session.steps["thinking:msg_1:1"]["at"]] * 2, "whenever somebody looks"


@pytest.mark.parametrize(
    ("result", "exit_code", "status"),
    [
        (answer("fine", error=False, toolUseResult={"stdout": "fine", "stderr": "", "interrupted": False}), 0, "ok"),
        (answer("Exit code 127\nno such", error=True, toolUseResult="Error: Exit code 127"), 127, "error"),
        (answer("no such file", error=True), None, "error"),
        (answer("", toolUseResult={"stdout": "", "interrupted": True}), None, "interrupted"),
        (answer("", toolUseResult={"stdout": "", "returnCodeInterpretation": "No matches found"}), None, "ok"),
        (answer("Exit code 9 is what it printed", error=False), 0, "ok"),
        (answer("no", error=True, toolDenialKind="user-rejected"), None, "rejected"),
        (answer("[Request interrupted by user for tool use]", error=True), None, "rejected"),
        (user("[Request interrupted by user for tool use]"), None, "interrupted"),
        (user("hello?"), None, "unknown"),
    ],
)
def test_how_a_command_ends(result: dict[str, Any], exit_code: int | None, status: str) -> None:
    lines = [json.dumps(record).encode() for record in numbered((says(call("Bash", command="x")), result))]
    at_once, step_by_step = read(claude, b"\n".join(lines)), Told(watched(claude.parse(Origin("")), lines))
    for told in (at_once, step_by_step):
        (command,) = calls(told.only)
        assert (command.get("exit_code"), command["status"]) == (exit_code, status)


@pytest.mark.parametrize(
    ("tool", "given", "details", "lines"),
    [
        ("Edit", {}, {"structuredPatch": [{"lines": [" a", "-b", "+c", "+d"]}, {"lines": ["-e"]}]}, (2, 2)),
        ("Edit", {"old_string": "a\nb\nc\n", "new_string": "a\nB\nB2\nc\n"}, None, (2, 1)),
        ("MultiEdit", {"edits": [{"old_string": "a", "new_string": "b"}] * 3}, None, (3, 3)),
        ("Write", {"content": "1\n2\n3"}, {"type": "create", "structuredPatch": []}, (3, 0)),
        ("Write", {"content": "1\n2"}, {"type": "update", "structuredPatch": []}, (0, 0)),
        ("Write", {"content": "1\n2"}, None, None),
    ],
)
def test_lines_added_and_removed(tool: str, given: Any, details: Any, lines: tuple[int, int] | None) -> None:
    session = written(says(call(tool, file_path="/f", **given)), answer("updated", toolUseResult=details)).only
    (edit,) = calls(session)
    found = edit["metadata"].get("lines_added"), edit["metadata"].get("lines_removed")
    assert edit["event_type"] == "file_op" and found == (lines or (None, None))


def test_a_message_that_comes_again_long_after_counts_once() -> None:
    def message(i: int, *blocks: dict[str, Any]) -> dict[str, Any]:
        return says(*blocks, id=f"msg_{i}", uuid=f"a{i}-{len(blocks)}", timestamp="2026-01-01T00:00:00Z")

    session = written(*(message(i, text(str(i))) for i in range(300)), message(3, text("3"), call("LS"))).only
    assert session.column("reply", "content") == [str(i) for i in range(300)]
    assert [c["tool_name"] for c in calls(session)] == ["LS"]


def test_a_message_that_never_ends_costs_what_its_lines_do() -> None:
    """Its text is told with each line again, which would be the square of the file for an id that all lines have."""
    lines = [json.dumps(record).encode() for record in numbered((user("go"), *[says(text("x" * 20))] * 3000))]
    parser = claude.parse(Origin(""))
    told = [fact for line in lines for fact in parser.feed(line)]
    assert sum(len(fact.content or "") for fact in told if isinstance(fact, Step)) < 4 * sum(map(len, lines))
    (reply,) = Told(told).only.all("reply")
    assert str(reply["content"]).startswith("x" * 20) and reply["metadata"] == {"model": "opus", "cut": True}
