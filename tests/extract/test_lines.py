"""Terminal bytes → clean lines: escape sequences, rewritten lines, screens, and numbers that lead back to the bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.extract.lines import split


def texts(raw: bytes) -> list[str]:
    return [text for _, text in split(raw, 1)]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (b"plain\n", ["plain"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\r\nb", ["a", "b"]),
        (b"\x1b[1;31mred\x1b[0m and \x1b[38;5;231mmore\x1b[m\n", ["red and more"]),
        (b"\x1b[38:2::1:2:3mcolon\x1b[0m\n", ["colon"]),
        (b"\x1b]0;title\x07text\n", ["text"]),
        (b"\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\\n", ["link"]),
        (b"\x1bP1;2|sixel\x1b\\after\n", ["after"]),
        (b"\x1b_Gf=100;AAAA\x1b\\after\n", ["after"]),
        (b"\xc2\x90never ends\nerror: x\n\xc2\x9c\n", ["never ends", "error: x", ""]),
        (b"\x1b(B\x1b)0\x1b=\x1b>text\n", ["text"]),
        (b"\x1b[?25l\x1b[?2004htext\x1b[?25h\n", ["text"]),
        (b"\x1b[>4;1m\x1b[<u\x1b[=1;1utext\n", ["text"]),
        (b"\x1b[6ntext\x1b[c\x1b[4 q\x1b[!p\n", ["text"]),
        (b"bell\x07 null\x00 del\x7f\n", ["bell null del"]),
        (b"tab\tstays\n", ["tab\tstays"]),
        (b"10%\r50%\r100%\n", ["100%"]),
        (b"\tdone\rfoo\n", ["foo     done"]),
        (b"long text here\rab\tc\n", ["abng texc here"]),
        (b"ab\b\b\tc\n", ["ab      c"]),
        (b"\t\bx\n", ["       x"]),
        (b"a\tb\x1b[0m\x1b[C\tc\n", ["a\tb \tc"]),
        (b"a\tb\x1b[2K\rc\td\r\n", ["c\td"]),
        (b"fetched\x1b[K.\r\x1b[m\n", ["fetched."]),
        (b"longer line\rshort\n", ["shortr line"]),
        (b"longer line\r\x1b[Kshort\n", ["short"]),
        (b"longer line\x1b[2K\x1b[1Gshort\n", ["short"]),
        (b"\x1b[2K\x1b[1Gone\r\x1b[2K\x1b[1Gtwo\r\n", ["two"]),
        (b"abcdef\x1b[3Dxy\n", ["abcxyf"]),
        (b"abcdef\x1b[3G\x1b[K\n", ["ab"]),
        (b"abc\x1b[3Cd\n", ["abc   d"]),
        (b"abc\rX\n", ["Xbc"]),
        (b"abd\bc\n", ["abc"]),
        (b"N\bNA\bAM\bME\bE\n", ["NAME"]),
        (b"\b\bx\n", ["x"]),
        (b"abc\x1b[2D\x1b[P\n", ["ac"]),
        (b"ac\x1b[1D\x1b[@b\n", ["abc"]),
        (b"abc\x1b[3D\x1b[2X\n", ["  c"]),
        (b"-\x1b[9b\n", ["-" * 10]),
        (b"caf\xc3\xa9 \xe2\x8f\xba\n", ["café ⏺"]),
        (b"bad \xff\xfe bytes\n", ["bad \ufffd\ufffd bytes"]),
        (b"\xc2\x9b31mred\xc2\x9b0m\n", ["red"]),
        (b"\x9b31mred\x9b0m\n", ["red"]),
        (b"\xc2\x9d0;title\x07text\n", ["text"]),
        (b"\x9d0;title\x07text\n", ["text"]),
        (b"broken \x1b[3", ["broken "]),
        (b"broken \x1b", ["broken "]),
        (b"\x1b[8mha:AAAA==\x1b[0mJenkins\n", ["Jenkins"]),
        (b"\x1b[01m\x1b[Kbold\x1b[m\x1b[K\n", ["bold"]),
        (b"", []),
        (b"\n\n", ["", ""]),
    ],
)
def test_what_a_line_finally_shows(raw: bytes, clean: list[str]) -> None:
    assert texts(raw) == clean


def test_continuation_bytes_that_look_like_controls_are_text() -> None:
    raw = "Л⛛ߛ\n".encode()
    assert b"\x9b" in raw
    assert texts(raw) == ["Л⛛ߛ"]


def test_a_screen_gives_a_segment_per_row_under_one_number() -> None:
    raw = b"\x1b[?1049h\x1b[H\x1b[2Jfirst\x1b[2;1Hsecond\x1b[2;20Hright\x1b[5;3Hfifth\n"
    found = split(raw, 7)
    assert {number for number, _ in found} == {7}
    assert [text for _, text in found if text] == ["first", "second             right", "fifth"]


def test_a_redrawn_frame_shows_by_its_number_coming_twice() -> None:
    found = split(b"one\n\x1b[1A\x1b[2Ktwo\n", 1)
    assert found == [(1, "one"), (2, ""), (2, "two")]


def test_a_progress_bar_is_one_line() -> None:
    raw = b"".join(b"\r%3d%% [%s]" % (n, b"=" * (n // 2)) for n in range(101)) + b"\ndone\n"
    assert split(raw, 1) == [(1, f"100% [{'=' * 50}]"), (2, "done")]


def test_a_spinner_is_one_line() -> None:
    frame = "\x1b[2K\x1b[1G\x1b[35m{}\x1b[39m Thinking… ({}s)\r"
    raw = "".join(frame.format("⠋⠙⠹"[n % 3], n) for n in range(500)).encode() + b"\n"
    assert split(raw, 1) == [(1, "⠙ Thinking… (499s)")]


def test_long_lines_are_bounded() -> None:
    assert [len(text) for text in texts(b"a" * 200_000 + b"\nb\n")] == [65_536, 1]
    assert [len(text) for text in texts(b"x\r" + b"a" * 200_000 + b"\n")] == [65_536]
    assert [len(text) for text in texts(b"x\x1b[5G" + b"a" * 200_000 + b"\n")] == [65_536]


def test_hostile_sequences_cost_little_memory() -> None:
    assert len(texts(b"\x1b[999999999C" + b"x" * 10 + b"\x1b[999999999b\n")[0]) <= 65_536
    assert len(texts(b"a" * 5000 + b"\x1b[1G" + b"\x1b[999999@" * 1000 + b"\n")[0]) <= 65_536


PIECES = st.sampled_from(
    b"a|error: x|\n|\r|\r\n|\b|\x1b|[31m|[2K|[1A|[5;1H|]0;t\x07|\x9b|\xc2\x9b|\xe2\x8f\xba|\xff|\x07|"
    b"\x1b[?1049h|\x1bP|\x1b\\| |\t".split(b"|")
)


@given(st.lists(PIECES, max_size=60).map(b"".join), st.integers(1, 10**9))
def test_numbers_count_line_feeds(raw: bytes, first: int) -> None:
    found = split(raw, first)
    numbers = [number for number, _ in found]
    assert numbers == sorted(numbers)
    ends = raw.count(b"\n") + (bool(raw) and not raw.endswith(b"\n"))
    assert set(numbers) <= set(range(first, first + ends))
    assert not [text for _, text in found if re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]", text)]


@given(st.lists(st.lists(PIECES.filter(lambda piece: b"\n" not in piece), max_size=6), max_size=8))
def test_whole_lines_may_be_cut_anywhere(rows: list[list[bytes]]) -> None:
    blocks = [b"".join(row) + b"\n" for row in rows]
    number, apart = 1, []
    for block in blocks:
        apart += split(block, number)
        number += block.count(b"\n")
    assert apart == split(b"".join(blocks), 1)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=200))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert split(text.encode() + b"\n", 1) == [(1, text)]
