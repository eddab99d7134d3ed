"""The routes that agents send to: hooks and OTLP over HTTP. Append, answer, understand later.

A hook is answered 200 whatever it sent: the agent waits for us, and shall go on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from litestar import MediaType, Response, Router, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import PathParameter

from tachograph.capture import received
from tachograph.serve import bodies
from tachograph.serve.advice import Advisor
from tachograph.serve.bodies import Incoming
from tachograph.serve.sink import Sink

_WORD = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_NAME_MAX = 200  # characters of an event or a session id
_NOTHING = b"{}"

AgentName = Annotated[
    str, PathParameter(pattern=_WORD, description="The agent that calls, as sessions carry its name.")
]


_OBJECT = Schema(type=OpenAPIType.OBJECT, additional_properties=True)
_BINARY = Schema(type=OpenAPIType.STRING, content_media_type="application/x-protobuf")
_JSON = {"application/json": OpenAPIMediaType(schema=_OBJECT)}
_OTLP = {**_JSON, "application/x-protobuf": OpenAPIMediaType(schema=_BINARY)}


@dataclass
class _Hook(Operation):
    """The body is read as it is, so only this says what it may be."""

    def __post_init__(self) -> None:
        anything = {"application/json": OpenAPIMediaType(schema=Schema())}  # refusing it would help nobody
        self.request_body = RequestBody(anything, "A message of a hook, in the agent's own words.")
        if self.responses:
            self.responses["200"] = OpenAPIResponse("Kept. What the agent should know, or nothing.", content=_JSON)


@dataclass
class _Telemetry(Operation):
    """As OTLP/HTTP says, see opentelemetry-proto: an Export…ServiceRequest, an Export…ServiceResponse."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(_OTLP, "An export request; may be packed with gzip.", required=True)
        if self.responses:
            self.responses["200"] = OpenAPIResponse("Kept, or a partial success that says what was not.", content=_OTLP)


@post("/api/ingest/hooks/{agent:str}", status_code=200, media_type=MediaType.JSON, operation_class=_Hook)
async def hooks(request: Incoming, agent: AgentName) -> Response[bytes]:
    """One message of a hook, kept as it is. Headers: X-Tachograph-Event, -Session, -Workflow.

    The answer is `{}`, or what the agent should know before it changes a file, in the words of its own hooks.
    """
    body = await bodies.unpacked(request)
    event = _word(request.headers.get("x-tachograph-event"))
    session, workflow = (_word(request.headers.get(f"x-tachograph-{name}")) for name in ("session", "workflow"))
    advisor: Advisor = request.app.state.advisor
    keeping = _sink(request).keep(agent, received.HOOK, received.hook(agent, event, session, body, workflow))
    _, advice = await asyncio.gather(keeping, advisor.advise(agent, event, body))
    return Response(advice or _NOTHING, media_type=MediaType.JSON)


@post("/v1/logs", status_code=200, operation_class=_Telemetry)
async def logs(request: Incoming) -> Response[bytes]:
    """OTLP/HTTP logs, JSON or protobuf."""
    return await _telemetry(request, "logs")


@post("/v1/metrics", status_code=200, operation_class=_Telemetry)
async def metrics(request: Incoming) -> Response[bytes]:
    """OTLP/HTTP metrics, JSON or protobuf."""
    return await _telemetry(request, "metrics")


@post("/v1/traces", status_code=200, operation_class=_Telemetry)
async def traces(request: Incoming) -> Response[bytes]:
    """OTLP/HTTP traces, JSON or protobuf."""
    return await _telemetry(request, "traces")


async def _telemetry(request: Incoming, signal: str) -> Response[bytes]:
    encoding = bodies.encoding(request)
    body = await bodies.unpacked(request)
    if encoding == bodies.JSON:
        bodies.check_json(body)
    kept = await _sink(request).keep("otlp", received.TELEMETRY, received.telemetry(signal, encoding, body))
    # Not 503: exporters would try again for half a minute, some of them while their agent waits to end.
    if encoding == bodies.PROTOBUF:
        return Response(b"" if kept else _LOST_PROTOBUF, media_type="application/x-protobuf")
    return Response(b'{"partialSuccess":{}}' if kept else _LOST_JSON, media_type=MediaType.JSON)


_LOST = b"not everything could be kept: the disk does not take it"
_LOST_JSON = b'{"partialSuccess":{"errorMessage":"%s"}}' % _LOST
# ExportPartialSuccess in field 1, its error_message in field 2: the same in all three answers.
_LOST_PROTOBUF = b"\x0a" + bytes([len(_LOST) + 2]) + b"\x12" + bytes([len(_LOST)]) + _LOST


def _sink(request: Incoming) -> Sink:
    found: Sink = request.app.state.sink
    return found


def _word(value: str | None) -> str | None:
    """A header's value; None for what no agent means: nothing, or a variable that was not set where it ran."""
    if not value or value.startswith("$") or len(value) > _NAME_MAX:
        return None
    return value


router = Router("/", route_handlers=[hooks, logs, metrics, traces], tags=["ingest"])
