"""CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tachograph.formats import as_csv
from tests.hostile import PAYLOADS, controls

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "\n=1",
    "  =1+1",
    "\uff1d1+1",
    '=HYPERLINK("http://evil.example")',
    "\x1b[31m=1+1",
    "\x00=1+1",
    "\u200e=1+1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_begin_with_an_apostrophe(text: str) -> None:
    assert as_csv.cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-1", "+2.5", "-.5", "1e9", "-1.5E-3", "plain", "a=b", "", "x-y"])
def test_numbers_and_plain_words_stay(text: str) -> None:
    assert as_csv.cell(text) == text


def test_values_of_other_kinds() -> None:
    cells = [as_csv.cell(value) for value in (None, -3, 2.5, True, False, {"a": [1]})]
    assert cells == ["", "-3", "2.5", "1", "0", '{"a":[1]}']


def test_a_table_can_be_read_back() -> None:
    rows = [{"a": "x, y", "b": 'say "hi"'}, {"a": "two\nlines", "b": None}]
    text = "".join(as_csv.lines(rows, ["a", "b"]))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], ["x, y", 'say "hi"'], ["two\nlines", ""]]


def test_no_rows_is_a_header() -> None:
    assert "".join(as_csv.lines([], ["a", "b"])) == "a,b\r\n"


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_survives(payload: str) -> None:
    assert controls("".join(as_csv.lines([{"a": payload}], ["a"])).replace("\r\n", "\n")) == []


@given(st.text(max_size=40))
@example("\x08\n")
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = as_csv.cell(text)
    dangerous = cell.lstrip()[:1] in ("=", "+", "-", "@") or cell[:1] in ("\t", "\r", "\n")
    if dangerous:
        float(cell)  # only a number may begin so
