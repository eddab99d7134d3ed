"""Gemini CLI: sessions in both forms, and saved histories."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, gemini, gemini_jsonl
from tachograph.records import Retracted, SessionFacts, Usage
from tests.readers.gemini_records import (
    ANSWERED,
    ASKED,
    CHATS,
    FOLDER,
    HEADER,
    SESSION,
    TOKENS,
    message,
    standing,
    told_document,
    told_lines,
    tool,
)
from tests.readers.told import Told, facts, mangled, read, sound, watched


@pytest.mark.parametrize("told", [told_lines, told_document])
def test_a_turn(told: Any) -> None:
    session = standing(told(ASKED, ANSWERED))
    assert [(s["key"], s.get("content"), s["at"]) for s in session.steps.values()] == [
        ("prompt:u1", "Say hello", 1767225601_000000000),
        ("thinking:g1:0", "Greeting\n\nSay it.", 1767225602_000000000),
        ("reply:g1", "Hello.", 1767225603_000000000),
        ("usage:g1", None, 1767225603_000000000),
    ]
    assert session.column("usage", "usage") == [Usage("gemini-3-pro", 900, 60, 300, 0, 20)]
    assert session.facts["id"] == SESSION and session.facts["model"] == "gemini-3-pro"
    assert session.facts["metadata"] == {"project_hash": "9b559e", "project": "thing"}
    assert (session.facts["started_at"], session.facts["last_at"]) == (1767225601_000000000, 1767225603_000000000)


@pytest.mark.parametrize("told", [told_lines, told_document])
def test_the_first_fact_says_when(told: Any) -> None:
    first, *_ = told(ASKED)
    assert isinstance(first, SessionFacts) and first.started_at == 1767225601_000000000


def test_a_session_that_said_nothing_has_the_times_of_its_file() -> None:
    session = standing(told_document(startTime="2026-01-01T00:00:05Z", lastUpdated="2026-01-01T00:00:09Z"))
    assert not session.steps and session.facts["started_at"] == 1767225605_000000000
    assert session.facts["last_at"] == 1767225609_000000000


def test_a_warning_alone() -> None:
    path = "/x/session-2026-02-03T04-09-29eb990e.json"
    session = read(gemini, (FOLDER / "session-2026-02-03T04-09-29eb990e.json").read_bytes(), path).only
    (marker,) = session.steps.values()
    assert session.facts["id"] == "29eb990e-c773-4302-a4e7-317f0af0001f"
    assert marker["metadata"] == {"kind": "warning"} and str(marker["content"]).startswith(
        "Hook(s) [entire-session-end"
    )


def test_a_message_written_again_replaces_itself() -> None:
    asked = message("gemini", "g1", "", 2, thoughts=[], tokens=TOKENS, model="m")
    called = tool("c1", "run_shell_command", "Output: hi\nProcess Group PGID: 1", args={"command": "echo hi"})
    session = standing(told_lines(ASKED, asked, {**asked, "toolCalls": [called]}, {"$set": {"lastUpdated": "x"}}))
    assert list(session.steps) == ["prompt:u1", "reply:g1", "usage:g1", "call:c1"]
    command = session.steps["call:c1"]
    assert (command["command"], command["exit_code"], command["status"]) == ("echo hi", 0, "ok")


def test_rewinds() -> None:
    second = [message("user", "u2", "more", 4), message("gemini", "g2", "Yes.", 5, tokens=TOKENS)]
    told = told_lines(ASKED, ANSWERED, *second, {"$rewindTo": "u2"}, message("user", "u3", "other", 6))
    assert [fact.keys for fact in told if isinstance(fact, Retracted)] == [("prompt:u2", "reply:g2", "usage:g2")]
    assert standing(told).column("prompt", "content") == ["Say hello", "other"]
    assert not standing(told_lines(ASKED, ANSWERED, {"$rewindTo": "nobody"})).steps, "then all are taken back"
    assert not [fact for fact in told_lines({"$rewindTo": "nobody"}) if isinstance(fact, Retracted)]


def test_what_the_user_did_not_write_is_no_prompt() -> None:
    context = (
        "<session_context>\nThis is the Gemini CLI. We are setting up the context for our chat.\n{}</session_context>"
    )
    where = context.format("- **Workspace Directories:**\n  - /home/user/thing\n- **Directory Structure:**")
    result = [{"functionResponse": {"id": "c1", "name": "x", "response": {"output": "x"}}}]
    session = standing(
        told_lines(
            {"$set": {"messages": [message("user", "c", [{"text": where}])]}},
            message("user", "r", result),
            message("user", "a", "<hook_context>the branch is main</hook_context>"),
            message("user", "b", [{"text": context.format("")}, {"text": "\n\ndo it"}]),
            message("user", "d", [{"text": "@a.py look\n--- Content ---\nx"}], displayContent="@a.py look"),
            message("user", "i", [{"text": "this: "}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]),
        )
    )
    assert session.column("prompt", "content") == ["do it", "@a.py look", "this: [image]"]
    assert session.all("prompt")[2]["metadata"] == {"images": [{"mime_type": "image/png", "bytes": 3}]}
    assert session.facts["project_dir"] == "/home/user/thing"
    assert list(session.steps) == ["marker:a", "prompt:b", "prompt:d", "prompt:i"]


def test_what_a_hook_adds_ahead_of_a_prompt_is_not_the_prompt() -> None:
    sent = "<hook_context>the branch is main</hook_context>\n\nfix it"
    (prompt,) = standing(told_lines(message("user", "u", sent))).all("prompt")
    assert (prompt["content"], prompt["metadata"]) == ("fix it", {"sent": sent})


def test_a_turn_that_the_program_takes_is_a_prompt_and_says_so() -> None:
    """It hands on what was asked last as what is to be shown."""
    told = told_lines(message("user", "a", [{"text": "Please continue."}], displayContent="fix it"))
    (prompt,) = standing(told).all("prompt")
    assert (prompt["content"], prompt["metadata"]) == ("Please continue.", {"synthetic": True})


DIFF = {"fileDiff": "--- a\n+++ a\n@@ -1 +1,2 @@\n-x\n+y\n+z\n", "fileName": "a", "filePath": "/a"}
STAT = {"model_added_lines": 5, "model_removed_lines": 1, "user_added_lines": 1, "user_removed_lines": 0}
CANCELLED = "[Operation Cancelled] Reason: "
OLD = "Command: x\nDirectory: (root)\nOutput: {}\nError: (none)\nExit Code: {}\nSignal: (none)\nProcess Group PGID: 7"


@pytest.mark.parametrize(
    ("call", "step"),
    [
        (tool("c", "read_file", "text", args={"file_path": "/a"}), {"event_type": "file_op", "operation": "read"}),
        (tool("c", "read_file", "text", args={"absolute_path": "/a"}), {"file_path": "/a", "operation": "read"}),
        (tool("c", "write_file", "ok", args={"file_path": "/a"}, resultDisplay=DIFF), {"operation": "write"}),
        (tool("c", "replace", "ok", args={"file_path": "/a"}, resultDisplay=DIFF), {"operation": "edit"}),
        (tool("c", "glob", "x", args={"pattern": "*"}), {"event_type": "tool_call", "operation": None}),
        (tool("c", "invoke_agent", "x", agentId="s2"), {"event_type": "tool_call", "metadata": {"subagent": "s2"}}),
        (
            tool("c", "replace", None, "error", "0 occurrences found"),
            {"status": "error", "content": "0 occurrences found"},
        ),
        (tool("c", "x", None, "error", "Tool execution denied by policy."), {"status": "rejected"}),
        (tool("c", "x", None, "cancelled", f"{CANCELLED}User denied execution."), {"status": "rejected"}),
        (tool("c", "x", None, "cancelled", f"{CANCELLED}User did not allow tool call"), {"status": "rejected"}),
        (tool("c", "x", None, "cancelled", f"{CANCELLED}User cancelled tool execution."), {"status": "interrupted"}),
        (tool("c", "x", None, "cancelled", f"{CANCELLED}User cancelled the operation."), {"status": "interrupted"}),
        (
            tool("c", "x", None, "cancelled", f"{CANCELLED}User cancelled the operation.", resultDisplay=DIFF),
            {"status": "rejected"},
        ),
        ({"id": "c", "name": "x", "status": "executing"}, {"status": "unknown"}),
        ({"id": "c", "name": "x", "resultDisplay": "shown"}, {"status": "ok", "content": "shown"}),
        (tool("c", "mcp", {"a": [1]}), {"content": '{"a":[1]}'}),
    ],
)
def test_calls(call: dict[str, Any], step: dict[str, Any]) -> None:
    found = standing(told_lines(message("gemini", "g", toolCalls=[call]))).steps["call:c"]
    more: Any = step.pop("metadata", {})
    assert {name: found.get(name) for name in step} == step
    assert dict(found.get("metadata", {})).items() >= more.items()  # type: ignore[call-overload]


def test_answers_that_share_a_turn() -> None:
    first, second = tool("c1", "glob", "1"), tool("c2", "glob", "2")
    both = [*first["result"], *second["result"]]
    steps = standing(told_lines(message("gemini", "g", toolCalls=[{**c, "result": both} for c in (first, second)])))
    assert steps.column("tool_call", "content") == ["1", "2"]


def test_exit_codes_beside_the_text() -> None:
    response = {"output": "", "error": "no such file", "exitCode": 2}
    call = tool("c", "run_shell_command", None, "error", args={"command": "x"})
    call["result"] = [{"functionResponse": {"id": "c", "response": response}}]
    found = standing(told_lines(message("gemini", "g", toolCalls=[call]))).steps["call:c"]
    assert (found["exit_code"], found["content"], found["status"]) == (2, "no such file", "error")


def test_lines_of_changes() -> None:
    changes = [{**DIFF}, {**DIFF, "diffStat": STAT}]
    calls = [tool(str(i), "replace", "ok", args={"file_path": "/a"}, resultDisplay=d) for i, d in enumerate(changes)]
    denied = tool(
        "2", "replace", None, "cancelled", "User denied execution.", args={"file_path": "/a"}, resultDisplay=DIFF
    )
    steps: Any = standing(told_lines(message("gemini", "g", toolCalls=[*calls, denied]))).all("file_op")
    found = [(s["metadata"].get("lines_added"), s["metadata"].get("lines_removed")) for s in steps]
    assert found == [(2, 1), (6, 1), (None, None)]


@pytest.mark.parametrize(
    ("output", "code", "status"),
    [
        (OLD.format("x", "0"), 0, "ok"),
        (OLD.format("x", "127"), 127, "ok"),
        (OLD.format("x", "(none)"), None, "ok"),
        (OLD.format("x", "1").replace("\n", "\\n"), 1, "ok"),
        ("Output: hi\nProcess Group PGID: 7", 0, "ok"),
        ("Output: hi\nExit Code: 2\nProcess Group PGID: 7", 2, "ok"),
        ("Output: Exit Code: 2\nhi\nProcess Group PGID: 7", 0, "ok"),
        ("Output: hi\nSignal: 9\nProcess Group PGID: 7", None, "ok"),
        ("<untrusted_context>\nOutput: hi\nExit Code: 3\nProcess Group PGID: 7\n</untrusted_context>", 3, "ok"),
        ("<untrusted_context>\nOutput: hi\nProcess Group PGID: 7\n</untrusted_context>", 0, "ok"),
        ("Command was cancelled by user before it could complete.", None, "interrupted"),
        ("Command moved to background (PID: 7). Output hidden. Press Ctrl+B to view.", None, "ok"),
    ],
)
def test_exit_codes(output: str, code: int | None, status: str) -> None:
    call = tool("c", "run_shell_command", output, args={"command": "x"})
    found = standing(told_lines(message("gemini", "g", toolCalls=[call]))).steps["call:c"]
    assert (found.get("exit_code"), found["status"], found["command"]) == (code, status, "x")
    assert found["metadata"].get("background", False) == ("background" in output)  # type: ignore[attr-defined]


def test_a_call_that_was_only_asked_for() -> None:
    parts = [{"text": "hm", "thought": True}, {"functionCall": {"id": "c1", "name": "glob", "args": {"pattern": "*"}}}]
    asked = message("gemini", "g1", parts)
    session = standing(told_lines(asked))
    assert session.steps["call:c1"]["status"] == "unknown" and session.column("thinking", "content") == ["hm"]
    for then in (
        {**asked, "toolCalls": [tool("c1", "glob", "x")]},
        message("gemini", "g2", toolCalls=[tool("c1", "glob", "x")]),
    ):
        answered = standing(told_lines(asked, then))
        assert [step["status"] for step in answered.all("tool_call")] == ["ok"], "written down here or there"
    other = standing(told_lines(asked, {**asked, "toolCalls": [tool("c9", "glob", "x")]}))
    assert [step["key"] for step in other.all("tool_call")] == ["call:c9"]


def test_ids_that_are_masked_or_used_again() -> None:
    calls = [tool("REDACTED", "glob", "1"), tool("REDACTED", "glob", "2"), tool("c", "glob", "3")]
    document = standing(
        told_document(
            message("gemini", "REDACTED", toolCalls=calls[:2]),
            message("gemini", "g", toolCalls=calls[2:]),
            message("gemini", "g", toolCalls=calls[2:]),
        )
    )
    assert document.column("tool_call", "tool_call_id") == ["##1.0", "##1.1", "c", "c#2"]
    assert len(document.all("reply")) == 3
    assert len(standing(told_lines(message("user", "REDACTED", "a"), message("user", "REDACTED", "b"))).steps) == 2
    masked = json.dumps({**HEADER, "sessionId": "REDACTED"}).encode()
    assert list(read(gemini_jsonl, masked, f"{CHATS}/session-x.jsonl").sessions) == ["session-x"]


def test_a_subagent_that_was_written_under_the_id_of_its_parent_is_a_session_of_its_own() -> None:
    header = {**HEADER, "kind": "subagent"}
    lines = b"\n".join(json.dumps(record).encode() for record in (header, message("user", "u", "look")))
    document = json.dumps({**header, "messages": [message("user", "u", "look")]}).encode()
    for reader, data, ending in ((gemini_jsonl, lines, "jsonl"), (gemini, document, "json")):
        told = read(reader, data, f"{CHATS}/session-2026-02-03T10-00-11111111.{ending}").only
        assert told.facts["id"] == "session-2026-02-03T10-00-11111111"
        assert told.facts["parent_id"] == SESSION


def test_subagents_know_their_parent() -> None:
    header = {**HEADER, "sessionId": "s2", "kind": "subagent", "directories": ["/home/user/thing", "/more"]}
    data = b"\n".join(json.dumps(record).encode() for record in (header, message("user", "u", "look")))
    first, *_ = facts(gemini_jsonl, data, f"{CHATS}/{SESSION}/s2.jsonl")
    assert isinstance(first, SessionFacts)
    assert (first.id, first.parent_id, first.project_dir) == ("s2", SESSION, "/home/user/thing")


def test_notes() -> None:
    notes = {
        "info": {
            "Request cancelled.": "interruption",
            "Context compressed from 90% to 20%.": "compaction",
            "Hm": "info",
        },
        "error": {"[API Error: overloaded]": "api_error"},
        "warning": {"Careful": "warning"},
    }
    given = [message(kind, words, words) for kind, each in notes.items() for words in each]
    markers: Any = standing(told_document(*given)).all("marker")
    assert {m["content"]: m["metadata"]["kind"] for m in markers} == {
        w: k for each in notes.values() for w, k in each.items()
    }
    assert [m["content"] for m in markers if m.get("status") == "error"] == ["[API Error: overloaded]"]


def test_titles_and_unknown_messages() -> None:
    told = Told(told_lines(ASKED, {"$set": {"summary": "Greets"}}, message("plan", "p1", "x"), {"odd": 1}))
    assert told.only.facts["title"] == "Greets"
    assert [found.kind for found in told.unknown] == ["message of type plan", "JSON but no record"]


def test_a_saved_history() -> None:
    path = "/home/user/saved-history.json"
    told = read(gemini, (FOLDER / "saved-history.json").read_bytes(), path, modified_at=5)
    session = told.only
    facts = session.facts
    assert (
        told.unknown == []
        and facts["id"] == "saved-history"
        and facts["project_dir"] == "/Users/user/GitHub/gemini-cli2"
    )
    assert facts["started_at"] == facts["last_at"] == 5
    assert session.column("prompt", "content") == ["agent teams shouldn't persist, I want it to ask me every boot"]
    assert len(session.all("reply")) == 8 and len(session.all("thinking")) == 4
    calls = [step for step in session.steps.values() if "tool_call_id" in step]
    assert [(c["tool_name"], c["status"], c.get("exit_code")) for c in calls] == [
        ("read_file", "ok", None),
        ("run_shell_command", "ok", 1),
        ("run_shell_command", "rejected", None),
        ("replace", "error", None),
        ("update_topic", "ok", None),
    ]
    markers: Any = session.all("marker")
    assert [m["metadata"]["kind"] for m in markers] == ["compaction", "stray_result"]
    assert markers[1]["metadata"]["output"].startswith("Output: \n> @google/gemini-cli")


def test_a_history_without_ids_of_calls() -> None:
    turns = [
        {"role": "model", "parts": [{"functionCall": {"name": "glob", "args": {"n": n}}} for n in (1, 2)]},
        {"role": "user", "parts": [{"functionResponse": {"name": "glob", "response": {"output": o}}} for o in "ab"]},
        {"role": "model", "parts": [{"functionCall": {"name": "glob"}}]},
    ]
    for data in (turns, {"history": turns, "summary": "x"}):
        steps: Any = read(gemini, json.dumps(data).encode(), "/x/a.json").only.all("tool_call")
        assert [(s.get("content"), s["status"]) for s in steps] == [("a", "ok"), ("b", "ok"), (None, "unknown")]


def test_snapshots_of_one_session_are_one_session() -> None:
    early, late = told_document(ASKED), told_document(ASKED, ANSWERED)
    assert list(Told([*early, *late]).only.steps) == list(standing(late).steps)


def test_the_same_parser_sees_the_file_change() -> None:
    parser = gemini.parse(Origin(""))
    snapshots = [json.dumps({**HEADER, "messages": messages}).encode() for messages in ([ASKED, ANSWERED], [ANSWERED])]
    assert [fact.keys for fact in watched(parser, snapshots) if isinstance(fact, Retracted)] == [("prompt:u1",)]


def test_detect() -> None:
    lines = b"\n".join(json.dumps(record).encode() for record in (HEADER, ASKED))
    document = json.dumps({"messages": [ASKED, ANSWERED], **HEADER})
    for head in (
        document,
        json.dumps(json.loads(document), indent=2),
        document[:300],
        json.dumps([{"role": "user", "parts": []}]),
    ):
        assert gemini.detect(head.encode(), "x.json"), head
        assert not gemini_jsonl.detect(head.encode(), "x.json"), head
    changed = json.dumps({"$set": {"messages": [ASKED]}}).encode()
    for each in (lines, lines.partition(b"\n")[0], json.dumps(ANSWERED).encode() + b"\n", changed):
        assert gemini_jsonl.detect(each, "x.jsonl"), each
        assert not gemini.detect(each, "x.jsonl"), each
    for other in (
        b"",
        b"[1, 2]",
        b'{"info": {"id": "ses_x"}, "messages": [{"info": {}, "parts": [{"type": "text"}]}]}',
        b'{"type":"session.start","data":{},"timestamp":"x"}\n',
        b'{"type":"user","message":{},"uuid":"x","sessionId":"y","timestamp":"x"}\n',
        b'[{"role": "user", "content": "x"}]',
        b'{"trajectory": [], "history": [{"role": "system", "content": ""}]}',
        b"{" * 5000,
    ):
        assert not gemini.detect(other, "x.json") and not gemini_jsonl.detect(other, "x.jsonl"), other


def test_places() -> None:
    ((lines,), (documents,)) = gemini_jsonl.places("/home/user", {}), gemini.places("/home/user", {})
    assert lines.root == documents.root == "/home/user/.gemini" and lines.keeps_days == 30
    assert lines.patterns == ("tmp/*/chats/*.jsonl", "tmp/*/chats/*/*.jsonl")
    assert gemini.places("/home/user", {"GEMINI_CLI_HOME": "/x"})[0].root == "/x/.gemini"


@pytest.mark.parametrize("data", [b"", b"{", b"3", b"[]", b"{}", b'{"messages": 3}', b"\xff", b"[" * 10**5])
def test_what_is_no_session(data: bytes) -> None:
    for reader in (gemini, gemini_jsonl):
        told = read(reader, data)
        assert not told.sessions and (told.unknown or not data)


LINES = [HEADER, ASKED, ANSWERED, {"$set": {"messages": [ASKED, ANSWERED], "summary": "x"}}, {"$rewindTo": "g1"}]
LINES += [message("gemini", "g", [{"functionCall": {"id": "c", "name": "x"}}], toolCalls=[tool("c", "replace", "x")])]
SAVED = json.loads((FOLDER / "saved-history.json").read_text())


@settings(max_examples=150)
@given(st.data())
def test_nothing_makes_it_fail(data: st.DataObject) -> None:
    def mangle(value: object) -> bytes:
        return data.draw(st.composite(lambda draw: mangled(draw, json.dumps(value).encode()))())

    lines, document = gemini_jsonl.parse(Origin("")), gemini.parse(Origin(f"{CHATS}/x.json"))
    for line in data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=6)):
        sound(lines.feed(mangle(line)))
    sound(document.feed(mangle(data.draw(st.sampled_from([{**HEADER, "messages": LINES[1:]}, SAVED])))))
    for parser in (lines, document):
        sound(parser.finish())
        assert not list(parser.finish())
