"""A receipt as in-toto Statement v1 (github.com/in-toto/attestation): files by digest, and what is said of them.

The predicate is the receipt itself with its id; `proof.envelope` puts the statement into a DSSE envelope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tachograph.errors import BadRecord
from tachograph.formats import as_json
from tachograph.proof.canonical import canonical
from tachograph.proof.envelope import seal
from tachograph.proof.receipts import PREDICATE, STATEMENT, subjects
from tachograph.proof.signing import Signer
from tachograph.records import Receipt


def statement(receipt: Receipt) -> dict[str, Any]:
    """Raises BadRecord for a receipt that was written past Tachograph and has no body."""
    if receipt.receipt_json is None or receipt.receipt_id is None:
        raise BadRecord(
            f"the receipt of {receipt.execution_id} was not written through Tachograph", "there is nothing to vouch for"
        )
    body: Mapping[str, Any] = msgspec.json.decode(receipt.receipt_json)
    return {
        "_type": STATEMENT,
        "subject": subjects(body),
        "predicateType": PREDICATE,
        "predicate": {"receipt_id": receipt.receipt_id, "receipt": body},
    }


def envelope(receipt: Receipt, signer: Signer | None) -> Iterator[str]:
    """The statement in a DSSE envelope, as JSON on one line; without a signer it carries no signature."""
    yield as_json.value(seal(canonical(statement(receipt)), signer)) + "\n"
