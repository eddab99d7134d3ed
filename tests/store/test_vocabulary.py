"""Words of the ledger: the documented ones are there and stay, others can be added and taken back."""

from __future__ import annotations

import pytest

from tachograph.errors import BadRecord, NotFound, Refused, UsageError
from tachograph.store import Store
from tachograph.store.vocabulary import KINDS


def test_every_vocabulary_of_the_schema_is_known(store: Store) -> None:
    for kind, (_, documented) in KINDS.items():
        assert {one.word for one in store.vocabulary.list(kind)} == documented
    sql = 'SELECT DISTINCT "table" FROM sqlite_schema s, pragma_foreign_key_list(s.name) WHERE "to" = \'word\''
    tables = {row[0] for row in store._connection.execute(sql)}
    assert tables == {table for table, _ in KINDS.values()}


def test_a_word_of_ones_own(store: Store) -> None:
    with pytest.raises(BadRecord, match=r"receipts\.operation: .* none of the words") as refused:
        store.receipts.add("exec-1", "a", "deploy", "passed")
    assert "tachograph db vocabulary add" in refused.value.hint
    assert store.vocabulary.add("operation", "deploy") and not store.vocabulary.add("operation", "deploy")
    assert [one.word for one in store.vocabulary.list("operation") if one.added] == ["deploy"]
    store.receipts.add("exec-1", "a", "deploy", "passed")
    with pytest.raises(Refused, match="there are rows"):
        store.vocabulary.remove("operation", "deploy")
    store.vocabulary.add("stage", "μ₆_publish")
    store.stages.add("exec-1", "μ₆_publish", 1, "passed")
    store.vocabulary.add("audit-status", "paused")
    store.vocabulary.remove("audit-status", "paused")
    assert [entry.operation for entry in store.audit.list(agent="tachograph")] == [
        "vocabulary remove", *["vocabulary add"] * 3,
    ]  # fmt: skip
    assert store.ledger.verify().sound and store.check() == []


def test_words_that_are_documented_stay(store: Store) -> None:
    with pytest.raises(Refused, match="documented"):
        store.vocabulary.remove("receipt-status", "passed")
    with pytest.raises(NotFound):
        store.vocabulary.remove("operation", "never")


@pytest.mark.parametrize("word", ["", "a b", "a\nb", "x" * 61, "\x1b[31m"])
def test_what_is_no_word(store: Store, word: str) -> None:
    with pytest.raises(BadRecord):
        store.vocabulary.add("operation", word)


def test_a_kind_that_is_none(store: Store) -> None:
    for call in (store.vocabulary.list, lambda kind: store.vocabulary.add(kind, "x")):
        with pytest.raises(UsageError, match="receipts"):
            call("receipts")  # type: ignore[operator]
