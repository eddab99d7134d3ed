"""Times as people write them."""

from __future__ import annotations

import pytest

from tachograph import clock
from tachograph.clock import DAY, HOUR, MINUTE, SECOND

NOW = clock.from_iso("2026-11-21T09:14:02.123Z")


@pytest.mark.parametrize(
    ("text", "length"),
    [("90", 90 * SECOND), ("1:30", 90 * SECOND), ("1:02:03", HOUR + 2 * MINUTE + 3 * SECOND), ("7d", 7 * DAY)],
)
def test_lengths_of_time(text: str, length: int) -> None:
    assert clock.parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e999", "9" * 400 + "d", "1:inf"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", NOW),
        ("15m", NOW - 15 * MINUTE),
        ("2026-11-21T09:14:02.123Z", NOW),
        ("2026-11-21T10:14:02.123+01:00", NOW),
        ("1969-12-31T23:59:59Z", -SECOND),
    ],
)
def test_points_in_time(text: str, at: int) -> None:
    assert clock.parse_time(text, NOW) == at


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a time"),
        ("tomorrow", "is not a time"),
        ("2026-13-01", "is not a time"),
        ("9" * 400 + "d", "is not a time"),
        ("999999999d", "further away"),
        ("9999-12-31", "further away"),
        ("9999-12-31T23:59:59-14:00", "further away"),
        ("0001-01-01", "further away"),
        ("0001-01-01T00:00:00+14:00", "further away"),
    ],
)
def test_what_is_no_point_in_time_that_can_be_kept(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        clock.parse_time(text, NOW)
