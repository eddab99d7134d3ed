"""A session as OTLP traces: one JSON document (opentelemetry-proto, TracesData), or the messages that are sent.

In JSON, ids are hexadecimal and 64-bit numbers are text, as the OTLP specification asks for.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tachograph
from tachograph.formats import as_json
from tachograph.formats import otlp_names as n
from tachograph.formats.otlp_spans import TEXT_MAX, Noted, Span, Step, spans
from tachograph.formats.recording import Recording
from tachograph.records import Session

SERVICE = "tachograph"
_ERROR = 2  # STATUS_CODE_ERROR
_LATEST = 2**63 - 1


def export(recording: Recording, names: str = n.NEW) -> Iterator[str]:
    """A session as one JSON object, with what was said and done; `names` is an edition of the conventions."""
    steps = ((one.event, one.usage) for one in recording.moments())
    first = recording.turns[0].number if recording.turns else 1
    return document(recording.session, steps, names=names, content=True, first_turn=first)


def export_old(recording: Recording) -> Iterator[str]:
    """The same with the names of 2025, for receivers that lag."""
    return export(recording, n.OLD)


def document(
    session: Session, steps: Iterable[Step], *, names: str = n.NEW, content: bool = False, first_turn: int = 1
) -> Iterator[str]:
    """The same from its steps, which are in the order of turns; without `content` only names, times and counts."""
    head, tail = as_json.value(_holder(session, [])).split('"spans":[]')
    yield f'{{"resourceSpans":[{head}"spans":['
    for number, span in enumerate(spans(session, steps, names=names, content=content, first_turn=first_turn)):
        yield ("," if number else "") + "\n" + as_json.value(_span(span))
    yield f"\n]{tail}]}}\n"


def message(batches: Iterable[tuple[Session, Iterable[Span]]]) -> dict[str, Any]:
    """Spans of some sessions as the body of one request, as JSON has it."""
    return {"resourceSpans": [_holder(session, [_span(span) for span in found]) for session, found in batches]}


def protobuf(given: Mapping[str, Any]) -> bytes:
    """A message as protobuf. Raises ModuleNotFoundError without opentelemetry-proto (the extra `otlp`)."""
    from google.protobuf import json_format
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    packed: bytes = json_format.ParseDict(with_base64_ids(given), TracesData()).SerializeToString()
    return packed


def with_base64_ids(given: Any) -> Any:
    """The same message with ids as protobuf's own JSON has them."""
    if isinstance(given, Mapping):
        return {
            name: base64.b64encode(bytes.fromhex(value)).decode()
            if name in ("traceId", "spanId", "parentSpanId")
            else with_base64_ids(value)
            for name, value in given.items()
        }
    return [with_base64_ids(value) for value in given] if isinstance(given, list) else given


def _holder(session: Session, found: list[dict[str, Any]]) -> dict[str, Any]:
    """One sender and one scope around spans of a session."""
    known = session.metadata or {}
    about: dict[str, object] = {
        "service.name": SERVICE, "service.version": tachograph.__version__, "host.name": session.host,
        "deployment.environment.name": session.environment, n.AGENT: session.agent,
        "gen_ai.agent.version": known.get("version"),
    }  # fmt: skip
    return {
        "resource": {"attributes": _attributes(about)},
        "scopeSpans": [{"scope": {"name": SERVICE, "version": tachograph.__version__}, "spans": found}],
    }


def _span(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {
        "traceId": span.trace_id, "spanId": span.span_id, "parentSpanId": span.parent_id, "name": _text(span.name),
        "kind": span.kind, "startTimeUnixNano": _time(span.at), "endTimeUnixNano": _time(span.end_at),
        "attributes": _attributes(span.attributes), "events": [_event(one) for one in span.noted],
        "droppedEventsCount": span.left_out, "status": {"code": _ERROR, "message": _text(span.message)},
    }  # fmt: skip
    if span.linked is not None:
        found["links"] = [{"traceId": span.linked[0], "spanId": span.linked[1]}]
    if not span.failed:
        del found["status"]
    return {name: value for name, value in found.items() if value not in ("", [], 0)}


def _event(noted: Noted) -> dict[str, Any]:
    return {"timeUnixNano": _time(noted.at), "name": noted.name, "attributes": _attributes(noted.attributes)}


def _attributes(values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _any(value)} for name, value in values.items() if value is not None]


def _any(value: object) -> dict[str, Any]:
    """An AnyValue. What is no plain value is its JSON, as the conventions have it for messages and arguments."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and abs(value) <= _LATEST:
        return {"intValue": str(value)}
    if isinstance(value, float) and math.isfinite(value):
        return {"doubleValue": value}
    return {"stringValue": _text(value if isinstance(value, str) else as_json.value(value))}


def _text(text: str) -> str:
    """Characters that UTF-8 has, and not too many."""
    whole = text if text.isascii() else text.encode(errors="replace").decode()
    return whole if len(whole) <= TEXT_MAX else whole[:TEXT_MAX] + "…"


def _time(at: int) -> str:
    return str(min(max(at, 0), _LATEST))
