"""When agents were at work: their days, and the hours of the week, by the clock of whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.formats.rows import Row
from tachograph.regexes import regex
from tachograph.store import Store
from tachograph.store.rhythm import QUARTER

DAY_COUNTS = ("sessions", "failed_sessions", "prompts", "tool_calls", "tool_errors")
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens")
_OFFSET = regex(r"([+-])(\d\d):?(\d\d)")
_MINUTES = 24 * 60  # an offset is less than a day


class Rhythm(NamedTuple):
    """Rows of days by agent, and of hours of the week; those in which nothing happened are left out."""

    days: list[Row]
    hours: list[Row]


def rhythm(
    store: Store, *, zone: str = "UTC", agent: str | None = None, since: int | None = None, until: int | None = None
) -> Rhythm:
    """`zone` is `Europe/Berlin`, `+05:30` or `UTC`; days and hours are its. Times in ns. Raises UsageError.

    A session counts where it began, everything else where it happened. `cost_usd` is None where nothing is known.
    """
    local = _clock(zone)
    asked: dict[str, Any] = {"agent": agent, "since": since, "until": until}
    days: dict[tuple[str, str], Row] = {}
    hours: dict[tuple[int, int], Row] = {}

    def day(name: str, quarter: int) -> Row:
        key = (local(quarter).strftime("%Y-%m-%d"), name)
        empty: Row = {"day": key[0], "agent": name, **dict.fromkeys((*DAY_COUNTS, *TOKENS), 0), "cost_usd": None}
        return days.setdefault(key, empty)

    for began in store.rhythm.began(**asked):
        _add(day(began.agent, began.quarter), sessions=began.sessions, failed_sessions=began.failed)
    for worked in store.rhythm.worked(**asked):
        counts = {"prompts": worked.prompts, "tool_calls": worked.tool_calls, "tool_errors": worked.tool_errors}
        _add(day(worked.agent, worked.quarter), **counts)
        at = local(worked.quarter)
        key = (at.weekday(), at.hour)
        _add(hours.setdefault(key, {"weekday": key[0], "hour": key[1], **dict.fromkeys(counts, 0)}), **counts)
    for spent in store.usage.by_quarter(**asked):
        row = day(spent.agent, spent.quarter)
        _add(row, **{name: getattr(spent, name) for name in TOKENS})
        if spent.cost_usd is not None:
            row["cost_usd"] = round((row["cost_usd"] or 0) + spent.cost_usd, 9)
    return Rhythm([days[key] for key in sorted(days)], [hours[key] for key in sorted(hours)])


def _add(row: Row, **more: int) -> None:
    for name, count in more.items():
        row[name] += count


def _clock(zone: str) -> Callable[[int], datetime]:
    """What a clock there shows at the beginning of a quarter of an hour."""
    there = _zone(zone)

    @cache  # most quarters are asked for several times
    def local(quarter: int) -> datetime:
        return datetime.fromtimestamp(quarter * QUARTER // clock.SECOND, there)

    return local


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    if name.upper() in ("UTC", "Z"):
        return UTC
    if found := _OFFSET.fullmatch(name):
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes < _MINUTES:
            return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise UsageError(f"zone: {name!r} is not known here", "name one as Europe/Berlin, +05:30 or UTC") from None
