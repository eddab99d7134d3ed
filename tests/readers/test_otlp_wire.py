"""OTLP messages as records: what senders write in different ways reads alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.readers import otlp
from tachograph.readers._otlp_wire import Attributes, Record, records
from tachograph.readers.hooking import Memory
from tests.readers.otlp_messages import AT, FOLDER, attributes, logs, metrics, span, spans, value
from tests.readers.told import mangled, sound


def one(signal: str, message: bytes, encoding: str = "json") -> Record:
    ((record,), strange) = records(signal, encoding, message)
    assert not strange
    return record


@pytest.mark.parametrize(
    "given", ["text", True, 7, 2.5, None, ["a", 1], {"b": {"c": [1, None]}}, [], {}, "", 2**40], ids=str
)
def test_values(given: Any) -> None:
    record = one("logs", logs("x", {"attributes": [{"key": "k", "value": value(given)}]}))
    assert record.about.values == {"k": given}


def test_numbers_and_truths_in_words() -> None:
    about = Attributes({"a": "44", "b": "0.5", "c": "x", "d": "true", "e": False, "f": 3, "g": "inf", "h": True})
    assert about.number("a") == 44
    assert about.number("b") == 0.5
    assert about.number("c", "f") == 3
    assert about.number("g") is None
    assert about.number("h") is None
    assert (about.flag("d"), about.flag("e"), about.flag("c")) == (True, False, None)
    assert about.text("f") == "3"
    assert about.count("missing") is None


def test_json_in_text() -> None:
    about = Attributes({"a": '{"x": [1]}', "b": "{broken", "c": "plain", "d": {"y": 1}})
    assert about.decoded("a") == {"x": [1]}
    assert about.decoded("b") == "{broken"
    assert about.decoded("missing", "c") == "plain"
    assert about.decoded("d") == {"y": 1}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"attributes": attributes({"event.name": "a"}), "eventName": "b", "body": value("c")}, "a"),
        ({"eventName": "b", "body": value("c")}, "b"),
        ({"eventName": "event otel/src/x.rs:12", "body": value("c")}, "c"),
        ({"body": value({"k": 1})}, '{"k": 1}'),
        ({}, ""),
    ],
)
def test_how_a_log_is_called(record: dict[str, Any], name: str) -> None:
    assert one("logs", logs("x", record)).name == name


@pytest.mark.parametrize(
    ("record", "at"),
    [
        ({"timeUnixNano": str(AT), "observedTimeUnixNano": "5"}, AT),
        ({"timeUnixNano": AT}, AT),
        ({"timeUnixNano": "0", "attributes": attributes({"event.timestamp": "2026-11-21T02:16:37Z"})}, AT),
        ({"timeUnixNano": "0", "observedTimeUnixNano": str(AT)}, AT),
        ({"timeUnixNano": "never"}, 0),
        ({}, 0),
    ],
)
def test_when_a_log_was(record: dict[str, Any], at: int) -> None:
    assert one("logs", logs("x", record)).at == at


def test_a_span() -> None:
    record = one("traces", spans("svc", span("work", {"a": 1}, status={"code": 2, "message": "no"})))
    assert (record.service, record.name, record.failed, record.message) == ("svc", "work", True, "no")
    assert (record.span_id, record.parent_id) == ("00000000000000a1", "")
    assert record.end_at - record.at == 250_000_000


def test_points_of_metrics() -> None:
    point = {"startTimeUnixNano": "1", "timeUnixNano": "2", "asInt": "41", "attributes": attributes({"type": "in"})}
    found, _ = records(
        "metrics",
        "json",
        metrics(
            "x",
            {"name": "a", "sum": {"aggregationTemporality": 1, "dataPoints": [point, {"asDouble": 0.5}]}},
            {"name": "b", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"sum": 7.0, "count": "3"}]}},
            {"name": "c", "gauge": {"dataPoints": [{"asDouble": "NaN"}, {}]}},
        ),
    )
    assert [(r.name, r.value, r.delta) for r in found] == [("a", 41, True), ("a", 0.5, True), ("b", 7.0, False)]


def test_protobuf_reads_as_json_does() -> None:
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    message = TracesData()
    sender = message.resource_spans.add()
    sender.resource.attributes.add(key="service.name").value.string_value = "svc"
    made = sender.scope_spans.add().spans.add(
        name="work", trace_id=bytes.fromhex("0" * 30 + "7b"), span_id=bytes.fromhex("0" * 14 + "a1"),
        start_time_unix_nano=AT, end_time_unix_nano=AT + 250_000_000,
    )  # fmt: skip
    made.status.code = 2
    made.status.message = "no"
    for name, set_to in (("n", {"int_value": 5}), ("s", {"string_value": "x"}), ("e", {})):
        attribute = made.attributes.add(key=name)
        for field, held in set_to.items():
            setattr(attribute.value, field, held)
    binary = one("traces", message.SerializeToString(), "protobuf")
    text = one("traces", spans("svc", span("work", {"n": 5, "s": "x", "e": None}, status={"code": 2, "message": "no"})))
    assert binary._replace(about=text.about, resource=text.resource, scope="x") == text
    assert binary.about.values == text.about.values
    assert binary.resource.values == text.resource.values


def test_what_is_no_message() -> None:
    for signal, encoding, body in (
        ("logs", "json", b"{broken"),
        ("logs", "json", b"[1]"),
        ("logs", "protobuf", b"\xff\xff\xff"),
        ("profiles", "json", b"{}"),
    ):
        found, strange = records(signal, encoding, body)
        assert (found, len(strange)) == ([], 1)


def test_without_the_library_for_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.proto.logs.v1.logs_pb2", None)
    _, (strange,) = records("logs", "protobuf", b"")
    assert "opentelemetry-proto" in strange.kind


RECORDINGS = sorted(FOLDER.glob("*.jsonl"))


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(RECORDINGS))
    line = data.draw(st.sampled_from(path.read_bytes().splitlines()))
    odd = data.draw(st.composite(lambda draw: mangled(draw, line))())
    for _, told in otlp.facts(path.stem.split("_")[1], "json", odd, AT, Memory()):
        sound(told)


@given(st.binary(max_size=200), st.sampled_from(["logs", "metrics", "traces"]), st.sampled_from(["json", "protobuf"]))
def test_no_bytes_raise(data: bytes, signal: str, encoding: str) -> None:
    for _, told in otlp.facts(signal, encoding, data, AT, Memory()):
        sound(told)


def test_values_in_values_without_end() -> None:
    deep: Any = {"stringValue": "x"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    one("logs", logs("x", {"body": deep}))
    assert records("logs", "json", json.dumps({"resourceLogs": 5}).encode()) == ([], [])
