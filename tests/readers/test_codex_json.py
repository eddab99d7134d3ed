"""The pretty-printed documents of the first Codex."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, Shape, codex, codex_json
from tachograph.readers.times import iso
from tests.readers.codex_records import commands
from tests.readers.told import Told, mangled, read

DOCUMENT = {
    "session": {"timestamp": "2025-04-20T10:00:00.000Z", "id": "d", "instructions": "{be} brief"},
    "items": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"command":["ls"]}', "call_id": "1"},
        {"type": "function_call_output", "call_id": "1", "output": '{"output":"a\\n","metadata":{"exit_code":0}}'},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "2", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "2", "content": "done"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "bye"}]},
    ],
}


def test_the_document_of_the_first_codex() -> None:
    data = json.dumps(DOCUMENT, indent=2).encode()
    assert codex_json.detect(data, "x.json") and not codex.detect(data, "x.json")
    assert codex_json.shape is Shape.DOCUMENT and codex_json.name == codex.name
    found = read(codex_json, data, "/home/u/.codex/sessions/rollout-2025-04-20-d.json", 9).only
    assert (found.facts["id"], found.facts["started_at"]) == ("d", iso("2025-04-20T10:00:00Z"))
    assert found.column("prompt", "content") == ["hi"] and found.column("reply", "content") == ["bye"]
    assert commands(found) == [("ls", 0, None, "ok")]
    assert [(step["tool_name"], step["content"]) for step in found.all("tool_call")] == [("f", "done")]


def test_a_rewritten_document_tells_the_same_steps_again() -> None:
    parser = codex_json.parse(Origin("/x.json"))
    before = [*parser.feed(json.dumps({**DOCUMENT, "items": DOCUMENT["items"][:3]}).encode()), *parser.finish()]
    after = [*parser.feed(json.dumps(DOCUMENT).encode()), *parser.finish()]
    assert Told([*before, *after]).only.steps == Told(after).only.steps


@settings(max_examples=60)
@given(st.data())
def test_no_document_raises(data: st.DataObject) -> None:
    document = mangled(data.draw, json.dumps(DOCUMENT).encode())
    codex_json.detect(document, "")
    read(codex_json, document)
