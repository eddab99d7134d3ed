"""Whether what is stored is what was sealed: everything at once, and one receipt."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from tachograph import clock
from tachograph.recall import proving
from tachograph.serve.bodies import Incoming
from tachograph.serve.query.asking import Ready, answered
from tachograph.serve.query.ledger import Receipt
from tachograph.serve.verifying import Verifying
from tachograph.store import Store

MaxAge = Annotated[
    float, QueryParameter(ge=0, le=86_400, description="Seconds that a report may be old; 0 makes a new one.")
]


class Problem(msgspec.Struct):
    """Something that is not as it was sealed. `number` of the chain's entry, `row` of the table `name`."""

    kind: str
    number: int | None
    name: str
    row: int | None
    text: str


class Unsealed(msgspec.Struct):
    """Rows without a seal that fits: nothing is claimed of them. `rows` are the first hundred."""

    name: str
    total: int
    rows: list[int]


class Verified(msgspec.Struct):
    """Everything that was sealed, held against its seals and the heads signed outside the database. `as_of` is when."""

    valid: bool
    entries: int
    rows: int
    tombstones: int
    heads: int
    unanchored: int
    signed_at: str | None
    key: str | None
    restored: list[str]
    problems: list[Problem]
    unsealed: list[Unsealed]
    waiting: Unsealed | None
    as_of: str
    took_ms: float


class ReceiptVerified(msgspec.Struct):
    """What was checked of a receipt (`checked`), what the ledger has of it, and what is wrong."""

    receipt_id: str | None
    execution_id: str | None
    determinism_hash: str | None
    signed_by: list[str]
    checked: list[str]
    ledger: str
    problems: list[str]
    valid: bool


@get("/audit/verify")
async def audit_verify(request: Incoming, max_age: MaxAge = 600) -> Response[Verified]:
    """Is everything as it was sealed? What `tachograph audit verify` answers."""
    verifying: Verifying = request.app.state.verifying
    look = await verifying.report(int(max_age * clock.SECOND))
    body = msgspec.json.encode({**look.report, "as_of": clock.iso(look.at), "took_ms": look.took_ms})
    return Ready(body)


@get("/receipts/{receipt:str}/verify")
async def receipt_verify(request: Incoming, receipt: Receipt) -> Response[ReceiptVerified]:
    """Is a receipt what it was? Its id, its determinism hash, and its seal."""

    def ask(store: Store) -> ReceiptVerified:
        return msgspec.convert(proving.receipt(store, store.receipts.get(receipt)), ReceiptVerified)

    return await answered(request, ask)


HANDLERS = (audit_verify, receipt_verify)
