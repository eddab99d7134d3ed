"""Codex: rollouts of 0.34 to 0.169, bare and pretty-printed ones from before, printed streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, codex, codex_json
from tachograph.readers.times import iso
from tachograph.records import SessionFacts, Usage
from tests.readers.codex_records import (
    FOLDER,
    commands,
    event,
    item,
    line,
    message,
    meta,
    recorded,
    session,
    usages,
)
from tests.readers.told import Told, mangled, read, watched

RECORDINGS = sorted(FOLDER.glob("*.jsonl"))


def test_the_session_itself() -> None:
    found = recorded("rollout-2026-06-17").only
    assert found.facts == {
        "id": "019ed50c-2fb3-7002-a384-360bea6e7f04",
        "project_dir": "/home/u/projects/example/agentv",
        "branch": "main",
        "model": "gpt-5.5",
        "version": "0.140.0",
        "started_at": iso("2026-06-17T10:07:16.815Z"),
        "last_at": iso("2026-06-17T10:34:51.426Z"),
        "metadata": {
            "originator": "codex-tui",
            "source": "cli",
            "model_provider": "openai",
            "commit_hash": "4e480f9057dbe4b7313ef9b16c371d756767002d",
            "repository_url": "https://github.com/example/agentv.git",
        },
    }


def test_display_and_protocol_tell_each_prompt_and_reply_once() -> None:
    found = recorded("rollout-2026-06-22").only
    assert [str(text)[:30] for text in found.column("prompt", "content")] == [
        "please switch to main and dele",
        "Also should we group runs by e",
    ]
    assert [step["metadata"] for step in found.all("reply")] == [{"phase": "commentary"}] * 3


def test_a_command_that_outlives_its_call_ends_with_the_code_that_a_later_write_reports() -> None:
    found = recorded("rollout-2026-06-17").only
    assert commands(found)[-1] == ("gh run watch 27682786059 --repo example/agentv --exit-status", 0, 55633.0, "ok")
    command = found.all("command")[-1]
    assert str(command["content"]).count("Refreshing run status") > 1, "the output of both"
    (write,) = [step for step in found.all("tool_call") if step["tool_name"] == "write_stdin"]
    assert (write.get("exit_code"), write["status"], write["duration_ms"]) == (None, "ok", 20874.0)
    assert "Chunk ID" not in str(write["content"])


def test_all_kinds_of_calls() -> None:
    found = recorded("rollout-2026-06-17").only
    calls = {step["tool_name"]: step for step in found.steps.values() if "tool_call_id" in step}
    assert set(calls) == {
        *("exec_command", "web_search_call", "tool_search_call", "_fetch_pr", "apply_patch", "write_stdin")
    }
    search, mcp, patch = calls["web_search_call"], calls["_fetch_pr"], calls["apply_patch"]
    assert search["tool_call_id"] == "ws_018b212e43086237016a3277a58ec88194abf8057b7ae7a637", "as its event names it"
    assert mcp["duration_ms"] == 4240.616103, "of the event, not the rounded one of the text"
    assert mcp["metadata"] == {
        "input": {"repo_full_name": "example/agentv", "pr_number": 255},
        "namespace": "mcp__codex_apps__github",
        "server": "codex_apps",
        "tool": "github.fetch_pr",
    }
    assert (patch["operation"], patch["exit_code"], patch["status"]) == ("edit", 0, "ok")
    assert patch["file_path"] == "/home/u/projects/example/agentv/.pi/extensions/entire/index.ts"
    assert (patch["metadata"]["lines_added"], patch["metadata"]["lines_removed"]) == (3, 3)  # type: ignore[index]


def test_old_shells_and_patches_inside_them() -> None:
    found = recorded("rollout-2025-10-31").only
    assert found.facts["version"] == "0.34.0" and "model" not in found.facts
    assert [(code, took, status) for _, code, took, status in commands(found)] == [
        (0, 500.0, "ok"),
        (2, None, "error"),
        (0, 0.0, "ok"),
        (None, None, "error"),
    ]
    assert commands(found)[0][0] == "ls -la", "without the bash around it"
    files = found.all("file_op")
    assert [(step["file_path"], step["operation"], step["status"]) for step in files] == [
        ("opk/cli/__main__.py", "edit", "error"),
        ("README.md", "edit", "ok"),
        ("schemas/pdl.schema.json", "edit", "error"),
    ]
    assert {step["tool_call_id"] for step in files} < {step["tool_call_id"] for step in found.all("command")}
    assert files[1]["metadata"] == {"lines_added": 3, "lines_removed": 1}


def test_tokens_are_the_growth_of_the_total_however_often_it_is_told() -> None:
    found = recorded("rollout-2026-06-26").only
    told = usages(found)
    assert {usage.model for usage in told} == {"gpt-5.3-codex-spark"}
    parts = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    assert [sum(getattr(usage, part) for usage in told) for part in parts] == [7178483, 51772, 6837120, 0, 36836]
    assert len(told) == 3, "of five token_counts, two repeat"


def test_compactions_interruptions_model_switches_and_turns() -> None:
    compacted, stopped = recorded("rollout-2026-06-26").only, recorded("rollout-2026-06-22").only
    kinds = [step["metadata"]["kind"] for found in (compacted, stopped) for step in found.all("marker")]  # type: ignore[index]
    assert kinds == ["compaction", "compaction", "model_switch", "interruption"]
    (write,) = [step for step in stopped.all("tool_call") if step["tool_name"] == "write_stdin"]
    assert (write["status"], write["duration_ms"]) == ("interrupted", 29700.0)
    assert stopped.column("state", "content").count("waiting") == 2
    assert 1721178.0 in stopped.column("state", "duration_ms"), "of the stopped turn"
    assert stopped.facts["model"] == "gpt-5.5"


def test_the_newest_rollout_tells_items_instead_of_events() -> None:
    told = recorded("rollout-2026-11-21")
    assert told.unknown == []
    found = told.only
    assert found.column("prompt", "content") == ["Please say hello"]
    assert list(found.steps)[-3:-1] == ["reply:msg_1", "usage:resp_1795227171139386565"]
    assert commands(found) == [("echo hello-from-codex", 0, 0.01341, "ok")]
    assert found.column("command", "content") == ["hello-from-codex\n"]
    assert usages(found) == [Usage("gpt-5.1-codex", 1000, 50, 600, 0, 20)] * 2, "record and count tell the same"


def test_a_printed_stream() -> None:
    data = (FOLDER / "exec-stream.jsonl").read_bytes()
    assert codex.detect(data, "stdout.txt")
    found = read(codex, data, "/tmp/stdout.txt", modified_at=5).only
    assert found.facts == {"id": "01a1fbe1-71e3-7992-a270-9f6383f630c8", "last_at": 5, "printed": True}
    assert commands(found) == [("echo hello-from-codex", 0, None, "ok")]
    assert found.column("reply", "content") == ["All done."]
    assert usages(found) == [Usage(None, 2000, 100, 1200, 0, 40)]
    assert [step["metadata"] for step in found.all("marker")] == [{"kind": "warning"}] * 3


def test_bare_items_of_2025_have_no_display_and_no_times() -> None:
    found = read(
        codex,
        b"\n".join(
            json.dumps(record).encode()
            for record in (
                {"id": "s", "timestamp": "2025-07-01T10:00:00.5Z", "instructions": None, "git": {"branch": "main"}},
                {"record_type": "state"},
                {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "<environment_context>"}],
                },
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "list them"}]},
                {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "**Listing**"}]},
                {"type": "function_call", "name": "shell", "arguments": '{"command":["ls","a b"]}', "call_id": "c"},
                {"type": "function_call_output", "call_id": "c", "output": '{"output":"x","metadata":{"exit_code":1}}'},
                {"record_type": "state"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "one"}]},
            )
        ),
    ).only
    assert (found.facts["id"], found.facts["branch"]) == ("s", "main")
    assert found.facts["started_at"] == found.facts["last_at"] == iso("2025-07-01T10:00:00.5Z")
    assert found.column("prompt", "content") == ["list them"]
    assert found.column("thinking", "content") == ["**Listing**"]
    assert commands(found) == [("ls 'a b'", 1, None, "error")]
    assert found.column("reply", "content") == ["one"]


def test_thoughts_are_told_once() -> None:
    reasoning = item("reasoning", id="rs", summary=[{"type": "summary_text", "text": "**A**"}], encrypted_content="x")
    shown = event("agent_reasoning", text="**A**")
    for lines in ([shown, reasoning], [reasoning, shown]):
        assert session(meta("s"), *lines).column("thinking", "content") == ["**A**"]
    assert session(meta("s"), item("reasoning", summary=[], encrypted_content="x")).all("thinking") == []


def test_prompts_with_pictures_titles_and_errors() -> None:
    found = session(
        meta("s"),
        event("user_message", message="look", images=["data:image/png;base64,AAAA"], local_images=["/a.png"]),
        event("thread_name_updated", thread_name="Look at it"),
        event("error", message="stream disconnected"),
    )
    (prompt,) = found.all("prompt")
    assert (prompt["content"], prompt["metadata"]) == ("look\n[image]\n[image]", {"image_bytes": 32})
    assert found.facts["title"] == "Look at it"
    (marker,) = found.all("marker")
    assert (marker["status"], marker["content"]) == ("error", "stream disconnected")


def test_a_session_without_its_first_line_is_named_by_its_file() -> None:
    native = "019ed50c-2fb3-7002-a384-360bea6e7f04"
    for name in (native, f"{native}_019ed50d-0000-7002-a384-360bea6e7f05"):
        path = f"/home/u/.codex/archived_sessions/rollout-2026-06-17T10-06-46-{name}.jsonl.zst"
        (named,) = read(codex, event("user_message", message="hi"), path).sessions
        assert named == native


def test_what_says_nothing_of_the_session_is_known() -> None:
    kinds = ("world_state", "inter_agent_communication_metadata", "retained_context", "security_risk_score")
    assert read(codex, b"\n".join([meta("s"), *(line(kind, {"a": 1}) for kind in kinds)])).unknown == []


def test_what_is_not_understood_is_counted_and_the_rest_read() -> None:
    glued = message("user", "one") + message("assistant", "two")
    told = read(codex, b"\n".join([meta("s"), event("brand_new"), b"torn {", line("new_kind", {}), glued]))
    assert [unknown.kind for unknown in told.unknown] == [
        *("event_msg/brand_new", "not JSON", "new_kind", "not one JSON object")
    ]
    assert told.only.column("reply", "content") == ["two"]


def test_detection_is_by_content() -> None:
    long_line = meta("s", base_instructions={"text": "x" * 100_000})
    assert codex.detect(long_line[:65536], "anything")
    assert codex.detect(b"torn\n" + meta("s"), "anything")
    for head in (
        b"",
        b'{"type":"user","sessionId":"x","message":{}}',
        b'{"type":"session.start","data":{},"id":"x","timestamp":"2026-01-01T00:00:00Z"}',
        b'{"id":"x","timestamp":"2026-01-01T00:00:00Z","role":"user"}',
        b'{"session":{"id":"x"},"messages":[]}',
        b"[]",
    ):
        assert not codex.detect(head, "/home/u/.codex/sessions/rollout-x.jsonl")
        assert not codex_json.detect(head, "/home/u/.codex/sessions/rollout-x.json")


def test_places() -> None:
    (here,) = codex.places("/home/u", {})
    assert here.root == "/home/u/.codex" and "sessions/**/rollout-*.jsonl.zst" in here.patterns
    assert codex.places("/home/u", {"CODEX_HOME": "/c"})[0].root == "/c"
    assert codex_json.places("/home/u", {"CODEX_HOME": "/c"})[0].root == "/c"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem[:22])
def test_watched_line_by_line_it_tells_the_same(path: Any) -> None:
    data = path.read_bytes()
    parser = codex.parse(Origin(str(path)))
    live = Told(watched(parser, data.splitlines())).only
    whole = read(codex, data, str(path)).only
    assert live.steps == whole.steps and live.facts == whole.facts


LINES = [line for path in RECORDINGS for line in path.read_bytes().splitlines() if len(line) < 6000]


@settings(max_examples=150)
@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=6))
    parser = codex.parse(Origin(""))
    for chosen_line in chosen:
        facts = [*parser.feed(mangled(data.draw, chosen_line)), *parser.finish()]
        assert all(fact.id for fact in facts if isinstance(fact, SessionFacts))
