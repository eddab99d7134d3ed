"""How far journals were imported: positions move with the rows, damage is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.store import Store
from tachograph.store.sources import QUARANTINE_BYTES, Source

from .samples import event, opened


def test_a_new_journal_begins_at_zero(store: Store) -> None:
    source = store.sources.get("codex-1.journal", "abc")
    assert source == Source(source.id, None, 0, 0, False, {})
    assert store.sources.get("codex-1.journal", "abc") == source
    assert store.sources.get("codex-1.journal", "another file").id != source.id
    assert store.sources.position("codex-1.journal") == store.sources.position("never seen") == 0


def move(store: Store, source: Source, offset: int, **fields: object) -> None:
    values = {"session": None, "sequence": offset // 10, "seen": offset + 5, "done": False, "state": {"n": offset}}
    store.sources.move(source.id, offset=offset, **{**values, **fields})


def test_a_position_survives(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.events.add(event())
        number = store.sessions.number("codex-1")
        move(store, store.sources.get("j", "f"), 120, session=number, done=True)
    with opened(tmp_path) as again:
        assert again.sources.get("j", "f") == Source(1, number, 120, 12, True, {"n": 120})
        assert again.sources.position("j") == 125


def test_rows_and_position_move_together_or_not_at_all(store: Store) -> None:
    source = store.sources.get("j", "f")
    with store.transaction():
        store.events.add(event(content="one"))
        move(store, source, 10)
    with pytest.raises(RuntimeError), store.transaction():
        store.events.add(event("aider-2", content="two"))
        move(store, source, 20)
        raise RuntimeError("killed")
    assert store.sources.get("j", "f").offset == 10
    assert [one.content for one in store.timeline()] == ["one"]
    assert not store.sessions.exists("aider-2")
    store.events.add(event("aider-2"))
    assert store.check() == []


def test_the_furthest_file_of_a_name_counts(store: Store) -> None:
    move(store, store.sources.get("j", "old"), 500)
    move(store, store.sources.get("j", "new"), 20)
    assert store.sources.position("j") == 505


def test_damage_is_kept_newest_first(store: Store) -> None:
    store.events.add(event())
    source = store.sources.get("j", "f")
    store.sources.quarantine(source.id, 10, 99_999, "checksum", b"x" * 99_999)
    move(store, source, 500, session=store.sessions.number("codex-1"))
    store.sources.quarantine(store.sources.get("k", "f").id, 7, 3, "torn tail", b"abc")
    damage = store.sources.damage()
    assert [(one["journal"], one["session_id"], one["offset"], one["length"], one["reason"]) for one in damage] == [
        ("k", None, 7, 3, "torn tail"), ("j", "codex-1", 10, 99_999, "checksum"),
    ]  # fmt: skip
    assert [one["journal"] for one in store.sources.damage("codex-1")] == ["j"]
    assert [one["journal"] for one in store.sources.damage(limit=1)] == ["k"]
    kept = store.sql("SELECT max(length(data)) FROM _quarantine").rows
    assert kept == [(QUARANTINE_BYTES,)]
