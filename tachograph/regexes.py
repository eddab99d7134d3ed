"""Regular expressions that are compiled when they are first used: starting a command imports some hundred of them, and
it uses few."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`; what is wrong with the pattern is raised by its first use."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))


class _Later:
    def __init__(self, *written: Any) -> None:
        self._written = written

    def __getattr__(self, name: str) -> Any:
        """A method of the compiled expression; it is kept, so that asking again costs nothing."""
        found = getattr(re.compile(*self._written), name)  # `re` keeps what it has compiled
        setattr(self, name, found)
        return found
