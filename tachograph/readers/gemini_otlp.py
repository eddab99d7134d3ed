"""Telemetry of Gemini CLI 0.61: events for prompts, usage and errors, spans for calls of tools, which have ids there.

The version it says of itself is that of Node. What it thinks is not part of its output tokens. Source: recordings, and
docs/cli/telemetry.md of the project.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tachograph.readers import _gemini_calls as calls
from tachograph.readers._otlp_told import SessionTold, Told
from tachograph.readers._otlp_wire import METRIC, SPAN, Attributes, Record
from tachograph.readers.values import lasted
from tachograph.records import Step, Usage

_METRICS = {"gemini_cli.token.usage", "gemini_cli.lines.changed"}


def read(record: Record, told: Told) -> bool:
    """Facts of one record into `told`; False when it says nothing to us."""
    id = record.about.text("session.id", "gen_ai.conversation.id") or record.resource.text("session.id")
    if id is None:
        return False
    if record.signal == METRIC:
        if record.name not in _METRICS:
            return False
        kind = record.about.text("type")
        name = f"{record.name.removeprefix('gemini_cli.')}{f' {kind}' if kind else ''}"
        told.measure(told.session(record, id), record, name)
        return True
    if record.signal == SPAN and record.name != "tool_call":
        return False
    tell = _call if record.signal == SPAN else _EVENTS.get(record.name.removeprefix("gemini_cli."))
    if tell is None:
        return False
    tell(told.session(record, id), record, record.about)
    return True


def _configured(session: SessionTold, record: Record, about: Attributes) -> None:
    session.facts(model=about.text("model"))
    session.noted(approval_mode=about.text("approval_mode"), auth_type=about.text("auth_type"))


def _prompt(session: SessionTold, record: Record, about: Attributes) -> None:
    session.steps.append(Step(f"prompt:{record.at}", "prompt", record.at, content=about.text("prompt")))


def _response(session: SessionTold, record: Record, about: Attributes) -> None:
    thought = about.count("thoughts_token_count") or 0
    usage = Usage(
        about.text("model"), about.count("input_token_count") or 0, (about.count("output_token_count") or 0) + thought,
        about.count("cached_content_token_count") or 0, 0, thought,
    )  # fmt: skip
    session.steps.append(
        Step(f"usage:{record.at}", "usage", record.at, duration_ms=about.number("duration_ms"), usage=usage)
    )


def _error(session: SessionTold, record: Record, about: Attributes) -> None:
    told: dict[str, object] = {"kind": "api_error", "status_code": about.count("status_code")}
    content = about.text("error", "error.message", "error_type") or "the call of the model failed"
    session.steps.append(
        Step(f"api_error:{record.at}", "marker", record.at, status="error", content=content, metadata=told)
    )


def _compressed(session: SessionTold, record: Record, about: Attributes) -> None:
    before, after = about.count("tokens_before"), about.count("tokens_after")
    told: dict[str, object] = {"kind": "compaction", "tokens_before": before, "tokens_after": after}
    content = f"compacted from {before} to {after} tokens"
    session.steps.append(Step(f"compaction:{record.at}", "marker", record.at, content=content, metadata=told))


def _subagent(session: SessionTold, record: Record, about: Attributes) -> None:
    name = about.text("agent_name") or "subagent"
    told: dict[str, object] = {
        "kind": "subagent",
        "agent_id": about.text("agent_id"),
        "ended": about.text("terminate_reason"),
    }
    session.steps.append(
        Step(
            f"subagent:{record.at}", "marker", record.at, duration_ms=about.number("duration_ms"), content=name,
            metadata=told,
        )
    )  # fmt: skip


def _call(session: SessionTold, record: Record, about: Attributes) -> None:
    """A span over one call; what was asked and answered is in it when prompts may be logged."""
    id = about.text("gen_ai.tool.call_id", "gen_ai.tool.call.id")
    if id is None:
        return
    asked, answered = about.decoded("gen_ai.input.messages"), about.decoded("gen_ai.output.messages")
    asked = asked if isinstance(asked, dict) else {}
    answered = answered if isinstance(answered, dict) else {}
    response = answered.get("response")
    response = response if isinstance(response, dict) else {}
    given = {
        "name": about.text("gen_ai.tool.name"),
        "args": asked.get("args"),
        "status": answered.get("status"),
        "result": response.get("responseParts"),
        "resultDisplay": response.get("resultDisplay"),
    }
    step = calls.call(f"call:{id}", given, record.at, {})
    session.steps.append(
        replace(step, duration_ms=lasted(record.at, record.end_at), status="error" if record.failed else step.status)
    )


_Tell = Callable[[SessionTold, Record, Attributes], None]
_EVENTS: dict[str, _Tell] = {
    "config": _configured,
    "user_prompt": _prompt,
    "api_response": _response,
    "api_error": _error,
    "chat_compression": _compressed,
    "agent.finish": _subagent,
}
