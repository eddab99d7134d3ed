"""Stages of pipelines: how long each took, what went in and came out, how it ended."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

import msgspec

from tachograph.errors import BadRecord, NotFound
from tachograph.records import StageMetric
from tachograph.store import given, paging, queries
from tachograph.store.filters import Where, check_names, pattern
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.receipts import Receipts
from tachograph.store.writer import Writer

_sql = queries.load("stages")
STAGES = ("μ₁_normalize", "μ₂_extract", "μ₃_emit", "μ₄_canonicalize", "μ₅_receipt")  # that every store knows
_LETTERS = r"(?:μ|mu|m|u)"


class Filters(TypedDict, total=False):
    """What stages are picked by. `agent` (of the receipt) and `stage` are globs, `stage` any spelling too; times in ns;
    `workflow`: of executions of its sessions."""

    execution: str | None
    stage: str | None
    status: str | None
    agent: str | None
    since: int | None
    until: int | None
    workflow: str | None


class Stages:
    """`store.stages`"""

    def __init__(self, writer: Writer, ledger: Ledger, receipts: Receipts) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger
        self._receipts = receipts

    def add(
        self,
        execution_id: str,
        stage: str,
        duration_ms: int,
        status: str = "passed",
        *,
        input_size_bytes: int | None = None,
        output_size_bytes: int | None = None,
        error_message: str | None = None,
        agent_id: str = "pipeline",
        operation: str = "generation",
        session_id: str | None = None,
        timestamp: int | None = None,
    ) -> StageMetric:
        """One stage, sealed; `timestamp` in ns, now without it. `stage` as `named` takes it.

        An execution without a receipt gets one with the status partial first, from the last words.
        Raises BadRecord: a word is missing, or one that the store does not know.
        """
        metric = StageMetric(
            execution_id, named(stage, self.words()), duration_ms, status, input_size_bytes, output_size_bytes,
            error_message or None, given.moment(timestamp),
        )  # fmt: skip
        fields = msgspec.structs.asdict(metric)
        given.words(fields, ("execution_id",), "a stage belongs to an execution")
        given.counts(fields, ("duration_ms", "input_size_bytes", "output_size_bytes"))
        with self._writer.change():
            self.announce(execution_id, agent_id, operation, session_id=session_id, timestamp=timestamp)
            row = self._connection.execute(_sql.add, fields).get
            self._ledger.seal("pipeline_metrics", [row])
        return self.get(row)

    def announce(
        self,
        execution_id: str,
        agent_id: str = "pipeline",
        operation: str = "generation",
        *,
        session_id: str | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Inside a transaction: an execution that has no receipt gets one with the status partial."""
        if self._connection.execute(_sql.has_receipt, (execution_id,)).get is None:
            self._receipts.add(execution_id, agent_id, operation, "partial", session_id=session_id, timestamp=timestamp)

    def get(self, number: int) -> StageMetric:
        """Raises NotFound."""
        found = self._connection.execute(_sql.by_id, (number,)).fetchone()
        if found is None:
            raise NotFound(f"there is no stage {number}", "`tachograph stage list` shows them")
        return StageMetric(*found)

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[StageMetric]:
        """Newest first."""
        rows = paging.page(self._connection, _sql.listed, self._where(chosen), ("p.timestamp", "p.id"), limit, past)
        return [StageMetric(*row) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def place(self, row: StageMetric) -> Place:
        """Where it stands in `list`."""
        return row.timestamp, row.id

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where = Where()
        where.add("p.execution_id = ?", chosen.get("execution"))
        where.add("p.stage GLOB ?", self.glob(chosen.get("stage")))
        where.add("p.status = ?", chosen.get("status"))
        where.add("r.agent_id GLOB ?", pattern(chosen.get("agent")))
        where.add(f"r.session_id IN ({_sql.of_workflow})", chosen.get("workflow"))
        where.dated("p.timestamp", chosen.get("since"), chosen.get("until"))
        return where

    def glob(self, stage: str | None) -> str | None:
        """Which stages are meant, for SQL: a spelling means its name, anything else is a glob; None means all."""
        try:
            return None if stage is None else named(stage, self.words())
        except BadRecord:
            return pattern(stage)

    def words(self) -> Sequence[str]:
        """The names a stage may have; `tachograph db vocabulary add stage NAME` adds one."""
        return [row[0] for row in self._connection.execute(_sql.words)]


def named(word: str, known: Iterable[str] = STAGES) -> str:
    """The stage that `word` means: `μ₁_normalize` itself, or without Greek: `m1_normalize` (or mu1, u1), `normalize`,
    `m1`, `1`. Raises BadRecord when it means none of `known`."""
    known = list(known)
    if word in known:
        return word
    plain = _plain(str(word))
    for name in known:
        if plain in _spellings(name):
            return name
    raise BadRecord(
        f"{word!r} is no stage",
        f"stages are {', '.join(known)}; `tachograph db vocabulary add stage NAME` adds another",
    )


def _plain(word: str) -> str:
    """Subscripts as digits, the sign for micro as the letter, small."""
    return unicodedata.normalize("NFKC", word.strip()).lower()


def _spellings(name: str) -> set[str]:
    whole = _plain(name)
    found = re.fullmatch(rf"{_LETTERS}(\d+)_(\w+)", whole)
    if found is None:
        return {whole}
    number, rest = found.groups()
    heads = [f"{letter}{number}" for letter in ("μ", "mu", "m", "u")]
    return {number, rest, *heads, *(f"{head}_{rest}" for head in heads)}
