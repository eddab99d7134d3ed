"""Telemetry, recorded or made, handed to the reader message by message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tachograph.readers import otlp
from tachograph.readers.hooking import Memory
from tachograph.readers.values import Object
from tachograph.records import Fact
from tests.readers.told import HISTORIES, Told

AT = 1_795_227_397_000_000_000
FOLDER = HISTORIES / "otlp"


def value(given: Any) -> Object:
    """An AnyValue."""
    if given is None:
        return {}
    if isinstance(given, bool):
        return {"boolValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, float):
        return {"doubleValue": given}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(inner) for inner in given]}}
    if isinstance(given, dict):
        return {"kvlistValue": {"values": attributes(given)}}
    return {"stringValue": given}


def attributes(given: Object) -> list[Object]:
    return [{"key": name, "value": value(held)} for name, held in given.items()]


def logs(service: str, *records: Object, **resource: Any) -> bytes:
    return _message("resourceLogs", "scopeLogs", "logRecords", service, records, resource)


def spans(service: str, *records: Object, **resource: Any) -> bytes:
    return _message("resourceSpans", "scopeSpans", "spans", service, records, resource)


def metrics(service: str, *records: Object, **resource: Any) -> bytes:
    return _message("resourceMetrics", "scopeMetrics", "metrics", service, records, resource)


def log(name: str, at: int = AT, **more: Any) -> Object:
    return {"timeUnixNano": str(at), "attributes": attributes({"event.name": name, **more})}


def span(name: str, given: Object, *, id: str = "00000000000000a1", parent: str = "", **more: Any) -> Object:
    return {
        "traceId": "0000000000000000000000000000007b", "spanId": id, "parentSpanId": parent, "name": name,
        "startTimeUnixNano": str(AT), "endTimeUnixNano": str(AT + 250_000_000), "attributes": attributes(given), **more,
    }  # fmt: skip


def told(
    signal: str, messages: Iterable[bytes], memory: Memory | None = None, encoding: str = "json"
) -> dict[str, Told]:
    """Agent → what was told of it."""
    memory = memory or Memory()
    found: dict[str, list[Fact]] = {}
    for message in messages:
        for agent, facts in otlp.facts(signal, encoding, message, AT, memory):
            found.setdefault(agent, []).extend(facts)
        memory.state = Memory(json.loads(json.dumps(memory.state))).state  # as after a restart
    return {agent: Told(facts) for agent, facts in found.items()}


def recorded(agent: str, signal: str, memory: Memory | None = None) -> Told:
    messages = (FOLDER / f"{agent}_{signal}.jsonl").read_bytes().splitlines()
    found = told(signal, messages, memory)
    return found.get(agent) or Told([])


def protobuf(signal: str, message: bytes) -> bytes:
    """The same message as most libraries send it; nothing when a number is no number."""
    from google.protobuf import json_format
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    kinds: dict[str, Any] = {"logs": LogsData, "metrics": MetricsData, "traces": TracesData}
    try:
        return bytes(json_format.Parse(message, kinds[signal](), ignore_unknown_fields=True).SerializeToString())
    except json_format.ParseError:
        return b""


def _message(outer: str, middle: str, inner: str, service: str, records: Iterable[Object], resource: Object) -> bytes:
    about = {"attributes": attributes({"service.name": service, **resource})}
    return json.dumps({outer: [{"resource": about, middle: [{"scope": {"name": "x"}, inner: list(records)}]}]}).encode()
