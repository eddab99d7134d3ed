"""OpenCode: its exports, its database, the files it kept before, and what a run prints."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, Shape, opencode_export, opencode_stream
from tachograph.records import Usage
from tests.ingest.machine import machine
from tests.readers.told import HISTORIES, Session, Told, mangled, read, sound, watched

EXPORT = (HISTORIES / "opencode" / "export.json").read_bytes()
PRINTED = (HISTORIES / "opencode" / "printed.jsonl").read_bytes()


def document(*messages: tuple[dict[str, object], list[dict[str, object]]], **info: object) -> bytes:
    session = {"id": "ses_1", "directory": "/p", "time": {"created": 1000, "updated": 9000}, **info}
    return json.dumps(
        {"info": session, "messages": [{"info": own, "parts": parts} for own, parts in messages]}
    ).encode()


def user(*parts: dict[str, object], **info: object) -> tuple[dict[str, object], list[dict[str, object]]]:
    return {"id": "msg_u", "role": "user", "time": {"created": 2000}, **info}, list(parts)


def assistant(*parts: dict[str, object], **info: object) -> tuple[dict[str, object], list[dict[str, object]]]:
    own = {"id": "msg_a", "role": "assistant", "modelID": "m", "time": {"created": 3000, "completed": 5000}, **info}
    return own, list(parts)


def tool(name: str, status: str, call: str = "c1", **state: object) -> dict[str, object]:
    return {"type": "tool", "tool": name, "callID": call, "state": {"status": status, **state}}


def text(words: str, **more: object) -> dict[str, object]:
    return {"type": "text", "text": words, **more}


def told(data: bytes) -> Session:
    return read(opencode_export, data).only


def one_call(name: str, status: str, **state: object) -> dict[str, object]:
    session = told(document(assistant(tool(name, status, **state))))
    return session.steps["call:c1"]


def test_what_a_session_says_of_itself() -> None:
    session = told(EXPORT)
    assert session.facts == {
        "id": "ses_e02f8b4feffexn8rSD7A1M5GGM",
        "project_dir": "/home/user/fib",
        "title": "A fine title",
        "version": "1.18.33",
        "model": "gpt-5-mock",
        "started_at": 1795246476033 * 10**6,
        "last_at": 1795246481759 * 10**6,
        "metadata": {"slug": "cosmic-mountain", "summary_additions": 0, "summary_deletions": 0, "summary_files": 0},
    }
    assert session.column("prompt", "content") == ['"Please patch"']
    assert session.column("reply", "content") == [None, None, None, "Patched."]
    assert session.all("reply")[3]["metadata"] == {
        "model": "gpt-5-mock",
        "provider": "mock",
        "mode": "build",
        "finish": "stop",
    }


def test_tokens_hold_their_parts_and_the_cost_is_what_opencode_says() -> None:
    session = told(EXPORT)
    assert session.column("usage", "usage") == [
        Usage("gpt-5-mock", 1000 + more, 50, 600, 0, 20, cost)
        for more, cost in enumerate((55e-5, 551e-6, 552e-6, 553e-6))
    ]
    assert session.steps["usage:msg_1fd07531c001gW4rKhao5csnIn"]["at"] == 1795246480491 * 10**6


def test_a_patch_is_one_call_with_a_file_operation_for_every_file() -> None:
    session = told(EXPORT)
    files = [
        (
            s["key"],
            s["operation"],
            s["file_path"],
            s["status"],
            s["metadata"].get("lines_added"),
            s["metadata"].get("lines_removed"),
        )  # type: ignore[attr-defined]
        for s in session.all("file_op")
    ]
    assert files == [
        ("call:call_p1", "write", "notes/a.txt", "ok", 2, 0),
        ("call:call_p1:fib.py", "edit", "fib.py", "ok", 1, 1),
        ("call:call_p2", "edit", "notes/a.txt", "ok", 1, 1),
        ("call:call_p2:gone.txt", "delete", "gone.txt", "ok", 0, 2),
        ("call:call_p3", "edit", "nowhere.txt", "error", 1, 1),
    ]
    assert set(session.column("file_op", "tool_call_id")) == {"call_p1", "call_p2", "call_p3"}
    assert session.steps["call:call_p2"]["metadata"]["moved_to"] == "notes/b.txt"  # type: ignore[index]
    assert session.steps["call:call_p1"]["duration_ms"] == 36.0
    assert "duration_ms" not in session.steps["call:call_p1:fib.py"]


def test_what_a_command_returned_is_not_what_the_tool_says() -> None:
    state = {
        "input": {"command": "false"},
        "output": "o",
        "metadata": {"exit": 1},
        "time": {"start": 3100, "end": 3350},
    }
    assert one_call("bash", "completed", **state) == {
        "key": "call:c1",
        "event_type": "command",
        "at": 3100 * 10**6,
        "tool_name": "bash",
        "tool_call_id": "c1",
        "command": "false",
        "exit_code": 1,
        "duration_ms": 250.0,
        "status": "ok",
        "content": "o",
        "metadata": {"input": {"command": "false"}},
    }
    late = "(no output)\n\n<shell_metadata>\nterminated after exceeding timeout 500 ms.\n</shell_metadata>"
    timed_out = one_call("bash", "completed", output=late, metadata={"exit": None})
    assert timed_out["status"] == "ok" and timed_out["metadata"] == {"timed_out": True}
    aborted = "(no output)\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>"
    assert one_call("bash", "completed", output=aborted, metadata={"exit": None})["status"] == "interrupted"
    assert one_call("bash", "running", metadata={"output": "so far"})["content"] == "so far"


def test_how_calls_end() -> None:
    assert one_call("bash", "error", error="The user rejected permission to use this tool.")["status"] == "rejected"
    assert one_call("question", "error", error="The user dismissed this question")["status"] == "rejected"
    assert one_call("bash", "error", error="Error: The user rejected permission to use it")["status"] == "rejected"
    assert one_call("read", "error", error="File not found: x")["status"] == "error"
    assert one_call("bash", "error", error="Tool execution aborted")["status"] == "interrupted"
    assert one_call("glob", "error", error="x", metadata={"interrupted": True})["status"] == "interrupted"
    assert one_call("invalid", "completed", output="no such tool")["status"] == "error"
    assert one_call("grep", "pending")["status"] == one_call("grep", "running")["status"] == "unknown"


def test_files_and_the_lines_that_change() -> None:
    read_it = one_call("read", "completed", input={"filePath": "/p/a"}, output="text")
    assert (read_it["event_type"], read_it["operation"], read_it["file_path"]) == ("file_op", "read", "/p/a")
    new = one_call("write", "completed", input={"filePath": "a", "content": "1\n2\n"}, metadata={"exists": False})
    assert (new["metadata"]["lines_added"], new["metadata"]["lines_removed"]) == (2, 0)  # type: ignore[index]
    counted = {"filediff": {"additions": 4, "deletions": 1, "before": "…"}}
    edited = one_call("edit", "completed", input={"filePath": "a"}, metadata=counted)
    assert (edited["operation"], edited["metadata"]["lines_added"]) == ("edit", 4)  # type: ignore[index]
    shown = one_call("edit", "completed", input={"filePath": "a"}, metadata={"diff": "--- a\n+++ a\n@@\n-x\n+y\n+z"})
    assert (shown["metadata"]["lines_added"], shown["metadata"]["lines_removed"]) == (2, 1)  # type: ignore[index]
    other = one_call("mine_look", "completed", input={"filePath": "a"})
    assert (other["event_type"], other["file_path"], "operation" in other) == ("tool_call", "a", False)


def test_a_subagent_names_its_session_and_knows_its_parent() -> None:
    call = one_call("task", "completed", input={"prompt": "look"}, metadata={"sessionId": "ses_2"})
    assert call["event_type"] == "tool_call" and call["metadata"] == {"input": {"prompt": "look"}, "subagent": "ses_2"}
    assert told(document(parentID="ses_0")).facts["parent_id"] == "ses_0"


def test_ids_that_were_masked_or_come_again_stay_apart() -> None:
    masked = "REDACTED"
    session = told(
        document(
            user(text("one"), id=masked),
            assistant(tool("bash", "completed", masked), tool("bash", "completed", masked), id=masked, cost=0.5),
            user(text("two"), id=masked),
            assistant(tool("read", "error", masked), id=masked, tokens={"input": 7}),
            id=masked,
            parentID=masked,
        )
    )
    assert session.facts["id"] == "REDACTED-1000" and "parent_id" not in session.facts
    assert list(session.steps) == [
        "prompt:REDACTED",
        "reply:REDACTED#2",
        "call:REDACTED",
        "call:REDACTED#2",
        "usage:REDACTED#2",
        "prompt:REDACTED#3",
        "reply:REDACTED#4",
        "call:REDACTED#3",
        "usage:REDACTED#4",
    ]
    assert session.column("command", "tool_call_id") == ["REDACTED", "REDACTED#2"]
    nameless = told(document(assistant({"type": "tool", "tool": "x"}, id=None)))
    assert list(nameless.steps) == ["reply:#1", "call:#1"]


def test_prompts_hold_what_was_typed() -> None:
    injected = text("Called the Read tool", synthetic=True)
    image = {"type": "file", "mime": "image/png", "filename": "x.png", "url": "data:image/png;base64,AAAA"}
    session = told(document(user(text("look"), injected, image, text("there")), user(injected, id="msg_v")))
    assert session.steps["prompt:msg_u"]["content"] == "look\n\nthere"
    assert session.steps["prompt:msg_u"]["metadata"] == {"files": [{"name": "x.png", "mime": "image/png", "size": 26}]}
    assert session.steps["prompt:msg_v"]["metadata"] == {"synthetic": True}


def test_interruptions_errors_compactions_and_other_models_are_marked() -> None:
    session = told(
        document(
            assistant(error={"name": "MessageAbortedError", "data": {"message": "Aborted"}}, id="1"),
            assistant(
                {"type": "retry", "id": "r", "attempt": 1, "error": {"name": "APIError"}, "time": {"created": 4000}},
                error={"name": "APIError", "data": {"message": "overloaded", "statusCode": 529}},
                id="2",
                modelID="n",
            ),
            user({"type": "compaction", "auto": True}, id="3"),
            assistant(text("so far"), id="4", summary=True, mode="compaction", modelID="small"),
            assistant(id="5", modelID="n"),
            revert={"messageID": "2"},
        )
    )
    markers = [(s["key"], s["metadata"]["kind"], s["content"]) for s in session.all("marker")]  # type: ignore[index]
    assert markers == [
        ("interruption:1", "interruption", "interrupted by the user"),
        ("model:2", "model_switch", "model switched from m to n"),
        ("api_error:r", "api_error", "APIError"),
        ("api_error:2", "api_error", "APIError: overloaded"),
        ("compaction:3", "compaction", "context compacted automatically"),
        ("rewind:2", "rewind", "taken back to an earlier message"),
    ]
    assert session.steps["api_error:2"]["status"] == "error"
    assert session.facts["model"] == "n"
    before = told(document(assistant(text("so far"), summary=True)))
    assert before.column("marker", "content") == ["context compacted"]


def test_thoughts_and_replies_come_where_they_were_written() -> None:
    thought = {"type": "reasoning", "id": "t", "text": "hm", "time": {"start": 3100, "end": 3200}}
    late = text("done", time={"start": 4000})
    session = told(document(assistant(thought, tool("bash", "completed"), late, text("and well"))))
    assert list(session.steps) == ["thinking:t", "call:c1", "reply:msg_a"]
    assert session.steps["reply:msg_a"]["content"] == "done\n\nand well"
    assert session.steps["reply:msg_a"]["at"] == 4000 * 10**6
    assert session.steps["thinking:t"]["duration_ms"] == 100.0


def test_what_is_not_understood_is_told() -> None:
    odd = document(({"role": "judge"}, []), assistant({"type": "hologram"}, {"type": "step-start"}))
    kinds = [unknown.kind for unknown in read(opencode_export, odd).unknown]
    assert kinds == ["message of role judge", "part of type hologram"]
    assert [u.kind for u in Told(opencode_export.parse(Origin("")).feed(b'{"info": 1, ')).unknown] == ["not JSON"]
    assert [u.kind for u in Told(opencode_export.parse(Origin("")).feed(b"{}")).unknown] == [
        "document without a session"
    ]


def test_an_export_is_known_by_what_it_holds() -> None:
    assert opencode_export.shape is Shape.DOCUMENT
    assert opencode_export.detect(EXPORT, "anything")
    assert opencode_export.detect(b"Exporting session: ses_1\n" + EXPORT, "anything")
    assert opencode_export.detect(json.dumps({"messages": [], "info": {"id": "ses_1"}}).encode(), "")
    long = [assistant(text("x" * 5000)) for _ in range(20)]
    assert opencode_export.detect(document(*long, projectID="p")[:65536], "")
    trajectory = {"info": {"exit_status": "1"}, "messages": [{"content": 'about "ses_1"' * 9000}]}
    assert not opencode_export.detect(json.dumps(trajectory).encode()[:65536], "")
    for other in (b"", b"{}", b'{"info": {"id": "x"}, "messages": []}', b'{"info": {"exit_status": 1}}', PRINTED):
        assert not opencode_export.detect(other, "opencode.json")


def test_what_a_run_prints() -> None:
    assert opencode_stream.detect(PRINTED, "anything") and not opencode_stream.detect(EXPORT, "opencode.jsonl")
    session = read(opencode_stream, PRINTED).only
    assert session.facts == {
        "printed": True,
        "id": "ses_test001",
        "started_at": 1774712786456 * 10**6,
        "last_at": 1774712802600 * 10**6,
    }
    assert session.column("reply", "content") == [
        None,
        None,
        "The 10th Fibonacci number is **55**.",
        None,
        "The file does not exist.",
    ]
    assert [(s["command"], s["exit_code"], s["status"]) for s in session.all("command")] == [
        ("python3 fib.py", 0, "ok"),
        ("cat /nonexistent", 1, "error"),
    ]
    assert session.column("usage", "usage")[0] == Usage(None, 13343, 132, 12985, 356, 0, 0.0072165)
    assert session.column("file_op", "file_path") == ["/tmp/test/fib.py"]
    assert len(session.all("thinking")) == 1


def test_a_printed_run_grows() -> None:
    lines = PRINTED.splitlines()
    at_once, growing = read(opencode_stream, PRINTED).only, Told(watched(opencode_stream.parse(Origin("")), lines)).only
    assert (growing.facts, growing.steps) == (at_once.facts, at_once.steps)


@settings(max_examples=150)
@given(st.data())
def test_nothing_in_an_export_breaks_it(data: st.DataObject) -> None:
    broken = mangled(data.draw, EXPORT)
    opencode_export.detect(broken, "")
    sound(opencode_export.parse(Origin("")).feed(broken))


@settings(max_examples=100)
@given(st.data())
def test_nothing_in_a_printed_line_breaks_it(data: st.DataObject) -> None:
    parser = opencode_stream.parse(Origin(""))
    for line in PRINTED.splitlines():
        broken = mangled(data.draw, line)
        opencode_stream.detect(broken, "")
        sound(parser.feed(broken))
    sound(parser.finish())


def test_what_a_fork_copied_costs_once_although_it_has_other_ids() -> None:
    """As `--fork` makes it: session, messages and parts get new ids; times and the ids of calls stay."""
    fork = json.loads(EXPORT.replace(b'"msg_', b'"msg_f').replace(b'"prt_', b'"prt_f').replace(b'"ses_', b'"ses_f'))
    used = {"input": 7, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    own, parts = assistant(text("more"), id="msg_more", tokens=used)
    fork["messages"].append({"info": own, "parts": parts})
    with machine() as one:
        one.take(one.put("first.json", EXPORT))
        (once,) = one.store.usage.by("total")
        one.take(one.put("fork.json", json.dumps(fork).encode()))
        (both,) = one.store.usage.by("total")
        tokens = {session.id: session.input_tokens for session in one.store.sessions.list()}
    assert (both.calls, both.input_tokens) == (once.calls + 1, once.input_tokens + 7)
    assert sorted(tokens.values()) == [once.input_tokens, once.input_tokens + 7], "a fork has what it copied"
