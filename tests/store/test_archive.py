"""The archive: whatever is stored, shared, cut, replaced and read in whatever order, bytes come back as they were."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.errors import StoreDamaged
from tachograph.store import Store, archive
from tests.recount import rows

from .samples import scratch

NOTHING_LEFT = "SELECT count(*) FROM _blobs"
UNUSED = (
    "SELECT id FROM _blobs WHERE id NOT IN (SELECT blob FROM _history_parts)"
    " AND id NOT IN (SELECT after FROM _blobs WHERE after IS NOT NULL)"
)


@cache
def text(seed: int, size: int) -> bytes:
    """Lines, some of them long, that repeat what other texts say, too."""
    chance = random.Random(seed)
    pool = [random.Random(number).randbytes(20 + number * number // 4).hex().encode() + b"\n" for number in range(90)]
    data = b"".join(chance.choices(pool, k=size // 1000 + 1))
    return data[:size] + (b"" if seed % 3 else b"\n")


TEXTS = st.builds(text, st.integers(0, 5), st.sampled_from((0, 3, 900, 100_000, 200_000, 900_000)))
ACTS = st.lists(
    st.tuples(st.sampled_from(("append", "append", "replace", "cut")), st.integers(0, 2), TEXTS, st.integers(0, 400)),
    min_size=1,
    max_size=12,
)


@given(ACTS)
@settings(max_examples=25)
def test_files_come_back_whatever_was_done_to_them(
    acts: list[tuple[str, int, bytes, int]],
) -> None:
    with scratch() as store:
        with store.transaction():
            files = [store.histories.begin(f"/{name}", "claude").id for name in "abc"]
        held = dict.fromkeys(files, b"")
        for act, which, data, lines in acts:
            file = files[which]
            with store.transaction():
                if act == "append":
                    store.histories.append(file, data)
                    held[file] += data
                elif act == "replace":
                    store.histories.replace(file, data)
                    held[file] = data
                else:
                    store.histories.cut(file, lines)
                    held[file] = without_last(held[file], lines)
            assert {one: b"".join(store.histories.read(one)) for one in files} == held
            assert rows(store, UNUSED) == []
        with store.transaction():
            for file in files:
                store.histories.replace(file, b"")
        assert rows(store, NOTHING_LEFT) == [(0,)]


def without_last(data: bytes, lines: int) -> bytes:
    """Up to where the last lines begin: those with so many line ends in them."""
    end = len(data)
    for _ in range(lines + 1):
        end = data.rfind(b"\n", 0, end)
        if end < 0:
            break
    return data[: end + 1]


def filled(store: Store, data: bytes) -> list[tuple[int, bytes]]:
    """The parts of a file with the rows they are in."""
    with store.transaction():
        history = store.histories.begin("/a", "claude").id
        store.histories.append(history, data)
    sql = "SELECT blob FROM _history_parts WHERE history = ? ORDER BY number"
    return list(zip([row for (row,) in rows(store, sql, history)], archive.parts(data), strict=True))


def test_parts_that_come_at_once_are_compressed_together() -> None:
    data = text(1, 900_000)
    with scratch() as store:
        parts = filled(store, data)
        assert len(parts) > 4
        ((stored,),) = rows(store, "SELECT sum(length(data)) FROM _blobs")
        alone = [len(zstandard.ZstdCompressor(level=3).compress(part)) for _, part in parts]
        assert stored < 0.7 * sum(alone)


def test_any_part_can_be_read_by_itself() -> None:
    with scratch() as store:
        parts = filled(store, text(2, 900_000))
        contents = archive.Reader(store._connection)
        order = [*reversed(parts), *parts, *random.Random(3).choices(parts, k=30)]
        assert all(contents.read(row) == part for row, part in order)
        assert all(archive.Reader(store._connection).read(row) == part for row, part in parts)
        assert store.check() == []


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "changed": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "nothing of ours": lambda _: b"hello" * 9,
    "empty": lambda _: b"",
    "another": lambda _: zstandard.compress(b"x" * 200_000),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_told(how: str) -> None:
    with scratch() as store:
        parts = filled(store, text(1, 900_000))
        row = parts[1][0]
        ((data,),) = rows(store, "SELECT data FROM _blobs WHERE id = ?", row)
        rows(store, "UPDATE _blobs SET data = ? WHERE id = ?", DAMAGE[how](data), row)
        assert store.check() == ["/a cannot be given back as it was: a part of it is damaged"]
        contents = archive.Reader(store._connection)
        assert contents.read(parts[0][0]) == parts[0][1]
        for which in (1, 2, 1):
            with pytest.raises(StoreDamaged):
                contents.read(parts[which][0])
        assert contents.read(parts[0][0]) == parts[0][1]


def test_what_says_that_it_comes_after_itself_is_damage() -> None:
    with scratch() as store:
        parts = filled(store, text(1, 900_000))
        for before in (parts[2][0], parts[1][0], 10**9):
            rows(store, "PRAGMA foreign_keys = OFF")
            rows(store, "UPDATE _blobs SET after = ? WHERE id = ?", before, parts[1][0])
            with pytest.raises(StoreDamaged):
                archive.Reader(store._connection).read(parts[2][0])


def test_a_content_of_another_size_than_it_says_is_damage() -> None:
    with scratch() as store:
        ((row, _), *_) = filled(store, text(1, 900_000))
        for size in (1, 10**12, -1):
            rows(store, "UPDATE _blobs SET bytes = ? WHERE id = ?", size, row)
            with pytest.raises(StoreDamaged):
                archive.Reader(store._connection).read(row)
