"""What is handed in for a row of the ledger is looked at before it is stored: SQLite takes any value for a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tachograph import clock
from tachograph.errors import BadRecord

_LARGEST = (1 << 53) - 1  # what canonical JSON has


def words(row: Mapping[str, object], names: Iterable[str], why: str) -> None:
    """Each is there, and text. Raises BadRecord with `why` as its hint."""
    for name in names:
        if not row[name]:
            raise BadRecord(f"{name} is missing", why)
        if not isinstance(row[name], str):
            raise BadRecord(f"{name} is {row[name]!r}, expected text", why)


def counts(row: Mapping[str, object], names: Iterable[str]) -> None:
    """Each is a whole number from 0 on, or not known. Raises BadRecord."""
    for name in names:
        value = row[name]
        if value is not None and not (type(value) is int and 0 <= value <= _LARGEST):
            raise BadRecord(f"{name} is {value!r}, expected a whole number from 0 to 2^53 - 1")


def numbers(row: Mapping[str, object], names: Iterable[str]) -> None:
    """Each is a number, with or without a fraction. Raises BadRecord."""
    for name in names:
        if type(row[name]) not in (int, float):
            raise BadRecord(f"{name} is {row[name]!r}, expected a number")


def moment(value: str | int | None) -> str:
    """A time as rows have it: of ns, of a time as people write it, now without either. Raises BadRecord."""
    now = clock.now()
    if not value:
        return clock.iso(now)
    try:
        return clock.iso(value if isinstance(value, int) else clock.parse_time(value, now))
    except (ValueError, OverflowError, OSError) as error:
        raise BadRecord(f"{value!r} is no time", "write it as 2026-11-21T09:14:02.123Z, or as ns since 1970") from error
