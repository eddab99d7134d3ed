"""The words that columns of the ledger may have. Those that were documented stay; anybody may add some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tachograph.errors import BadRecord, NotFound, Refused, UsageError
from tachograph.store import queries
from tachograph.store.audit import Audit
from tachograph.store.writer import Writer

_sql = queries.load("vocabulary")
_LONGEST = 60
KINDS: dict[str, tuple[str, frozenset[str]]] = {
    kind: (table, frozenset(words.split()))
    for kind, table, words in (
        ("operation", "_operations", "validation generation normalization extraction emission canonicalization receipt"
         " dry_run watch session"),
        ("stage", "_stages", "μ₁_normalize μ₂_extract μ₃_emit μ₄_canonicalize μ₅_receipt"),
        ("receipt-status", "_receipt_statuses", "passed failed partial cancelled success error"),
        ("audit-status", "_audit_statuses", "started completed failed skipped retry"),
        ("workflow-status", "_workflow_statuses", "running completed failed cancelled"),
        ("stage-status", "_stage_statuses", "passed failed"),
        ("collision-type", "_collision_types", "file_conflict memory_conflict semantic_overlap structural_overlap"),
        ("collision-severity", "_collision_severities", "info warning critical"),
        ("slo-severity", "_slo_severities", "warning critical"),
    )
}  # fmt: skip


class Word(NamedTuple):
    kind: str
    word: str
    added: bool  # not one of the documented ones


class Vocabulary:
    """`store.vocabulary`"""

    def __init__(self, writer: Writer, audit: Audit) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._audit = audit

    def list(self, kind: str | None = None) -> Sequence[Word]:
        """All words, or those of one kind. Raises UsageError when there is no such kind."""
        chosen = KINDS if kind is None else {kind: _of(kind)}
        return [
            Word(name, word, word not in known)
            for name, (table, known) in chosen.items()
            for (word,) in self._connection.execute(_sql.words.format(words=table))
        ]

    def add(self, kind: str, word: str) -> bool:
        """Allow one more; False when it was allowed already. Noted in the audit log. Raises UsageError, BadRecord."""
        table, _ = _of(kind)
        if not word or len(word) > _LONGEST or not word.isprintable() or word != "".join(word.split()):
            raise BadRecord(f"{word!r} is no word", f"use up to {_LONGEST} characters without blanks")
        with self._writer.change():
            added = self._connection.execute(_sql.add.format(words=table), (word,)).get is not None
            if added:
                self._note("vocabulary add", kind, word)
        return added

    def remove(self, kind: str, word: str) -> None:
        """Allow one less. Raises NotFound, Refused: it is documented, or a row has it."""
        table, documented = _of(kind)
        if word in documented:
            raise Refused(f"{word} is one of the documented words", "only words that were added can be removed")
        try:
            with self._writer.change():
                if self._connection.execute(_sql.remove.format(words=table), (word,)).get is None:
                    raise NotFound(f"{word!r} is no {kind}", "`tachograph db vocabulary list` shows them")
                self._note("vocabulary remove", kind, word)
        except BadRecord as error:
            raise Refused(f"there are rows with the {kind} {word!r}", "remove or change them first") from error

    def _note(self, operation: str, kind: str, word: str) -> None:
        self._audit.add("tachograph", operation, "completed", operation_type="recorder", details=f"{kind} {word}")


def _of(kind: str) -> tuple[str, frozenset[str]]:
    if kind not in KINDS:
        raise UsageError(f"there are no words for {kind!r}", f"name one of {', '.join(KINDS)}")
    return KINDS[kind]
