"""How long Claude Code keeps its transcripts: `cleanupPeriodDays` of its settings.json, 30 unless it says otherwise."""

from __future__ import annotations

import os
import stat as modes
from functools import lru_cache

import msgspec

KEEPS_DAYS = 30.0
_FILE = "settings.json"
_SIZE_MAX = 1 << 20
_DAYS_MAX = 36_500.0


def keeps_days(root: str) -> float:
    """Days, as the settings in the agent's own folder say now. Settings that cannot be read say nothing."""
    path = os.path.join(root, _FILE)
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return KEEPS_DAYS
    if not modes.S_ISREG(stat.st_mode) or stat.st_size > _SIZE_MAX:
        return KEEPS_DAYS
    return _days(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _days(path: str, modified_at: int, size: int) -> float:
    """Read again only when the file has changed: places are asked for with every file that is seen to change."""
    try:
        with open(path, "rb") as file:
            settings = msgspec.json.decode(file.read(_SIZE_MAX))
    except (OSError, msgspec.DecodeError, RecursionError):
        return KEEPS_DAYS
    days = settings.get("cleanupPeriodDays") if isinstance(settings, dict) else None
    if isinstance(days, bool) or not isinstance(days, int | float) or days < 0:
        return KEEPS_DAYS
    return float(min(days, _DAYS_MAX))
