"""Receipts: how an execution ended, in a form whose name is its digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from tachograph import clock
from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.proof import receipts
from tachograph.proof.canonical import canonical
from tachograph.records import Receipt
from tachograph.store import given, paging, queries
from tachograph.store.filters import Where, begin, check_names, pattern
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("receipts")
_WORDS = {"success": "passed", "error": "failed"}  # other words for the same
_NEEDED = ("execution_id", "agent_id", "operation", "status")
_COUNTED = {"success": "passed", "error": "failed", "partial": "partial", "cancelled": "cancelled"}


class Filters(TypedDict, total=False):
    """What receipts are picked by. `agent` and `operation` are globs (SQL's % too); times in ns, `days` counts back;
    `determinism`: those with this hash, or a beginning of it; `workflow`: of its sessions."""

    agent: str | None
    operation: str | None
    status: str | None
    days: float | None
    since: int | None
    until: int | None
    workflow: str | None
    execution: str | None
    session: str | None
    determinism: str | None


class Receipts:
    """`store.receipts`"""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger

    def add(
        self,
        execution_id: str,
        agent_id: str,
        operation: str,
        status: str,
        *,
        duration_ms: int = 0,
        agent_type: str | None = None,
        receipt: Mapping[str, object] | None = None,
        manifest_hash: str | None = None,
        ontology_hash: str | None = None,
        files_generated: int | None = None,
        files_modified: int | None = None,
        error_message: str | None = None,
        environment: str | None = None,
        session_id: str | None = None,
        timestamp: str | int | None = None,
        inputs: object = None,
        outputs: object = None,
        replace: bool = False,
    ) -> Receipt:
        """One receipt, sealed. What is stored is `receipt` with the other fields written into it, as canonical JSON.

        `timestamp`: ISO text or ns, now without it. `inputs` and `outputs` are JSON values (they may be in `receipt`,
        too); a digest over the two becomes `determinism_hash`, which otherwise is the one in `receipt`. `replace`: an
        execution that has a receipt gets this one instead; a partial one may always be completed.
        Raises BadRecord: a word is missing or unknown, there is a receipt already, this has no canonical JSON.
        """
        fields: dict[str, Any] = {
            "execution_id": execution_id, "agent_id": agent_id, "agent_type": agent_type, "operation": operation,
            "status": _WORDS.get(status, status), "timestamp": given.moment(timestamp), "duration_ms": duration_ms,
            "manifest_hash": manifest_hash, "ontology_hash": ontology_hash, "files_generated": files_generated,
            "files_modified": files_modified, "error_message": error_message or None, "environment": environment,
            "session_id": session_id,
        }  # fmt: skip
        given.words(fields, _NEEDED, "a receipt says what was executed by whom, and how it ended")
        given.counts(fields, ("duration_ms", "files_generated", "files_modified"))
        if receipt is not None and not isinstance(receipt, Mapping):
            raise BadRecord(f"the receipt is {type(receipt).__name__}, expected names and values", "hand in a dict")
        body = body_of(receipt, fields, inputs, outputs)
        text = canonical(body)
        fields["receipt_json"], fields["receipt_id"] = text.decode(), hashlib.sha256(text).hexdigest()
        fields["determinism_hash"] = body.get("determinism_hash")
        with self._writer.change():
            taken = self._connection.execute(_sql.taken, (execution_id,)).fetchone()
            row: int | None = taken[0] if taken and replace and taken[2] == fields["receipt_id"] else None
            if row is None:  # else it says the same
                row = int(self._connection.execute(_statement(execution_id, taken, replace), fields).get)
                self._ledger.seal("receipts", [row])
        return self.get(row)

    def get(self, name: str | int) -> Receipt:
        """By its id or a unique beginning of that, by its execution, or by number. Raises NotFound, UsageError."""
        words = str(name).removeprefix("sha256:")
        number = int(words) if re.fullmatch(r"\d{1,18}", words) else None
        values = {"name": None if isinstance(name, int) else words, "number": number}
        found = self._connection.execute(_sql.by_name, values).fetchall()
        if not found and isinstance(name, str) and re.fullmatch(r"[0-9a-f]{4,63}", words):
            found = self._connection.execute(_sql.between_ids, (words, words + "g")).fetchall()
        if len(found) > 1:
            raise UsageError(f"{name!r} fits several receipts", "write more of the id")
        if not found:
            raise NotFound(f"there is no receipt {name!r}", "`tachograph receipt list` shows them")
        return Receipt(*found[0])

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[Receipt]:
        """Newest first."""
        rows = paging.page(self._connection, _sql.listed, self._where(chosen), ("r.timestamp", "r.id"), limit, past)
        return [Receipt(*row) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def place(self, row: Receipt) -> Place:
        """Where it stands in `list`."""
        return row.timestamp, row.id

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where, status, same = Where(), chosen.get("status"), chosen.get("determinism")
        where.add("r.agent_id GLOB ?", pattern(chosen.get("agent")))
        where.add("r.operation GLOB ?", pattern(chosen.get("operation")))
        where.add("r.status = ?", None if status is None else _WORDS.get(status, status))
        where.add("r.session_id = ?", chosen.get("session"))
        where.add(f"r.session_id IN ({_sql.of_workflow})", chosen.get("workflow"))
        where.add("r.execution_id = ?", chosen.get("execution"))
        where.dated("r.timestamp", begin(chosen.get("days"), chosen.get("since"), clock.now()), chosen.get("until"))
        if same is not None:
            where.add("r.determinism_hash >= ? AND r.determinism_hash <= ?", same, same + "\U0010ffff")
        return where

    def stats(self) -> dict[str, object]:
        """`receipts_total`, how many ended how (`receipts_success`, `_error`, `_partial`, `_cancelled`), the mean
        duration, and the time of the last one; None for both when there are none."""
        rows = {row[0]: row[1:] for row in self._connection.execute(_sql.counts)}
        total = sum(count for count, _, _ in rows.values())
        took = sum(count * mean for count, mean, _ in rows.values())
        return {
            "receipts_total": total,
            **{f"receipts_{name}": rows.get(word, (0,))[0] for name, word in _COUNTED.items()},
            "avg_duration_ms": took / total if total else None,
            "last_receipt": max((last for _, _, last in rows.values()), default=None),
        }


def _statement(execution_id: str, taken: tuple[int, str, str] | None, replace: bool) -> str:
    if taken is None:
        return _sql.add
    if replace or taken[1] == "partial":
        return _sql.change
    raise BadRecord(
        f"the execution {execution_id!r} has a receipt already",
        f"choose another execution id, or see `tachograph receipt show {taken[0]}`",
    )


def body_of(
    receipt: Mapping[str, object] | None, fields: Mapping[str, object], inputs: object, outputs: object
) -> dict[str, object]:
    """What the id of a receipt is the digest of: what was handed in, and the fields over it."""
    body = dict(receipt or {})
    body.update((name, value) for name, value in fields.items() if value is not None)
    given = {"inputs": inputs, "outputs": outputs}
    body.update((name, value) for name, value in given.items() if value is not None)
    if "inputs" in body or "outputs" in body:
        body["determinism_hash"] = receipts.determinism(body.get("inputs"), body.get("outputs"))
    elif not isinstance(body.get("determinism_hash"), str):
        body.pop("determinism_hash", None)
    return body
