"""JSON as an array, as lines, as one value."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tachograph.formats import as_json

ROWS = [{"id": 1, "text": "ä"}, {"id": 2, "text": None}, {"id": 3, "nested": {"a": [1, 2.5, True]}}]


def test_an_array_is_one_document() -> None:
    assert json.loads("".join(as_json.array(ROWS))) == ROWS
    assert json.loads("".join(as_json.array(ROWS[:1]))) == ROWS[:1]


def test_an_empty_array() -> None:
    assert "".join(as_json.array([])) == "[]\n"


def test_lines_are_a_document_each() -> None:
    text = "".join(as_json.lines(ROWS))
    assert [json.loads(line) for line in text.splitlines()] == ROWS


def test_half_characters_are_written_as_escapes() -> None:
    written = as_json.value({"text": "a\udc9bb"})
    assert written.isascii()
    assert json.loads(written) == {"text": "a\udc9bb"}


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none()))
def test_what_is_written_is_what_is_read(row: dict[str, object]) -> None:
    written = as_json.value(row)
    assert json.loads(written) == row
    assert "\n" not in written
