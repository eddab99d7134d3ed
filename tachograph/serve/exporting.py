"""GET /api/export/session/{id}: a session as a file, streamed from the store as the client takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from litestar import Router, get
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from tachograph.errors import UsageError
from tachograph.formats.exports import FORMATS, NAMES
from tachograph.ingest import exporting
from tachograph.ingest.exporting import Part
from tachograph.ingest.noting import note
from tachograph.serve import page_file
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import STRICT, between
from tachograph.serve.reading import Reading
from tachograph.store import Store

_PORTION = 64 << 10  # bytes that are sent together: a line alone costs more to hand over than to make
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

SessionName = Annotated[str, PathParameter(description="An id, the beginning of one, `last`, `@agent` …")]
Form = Annotated[
    str | None,
    QueryParameter(
        name="as",
        description="The format. `original` comes with its secrets masked, `in-toto` unsigned: "
        + "; ".join(f"`{one.name}`: {one.about}" for one in FORMATS.values()),
        schema_extra={"enum": list(NAMES)},
    ),
]
TurnNumber = Annotated[
    int | None, QueryParameter(description="Only this turn, counted from 1.", ge=1, le=(1 << 63) - 1)
]


@dataclass
class _File(Operation):
    """The answer is a file whose type depends on the format."""

    def __post_init__(self) -> None:
        kinds = sorted({one.media_type for one in FORMATS.values()} | {exporting.BYTES, exporting.TAR})
        content = {kind: OpenAPIMediaType(schema=_shape(kind)) for kind in kinds}
        if self.responses:
            self.responses["200"] = OpenAPIResponse("The file; Content-Disposition has a name for it.", content=content)


def _shape(kind: str) -> Schema:
    """Of a file: text or bytes, or whatever one JSON value is."""
    one_value = kind.endswith(("/json", "+json"))
    return Schema(type=[OpenAPIType.OBJECT, OpenAPIType.ARRAY] if one_value else OpenAPIType.STRING)


@get("/api/export/session/{session_id:path}", operation_class=_File, opt={STRICT: True})
async def export(
    request: Incoming, session_id: SessionName, form: Form = None, turn: TurnNumber = None, since: p.Since = None,
    until: p.Until = None,
) -> Stream:  # fmt: skip
    """A session as a file, sent while it is read. An entry of the audit log says so, unless the server only reads."""
    reading: Reading = request.app.state.reading
    if form not in NAMES:
        raise UsageError("as= names no format" if form is None else f"as={form[:40]} is no format", _KNOWN)
    part = Part(**between(since, until), turn=turn)
    words = session_id.strip("/")
    chosen = await reading.ask(lambda store: store.sessions.resolve(words).id)
    made = await reading.ask(lambda store: _described(store, chosen, form, part))
    if not reading.read_only:
        await reading.change(lambda store: note(store, "export", f"session {chosen} as {form}, over HTTP"))
    name, kind = made
    return Stream(
        _pieces(reading, chosen, form, part),
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="{name}"', "content-security-policy": SANDBOX},
    )


_KNOWN = f"use one of {', '.join(NAMES)}"


def _described(store: Store, session: str, form: str, part: Part) -> tuple[str, str]:
    """Name and media type. Whatever could go wrong before the first byte goes wrong here."""
    made = page_file.export(store, session, form, part)
    next(made.pieces, None)
    return made.name, made.media_type


async def _pieces(reading: Reading, session: str, form: str, part: Part) -> AsyncIterator[bytes]:
    def make(store: Store) -> Iterator[bytes]:
        return portions(page_file.export(store, session, form, part).pieces)

    async for portion in reading.stream(make):
        yield portion


def portions(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces put together."""
    waiting, size = list[bytes](), 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _PORTION:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


router = Router("/", route_handlers=[export], tags=["export"])
