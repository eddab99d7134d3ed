"""Words and totals that are written later: whatever happened before they are, they fit what is in the store."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tachograph.store import Store, settling

from .samples import AT, SECOND, event, extraction, opened, session

TOTALS = "SELECT kind, count, first_at, last_at FROM _kind_totals ORDER BY kind"
KNOWN = "SELECT kind, count, first_at, last_at FROM _kind_counts ORDER BY kind"
COUNTED = "SELECT kind, count(*), min(at), max(at) FROM _events GROUP BY kind ORDER BY kind"


def settle(store: Store) -> None:
    with store.transaction():
        store._writer.settle()


def agree(store: Store, words: set[str]) -> None:
    """Totals are those of the events, and each of some words is found once."""
    counted = store._connection.execute(COUNTED).fetchall()
    assert store._connection.execute(TOTALS).fetchall() == store._connection.execute(KNOWN).fetchall() == counted
    for word in words:
        assert len(store.search(word).hits) == 1, word


@pytest.mark.parametrize("seed", range(12))
def test_two_writers_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", 20)
    monkeypatch.setattr(settling, "COUNTED_AFTER", chance.choice([3, 8, 30]))
    words: set[str] = set()

    def some(count: int) -> list[str]:
        fresh = [f"w{len(words) + number}" for number in range(count)]
        words.update(fresh)
        return fresh

    with opened(tmp_path) as one, opened(tmp_path) as other:
        for _ in range(25):
            store = chance.choices([one, other], [6, chance.randint(0, 3)])[0]
            at = AT + chance.randrange(100) * SECOND
            if chance.random() < 0.2:
                store.events.add(event(f"codex-{chance.randint(1, 3)}", content=some(1)[0], at=at))
                continue
            store.extractions.add_many(
                [
                    extraction(f"codex-{chance.randint(1, 3)}", original_line=word, pattern=chance.choice("ab"), at=at)
                    for word in some(chance.randint(1, 9))
                ]
            )
            known, counted = (store._connection.execute(sql).fetchall() for sql in (KNOWN, COUNTED))
            assert known == counted
        settle(one)
        agree(other, words)
        assert one.check() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE _events SET session = (SELECT min(session) FROM _events), seq = seq + 100 WHERE session > 1;"
        "UPDATE _sessions SET last_seq = last_seq + 100 WHERE id = 1",
        "DELETE FROM _events WHERE original_line = 'gone'",
    ],
    ids=["events move to another session", "an event is deleted"],
)
def test_what_was_changed_meanwhile_is_read_again(store: Store, change: str) -> None:
    store.sessions.add(session("codex-1"))
    store.extractions.add_many(
        [extraction("codex-1", original_line="stays"), extraction("codex-1", original_line="gone")]
    )
    store.extractions.add(extraction("codex-2", original_line="other"))
    store._connection.execute(change).fetchall()
    settle(store)
    agree(store, {"stays", "other"})


def test_long_texts_do_not_wait(store: Store) -> None:
    store.events.add(event(content="needle " * (settling.WEIGHT_MAX // 7 + 1)))
    assert settling.settled(store._connection) == 1
    agree(store, {"needle"})
