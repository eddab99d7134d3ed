"""Times as people write them."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tachograph import clock

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"  # by the rules of POSIX, which need no table of zones
CHANGED = clock.parse_time("2026-03-29T15:00:00Z", 0)  # the day on which the clocks were changed there


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        yield
    time.tzset()


@pytest.mark.usefixtures("_restored")
@given(
    at=st.integers(0, 4_000_000_000 * clock.SECOND), zone=st.sampled_from([BERLIN, "UTC", "<+1245>-12:45", "EST5EDT"])
)
@example(at=CHANGED, zone=BERLIN)
@example(at=CHANGED + 24 * 3600 * clock.SECOND, zone=BERLIN)
def test_days_begin_at_midnight_also_when_clocks_are_changed(at: int, zone: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        here = datetime.date(*time.localtime(at // clock.SECOND)[:3])
        for word, back in (("today", 0), ("Yesterday", 1)):
            begin = time.localtime(clock.parse_time(word, at) // clock.SECOND)
            assert datetime.date(*begin[:3]) == here - datetime.timedelta(days=back)
            assert begin[3:6] == (0, 0, 0)


@given(text=st.text(alphabet="0123456789.smhdwy-:TZ+ aeno", max_size=16))
def test_what_is_no_time_is_told_so(text: str) -> None:
    try:
        found = clock.parse_time(text, CHANGED)
    except (ValueError, OverflowError):
        return
    assert type(found) is int
