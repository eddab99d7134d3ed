"""GET /api/export/audit: the audit log as a file, JSON or CSV, read page by page while it is sent."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Router, get
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import QueryParameter
from litestar.response import Stream

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.formats import as_csv, as_json
from tachograph.formats.rows import Row, columns, to_row
from tachograph.ingest.noting import note
from tachograph.records import AuditEntry
from tachograph.serve.bodies import Incoming
from tachograph.serve.exporting import SANDBOX, portions
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import STRICT
from tachograph.serve.reading import Reading
from tachograph.store import Store

_AT_ONCE = 1000
_KINDS = {"json": "application/json", "csv": "text/csv"}
Form = Annotated[str, QueryParameter(name="as", description="The format.", schema_extra={"enum": list(_KINDS)})]


@dataclass
class _File(Operation):
    def __post_init__(self) -> None:
        entries = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT))
        content = {
            _KINDS["json"]: OpenAPIMediaType(schema=entries),
            _KINDS["csv"]: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING)),
        }
        if self.responses:
            self.responses["200"] = OpenAPIResponse("The file; Content-Disposition has a name for it.", content=content)


@get("/api/export/audit", operation_class=_File, opt={STRICT: True})
async def export_audit(
    request: Incoming,
    form: Form = "json",
    agent: p.Agent = None,
    operation: p.Operation = None,
    status: p.Status = None,
    execution: p.Execution = None,
    days: p.Days = None,
) -> Stream:
    """Entries of the audit log, newest first. An entry of that log says so, unless the server only reads."""
    reading: Reading = request.app.state.reading
    if form not in _KINDS:
        raise UsageError(f"as={form[:40]} is no format", f"use one of {', '.join(_KINDS)}")
    chosen = {"agent": agent, "operation": operation, "status": status, "execution": execution, "days": days}
    if not reading.read_only:
        await reading.change(lambda store: note(store, "export", f"audit log as {form}, over HTTP"))
    name = f"audit-{clock.compact(clock.now())}.{form}"
    return Stream(
        _pieces(reading, form, chosen),
        media_type=_KINDS[form],
        headers={"content-disposition": f'attachment; filename="{name}"', "content-security-policy": SANDBOX},
    )


async def _pieces(reading: Reading, form: str, chosen: dict[str, Any]) -> AsyncIterator[bytes]:
    def make(store: Store) -> Iterator[bytes]:
        rows = _rows(store, chosen)
        text = as_csv.lines(rows, columns(AuditEntry)) if form == "csv" else as_json.array(rows)
        return portions(piece.encode() for piece in text)

    async for portion in reading.stream(make):
        yield portion


def _rows(store: Store, chosen: dict[str, Any]) -> Iterator[Row]:
    past = None
    for _ in itertools.count():
        found = store.audit.list(**chosen, limit=_AT_ONCE, past=past)
        yield from map(to_row, found)
        if len(found) < _AT_ONCE:
            return
        past = store.audit.place(found[-1])


router = Router("/", route_handlers=[export_audit], tags=["export"])
