"""What agents send is kept as it came, whatever it is; what is too much or nonsense is told so."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import zlib
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.journal.reader import is_live
from tachograph.serve import bodies
from tachograph.serve.run import Background
from tests.journal.test_writer import files_end_at
from tests.serve.conftest import Ask, kept

LOGS = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}'
LIMIT = bodies.LIMIT
PACKED = {"content-encoding": "gzip"}


def test_a_hook(ask: Ask, home: Path) -> None:
    headers = {"x-tachograph-event": "PreToolUse", "x-tachograph-session": "pi-20261121-091402"}
    reply = ask("POST", "/api/ingest/hooks/pi", b'{"tool_name": "Bash"}', headers)
    assert (reply.status, reply.body) == (200, b"{}")
    (record,) = kept(home)
    assert record.kind == b"K"
    assert json.loads(record.body) == {
        "agent": "pi",
        "event": "PreToolUse",
        "session": "pi-20261121-091402",
        "body": {"tool_name": "Bash"},
    }


@pytest.mark.parametrize("value", ["$TACHOGRAPH_SESSION", "", "x" * 300])
def test_a_header_that_its_agent_could_not_fill(ask: Ask, home: Path, value: str) -> None:
    ask("POST", "/api/ingest/hooks/pi", b"{}", {"x-tachograph-session": value})
    assert json.loads(kept(home)[0].body)["session"] is None


@pytest.mark.parametrize("body", [b"", b"not json", b"\x00\xff", b"[1,2]", b"[" * 200_000])
def test_a_hook_is_always_told_that_all_is_well(ask: Ask, home: Path, body: bytes) -> None:
    reply = ask("POST", "/api/ingest/hooks/pi", body, {"content-type": "text/plain"})
    assert (reply.status, reply.body) == (200, b"{}")
    assert (body or b"null") in kept(home)[0].body


@pytest.mark.parametrize("agent", ["..%2f..%2fx", "a%20b", "%00", "x" * 65, "-", "%C3%A4"])
def test_agents_have_plain_names(ask: Ask, home: Path, agent: str) -> None:
    assert ask("POST", f"/api/ingest/hooks/{agent}", b"{}").status in (400, 404)
    assert not kept(home)


@pytest.mark.parametrize("signal", ["logs", "metrics", "traces"])
def test_telemetry_in_json(ask: Ask, home: Path, signal: str) -> None:
    reply = ask("POST", f"/v1/{signal}", LOGS)
    assert (reply.status, reply.json) == (200, {"partialSuccess": {}})
    (record,) = kept(home)
    head, _, body = record.body.partition(b"\n")
    assert json.loads(head) == {"signal": signal, "encoding": "json"}
    assert (record.kind, body) == (b"T", LOGS)


def test_half_a_character_is_no_nonsense(ask: Ask, home: Path) -> None:
    """JavaScript cuts texts anywhere, and says so in its JSON; what is refused is not sent again."""
    cut = LOGS.replace(b"hi", b"hi \\ud83d")
    assert ask("POST", "/v1/logs", cut).status == 200
    assert kept(home)[0].body.endswith(cut)


def test_telemetry_in_protobuf(ask: Ask, home: Path) -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
        ExportLogsServiceRequest,
        ExportLogsServiceResponse,
    )

    message = ExportLogsServiceRequest()
    message.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "hi"
    sent = message.SerializeToString()
    reply = ask("POST", "/v1/logs", sent, {"content-type": "application/x-protobuf"})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportLogsServiceResponse.FromString(reply.body).HasField("partial_success")
    head, _, body = kept(home)[0].body.partition(b"\n")
    assert json.loads(head)["encoding"] == "protobuf"
    assert body == sent


def test_protobuf_needs_its_library(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    reply = ask("POST", "/v1/logs", b"\x0a\x00", {"content-type": "application/x-protobuf"})
    assert reply.status == 415
    assert "tachograph[otlp]" in reply.json["error"]["hint"]
    assert not kept(home)


@pytest.mark.parametrize("path", ["/v1/logs", "/api/ingest/hooks/pi"])
def test_packed_bodies(ask: Ask, home: Path, path: str) -> None:
    assert ask("POST", path, gzip.compress(LOGS, mtime=0), PACKED).status == 200
    assert LOGS in kept(home)[0].body


def test_bodies_in_chunks(server: Background, token: str, home: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    pieces = iter([LOGS[:10], LOGS[10:40], LOGS[40:]])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json; charset=utf-8"}
    connection.request("POST", "/v1/logs", pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert kept(home)[0].body.endswith(LOGS)


NONSENSE = [
    (b"{", {}, 400),
    (b"[]", {}, 400),
    (b"\xff", {}, 400),
    (b"[" * 100_000, {}, 400),
    (LOGS, {"content-type": "text/plain"}, 415),
    (LOGS, {"content-type": ""}, 415),
    (LOGS, {"content-encoding": "br"}, 415),
    (LOGS, PACKED, 400),
    (gzip.compress(LOGS, mtime=0)[:-9], PACKED, 400),
    (zlib.compress(LOGS), PACKED, 400),
]


@pytest.mark.parametrize(("body", "headers", "status"), NONSENSE)
def test_nonsense_is_told_so(ask: Ask, home: Path, body: bytes, headers: dict[str, str], status: int) -> None:
    reply = ask("POST", "/v1/logs", body, headers)
    assert reply.status == status
    assert set(reply.json["error"]) == {"code", "message", "hint"}
    assert not kept(home)


@pytest.mark.parametrize("path", ["/v1/logs", "/api/ingest/hooks/pi"])
def test_too_much(ask: Ask, home: Path, path: str) -> None:
    whole = b'"' + b"x" * LIMIT + b'"'
    bomb = gzip.compress(b"[" + b" " * (200 << 20) + b"]", 9)
    assert len(bomb) < 300_000
    for body, headers in ((whole, {}), (gzip.compress(whole, mtime=0), PACKED), (bomb, PACKED)):
        try:
            reply = ask("POST", path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            continue  # told no before all of it was sent
        assert reply.status == 413
        assert reply.json["error"]["code"] == "too_large"
    assert not kept(home)
    assert ask("GET", "/healthz").status == 200


def test_too_much_in_chunks(server: Background, token: str, home: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    pieces = (b" " * (1 << 20) for _ in range(40))
    try:
        connection.request("POST", "/v1/logs", pieces, {"authorization": f"Bearer {token}"}, encode_chunked=True)
        assert connection.getresponse().status in (413, 415)
    except (BrokenPipeError, ConnectionResetError):
        pass
    connection.close()
    assert not kept(home)


def test_wrong_ways(ask: Ask) -> None:
    assert ask("GET", "/v1/logs").status == 405
    reply = ask("POST", "/v1/profiles", b"{}")
    assert (reply.status, reply.json["error"]["code"]) == (404, "not_found")


def test_one_journal_for_each_sender(ask: Ask, home: Path) -> None:
    for _ in range(3):
        ask("POST", "/api/ingest/hooks/pi", b"{}")
        ask("POST", "/api/ingest/hooks/droid", b"{}")
        ask("POST", "/v1/logs", LOGS)
    names = sorted(path.name.split("-")[1] for path in (home / "journal").glob("*.journal"))
    assert names == ["droid", "otlp", "pi"]
    assert len(kept(home)) == 9


def test_a_full_disk(ask: Ask, home: Path) -> None:
    """Hooks are told that all is well; exporters are told the truth, in a way that has none of them try again."""
    with files_end_at(0):
        for _ in range(3):
            assert ask("POST", "/api/ingest/hooks/pi", b'"' + b"x" * 60_000 + b'"').body == b"{}"
        reply = None
        for _ in range(3):
            reply = ask("POST", "/v1/logs", b'{"x":"' + b"x" * 60_000 + b'"}')
        assert reply
        assert reply.status == 200
        assert "disk" in reply.json["partialSuccess"]["errorMessage"]
    assert ask("POST", "/api/ingest/hooks/pi", b"{}").status == 200


def test_a_full_disk_in_protobuf(ask: Ask) -> None:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

    with files_end_at(0):
        for _ in range(3):
            reply = ask("POST", "/v1/metrics", b"\x0a\x00" * 30_000, {"content-type": "application/x-protobuf"})
    assert "disk" in ExportMetricsServiceResponse.FromString(reply.body).partial_success.error_message


def test_journals_are_finished_when_the_server_ends(home: Path) -> None:
    with Background(paths.places(), 0) as server:
        asyncio.run(server.sink.keep("pi", b"K", b"{}"))
        (path,) = (home / "journal").glob("received-*.journal")
        assert is_live(str(path))
    assert not is_live(str(path))


def test_the_schema_tells_of_the_routes(ask: Ask) -> None:
    schema = ask("GET", "/api/openapi.json").json
    assert "/v1/logs" in schema["paths"]
    assert "/api/ingest/hooks/{agent}" in schema["paths"]
