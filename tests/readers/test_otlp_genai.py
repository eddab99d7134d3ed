"""Any framework that is instrumented by the conventions: old names, new names, OpenInference, OpenLLMetry, AI SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.readers import otlp
from tachograph.readers.hooking import Memory
from tachograph.records import Usage
from tests.readers.otlp_messages import AT, log, logs, span, spans, told
from tests.readers.told import Session

NEW = {
    "gen_ai.operation.name": "chat",
    "gen_ai.conversation.id": "s",
    "gen_ai.response.model": "m",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_write.input_tokens": 10,
    "gen_ai.usage.reasoning.output_tokens": 5,
}
OLD = {
    "gen_ai.operation.name": "chat",
    "session.id": "s",
    "gen_ai.request.model": "m",
    "gen_ai.usage.prompt_tokens": "100",
    "gen_ai.usage.completion_tokens": "20",
    "gen_ai.usage.cache_read_input_tokens": 60,
    "gen_ai.usage.cache_creation.input_tokens": 10,
    "gen_ai.usage.reasoning_tokens": 5,
}
OPEN_INFERENCE = {
    "openinference.span.kind": "LLM",
    "session.id": "s",
    "llm.model_name": "m",
    "llm.token_count.prompt": 100,
    "llm.token_count.completion": 20,
    "llm.token_count.prompt_details.cache_read": 60,
    "llm.token_count.prompt_details.cache_write": 10,
    "llm.token_count.completion_details.reasoning": 5,
}
AI_SDK = {
    "ai.telemetry.metadata.sessionId": "s",
    "ai.model.id": "m",
    "ai.usage.inputTokens": 100,
    "ai.usage.outputTokens": 20,
    "ai.usage.cachedInputTokens": 60,
    "ai.usage.reasoningTokens": 5,
}

SAID = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}])


def session(*records: Any, service: str = "my-agent") -> Session:
    return told("traces", [spans(service, *records)])[service].only


@pytest.mark.parametrize("given", [NEW, OLD, OPEN_INFERENCE], ids=["new", "old", "openinference"])
def test_usage_by_any_names(given: dict[str, Any]) -> None:
    found = session(span("call", given))
    assert found.column("usage", "usage") == [Usage("m", 100, 20, 60, 10, 5)]
    assert found.column("usage", "duration_ms") == [250.0]
    assert found.facts["model"] == "m"


def test_usage_of_the_ai_sdk() -> None:
    found = session(span("ai.generateText.doGenerate", AI_SDK), span("ai.generateText", AI_SDK, id="00000000000000a2"))
    assert found.column("usage", "usage") == [Usage("m", 100, 20, 60, 0, 5)], "the outer span repeats it"


def test_a_cache_that_is_beside_the_input() -> None:
    given = {
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 500,
        "gen_ai.usage.output_tokens": 1,
    }
    (usage,) = session(span("x", {**given, "gen_ai.operation.name": "chat", "session.id": "s"})).column(
        "usage", "usage"
    )
    assert usage == Usage(None, 503, 1, 500)


def test_cost_where_it_is_said() -> None:
    (usage,) = session(span("x", {**OPEN_INFERENCE, "llm.cost.total": 0.25})).column("usage", "usage")
    assert usage.cost_usd == 0.25  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "given",
    [
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "bash",
            "gen_ai.tool.call.id": "c",
            "gen_ai.tool.call.arguments": '{"command":"ls"}',
            "gen_ai.tool.call.result": "x",
        },
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "bash",
            "gen_ai.tool.call_id": "c",
            "gen_ai.tool.call.arguments": {"command": "ls"},
            "output.value": "x",
        },
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "bash",
            "tool_call.id": "c",
            "tool.parameters": '{"command":"ls"}',
            "output.value": "x",
        },
        {
            "ai.toolCall.name": "bash",
            "ai.toolCall.id": "c",
            "ai.toolCall.args": '{"command":"ls"}',
            "ai.toolCall.result": "x",
        },
    ],
    ids=["new", "old", "openinference", "ai-sdk"],
)
def test_calls_of_tools_by_any_names(given: dict[str, Any]) -> None:
    found = session(span("ai.toolCall" if "ai.toolCall.id" in given else "x", {"session.id": "s", **given}))
    call = found.steps["call:c"]
    assert (call["event_type"], call["tool_name"], call["command"]) == ("command", "bash", "ls")
    assert (call["content"], call["status"], call["metadata"]) == ("x", "ok", {"input": {"command": "ls"}})


def test_a_call_that_failed_and_has_no_id() -> None:
    given = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "session.id": "s"}
    found = session(span("x", given, status={"code": 2, "message": "no network"}))
    call = found.steps["call:00000000000000a1"]
    assert (call["event_type"], call["status"], call["content"]) == ("tool_call", "error", "no network")


ASKED = [
    json.dumps([{"role": "system", "parts": []}, {"role": "user", "parts": [{"type": "text", "content": "Go"}]}]),
    json.dumps([{"role": "user", "content": "Go"}]),
    json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "Go"}]}]}),
    "Go",
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", ["gen_ai.input.messages", "input.value", "traceloop.entity.input"])
def test_the_first_span_has_the_prompt(asked: str, name: str) -> None:
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper", "session.id": "s", name: asked}
    inner = {**NEW, "gen_ai.conversation.id": "s", name: asked}
    found = session(span("agent", root), span("call", inner, id="00000000000000a2", parent="00000000000000a1"))
    assert found.column("prompt", "content") == ["Go"]
    assert found.facts["metadata"] == {"agent_name": "helper"}


def test_messages_spread_over_attributes() -> None:
    given = {
        **OPEN_INFERENCE,
        "llm.input_messages.0.message.content": "first",
        "llm.input_messages.1.message.content": "last",
        "llm.input_messages.2.message.role": "tool",
        "llm.input_messages.2.message.content": "what a tool returned",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.contents.0.message_content.type": "text",
        "llm.output_messages.0.message.contents.0.message_content.text": "said",
        "llm.output_messages.0.message.contents.1.message_content.type": "tool_use",
        "llm.output_messages.0.message.contents.10.message_content.text": "more",
    }
    found = session(span("x", given))
    assert found.column("prompt", "content") == ["last"]
    assert found.column("reply", "content") == ["said\nmore"]


@pytest.mark.parametrize(
    "more",
    [
        {
            "given": {
                "gen_ai.output.messages": json.dumps(
                    [{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}]
                )
            }
        },
        {"given": {"output.value": "Hi"}},
        {
            "events": [
                {
                    "name": "gen_ai.choice",
                    "attributes": [{"key": "message", "value": {"stringValue": '{"content":"Hi"}'}}],
                }
            ]
        },
    ],
    ids=["attribute", "value", "event"],
)
def test_replies(more: dict[str, Any]) -> None:
    found = session(span("x", {**NEW, **more.pop("given", {})}, **more))
    assert found.column("reply", "content") == ["Hi"]


def test_a_call_of_a_model_that_failed() -> None:
    found = session(span("x", NEW, status={"code": 2, "message": "429"}))
    assert [(m["content"], m["status"]) for m in found.all("marker")] == [("429", "error")]


def test_the_log_of_a_call_is_the_call() -> None:
    given = {key: value for key, value in NEW.items() if key != "gen_ai.operation.name"}
    name = "gen_ai.client.inference.operation.details"
    record = {**log(name, **given, **{"gen_ai.output.messages": SAID}), "spanId": "00000000000000a1"}
    found = told("logs", [logs("my-agent", record)])["my-agent"]
    by_span = session(span("x", NEW))
    assert found.only.column("usage", "key") == by_span.column("usage", "key")
    assert found.only.column("reply", "content") == ["Hi"]


def test_a_trace_without_a_conversation_is_one() -> None:
    given = {key: value for key, value in NEW.items() if key != "gen_ai.conversation.id"}
    found = told("traces", [spans("my-agent", span("x", given))])["my-agent"]
    assert list(found.sessions) == ["trace-0000000000000000000000000000007b"]


def test_what_is_not_of_a_model_is_counted() -> None:
    memory = Memory()
    told(
        "traces",
        [
            spans(
                "My Service",
                span("SELECT", {"db.system": "x"}),
                span("retrieve", {"gen_ai.operation.name": "retrieval"}),
            )
        ],
        memory,
    )
    assert otlp.dropped(memory.state) == {"My-Service": {"SELECT": 1, "retrieve": 1}}


def test_names_that_are_counted_are_bounded() -> None:
    memory = Memory()
    told("traces", [spans("x", *(span(f"name {n}", {}) for n in range(500)))], memory)
    counts = otlp.dropped(memory.state)["x"]
    assert sum(counts.values()) == 500
    assert len(counts) == 101


INNER = {"gen_ai.operation.name": "chat", "gen_ai.response.model": "m", "gen_ai.usage.input_tokens": 100,
         "gen_ai.usage.output_tokens": 20, "gen_ai.output.messages": SAID}  # fmt: skip
OUTER_ID, INNER_ID = "00000000000000a1", "00000000000000a2"
LATER = str(AT + 1_000_000)


@pytest.mark.parametrize("order", ["together", "the inner one first"])
def test_a_call_with_a_span_by_its_client_and_one_around_it_counts_once(order: str) -> None:
    """As the newest clients and what instruments them send it: the outer one names the session."""
    outer = span("messages.create", OPEN_INFERENCE, id=OUTER_ID)
    inner = span("chat", INNER, id=INNER_ID, parent=OUTER_ID, startTimeUnixNano=LATER)
    if order == "together":
        found = session(inner, outer)
    else:
        named = span("chat", {**INNER, "session.id": "s"}, id=INNER_ID, parent=OUTER_ID, startTimeUnixNano=LATER)
        found = told("traces", [spans("my-agent", named), spans("my-agent", outer)])["my-agent"].only
    assert found.facts["id"] == "s"
    assert [(usage.input_tokens, usage.output_tokens) for usage in found.column("usage", "usage")] == [(100, 20)]
    assert found.column("reply", "content") == ["Hi"]


def test_two_libraries_that_tell_of_one_call_side_by_side_count_it_once() -> None:
    parent = {"parent": "00000000000000a0"}
    long, short, later = (
        span(
            "chat",
            {**INNER, "session.id": "s"},
            id=id,
            startTimeUnixNano=str(AT + begin),
            endTimeUnixNano=str(AT + end),
            **parent,
        )
        for id, begin, end in ((OUTER_ID, 0, 90), (INNER_ID, 10, 80), ("00000000000000a3", 91, 99))
    )
    both = json.loads(spans("my-agent", long, later))
    both["resourceSpans"] += json.loads(spans("my-agent", short))["resourceSpans"]
    both["resourceSpans"][-1]["scopeSpans"][0]["scope"] = {"name": "another.library"}
    found = told("traces", [json.dumps(both).encode()])["my-agent"].only
    assert len(found.column("usage", "usage")) == len(found.column("reply", "content")) == 2
    assert len(session(long, short, later).column("usage", "usage")) == 3, "one library means what it says"


def test_a_record_that_names_no_session_is_of_that_of_its_trace() -> None:
    root = span("run", {"session.id": "s"}, id=OUTER_ID)
    call = span("chat", INNER, id=INNER_ID, parent=OUTER_ID, startTimeUnixNano=LATER)
    assert session(call, root).facts["id"] == "s"
    apart = told("traces", [spans("my-agent", call), spans("my-agent", {**call, "spanId": "a3"}, root)])["my-agent"]
    assert len(apart.sessions) == 1, "what was said first holds"
