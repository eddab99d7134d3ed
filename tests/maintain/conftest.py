"""A receiver of OTLP on the loopback that keeps what it takes and answers as it is told; and sessions to send to it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec
import pytest
from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

import tachograph
from tachograph import clock, paths
from tachograph.config import Config
from tachograph.formats import otlp
from tachograph.ingest import masking
from tachograph.ingest.opening import open_store
from tachograph.maintain.otlp_export import Exporter
from tachograph.maintain.otlp_settings import is_own
from tachograph.records import Event, Session, Usage
from tachograph.store import Store
from tachograph.store.usage import Call
from tests.formats.sessions import SESSION, START, STEPS


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = {}  # noqa: RUF012  # never changed


class Message(NamedTuple):
    path: str
    headers: dict[str, str]  # names in lower case
    spans: list[Span]


class Receiver:
    """`replies` are given one after the other, then it takes everything. `messages` are those it answered with 200."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.messages: list[Message] = []
        self.refused: list[Message] = []
        self.heard = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = gzip.decompress(request.rfile.read(int(headers["content-length"])))
        message = Message(request.path, headers, _spans(body, headers["content-type"]))
        reply = self.replies.pop(0) if self.replies else Reply()
        (self.messages if reply.status == 200 else self.refused).append(message)
        request.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(reply.body)))
        request.end_headers()
        request.wfile.write(reply.body)
        self.heard.set()

    @property
    def spans(self) -> list[Span]:
        return [span for message in self.messages for span in message.spans]

    @property
    def ids(self) -> list[str]:
        return [span.span_id.hex() for span in self.spans]

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _spans(body: bytes, kind: str) -> list[Span]:
    if kind == "application/x-protobuf":
        found = TracesData.FromString(body)
    else:
        assert kind == "application/json"
        found = json_format.ParseDict(otlp.with_base64_ids(json.loads(body)), TracesData())
    return [span for sender in found.resource_spans for scope in sender.scope_spans for span in scope.spans]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


Send = Callable[..., Exporter]


@pytest.fixture
def exporter(receiver: Receiver) -> Iterator[Send]:
    """`exporter(content="true")` sends to the receiver, with these settings."""
    made: list[Exporter] = []

    def make(own: int = 0, **settings: str) -> Exporter:
        given = {"endpoint": receiver.url, "since": "2020-01-01", **settings}
        environ = {f"TACHOGRAPH_OTLP_EXPORT_{name.upper()}": value for name, value in given.items()}
        made.append(
            Exporter(
                lambda: Config("", environ), lambda: open_store(paths.places().database), masking.record,
                own=lambda url: is_own(url, own),
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for one in made:
        one.close()


def an_hour_ago() -> int:
    return clock.now() - 3600 * clock.SECOND


def add(store: Store, steps: list[tuple[Event, Usage | None]], session: str = "s-1") -> None:
    """Steps of a session as if they had begun an hour ago."""
    earlier = START - an_hour_ago()
    number = store.sessions.number(session)
    for given, used in steps:
        at = given.at - earlier
        event = store.events.add(msgspec.structs.replace(given, session_id=session, at=at, id=0, seq=0))
        if used is not None:
            with store.transaction():
                store.usage.put(number, [Call(event, event, at, used)])
                store.usage.total(number)


def begin(store: Store, session: str = "s-1", **fields: Any) -> Session:
    """A session that runs."""
    given = {"started_at": an_hour_ago(), "ended_at": None, "exit_code": None, "status": "running"}
    return store.sessions.add(msgspec.structs.replace(SESSION, id=session, **given | fields))


def end(store: Store, session: str = "s-1") -> None:
    store.sessions.complete(session, 0, at=an_hour_ago() + 60 * clock.SECOND)


def fill(session: str = "s-1", steps: list[tuple[Event, Usage | None]] = STEPS, **fields: Any) -> None:
    """A session that has ended."""
    with tachograph.open() as store:
        begin(store, session, **fields)
        add(store, steps, session)
        end(store, session)
