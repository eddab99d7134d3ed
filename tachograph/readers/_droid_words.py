"""Words of Factory's droid: its tools, what stands around a prompt, how a result says what happened."""

from __future__ import annotations

import re

from tachograph.readers._turns import Tools
from tachograph.readers.values import count, table
from tachograph.records import Usage
from tachograph.regexes import regex

TOOLS = Tools(
    commands=frozenset({"Execute", "Bash", "Shell"}),
    files={
        "Read": "read",
        "Create": "write",
        "Write": "write",
        "Edit": "edit",
        "MultiEdit": "edit",
    },
    patches=frozenset({"ApplyPatch"}),
    path=("file_path", "path"),
    new_text=("new_str", "new_string"),
    old_text=("old_str", "old_string"),
)
_REMINDER = regex(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.S)
_REFUSED = regex(
    r"\b(?:cancell?ed|rejected|denied|declined) by (?:the )?user\b"
    r"|\buser (?:has )?(?:cancell?ed|rejected|denied|declined)\b",
    re.I,
)


def typed(words: str) -> str | None:
    """What the user typed; None when all of it is a reminder that the program put there."""
    if "<system-reminder>" in words:
        words = _REMINDER.sub("", words)
    return words.strip() or None


def status_of(content: str | None, failed: bool) -> str:
    """ok, error, or rejected when the user refused or cancelled the call."""
    beginning = (content or "")[:300]
    if (failed or beginning.startswith("Error")) and _REFUSED.search(beginning):
        return "rejected"
    return "error" if failed or beginning.startswith("Error:") else "ok"


def usage_of(given: object, model: str | None, names: tuple[str, str, str, str, str]) -> Usage | None:
    """Tokens under these names (input, output, cache read, cache write, thinking); input is without the cache."""
    tokens = table(given)
    inside, outside, read, write, thought = (count(tokens.get(name)) for name in names)
    if not (inside or outside or read or write):
        return None
    return Usage(model, inside + read + write, max(outside, thought), read, write, thought)
