"""What programs printed: bytes come back as they were, lines with their numbers and times."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.errors import NotFound, StoreDamaged, UsageError
from tachograph.records import Line
from tachograph.store import Store
from tachograph.store.output import CHUNK_BYTES, Chunk, LineClock, pack_times, unpack, unpack_times

from .samples import AT, SECOND, event, printed, raw, scratch, session

PIECES = st.lists(
    st.tuples(st.integers(-(1 << 62), (1 << 62) - 1), st.integers(0, 1 << 40)) | st.tuples(st.just(AT), st.just(1)),
    max_size=50,
)


@given(PIECES)
def test_times_come_back_as_they_were(pieces: list[tuple[int, int]]) -> None:
    assert unpack_times(pack_times(pieces)) == pieces


def test_times_of_a_steady_stream_are_small() -> None:
    assert len(pack_times([(AT + n * 1_000_000, 80) for n in range(1000)])) < 6000


WRITES = st.lists(
    st.tuples(
        st.integers(AT, AT + 100),
        st.text(alphabet="ab \n\n\né🤖", max_size=20).map(str.encode) | st.sampled_from([b"\n", b"\xff\n", b"x" * 50]),
    ).filter(lambda piece: piece[1]),
    max_size=20,
)


@settings(max_examples=80)
@given(WRITES, st.sampled_from([7, 20, 64, CHUNK_BYTES]))
def test_bytes_and_lines_come_back_across_chunks(pieces: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(part for _, part in pieces)
    longest = max(map(len, data.splitlines(keepends=True)), default=0)
    with scratch() as store:
        store.sessions.add(session("codex-1"))
        printed(store, "codex-1", *pieces, size=size)
        found = list(store.output.chunks("codex-1"))
        assert b"".join(chunk.data for chunk in found) == data
        assert all(sum(size for _, size in chunk.times) == len(chunk.data) for chunk in found)
        times = [at for chunk in found for at, size in chunk.times for _ in range(size)]
        assert times == [at for at, part in pieces for _ in part]
        if longest > size:
            return  # a line longer than a chunk is read in parts; the next test is about those
        lines = data.decode("utf-8", "replace").split("\n")
        expected = lines if lines[-1] else lines[:-1]
        assert [(line.number, line.text) for line in store.output.lines("codex-1")] == list(enumerate(expected, 1))
        ends = [at for at, byte in zip(times, data, strict=True) if byte == 10] + times[-1:]
        assert [line.at for line in store.output.lines("codex-1")] == ends[: len(expected)]
        assert store.output.streams("codex-1") == ({"stdout": len(expected)} if data else {})
        for first, last in itertools.product((1, 2, len(expected)), (0, 1, 3, len(expected) + 5, None)):
            numbers = [line.number for line in store.output.lines("codex-1", first, last)]
            assert numbers == [n for n in range(1, len(expected) + 1) if n >= first and (last is None or n <= last)]
        for count in (0, 1, 3, 1000):
            tail = store.output.tail("codex-1", count)
            assert [line.text for line in tail] == (expected[-count:] if count else [])


def test_a_line_longer_than_a_chunk_is_there_in_parts(store: Store) -> None:
    printed(store, "codex-1", (AT, b"one\n" + b"x" * 250 + b"\nthree\n"), size=100)
    parts = [line.text for line in store.output.lines("codex-1", 2, 2)]
    assert "".join(parts) == "x" * 250
    assert [line.text for line in store.output.lines("codex-1", 3)] == ["three"]
    assert store.output.tail("codex-1", 1)[0].text == "three"
    assert store.output.streams("codex-1") == {"stdout": 3}


def test_streams_are_kept_apart(store: Store) -> None:
    printed(store, "codex-1", (AT, b"out 1\n"), (AT + 3 * SECOND, b"out 2\n"))
    printed(store, "codex-1", (AT + SECOND, b"err 1\n"), stream=1)
    printed(store, "codex-1", (AT + 2 * SECOND, b"typed"), stream=2)
    assert store.output.streams("codex-1") == {"stdout": 2, "stderr": 1, "input": 1}
    assert [(chunk.stream, chunk.data) for chunk in store.output.chunks("codex-1")] == [
        ("stdout", b"out 1\nout 2\n"), ("stderr", b"err 1\n"), ("input", b"typed"),
    ]  # fmt: skip
    assert [chunk.data for chunk in store.output.chunks("codex-1", "stderr")] == [b"err 1\n"]
    assert list(store.output.chunks("codex-1", "stderr", after=0)) == []
    assert store.output.lines("codex-1", stream="stderr") == [Line(1, "err 1", AT + SECOND)]
    assert store.output.tail("codex-1", 5, "input") == [Line(1, "typed", AT + 2 * SECOND)]


def test_the_last_chunk_grows_in_place(store: Store) -> None:
    store.sessions.add(session("codex-1"))
    number = store.sessions.number("codex-1")
    assert store.output.last(number, 0) is None
    small = Chunk(0, 0, 1, 1, b"a\nb", [(AT, 3)])
    large = Chunk(0, 0, 1, 2, b"a\nbcd\n", [(AT, 3), (AT + 5, 3)])
    for chunk in (small, large):
        with store.transaction():
            store.output.write(number, [chunk])
        assert store.output.last(number, 0) == chunk
    assert [(one.data, one.times) for one in store.output.chunks("codex-1")] == [(b"a\nbcd\n", ((AT, 3), (AT + 5, 3)))]
    assert store.output.tail("codex-1", 1) == [Line(2, "bcd", AT + 5)]


def test_control_sequences_are_kept_in_bytes_and_gone_from_lines(store: Store) -> None:
    printed(store, "codex-1", (AT, b"\x1b[31mred\x1b[0m\r\n10%\r100%\n"))
    assert next(store.output.chunks("codex-1")).data.startswith(b"\x1b[31m")
    assert [line.text for line in store.output.lines("codex-1")] == ["red", "100%"]


def test_errors_say_what_is_missing(store: Store) -> None:
    store.events.add(event())
    for ask in (store.output.lines, store.output.streams, lambda name: store.output.tail(name, 1)):
        with pytest.raises(NotFound):
            ask("codex-9")
    with pytest.raises(NotFound):
        next(store.output.chunks("codex-9"))
    with pytest.raises(UsageError, match="no stream 'sideways'"):
        store.output.lines("codex-1", stream="sideways")
    assert store.output.lines("codex-1") == store.output.tail("codex-1", 3) == []


@pytest.mark.parametrize(
    "damage",
    [b"", b"nonsense", b"\x28\xb5\x2f\xfd\x84" + b"\xff" * 12, b"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hell"],
    ids=["empty", "no zstd", "claims to be huge", "cut short"],
)
def test_a_damaged_chunk_is_an_error_of_the_store(store: Store, damage: bytes) -> None:
    printed(store, "codex-1", (AT, b"hello\n"))
    connection = raw(store.path)
    connection.execute("UPDATE _output SET data = ?", (damage,))
    connection.close()
    for ask in (store.output.lines, lambda name: list(store.output.chunks(name)), lambda name: store.search("hello")):
        with pytest.raises(StoreDamaged, match="chunk of output is damaged"):
            ask("codex-1")
    with pytest.raises(StoreDamaged):
        unpack(damage)


def test_when_a_line_was_complete() -> None:
    clock = LineClock(b"a\nb\nc", [(10, 3), (20, 1), (30, 1)], 5)
    assert [clock.at(line) for line in (5, 6, 7, 99)] == [10, 20, 30, 30]
    assert LineClock(b"", [], 1).at(1) == 0


def test_what_a_part_of_a_transaction_printed_goes_with_it(store: Store) -> None:
    with store.transaction():
        printed(store, "codex-1", (AT, b"needle one\n"))
        with pytest.raises(RuntimeError), store.transaction():
            printed(store, "codex-2", (AT, b"needle two\n"))
            raise RuntimeError("this part fails")
        printed(store, "codex-3", (AT, b"needle three\n"))
    assert [hit.text for hit in store.search("needle").hits] == ["needle three", "needle one"]
    assert not store.sessions.exists("codex-2")
    assert store.check() == []
