"""Tables fit the terminal, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tachograph.formats import human, table
from tachograph.formats.table import Cell, Column
from tests.hostile import PAYLOADS, controls

COLUMNS = [Column("ID"), Column("N", right=True), Column("TEXT", stretch=True)]


def test_columns_are_aligned() -> None:
    lines = list(table.fitted(COLUMNS, [["a", 1, "x"], ["bbb", 22, "yy"]]))
    assert lines == ["ID    N  TEXT\n", "a     1  x\n", "bbb  22  yy\n"]


def test_wide_text_is_cut_to_the_width() -> None:
    lines = list(table.fitted(COLUMNS, [["a", 1, "word " * 40]], width=40))
    assert all(human.columns(line.rstrip("\n")) <= 40 for line in lines)
    assert lines[1].endswith("…\n")


def test_columns_without_content_are_left_out() -> None:
    assert list(table.fitted([Column("A"), Column("B")], [["x", None], ["y", ""]])) == ["A\n", "x\n", "y\n"]


def test_colours_are_ours_and_do_not_count_as_width() -> None:
    plain = list(table.fitted(COLUMNS, [[Cell("a", "31"), 1, "x"]]))
    coloured = list(table.fitted(COLUMNS, [[Cell("a", "31"), 1, "x"]], colour=True))
    assert "\x1b" not in "".join(plain)
    assert coloured[1] == "\x1b[31ma\x1b[0m   1  x\n"


def test_no_payload_survives() -> None:
    rows = [[payload, payload] for payload in PAYLOADS.values()]
    columns = [Column("A", stretch=True), Column("B", stretch=True)]
    assert controls("".join(table.fitted(columns, rows))) == []
    assert controls("".join(table.separated(["a", "b"], rows))) == []


def test_tab_separated_rows_keep_their_cells_apart() -> None:
    lines = list(table.separated(["a", "b"], [["one\ttwo", "three\nfour"], [None, {"x": 1}]]))
    assert lines == ["a\tb\n", "one two\tthree four\n", '\t{"x":1}\n']


@given(st.lists(st.lists(st.text(max_size=60), min_size=2, max_size=2), max_size=5), st.integers(30, 120))
def test_never_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    columns = [Column("A", stretch=True), Column("B", stretch=True)]
    for line in table.fitted(columns, rows, width):
        assert human.columns(line.rstrip("\n")) <= width
