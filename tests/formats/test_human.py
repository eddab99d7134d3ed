"""Numbers as people read them."""

from __future__ import annotations

import pytest

from tachograph.clock import DAY, HOUR, MINUTE, SECOND
from tachograph.formats import human


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, ""),
        (0, "0ms"),
        (42_000_000, "42ms"),
        (400_000_000, "0.4s"),
        (12 * SECOND, "12s"),
        (4 * MINUTE + 12 * SECOND, "4m12s"),
        (HOUR + 2 * MINUTE, "1h02m"),
        (3 * DAY + 4 * HOUR, "3d04h"),
        (-5, "0ms"),
    ],
)
def test_how_long(ns: int | None, text: str) -> None:
    assert human.took(ns) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [(0, "now"), (40 * SECOND, "40s ago"), (12 * MINUTE, "12m ago"), (3 * HOUR, "3h ago"), (5 * DAY, "5d ago")],
)
def test_how_long_ago(past: int, text: str) -> None:
    now = 1_800_000_000 * SECOND
    assert human.ago(now - past, now) == text


def test_long_ago_is_a_date_and_the_future_is_a_moment() -> None:
    now = 1_800_000_000 * SECOND
    assert human.ago(now - 30 * DAY, now) == "2026-12-16"
    assert human.ago(now + HOUR, now) == human.moment(now + HOUR)


@pytest.mark.parametrize(
    ("count", "text"), [(812, "812 B"), (1400, "1.4 kB"), (212_000_000, "212 MB"), (3.5e12, "3.5 TB")]
)
def test_how_big(count: float, text: str) -> None:
    assert human.size(count) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(7 * SECOND, "0:07"), (14 * MINUTE + 54 * SECOND, "14:54"), (HOUR + 12 * MINUTE + 3 * SECOND, "1:12:03")],
)
def test_where_in_a_session(ns: int, text: str) -> None:
    assert human.offset(ns) == text


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert human.columns("漢字") == 4
    assert human.columns("e\u0301") == 1
    assert human.fit("漢字漢字", 5) == "漢字…"
    assert human.fit("abc", 3) == "abc"
    assert human.fit("abc", 0) == ""


def test_counting() -> None:
    assert human.plural(1, "event") == "1 event"
    assert human.plural(1204, "event") == "1,204 events"
    assert human.plural(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (99_949, "99.9k"), (99_950, "100k"), (999_499, "999k"),
     (999_500, "1.0M"), (24_750_599, "24.8M"), (3_100_000_000, "3.1G"), (10**18, "1000000T")],
)  # fmt: skip
def test_counts_in_few_characters(count: int, text: str) -> None:
    assert human.short(count) == text


@pytest.mark.parametrize(
    ("path", "width", "text"),
    [
        ("src/seek.py", 11, "src/seek.py"),
        ("src/seek.py", 8, "…seek.py"),
        ("src/資料.py", 8, "…資料.py"),
        ("abc", 1, "…"),
    ],
)
def test_of_a_path_the_end_is_kept(path: str, width: int, text: str) -> None:
    assert human.fit_end(path, width) == text
