"""Spans and logs by the GenAI conventions of OpenTelemetry, old names and new, and by OpenInference and OpenLLMetry.

For any framework that is instrumented so. Usage is taken from calls of models alone: agents and workflows repeat the
sum. Names: semantic-conventions up to 1.41 and semantic-conventions-genai after it; openinference; the AI SDK.
"""

from __future__ import annotations

from typing import Any

from tachograph.readers._otlp_told import SessionTold, Told
from tachograph.readers._otlp_wire import LOG, SPAN, Attributes, Record
from tachograph.readers.values import lasted
from tachograph.records import Step, Usage
from tachograph.regexes import regex

_MODEL_CALLS = {"chat", "generate_content", "text_completion", "completion", "embeddings", "fetch_response"}
_AGENTS = {"invoke_agent", "create_agent", "invoke_workflow", "plan"}
_BY_KIND = {  # openinference.span.kind, traceloop.span.kind
    "llm": "chat", "embedding": "embeddings", "tool": "execute_tool", "agent": "invoke_agent",
    "chain": "invoke_workflow", "workflow": "invoke_workflow",
}  # fmt: skip
_BY_NAME = {
    "ai.toolCall": "execute_tool",
    "ai.streamText.doStream": "chat",
    "ai.generateText.doGenerate": "chat",
    "ai.streamObject.doStream": "chat",
    "ai.generateObject.doGenerate": "chat",
    "ai.embed.doEmbed": "embeddings",
}
_TURN = "turn"  # no operation of the conventions: what another installation exports
_USER = "gen_ai.user.message"  # an event of a span, in the older edition
_SHELLS = {"bash", "shell", "sh", "terminal", "execute_command", "run_command", "run_shell_command", "exec_command"}
_MODEL, _PERSON = ("assistant", "model", "ai", None), ("user", "human", None)  # roles
_SPREAD = regex(r"(llm\.(?:in|out)put_messages)\.(\d{1,9})\.message\.content(?:s\.(\d{1,9})\.message_content\.text)?$")
_INPUT = ("gen_ai.input.messages", "gen_ai.prompt", "input.value", "traceloop.entity.input", "ai.prompt")
_OUTPUT = ("gen_ai.output.messages", "gen_ai.completion", "output.value", "traceloop.entity.output", "ai.response.text")


def read(record: Record, told: Told) -> bool:
    """Facts of one record into `told`; False when it says nothing to us."""
    about = record.about
    operation, named = operation_of(record), session_of(record)
    told.names(record.trace_id, named)
    if record.signal == LOG:
        if record.name != "gen_ai.client.inference.operation.details" or "gen_ai.output.messages" not in about:
            return False
        operation = "chat"
    elif record.signal != SPAN or (operation is None and "tachograph.turn" not in about):
        return False
    elif operation is None:
        operation = _TURN
    if operation not in _MODEL_CALLS | _AGENTS | {"execute_tool", _TURN}:
        return False
    id = told.conversation(record.trace_id, named)
    if id is None:
        return False
    session = told.session(record, id)
    session.facts(version=record.resource.text("gen_ai.agent.version") or _version(record))
    session.noted(agent_name=about.text("gen_ai.agent.name", "agent.name"))
    if (not record.parent_id and record.signal == SPAN) or operation == _TURN:
        _asked(record, session)
    if operation in _MODEL_CALLS:
        session.facts(model=model_of(about))
        _model_call(record, session, told)
    elif operation == "execute_tool":
        session.steps.append(tool_step(record))
    return True


def operation_of(record: Record) -> str | None:
    """What a span is of, in the words of the conventions."""
    about = record.about
    named = about.text("gen_ai.operation.name")
    kind = about.text("openinference.span.kind", "traceloop.span.kind")
    return named or _BY_KIND.get((kind or "").lower()) or _BY_NAME.get(record.name)


def session_of(record: Record) -> str | None:
    """The conversation, as the record or its sender names it."""
    names = ("gen_ai.conversation.id", "session.id", "conversation.id", "ai.telemetry.metadata.sessionId")
    return record.about.text(*names, "traceloop.association.properties.session_id") or record.resource.text(*names)


def model_of(about: Attributes) -> str | None:
    return about.text(
        "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.response.model", "ai.model.id"
    )


def usage_of(about: Attributes) -> Usage | None:
    """Tokens of one call of a model; None when it does not say. A cache that is larger than the input is beside it."""
    inside = about.count(
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "ai.usage.inputTokens",
        "ai.usage.promptTokens",
    )  # fmt: skip
    outside = about.count(
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
        "ai.usage.outputTokens", "ai.usage.completionTokens",
    )  # fmt: skip
    if inside is None and outside is None:
        return None
    read = about.count(
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens",
    ) or 0  # fmt: skip
    write = about.count(
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
    ) or 0  # fmt: skip
    thought = about.count(
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning", "ai.usage.reasoningTokens",
    ) or 0  # fmt: skip
    inside, outside = inside or 0, outside or 0
    inside = inside + read + write if read + write > inside else inside
    cost = about.number("gen_ai.usage.cost", "llm.cost.total")
    return Usage(model_of(about), inside, max(outside, thought), read, write, thought, cost)


