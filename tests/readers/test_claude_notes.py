"""Claude Code: what stands between the messages, what is said of a session, and what a reader must survive."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, claude
from tachograph.records import SessionFacts
from tests.readers.claude_records import (
    FOLDER,
    PLACE,
    SESSION,
    answer,
    call,
    calls,
    notes,
    numbered,
    says,
    text,
    user,
    written,
)
from tests.readers.told import HISTORIES, Told, mangled, watched

RECORDED = sorted(FOLDER.rglob("*.jsonl"))
LINES = [line for path in RECORDED for line in path.read_bytes().splitlines()]


def system(subtype: str, **more: Any) -> dict[str, Any]:
    return {"type": "system", "subtype": subtype, **more}


def attachment(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "attachment", "attachment": {"type": kind, **more}}


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (system("compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 9}), ("compaction", "auto")),
        (user("This session continues …", isCompactSummary=True), ("compaction_summary", "continues")),
        (
            system("api_error", error={"status": 529}, retryAttempt=2, maxRetries=10),
            ("api_error", "529, retry 2 of 10"),
        ),
        (says(text("API Error: 500"), model="<synthetic>", isApiErrorMessage=True), ("api_error", "API Error: 500")),
        (says(text("Usage limit reached"), model="<synthetic>"), ("notice", "Usage limit reached")),
        (system("model_refusal_fallback", content="Switched"), ("refusal", "Switched")),
        (system("stop_hook_summary", preventedContinuation=True, stopReason="tests"), ("hook_blocked", "tests")),
        (attachment("hook_blocking_error", blockingError={"blockingError": "no rm"}), ("hook_blocked", "no rm")),
        (attachment("hook_non_blocking_error", stderr="boom", exitCode=1), ("hook_error", "boom")),
        (attachment("queued_command", prompt="and the docs", commandMode="prompt"), ("queued_prompt", "and the docs")),
        (user("[Request interrupted by user]"), ("interruption", "by user")),
        (
            user("<command-name>/model</command-name>\n<command-args>opus</command-args>"),
            ("slash_command", "/model opus"),
        ),
        (user("<command-message>x</command-message>\n<command-name>clear</command-name>"), ("slash_command", "/clear")),
        (user("<bash-input>ls -l</bash-input>"), ("user_shell", "ls -l")),
        (user("<bash-stdout>one</bash-stdout><bash-stderr>two</bash-stderr>"), ("user_shell_output", "one\ntwo")),
        (user("<local-command-stdout>Set</local-command-stdout>"), ("command_output", "Set")),
        (user("Do it", isSidechain=True), ("task", "Do it")),
        ({"type": "pr-link", "prUrl": "https://x/1", "prNumber": 1}, ("pull_request", "https://x/1")),
        ({"type": "teleported-from", "remoteSessionId": "session_01V", "branch": "b"}, ("teleported", "session_01V")),
        ({"type": "system", "content": "limit reached, now using Sonnet", "level": "warning"}, ("notice", "Sonnet")),
        (system("brand_new", content="Something new"), ("brand_new", "Something new")),
    ],
)
def test_markers(record: dict[str, Any], note: tuple[str, str]) -> None:
    told = written(record)
    ((kind, content),) = notes(told.only).items()
    assert kind == note[0] and note[1] in content and not told.unknown
    (marker,) = told.only.steps.values()
    assert (marker.get("status") == "error") == (kind == "api_error")


@pytest.mark.parametrize(
    "record",
    [
        user("Caveat: …", isMeta=True),
        user("<local-command-caveat>Caveat</local-command-caveat>"),
        {"type": "system", "content": "Running PostToolUse hook", "level": "info"},
        system("stop_hook_summary", hookErrors=[], preventedContinuation=False),
        {"type": "progress", "data": {"type": "agent_progress", "message": says(call("Bash", command="x"))}},
        attachment("hook_success", stdout="fine"),
        says(text("No response requested."), model="<synthetic>"),
        {"type": "file-history-snapshot", "snapshot": {}},
    ],
)
def test_nothing_happened(record: dict[str, Any]) -> None:
    told = written(record)
    assert not told.unknown and not told.only.steps


def test_what_is_not_known_is_told() -> None:
    told = written({"type": "hologram"}, system("brand_new"), {"type": ["user"]}, {"type": "user", "message": "hm"})
    assert [unknown.kind for unknown in told.unknown] == ["hologram", "system", "no type", "user"]


def test_two_objects_on_a_line_and_bytes_that_are_no_text() -> None:
    lines = [json.dumps(record).encode() for record in numbered((user("a"), user("b"), user("c\u00e9")))]
    line = lines[0] + lines[1] + b"\n" + lines[2].replace(rb"\u00e9", b"\xe9")
    told = Told(watched(claude.parse(Origin(f"{PLACE}/{SESSION}.jsonl")), line.split(b"\n")))
    assert told.only.column("prompt", "content") == ["a", "b", "c\ufffd"]


def test_a_prompt_with_a_picture() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA" * 10}}
    (prompt,) = written(user([text("look"), picture], promptId="p1")).only.all("prompt")
    assert prompt["content"] == "look\n[image]"
    assert prompt["metadata"] == {"prompt_id": "p1", "images": [{"media_type": "image/png", "bytes": 30}]}


def test_the_model_and_the_permissions_change() -> None:
    session = written(
        user("a", permissionMode="default"),
        says(text("x")),
        says(text("side"), id="m2", model="haiku", isSidechain=True),
        {"type": "permission-mode", "permissionMode": "acceptEdits", "timestamp": None},
        says(text("y"), id="m3", model="sonnet"),
    ).only
    assert notes(session) == {"permission_mode": "default → acceptEdits", "model_switch": "opus → sonnet"}
    assert session.facts["model"] == "sonnet" and session.facts["metadata"] == {"permission_mode": "default"}


def test_titles_have_an_order() -> None:
    summary = {"type": "summary", "summary": "by leaf", "leafUuid": "u3"}
    other = {"type": "summary", "summary": "of another file", "leafUuid": "gone"}
    ai, mine = {"type": "ai-title", "aiTitle": "by AI"}, {"type": "custom-title", "customTitle": "mine"}
    assert written(summary, other, user("a"), user("b")).only.facts["title"] == "by leaf"
    assert written(user("a"), user("b"), user("c"), user("d"), summary).only.facts["title"] == "by leaf"
    assert written(mine, ai, summary, user("b")).only.facts["title"] == "mine"
    assert "title" not in written(other, user("a")).only.facts


def test_what_is_said_of_a_session_only_when_it_is_new() -> None:
    records = [user("a", gitBranch="main", version="2.1.0"), user("b", gitBranch="main", version="2.1.0")]
    records += [user("c", cwd="/thing/sub", gitBranch="fix", version="2.1.0"), {"type": "mode", "mode": "normal"}]
    parser = claude.parse(Origin(f"{PLACE}/{SESSION}.jsonl"))
    found = watched(parser, [json.dumps(record).encode() for record in numbered(tuple(records))])
    facts = [fact for fact in found if isinstance(fact, SessionFacts)]
    start = 1767225600 * 10**9
    assert [f.last_at for f in facts if f.last_at] == [start + i * 10**9 for i in range(4)]
    assert [f for f in facts if not f.last_at] == [
        SessionFacts(SESSION, project_dir="/thing", branch="main", version="2.1.0", started_at=start),
        SessionFacts(SESSION, branch="fix", metadata={"project_dirs": ["/thing", "/thing/sub"]}),
    ]


def test_a_fork_says_where_it_comes_from_and_keeps_the_keys() -> None:
    first = (user("a"), says(text("b"), message={"usage": {"input_tokens": 1, "output_tokens": 2}}))
    fork = {"sessionId": "99999999-2222-4333-8444-555555555555", "forkedFrom": {"sessionId": SESSION}}
    before, after = written(*first).only, written(*({**record, **fork} for record in first)).only
    assert after.facts["metadata"] == {"forked_from": SESSION} and list(before.steps) == list(after.steps)


def test_lines_that_are_there_twice_count_once() -> None:
    records = numbered((user("a"), says(text("b"), call("Bash", command="x")), answer("done")))
    again = records + records
    session = Told(
        watched(claude.parse(Origin(f"{PLACE}/{SESSION}.jsonl")), [json.dumps(record).encode() for record in again])
    ).only
    assert session.column("prompt", "content") == ["a"] and session.column("reply", "content") == ["b"]
    assert [(c["status"], c["content"]) for c in calls(session)] == [("ok", "done")]


def test_masked_ids_do_not_make_one_call_or_message_of_many() -> None:
    mask = "REDACTED"
    session = written(
        says(call("Bash", mask, command="one"), id=mask, uuid=mask),
        says(call("Bash", mask, command="two"), id=mask, uuid=mask),
        answer("1", mask, uuid=mask),
        answer("2", mask, error=True, uuid=mask),
        says(text("done"), id=mask, uuid=mask),
        user("thanks", uuid=mask),
        user("bye", uuid=mask),
    ).only
    assert [(c["command"], c["content"], c["status"]) for c in calls(session)] == [
        ("one", "1", "ok"),
        ("two", "2", "error"),
    ]
    assert session.column("reply", "content") == [None, "done"] and len(session.all("prompt")) == 2


def test_a_result_whose_call_was_cut_off_is_no_call() -> None:
    (step,) = written(answer("EISDIR", "gone", error=True)).only.steps.values()
    assert (step["event_type"], step["status"], step.get("tool_call_id")) == ("tool_call", "error", None)


def test_a_turn_that_ended_waits_for_the_user() -> None:
    (state,) = written(system("turn_duration", durationMs=1200)).only.all("state")
    assert (state["content"], state["duration_ms"]) == ("waiting", 1200)


def test_places() -> None:
    assert [place.root for place in claude.places("/h", {})] == ["/h/.claude", "/h/.config/claude"]
    (given_place,) = claude.places("/h", {"CLAUDE_CONFIG_DIR": "/else"})
    assert given_place.root == "/else" and given_place.keeps_days == 30


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name[:12])
def test_recordings_are_recognised_whatever_they_are_called(path: Any) -> None:
    assert claude.detect(path.read_bytes(), "/tmp/x")


@pytest.mark.parametrize(
    "line",
    [
        {"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta", "payload": {"id": "x", "cwd": "/"}},
        {"type": "session.start", "data": {"sessionId": "x"}, "id": "1", "parentId": None},
        {"type": "user", "id": "1", "timestamp": "2026-01-01T00:00:00Z", "content": "hi"},
        {"type": "user", "uuid": "1", "sessionId": "s", "message": {"role": "user", "parts": [{"text": "hi"}]}},
        {"type": "system", "subtype": "init", "session_id": "T-1", "cwd": "/", "tools": []},
        {"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}},
        {"type": "message", "id": "1", "message": {"role": "user", "content": []}},
        {"display": "hi", "timestamp": 1, "project": "/thing", "sessionId": SESSION},
    ],
)
def test_histories_of_others_are_left_alone(line: dict[str, Any]) -> None:
    assert not claude.detect(json.dumps(line).encode() + b"\n", f"{PLACE}/{SESSION}.jsonl")


def test_a_first_line_longer_than_the_head_is_recognised() -> None:
    record = {"parentUuid": None, "isSidechain": False, **user("x" * 70_000), "sessionId": SESSION}
    assert claude.detect(json.dumps(record, separators=(",", ":")).encode()[:65536], "/tmp/x")


def test_recordings_of_other_agents_are_left_alone() -> None:
    others = [p for p in HISTORIES.rglob("*") if p.is_file() and not p.is_relative_to(FOLDER)]
    assert others and not [path.name for path in others if claude.detect(path.read_bytes()[:65536], str(path))]


@settings(max_examples=300)
@given(st.data())
def test_nothing_makes_it_fail(data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=6))
    lines = [mangled(data.draw, line) if line.startswith(b"{") and data.draw(st.booleans()) else line for line in some]
    path = data.draw(
        st.sampled_from(["", f"{PLACE}/{SESSION}.jsonl", "/x/subagents/agent-1.jsonl", "agent-1.meta.json"])
    )
    watched(claude.parse(Origin(path, 5)), lines)
    claude.detect(b"\n".join(lines), path)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"user","message":' + b'{"content":[' * 400 + b"]}" * 400 + b"}",
        b'{"type":"assistant","cwd":' + b"[" * 900 + b"]" * 900 + b',"message":{"content":"x"}}',
        b"[" * 100_000,
        b"\x00" * 1000,
        b'{"type":"user","message":{"content":"\xff\xfe"},"sessionId":"\xff"}',
    ],
)
def test_hostile_lines(line: bytes) -> None:
    parser = claude.parse(Origin(f"{PLACE}/{SESSION}.jsonl"))
    watched(parser, [line, b'{"type":"user","message":{"content":"still here"}}', line])
