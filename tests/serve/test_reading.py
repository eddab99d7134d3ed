"""Questions to the store from threads: answered, bounded in time, refused where only reading is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.errors import NotFound, Refused, TooSlow
from tachograph.ingest.opening import open_store
from tachograph.serve.reading import Reading


@pytest.fixture
def reading(home: Path) -> Iterator[Reading]:
    open_store().sessions.create("codex", "one")
    found = Reading(paths.places())
    yield found
    found.close()


def test_questions_are_answered_side_by_side(reading: Reading) -> None:
    async def both() -> list[str]:
        return await asyncio.gather(*(reading.ask(lambda store: store.sessions.get("one").id) for _ in range(20)))

    assert asyncio.run(both()) == ["one"] * 20


def test_what_a_question_raises_arrives(reading: Reading) -> None:
    with pytest.raises(NotFound):
        asyncio.run(reading.ask(lambda store: store.sessions.get("none")))


def test_a_question_that_takes_too_long_is_given_up_and_the_next_is_answered(reading: Reading) -> None:
    def endless(store: object) -> object:
        return (
            reading_connection(store)
            .execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
            .fetchall()
        )

    with pytest.raises(TooSlow, match="longer"):
        asyncio.run(reading.ask(endless, seconds=0.05))
    assert asyncio.run(reading.ask(lambda store: len(store.sessions.list()))) == 1


def reading_connection(store: object) -> object:
    return store._connection  # type: ignore[attr-defined]


def test_changes_are_made_unless_only_reading_is_allowed(reading: Reading, home: Path) -> None:
    made = asyncio.run(reading.change(lambda store: store.memory.set("codex", {"a": 1})))
    assert made.version == 1
    closed = Reading(paths.places(), read_only=True)
    with pytest.raises(Refused, match="only reads"):
        asyncio.run(closed.change(lambda store: store.memory.set("codex", {"a": 2})))
    closed.close()
    assert asyncio.run(reading.ask(lambda store: store.memory.get("codex").version)) == 1


def test_a_stream_comes_piece_by_piece(reading: Reading) -> None:
    async def read() -> list[str]:
        return [piece async for piece in reading.stream(lambda store: (one.id for one in store.sessions.list()))]

    assert asyncio.run(read()) == ["one"]
