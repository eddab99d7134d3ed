"""Words in bytes: the same lines are found as by reading each of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.extract.lines import split
from tachograph.store.plain import lines_with, plain
from tachograph.store.query_words import fold

PIECES = st.sampled_from(["Lock", "lock", "ed", "is", " ", "\t", "\n", "\r\n", ".", "\x1b[1m", "é", "\r", "\b", "\0"])


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=30).map("".join), st.lists(st.sampled_from(["lock", "is", "ed", "k"]), min_size=1))
def test_lines_with_words_are_what_reading_them_finds(text: str, words: list[str]) -> None:
    data = text.encode()
    lowered = plain(data)
    if lowered is None:
        assert set(text) & set("é\r\x1b\b\0"), "what a person reads is no other than the bytes"
        return
    read = {number: fold(line) for number, line in split(data, 0)}
    found = lines_with([word.encode() for word in words], lowered)
    assert [place.line for place in found] == [n for n, line in read.items() if all(word in line for word in words)]
    assert [lowered[begin:end].decode() for _, begin, end in found] == [read[place.line] for place in found]
