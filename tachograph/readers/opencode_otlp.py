"""Telemetry of OpenCode 1.18: the spans of the AI SDK inside it. All others are about its insides, as are its logs.

Its plugin and its database say more, but for the time to the first token. Source: recordings.
"""

from __future__ import annotations

from tachograph.readers import _otlp_genai
from tachograph.readers._otlp_told import Told
from tachograph.readers._otlp_wire import SPAN, Record
from tachograph.readers.values import lasted
from tachograph.records import Step

_CALLS = {"ai.streamText.doStream", "ai.generateText.doGenerate"}


def read(record: Record, told: Told) -> bool:
    """Facts of one record into `told`; False when it says nothing to us."""
    about = record.about
    id = about.text("session.id", "ai.telemetry.metadata.sessionId")
    if record.signal != SPAN or id is None or record.name not in _CALLS | {"ai.toolCall"}:
        return False
    session = told.session(record, id)
    session.facts(version=record.resource.text("service.version"))
    if record.name == "ai.toolCall":
        session.steps.append(_otlp_genai.tool_step(record))
        return True
    session.facts(model=_otlp_genai.model_of(about))
    end = record.end_at or record.at
    if (usage := _otlp_genai.usage_of(about)) is not None:
        took = lasted(record.at, record.end_at)
        first = about.number("ai.response.msToFirstChunk")
        metadata: dict[str, object] | None = {"ttft_ms": first} if first is not None else None
        step = Step(f"usage:{record.span_id}", "usage", end, duration_ms=took, usage=usage, metadata=metadata)
        session.steps.append(step)
    if said := about.text("ai.response.text"):
        session.steps.append(Step(f"reply:{record.span_id}", "reply", end, content=said))
    return True