def tool_step(record: Record) -> Step:
    """The call of a tool that a span is of."""
    about = record.about
    id = about.text("gen_ai.tool.call.id", "gen_ai.tool.call_id", "tool_call.id", "ai.toolCall.id") or record.span_id
    name = about.text("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name") or record.name
    given = about.decoded(
        "gen_ai.tool.call.arguments", "tool.parameters", "ai.toolCall.args", "input.value", "traceloop.entity.input"
    )
    result = about.text("gen_ai.tool.call.result", "output.value", "ai.toolCall.result", "traceloop.entity.output")
    line = _command(name, given)
    return Step(
        f"call:{id}", "command" if line else "tool_call", record.at, name, id, command=line,
        exit_code=_exit_code(about), duration_ms=lasted(record.at, record.end_at),
        status=_status(record), content=result or record.message,
        metadata={"input": given} if given is not None else None,
    )  # fmt: skip


def said_in(record: Record) -> str | None:
    """What the model said in a call of it."""
    about = record.about
    said = last_text(about.decoded(*_OUTPUT), _MODEL) or _flat(about, "llm.output_messages", _MODEL)
    return said or next((_choice(event) for kind, event in record.events if kind == "gen_ai.choice"), None)


def _model_call(record: Record, session: SessionTold, told: Told) -> None:
    about, name, end = record.about, record.span_id or str(record.at), record.end_at or record.at
    usage, said = usage_of(about), said_in(record)
    used, answered = told.doubled(session.id, record, usage is not None, said is not None)
    if usage is not None and not used:
        took = lasted(record.at, record.end_at)
        session.steps.append(Step(f"usage:{name}", "usage", end, duration_ms=took, usage=usage))
    if said and not answered:
        session.steps.append(Step(f"reply:{name}", "reply", end, content=said))
    if record.failed:
        found: dict[str, object] = {"kind": "api_error"}
        message = record.message or about.text("error.type", "exception.message") or "the call of the model failed"
        session.steps.append(Step(f"api_error:{name}", "marker", end, status="error", content=message, metadata=found))


def _asked(record: Record, session: SessionTold) -> None:
    """The span that has no parent holds what the user asked, or that of a turn does."""
    about = record.about
    asked = last_text(about.decoded(*_INPUT), _PERSON) or _flat(about, "llm.input_messages", _PERSON)
    asked = asked or next((about.text("content") for kind, about in record.events if kind == _USER), None)
    if asked:
        name = (record.trace_id if not record.parent_id else None) or record.span_id
        session.steps.append(Step(f"prompt:{name}", "prompt", record.at, content=asked))


def last_text(given: Any, roles: tuple[str | None, ...]) -> str | None:
    """The text of the last message by one of these roles; `given` in any of the forms that senders use."""
    if isinstance(given, str):
        return given or None if None in roles else None
    if isinstance(given, dict):
        inner = next(
            (given[name] for name in ("messages", "input", "prompt", "content", "output") if name in given), None
        )
        return last_text(inner, roles) if inner is not None else None
    for message in reversed(given if isinstance(given, list) else []):
        if isinstance(message, dict) and message.get("role") in roles and (found := _text(message)):
            return found
    return None


def _text(message: dict[str, Any]) -> str | None:
    parts = message.get("parts", message.get("content"))
    if isinstance(parts, str):
        return parts or None
    said = [
        value
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text", "input_text")
        if isinstance(value := part.get("content", part.get("text")), str) and value
    ]
    return "\n".join(said) or None


def _flat(about: Attributes, prefix: str, roles: tuple[str | None, ...]) -> str | None:
    """OpenInference spreads messages over attributes, and what a message says, too; the last by one of these counts."""
    texts: dict[int, list[tuple[int, str]]] = {}
    for name in about.values:
        if (found := _SPREAD.match(name)) and found[1] == prefix and (said := about.text(name)):
            texts.setdefault(int(found[2]), []).append((int(found[3] or 0), said))
    for number in sorted(texts, reverse=True):
        if about.text(f"{prefix}.{number}.message.role") in roles:
            return "\n".join(said for _, said in sorted(texts[number]))
    return None


def _choice(event: Attributes) -> str | None:
    message = event.decoded("message", "gen_ai.choice.message", "content")
    return _text(message) if isinstance(message, dict) else message if isinstance(message, str) else None


def _command(name: str, given: Any) -> str | None:
    if name.lower() not in _SHELLS or not isinstance(given, dict):
        return None
    line = given.get("command", given.get("cmd"))
    return line if isinstance(line, str) else None


def _status(record: Record) -> str:
    """How a call ended; the conventions have no word for what the user refused."""
    said = record.about.text("tachograph.status")
    return "error" if record.failed else said if said in ("rejected", "interrupted", "unknown") else "ok"


def _version(record: Record) -> str | None:
    """Of the agent; what another installation exports is of its own version."""
    return None if record.service == "tachograph" else record.resource.text("service.version")


def _exit_code(about: Attributes) -> int | None:
    found = about.number("process.exit.code", "exit_code")
    return int(found) if found is not None else None
