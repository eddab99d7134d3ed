"""What stands before the actual text of a log line: timestamps, container names, box drawing, build-tool tags.

Rules see the text behind it, so that `^error:` also finds `2026-11-21T09:14:02Z error:` and `│ error:`.
"""

from __future__ import annotations

import re

_KINDS = (
    r"\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2}| UTC)?\]?:? +",  # ISO timestamps, as loggers and CI write them
    r"\[?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?\]? +",
    r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [\w.-]+ [\w./-]+(?:\[[0-9]+\])?: +",  # syslog
    r" *[│┃║▌▎]+ *",  # boxes of terminal programs
    r" *\[(?:javac|javadoc|java|exec|junit|testng|compc|mxmlc|scalac|kotlinc|groovyc|(?:gw|rank|step)[0-9]+)\]:? ?",
    r"[A-Za-z0-9][\w.-]* +\| ",  # docker compose
)
_ONE = "(?:" + "|".join(_KINDS) + ")"
PATTERN = _ONE + "{0,3}"
PRESENT = _ONE  # a prefix that is really there
_match = re.compile(PATTERN).match


def length(text: str) -> int:
    """How many characters of `text` are decoration; 0 for most lines."""
    found = _match(text)
    return found.end() if found else 0
