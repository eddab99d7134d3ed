"""What a verification found, as data: of everything that was sealed, and of one receipt."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.formats import as_json
from tachograph.formats.rows import Row, to_row
from tachograph.proof import receipts
from tachograph.proof.report import Report
from tachograph.proof.signing import Verifier
from tachograph.records import Receipt
from tachograph.store import Store


def report_row(report: Report, *, strict: bool = False) -> Row:
    """The report of `audit verify`; `valid` is what its exit code says. `strict`: rows without a seal are an alarm."""
    row = report._asdict()
    row["problems"] = [problem._asdict() for problem in report.problems]
    row["unsealed"] = [one._asdict() for one in report.unsealed]
    row["waiting"] = report.waiting._asdict() if report.waiting else None
    return {"valid": report.sound and not (strict and is_open(report)), **row}


def is_open(report: Report) -> bool:
    """Whether there are rows of which nothing is claimed."""
    return bool(report.unsealed or report.waiting)


def receipt(store: Store, found: Receipt, trusted: Verifier | None = None) -> Row:
    """A receipt of this store held against its own id and its seal; with `trusted` against signed heads, too."""
    claim = receipts.read(as_json.value(to_row(found)).encode())[0]
    ledger, wrong = sealed(store, found)
    if trusted is not None:
        wrong += [problem.text for problem in store.ledger.verify(trusted).problems]
    return claim_row(claim, ledger, [*claim.problems, *wrong])


def sealed(store: Store, found: Receipt) -> tuple[str, list[str]]:
    """What the ledger has of a receipt, in words; what is wrong with that."""
    seal, problem = store.ledger.seal_of("receipts", found.id)
    if seal is None:
        return "not sealed: it was written past Tachograph", []
    return f"sealed as entry {seal.number}", [problem.text] if problem else []


def claim_row(claim: receipts.Claim, ledger: str, problems: Sequence[str]) -> Row:
    """What was checked of a receipt, wherever it came from."""
    return {
        "receipt_id": claim.receipt_id, "execution_id": claim.body.get("execution_id"),
        "determinism_hash": claim.body.get("determinism_hash"), "signed_by": list(claim.signed_by),
        "checked": list(claim.checked), "ledger": ledger, "problems": list(problems), "valid": not problems,
    }  # fmt: skip
