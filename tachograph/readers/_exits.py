"""Exit codes that an agent writes into the text it gives the model."""

from __future__ import annotations

import re

from tachograph.regexes import regex

_EXIT = regex(
    r"\bexit(?:ed)?(?: with)?(?: exit)? ?code:? ?(-?\d{1,10})\b|\bexit(?:ed)? (?:status )(-?\d{1,10})\b", re.I
)
_NEAR = 300  # characters from either end: what stands between is what the command said itself


def exit_code_in(content: str | None) -> int | None:
    """`exit code: 1`, `exited with code 1`, `Exit Code 1` at the end or at the beginning of a result; else None."""
    if not content or "xit" not in content:
        return None
    for piece in (content[-_NEAR:], content[:_NEAR]):
        if found := _EXIT.findall(piece):
            return int(found[-1][0] or found[-1][1])
    return None
