"""Words of Cursor: its tools, what it wraps around a prompt, how it writes a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tachograph.readers._turns import Tools
from tachograph.readers.times import iso
from tachograph.regexes import regex

TOOLS = Tools(
    commands=frozenset({"Shell", "Bash", "run_terminal_cmd", "run_terminal_command"}),
    files={
        "Read": "read",
        "ReadFile": "read",
        "read_file": "read",
        "Write": "write",
        "write": "write",
        "StrReplace": "edit",
        "Edit": "edit",
        "MultiEdit": "edit",
        "edit_file": "edit",
        "search_replace": "edit",
        "EditNotebook": "edit",
        "Delete": "delete",
        "delete_file": "delete",
    },
    patches=frozenset({"ApplyPatch", "apply_patch"}),
    path=("path", "file_path", "target_file", "target_notebook", "filePath"),
)
_QUERY = regex(r"<user_query>\s*(.*?)\s*</user_query>", re.S)
_WRAPPED = regex(
    r"\s*<(user_info|external_links|timestamp|attached_files|open_and_recently_viewed_files|system_reminder|git_status|"
    r"rules|always_applied_workspace_rules|agent_transcripts|agent_skills|project_layout|manually_attached_skills)\b"
)
_WORKSPACE = regex(r"^Workspace Path: *(\S.*?) *$", re.M)
_TIME = regex(
    r"<timestamp>[^<]{0,20}?(\w{3})\w* (\d{1,2}), (\d{4}),? (\d{1,2}):(\d\d)(?::\d\d)? ?([AP]M)? ?"
    r"\(UTC(?:([+-])(\d{1,2})(?::?(\d\d))?)?\)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def typed(words: str) -> str | None:
    """What the user typed of a user message; None when all of it was put there by the program."""
    if "<user_query>" in words and (queries := _QUERY.findall(words)):
        return "\n\n".join(queries) or None
    rest = words
    while (wrapped := _WRAPPED.match(rest)) is not None:
        end = rest.find(f"</{wrapped[1]}>")
        if end < 0:
            return None
        rest = rest[end + len(wrapped[1]) + 3 :]
    return rest.strip() or None


def workspace(words: str) -> str | None:
    """The folder that the program told the model it works in."""
    found = _WORKSPACE.search(words) if "Workspace Path:" in words else None
    return found[1] if found else None


def told_time(words: str) -> int | None:
    """`<timestamp>Friday, Jul 31, 2026, 5:10 PM (UTC-5)</timestamp>` → ns; to the minute, as it is written."""
    found = _TIME.search(words) if "<timestamp>" in words else None
    if found is None or found[1] not in _MONTHS:
        return None
    hour = int(found[4]) % 12 + 12 * (found[6] == "PM") if found[6] else int(found[4])
    off = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0)) * (-1 if found[7] == "-" else 1)
    try:
        moment = datetime(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]), hour, int(found[5]), tzinfo=UTC)
        return iso((moment - off).isoformat())
    except (ValueError, OverflowError):
        return None


def shown(words: str) -> str | None:
    """A text of the model without the mark that stands for what was kept back."""
    return words.replace("[REDACTED]", "").strip() or None if "[REDACTED]" in words else words
