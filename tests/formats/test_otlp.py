"""Sessions as OTLP traces: read by protobuf's own strict parser, and by the receiver that takes what agents send."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from tachograph.clock import SECOND
from tachograph.formats import otlp
from tachograph.formats.otlp_names import NEW, OLD, provider
from tachograph.formats.otlp_spans import Step, root_id, spans, trace_id
from tachograph.readers import otlp as receiver
from tachograph.readers.hooking import Memory
from tachograph.records import Event, SessionFacts, Usage
from tachograph.records import Step as Told
from tests.formats.sessions import SESSION, START, STEPS, event
from tests.hostile import PAYLOADS

Object = dict[str, Any]


def written(names: str = NEW, content: bool = True, steps: list[Step] = STEPS) -> str:
    return "".join(otlp.document(SESSION, steps, names=names, content=content))


def parsed(text: str) -> list[Span]:
    """What opentelemetry-proto makes of it; it refuses names and types that are not OTLP's."""
    found = json_format.ParseDict(otlp.with_base64_ids(json.loads(text)), TracesData())
    [holder] = found.resource_spans
    return list(holder.scope_spans[0].spans)


def about(span: Span) -> Object:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


def by_name(found: list[Span]) -> dict[str, Span]:
    return {span.name: span for span in found}


def received(text: str) -> tuple[str, SessionFacts, list[Told]]:
    [(agent, facts)] = receiver.facts("traces", "json", text.encode(), 1, Memory())
    [session] = [fact for fact in facts if isinstance(fact, SessionFacts)]
    steps = [fact for fact in facts if isinstance(fact, Told)]
    assert len(facts) == 1 + len(steps)
    return agent, session, steps


def test_a_session_its_turns_its_calls_are_a_tree() -> None:
    found = parsed(written())
    named = by_name(found)
    root, first, second = named["invoke_agent claude"], named["turn 1"], named["turn 2"]
    assert not root.parent_span_id
    assert {first.parent_span_id, second.parent_span_id} == {root.span_id}
    assert named["execute_tool Bash"].parent_span_id == first.span_id
    assert named["execute_tool Push"].parent_span_id == second.span_id
    assert {span.trace_id.hex() for span in found} == {trace_id("s-1")}
    assert len({span.span_id for span in found}) == len(found)
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (START, START + 60 * SECOND)
    assert root.links[0].trace_id.hex() == trace_id("s-0")
    assert root.links[0].span_id.hex() == root_id("s-0")


def test_a_model_call_has_todays_names_and_its_tokens() -> None:
    [call] = [span for span in parsed(written()) if about(span).get("gen_ai.response.id") == "req_a"]
    assert call.name == "chat claude-opus-4-6"
    assert call.kind == Span.SPAN_KIND_CLIENT
    wanted = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.conversation.id": "s-1",
        "gen_ai.request.model": "claude-opus-4-6", "gen_ai.response.model": "claude-opus-4-6",
        "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50, "gen_ai.usage.cost": 0.125,
        "gen_ai.usage.cache_read.input_tokens": 800, "gen_ai.usage.cache_write.input_tokens": 100,
        "gen_ai.usage.reasoning.output_tokens": 10, "session.id": "s-1",
    }  # fmt: skip
    assert wanted.items() <= about(call).items()
    said = json.loads(about(call)["gen_ai.output.messages"])[0]
    assert said["role"] == "assistant"
    assert [part["type"] for part in said["parts"]] == ["reasoning", "text"]


def test_a_call_without_a_time_ran_since_it_was_asked_and_says_that_this_is_inferred() -> None:
    first, second = [
        span for span in parsed(written()) if span.name.startswith("chat claude") and span.status.code == 0
    ]
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (START + SECOND, START + 4 * SECOND)
    assert about(first)["tachograph.timing"] == "inferred"
    assert second.end_time_unix_nano - second.start_time_unix_nano == int(1.5 * SECOND)
    assert "tachograph.timing" not in about(second)


def test_a_failed_tool_call_says_so_and_a_rejected_one_is_no_error() -> None:
    named = by_name(parsed(written()))
    failed, rejected = named["execute_tool Bash"], named["execute_tool Push"]
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert about(failed)["process.exit.code"] == 1
    assert failed.end_time_unix_nano - failed.start_time_unix_nano == 2 * SECOND
    assert rejected.status.code == Status.STATUS_CODE_UNSET
    assert about(rejected)["tachograph.status"] == "rejected"


def test_a_call_that_changed_two_files_is_one_span() -> None:
    named = by_name(parsed(written()))
    assert [one.name for one in named["execute_tool Edit"].events] == ["tachograph.file"]
    assert about(named["execute_tool Edit"])["tachograph.lines_added"] == 2


