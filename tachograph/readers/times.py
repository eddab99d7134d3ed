"""Times as agents write them → integer nanoseconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**63 - 1


def iso(text: object) -> int | None:
    """ISO 8601, with or without zone (without: UTC), to ns; None for what is no time."""
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def epoch(value: object, unit: int) -> int | None:
    """A number of seconds (unit=10**9) or milliseconds (10**6) since 1970 to ns; None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = value * unit
    return int(found) if 0 < found < _LATEST else None  # which no NaN is
