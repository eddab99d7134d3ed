"""OTLP messages, JSON or protobuf, as flat records: logs, spans and points of metrics with plain values.

Senders differ in what they write where; the rules here hold for all of them: numbers may be written as text, an empty
value is none, a log is named by `event.name` before anything else, its time is the first of its times that is not 0.
Format: opentelemetry-proto, and recordings of five agents.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from tachograph.readers.json_lines import objects, unknown
from tachograph.readers.times import iso
from tachograph.readers.values import Object, table, tables, text
from tachograph.records import Unknown

Mask = Callable[[bytes], bytes]  # secrets in a text

LOG, SPAN, METRIC = "log", "span", "metric"
_DEPTH = 20  # of values in values
_LATEST = 2**63 - 1
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")
_KINDS = ("sum", "gauge", "histogram", "exponentialHistogram")
_HOLDERS = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


class Attributes:
    """Names and values of a record. A question names all the ways in which senders call a thing, best first."""

    def __init__(self, values: Object) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, *names: str) -> str | None:
        """Text with something in it; numbers count as text."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value:
                return value
            if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
        return None

    def number(self, *names: str) -> float | None:
        """A number, also one that is written as text."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str):
                value = _parsed(value)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
                return value
        return None

    def count(self, *names: str) -> int | None:
        """A number of things."""
        found = self.number(*names)
        return max(int(found), 0) if found is not None else None

    def flag(self, *names: str) -> bool | None:
        """Yes or no, also in words."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower() == "true"
        return None

    def decoded(self, *names: str) -> Any:
        """A value, out of JSON if it is written so; None when there is none."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value[:1] in ("{", "["):
                try:
                    return msgspec.json.decode(value)
                except (msgspec.DecodeError, RecursionError, UnicodeError):
                    return value
            if value is not None:
                return value
        return None


class Record(NamedTuple):
    """One log, span or point of a metric. Times in ns, 0 when unknown."""

    signal: str  # LOG, SPAN, METRIC
    service: str
    scope: str
    name: str
    at: int
    end_at: int
    about: Attributes  # of the record
    resource: Attributes  # of its sender
    trace_id: str = ""
    span_id: str = ""
    parent_id: str = ""
    text: str | None = None  # of a log
    failed: bool = False  # of a span
    message: str | None = None  # why it failed
    events: tuple[tuple[str, Attributes], ...] = ()  # of a span
    value: float = 0.0  # of a point
    delta: bool = False  # it counts from the point before, not from the start


def records(signal: str, encoding: str, body: bytes, mask: Mask = bytes) -> tuple[list[Record], list[Unknown]]:
    """The records of one message, masked as JSON; an Unknown when it is none."""
    if signal not in _HOLDERS:
        return [], [unknown(f"OTLP signal {signal[:40]}", body)]
    if encoding == "protobuf":
        try:
            body = _from_protobuf(signal, body)
        except ModuleNotFoundError:
            return [], [Unknown("OTLP in protobuf, and opentelemetry-proto is not installed")]
        except Exception:  # of the library's own kind, which is not there to be named
            return [], [unknown("OTLP: no protobuf", body)]
    documents, strange = objects(mask(body))
    return [record for document in documents for record in _records(signal, document)], strange


def _records(signal: str, document: Object) -> Iterator[Record]:
    outer, middle, inner = _HOLDERS[signal]
    read = {"logs": _log, "traces": _span, "metrics": _metric}[signal]
    for sender in tables(document.get(outer)):
        resource = Attributes(_attributes(table(sender.get("resource")).get("attributes")))
        service = resource.text("service.name") or "unknown"
        for scoped in tables(sender.get(middle)):
            scope = text(table(scoped.get("scope")).get("name")) or ""
            for found in tables(scoped.get(inner)):
                yield from read(found, service, scope, resource)


def _log(found: Object, service: str, scope: str, resource: Attributes) -> Iterator[Record]:
    about = Attributes(_attributes(found.get("attributes")))
    body = _value(found.get("body"))
    words = body if isinstance(body, str) else None if body is None else json.dumps(body, default=str)
    at = (
        _time(found.get("timeUnixNano"))
        or iso(about.text("event.timestamp"))
        or _time(found.get("observedTimeUnixNano"))
    )
    event = text(found.get("eventName"))
    if event and event.startswith("event ") and ":" in event:  # where in its sources a sender stood
        event = None
    yield Record(
        LOG, service, scope, about.text("event.name") or event or (words or "")[:200], at or 0, 0, about, resource,
        _id(found.get("traceId")), _id(found.get("spanId")), text=words,
    )  # fmt: skip


def _span(found: Object, service: str, scope: str, resource: Attributes) -> Iterator[Record]:
    status = table(found.get("status"))
    yield Record(
        SPAN, service, scope, text(found.get("name")) or "", _time(found.get("startTimeUnixNano")),
        _time(found.get("endTimeUnixNano")), Attributes(_attributes(found.get("attributes"))), resource,
        _id(found.get("traceId")), _id(found.get("spanId")), _id(found.get("parentSpanId")),
        failed=status.get("code") in (2, "STATUS_CODE_ERROR"), message=text(status.get("message")),
        events=tuple(
            (text(event.get("name")) or "", Attributes(_attributes(event.get("attributes"))))
            for event in tables(found.get("events"))
        ),
    )  # fmt: skip


def _metric(found: Object, service: str, scope: str, resource: Attributes) -> Iterator[Record]:
    name = text(found.get("name")) or ""
    for kind in _KINDS:
        held = table(found.get(kind))
        delta = held.get("aggregationTemporality") in _DELTA
        for point in tables(held.get("dataPoints")):
            value = next((point[key] for key in ("asInt", "asDouble", "sum") if key in point), None)
            number = Attributes({"value": value}).number("value")
            if number is None or not math.isfinite(number):
                continue
            yield Record(
                METRIC, service, scope, name, _time(point.get("startTimeUnixNano")), _time(point.get("timeUnixNano")),
                Attributes(_attributes(point.get("attributes"))), resource, value=number, delta=delta,
            )  # fmt: skip


def _attributes(given: object) -> Object:
    return {row["key"]: _value(row.get("value")) for row in tables(given) if isinstance(row.get("key"), str)}


def _value(given: object, depth: int = 0) -> Any:
    """An AnyValue; one without anything in it is None."""
    if not isinstance(given, dict) or depth > _DEPTH:
        return None
    for kind, value in given.items():
        if kind in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
            return value if isinstance(value, str | bool | int | float) else None
        if kind == "intValue":
            return Attributes({"value": value}).number("value")
        if kind == "arrayValue":
            return [_value(inner, depth + 1) for inner in tables(table(value).get("values"))]
        if kind == "kvlistValue":
            pairs = [row for row in tables(table(value).get("values")) if isinstance(row.get("key"), str)]
            return {row["key"]: _value(row.get("value"), depth + 1) for row in pairs}
    return None


def _from_protobuf(signal: str, body: bytes) -> bytes:
    """The same message in JSON, ids in hexadecimal."""
    from google.protobuf import json_format
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    kinds: dict[str, Any] = {"logs": LogsData, "metrics": MetricsData, "traces": TracesData}
    found: Object = json_format.MessageToDict(kinds[signal].FromString(body))
    outer, middle, inner = _HOLDERS[signal]
    for sender in tables(found.get(outer)):
        for scoped in tables(sender.get(middle)):
            for row in tables(scoped.get(inner)):
                for name in ("traceId", "spanId", "parentSpanId"):
                    if isinstance(row.get(name), str):
                        row[name] = base64.b64decode(row[name]).hex()
    return json.dumps(found).encode()


def _parsed(text: str) -> float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _time(given: object) -> int:
    """ns, written as a number or as text; 0 for what is none."""
    try:
        found = int(given) if isinstance(given, str | int) else 0
    except ValueError:
        return 0
    return found if 0 < found < _LATEST else 0


def _id(given: object) -> str:
    return given if isinstance(given, str) and given.strip("0") else ""