@pytest.mark.parametrize("names", [NEW, OLD])
def test_our_own_receiver_reads_what_is_written(names: str) -> None:
    agent, session, steps = received(written(names))
    assert (agent, session.id, session.model, session.version) == ("claude", "s-1", "claude-opus-4-6", "2.1.62")
    kinds = {kind: [step for step in steps if step.event_type == kind] for kind in {step.event_type for step in steps}}
    assert [step.content for step in kinds["prompt"]] == ["why do the tests fail?", "and now push it"]
    assert [step.content for step in kinds["reply"]] == ["Let me look.", "Pushed."]
    assert [step.usage for step in kinds["usage"]] == [used for _, used in STEPS if used]
    assert [step.content for step in kinds["marker"]] == ["529 overloaded"]
    [command] = kinds["command"]
    given = STEPS[4][0]
    for field in ("tool_name", "tool_call_id", "command", "exit_code", "duration_ms", "status", "content", "at"):
        assert getattr(command, field) == getattr(given, field), field
    assert [(step.tool_call_id, step.status) for step in kinds["tool_call"]] == [
        ("toolu_2", "ok"), ("toolu_3", "rejected"),
    ]  # fmt: skip


def test_without_content_nothing_that_was_said_asked_or_returned_is_in_it() -> None:
    for names in (NEW, OLD):
        text = written(names, content=False)
        for secret in ("why do the tests", "Let me look", "pytest -q", "a.py", "1 failed", "overloaded", "Mend", "ann"):
            assert secret not in text, secret
        assert "execute_tool Bash" in text


def test_the_older_edition_has_the_older_names() -> None:
    calls = [span for span in parsed(written(OLD)) if about(span).get("gen_ai.response.id") == "req_a"]
    names = about(calls[0])
    assert names["gen_ai.system"] == "anthropic"
    assert names["gen_ai.usage.cache_read_input_tokens"] == 800
    assert not {"gen_ai.provider.name", "gen_ai.output.messages", "gen_ai.input.messages"} & names.keys()
    assert [one.name for one in calls[0].events] == ["gen_ai.user.message", "gen_ai.choice"]


def test_what_is_sent_twice_is_the_same_span_and_protobuf_says_what_json_says() -> None:
    made = list(spans(SESSION, STEPS, content=True))
    assert made == list(spans(SESSION, STEPS, content=True))
    packed = TracesData.FromString(otlp.protobuf(otlp.message([(SESSION, made)])))
    assert list(packed.resource_spans[0].scope_spans[0].spans) == parsed(written())


def test_replies_of_an_agent_that_counts_no_tokens_are_calls_all_the_same() -> None:
    steps = [(event(1, 1, "prompt", content="hello"), None), (event(2, 3, "reply", content="hi"), None)]
    _, _, told = received(written(steps=steps))
    assert [(step.event_type, step.content) for step in told] == [("prompt", "hello"), ("reply", "hi")]


def test_a_session_of_which_only_a_sum_is_known_has_it_on_its_own_span() -> None:
    [turn, root] = parsed(written(steps=[(event(1, 1, "prompt", content="hello"), None)]))
    assert about(root)["gen_ai.usage.input_tokens"] == 1100
    assert "gen_ai.usage.input_tokens" not in about(turn)


def test_a_session_that_goes_on_has_spans_that_are_not_complete() -> None:
    running = msgspec.structs.replace(SESSION, ended_at=None, status="running")
    waiting = (event(20, 30, "tool_call", tool_name="Wait", tool_call_id="toolu_9"), None)
    open_ones = [span.name for span in spans(running, [*STEPS, waiting]) if not span.complete]
    assert open_ones == ["execute_tool Wait", "turn 2", "invoke_agent claude"]
    assert all(span.complete for span in spans(SESSION, [*STEPS, waiting]))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_text_stays_text(payload: str) -> None:
    steps: list[tuple[Event, Usage | None]] = [
        (event(1, 1, "prompt", content=payload), None),
        (event(2, 2, "tool_call", tool_name=payload, tool_call_id=payload, content=payload, status="ok"), None),
        (event(3, 3, "usage"), Usage(payload, 2**62, 1, cost_usd=float("inf"))),
    ]
    text = written(steps=steps)
    [tool] = [span for span in parsed(text) if "gen_ai.tool.name" in about(span)]
    assert about(tool)["gen_ai.tool.name"] == payload.encode(errors="replace").decode()
    assert otlp.protobuf(json.loads(text))


def test_who_makes_a_model() -> None:
    models = [
        "claude-opus-4-6",
        "gpt-5-codex",
        "o3",
        "gemini-3-pro",
        "xai/grok-4",
        "kimi-k2",
        "devstral",
        "llama-4",
        None,
    ]
    assert [provider(model) for model in models] == [
        "anthropic", "openai", "openai", "gcp.gemini", "x_ai", "moonshot_ai", "mistral_ai", None, None,
    ]  # fmt: skip
