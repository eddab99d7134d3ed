"""What a damaged journal still gives: everything the damage did not touch."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.journal import frame
from tachograph.journal.reader import Damage, Record, read

SHARED_FOLDER = settings(max_examples=300)
KINDS = [bytes([kind]) for kind in frame.KINDS]

plain = st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"\0" * 40, b"x" * 7, b"x" * 32, b"y" * 300]))
bodies = st.one_of(
    plain,
    # What somebody sees who prints a journal while being recorded.
    st.lists(st.binary(max_size=9), min_size=1, max_size=3).map(
        lambda parts: b"".join(frame.encode(b"O", 1, part, number) for number, part in enumerate(parts, 1))
    ),
)
journals = st.lists(st.tuples(st.sampled_from(KINDS), bodies), min_size=1, max_size=12)
# A cut may leave a printed journal standing where ours should go on; nothing in the bytes tells them apart then.
plain_journals = st.lists(st.tuples(st.sampled_from(KINDS), plain), min_size=1, max_size=12)


def frames(records: list[tuple[bytes, bytes]]) -> list[bytes]:
    return [frame.encode(kind, 1000 + n, body, n) for n, (kind, body) in enumerate(records, 1)]


def read_all(path: Path, limit: int = 1 << 20, finished: bool = True) -> tuple[list[Record], list[Damage]]:
    """Call read() until it has no more, and fail when it does not get there."""
    records: list[Record] = []
    damage: list[Damage] = []
    offset = sequence = 0
    for _ in range(20_000):
        batch = read(str(path), offset, sequence, limit, finished=finished)
        records += batch.records
        damage += batch.damage
        assert batch.offset >= offset
        if batch.done or (not finished and batch.offset == offset):
            return records, damage
        assert batch.offset > offset, "neither done nor moving"
        offset, sequence = batch.offset, batch.sequence
    raise AssertionError("the reader never came to the end")


def numbers(records: list[Record]) -> list[int]:
    return [record.sequence for record in records]


@SHARED_FOLDER
@given(journals, st.integers(1, 200))
def test_what_was_written_is_read(tmp_path: Path, records: list[tuple[bytes, bytes]], limit: int) -> None:
    path = tmp_path / "j"
    path.write_bytes(b"".join(frames(records)))
    found, damage = read_all(path, limit)
    assert [r[:4] for r in found] == [(kind, 1000 + n, body, n) for n, (kind, body) in enumerate(records, 1)]
    assert all(path.read_bytes().startswith(frame.encode(*r[:4]), r.offset) for r in found)
    assert not damage


@SHARED_FOLDER
@given(journals, st.data(), st.sampled_from([25, 64, 1 << 20]))
def test_a_flipped_bit_costs_one_record(
    tmp_path: Path, records: list[tuple[bytes, bytes]], data: st.DataObject, limit: int
) -> None:
    whole = frames(records)
    raw = bytearray(b"".join(whole))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    ends = list(itertools.accumulate(len(one) for one in whole))
    hit = next(n for n, end in enumerate(ends, 1) if bit // 8 < end)
    path = tmp_path / "j"
    path.write_bytes(raw)
    found, damage = read_all(path, limit)
    kept = [number for number in numbers(found) if found[numbers(found).index(number)].at == 1000 + number]
    assert kept == [n for n in range(1, len(records) + 1) if n != hit]
    assert damage
    assert sum(one.length for one in damage) <= len(whole[hit - 1])


@SHARED_FOLDER
@given(plain_journals, st.data())
def test_a_cut_costs_the_records_it_touches(
    tmp_path: Path, records: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    whole = frames(records)
    raw = b"".join(whole)
    start = data.draw(st.integers(0, len(raw)))
    stop = data.draw(st.integers(start, len(raw)))
    path = tmp_path / "j"
    path.write_bytes(raw[:start] + raw[stop:])
    found, _ = read_all(path)
    ends = list(itertools.accumulate(len(one) for one in whole))
    begins = [0, *ends[:-1]]
    untouched = [n for n, (a, b) in enumerate(zip(begins, ends, strict=True), 1) if b <= start or a >= stop]
    assert [n for n in numbers(found) if n in untouched] == untouched


@SHARED_FOLDER
@given(st.binary(max_size=3000), st.booleans(), st.integers(1, 100))
def test_any_bytes_come_to_an_end(tmp_path: Path, raw: bytes, finished: bool, limit: int) -> None:
    path = tmp_path / "j"
    path.write_bytes(raw)
    _, damage = read_all(path, limit, finished)
    assert sum(one.length for one in damage) <= len(raw)


@SHARED_FOLDER
@given(plain_journals, st.integers(1, 40))
def test_a_live_tail_waits_and_a_finished_one_is_damage(
    tmp_path: Path, records: list[tuple[bytes, bytes]], missing: int
) -> None:
    whole = frames(records)
    raw = b"".join(whole)
    missing = min(missing, len(whole[-1]) - 1)
    path = tmp_path / "j"
    path.write_bytes(raw[:-missing])
    batch = read(str(path), 0, 0, finished=False)
    assert numbers(batch.records) == list(range(1, len(records)))
    assert not batch.damage
    assert not batch.done
    ended = read(str(path), batch.offset, batch.sequence, finished=True)
    assert sum(one.length for one in ended.damage) == len(whole[-1]) - missing
    path.write_bytes(raw)
    more = read(str(path), batch.offset, batch.sequence, finished=False)
    assert numbers(more.records) == [len(records)]


def test_a_printed_journal_inside_a_damaged_record_is_not_taken_for_ours(tmp_path: Path) -> None:
    inner = b"".join(frame.encode(b"O", 7, b"foreign", n) for n in range(1, 60))
    whole = [frame.encode(b"O", 1, body, n) for n, body in enumerate([b"a", inner, b"b", b"c"], 1)]
    raw = bytearray(b"".join(whole))
    raw[len(whole[0])] ^= 0x40  # the length: only searching helps
    path = tmp_path / "j"
    path.write_bytes(raw)
    found, _ = read_all(path)
    assert [(record.sequence, record.body) for record in found] == [(1, b"a"), (3, b"b"), (4, b"c")]


def test_a_wrong_length_does_not_lead_into_a_later_record(tmp_path: Path) -> None:
    inner = frame.encode(b"O", 7, b"foreign", 1) + frame.encode(b"O", 7, b"foreign", 2)
    begin = len(frame.encode(b"O", 7, b"foreign", 1)) + frame.BODY_AT  # of the second, in a record around it
    second = frame.encode(b"O", 1, b"y" * (256 - frame.BODY_AT - begin), 2)
    whole = [frame.encode(b"O", 1, b"", 1), second, frame.encode(b"O", 1, inner, 3), frame.encode(b"O", 1, b"b", 4)]
    raw = bytearray(b"".join(whole))
    raw[1] ^= 1  # 256 more: the end of the first is where the foreign second begins
    path = tmp_path / "j"
    path.write_bytes(raw)
    found, damage = read_all(path)
    assert [(record.sequence, record.at) for record in found] == [(2, 1), (3, 1), (4, 1)]
    assert sum(one.length for one in damage) == len(whole[0])


def test_a_piece_left_behind_by_a_failed_write_costs_nothing(tmp_path: Path) -> None:
    whole = [frame.encode(b"O", 1, b"x" * 100, n) for n in range(1, 4)]
    path = tmp_path / "j"
    path.write_bytes(whole[0] + whole[1][:60] + whole[1] + whole[2])
    found, damage = read_all(path)
    assert numbers(found) == [1, 2, 3]
    assert [(one.offset, one.length) for one in damage] == [(len(whole[0]), 60)]


def test_a_copied_record_is_not_read_twice(tmp_path: Path) -> None:
    whole = [frame.encode(b"O", 1, b"x", n) for n in range(1, 4)]
    path = tmp_path / "j"
    path.write_bytes(whole[0] + whole[1] + whole[0] + whole[2])
    found, damage = read_all(path)
    assert numbers(found) == [1, 2, 3]
    assert [one.reason for one in damage] == ["record 1 again"]


def test_missing_records_are_reported(tmp_path: Path) -> None:
    whole = [frame.encode(b"O", 1, b"x", n) for n in range(1, 6)]
    path = tmp_path / "j"
    path.write_bytes(whole[0] + whole[4])
    found, damage = read_all(path)
    assert numbers(found) == [1, 5]
    assert damage == [Damage(len(whole[0]), 0, "3 records missing", b"")]


def test_a_kind_of_a_later_version_is_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(frame.encode(b"Z", 5, b"?", 1))
    assert read(str(path), 0, 0, finished=True).records == [Record(b"Z", 5, b"?", 1, 0)]


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"O", (5 << 20).to_bytes(4, "little")])
def test_megabytes_of_damage_are_stepped_over(tmp_path: Path, filler: bytes) -> None:
    path = tmp_path / "j"
    rest = frame.encode(b"O", 1, b"after", 2)
    path.write_bytes(frame.encode(b"O", 1, b"x", 1) + filler * (3_000_000 // len(filler)) + rest)
    found, damage = read_all(path)
    assert numbers(found) == [1, 2]
    assert sum(one.length for one in damage) == 3_000_000


def test_a_record_longer_than_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "j"
    body = bytes(range(256)) * 20_000
    path.write_bytes(frame.encode(b"O", 1, b"x", 1) + frame.encode(b"O", 1, body, 2))
    found, damage = read_all(path, limit=100)
    assert [len(record.body) for record in found] == [1, len(body)]
    assert not damage


def test_a_file_that_grows_while_it_is_read_as_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    path.write_bytes(frame.encode(b"O", 1, b"x", 1))
    fstat = os.fstat

    def grow(fd: int) -> os.stat_result:
        state = fstat(fd)
        with path.open("ab") as file:
            file.write(frame.encode(b"O", 1, b"y" * 5, 2))
        return state

    monkeypatch.setattr(os, "fstat", grow)
    batch = read(str(path), 0, 0, finished=True)
    assert numbers(batch.records) == [1]
    assert not batch.damage
