"""The words of one line of an aider history: what a message of aider's own (`> …`) or a slash command says.

Text in, small values out. The wording is aider's source (io.py, commands.py, coders/base_coder.py), 2023 to 2026.
"""

from __future__ import annotations

import re

from tachograph.records import Usage
from tachograph.regexes import regex

_TOKENS = regex(r"([\d.,]+)([kM]?) (sent|received|cache write|cache hit|cached)")
_COST = regex(r"Cost: \$([\d.,]+) (?:message|request|send)")
_MODEL = regex(r"(?:Main model|Models|Model): (.+?) with .* edit format")
_COMMIT = regex(r"Commit ([0-9a-f]{7,40})\b ?(.*)")
_ADDED = regex(r"Added (.+?) to the chat(?: \(read-only\))?\.?$|Added (.+?) to read-only files\.$")
_NOT_A_FILE = regex(r"\d[\d,]* lines? of output$|\d+ files |clipboard image|directory ")
_ASKED = regex(r"(.*\?)(?: \([^?\[]*)?(?: ?\[[^\]]*\]:?)? (y|n|a|s|d|yes|no|all|skip|don't)", re.DOTALL)
_API_ERROR = regex(r"(?:\w[\w ]*: )?litellm\.[A-Z]\w*: ")
_NO_MATCH = regex(r"## SearchReplaceNoExactMatch: .* lines in (.+)")
_SIGNS = " ⚡∞♾\ufe0f"  # of caching and endless output, which some versions put behind the name
_LONGEST = 4000  # characters of what these patterns look at; what aider says of itself is short
_SCALE = {"": 1, "k": 1000, "M": 1_000_000}

COMMANDS = (
    *("add", "architect", "ask", "chat-mode", "clear", "code", "commit", "context", "copy", "copy-context", "diff"),
    *("drop", "edit", "editor", "editor-model", "exit", "git", "help", "lint", "load", "ls", "map", "map-refresh"),
    *("model", "models", "multiline-mode", "ok", "paste", "quit", "read-only", "reasoning-effort", "report", "reset"),
    *("run", "save", "settings", "test", "think-tokens", "tokens", "undo", "voice", "weak-model", "web"),
)
TALK = {"architect", "ask", "code", "context", "help", "ok"}  # with words behind them: a turn of the user
SHELL = {"git", "run", "test"}
SHELL_NAMES = {"/git", "/run", "/test"}
LEAVE = {("exit", ""), ("quit", "")}


def slash(text: str) -> tuple[str, str] | None:
    """What was typed as a command → its full name and the rest; aider takes any unambiguous beginning of a name."""
    if text.startswith("!"):
        return "run", text[1:].strip()
    if not text.startswith("/"):
        return None
    typed, rest = (*text[1:].split(None, 1), "", "")[:2]
    if typed in COMMANDS:
        return typed, rest.strip()
    fitting = [name for name in COMMANDS if typed and name.startswith(typed)]
    return fitting[0] if len(fitting) == 1 else typed, rest.strip()


def usage(text: str, model: str | None) -> Usage | None:
    """`Tokens: 5.2k sent, 1.1k cache hit, 300 received. Cost: $0.02 message, …`; k and M are rounded by aider."""
    found: dict[str, int] = {}
    for number, suffix, kind in _TOKENS.findall(text[:_LONGEST]):
        try:
            found[kind] = round(float(number.replace(",", "")) * _SCALE[suffix])
        except ValueError:
            return None
    if "sent" not in found:
        return None
    read, write = found.get("cache hit", 0) or found.get("cached", 0), found.get("cache write", 0)
    sent = found["sent"]
    if sent < read + write:  # some versions and providers do not count the cache as sent
        sent += read + write
    return Usage(model, sent, found.get("received", 0), read, write, cost_usd=_cost(text))


def _cost(text: str) -> float | None:
    found = _COST.search(text[:_LONGEST])
    try:
        return float(found[1].replace(",", "")) if found else None
    except ValueError:
        return None


def model(text: str) -> str | None:
    """The main model of an announcement."""
    found = _MODEL.match(text[:_LONGEST])
    return found[1].rstrip(_SIGNS) if found else None


def commit(text: str) -> tuple[str, str] | None:
    """`Commit 1a2b3c4 message` → hash and first line of the message."""
    found = _COMMIT.match(text[:_LONGEST])
    return (found[1], found[2]) if found else None


def added_file(text: str) -> str | None:
    """The file that was put into the chat: the model reads it from here on."""
    found = _ADDED.match(text[:_LONGEST])
    name = (found[1] or found[2]) if found else None
    return None if name is None or _NOT_A_FILE.match(name) else name


def asked(text: str) -> tuple[str, str] | None:
    """`Run shell command? (Y)es/(N)o [Yes]: n` → the question and the answer as typed."""
    if len(text) > _LONGEST or "?" not in text:
        return None
    found = _ASKED.fullmatch(text)
    return (found[1], found[2]) if found else None


def api_error(text: str) -> bool:
    """Whether the provider's API refused or failed."""
    return "litellm." in text and _API_ERROR.match(text) is not None


def unmatched_file(text: str) -> str | None:
    """The file that a SEARCH block did not fit."""
    found = _NO_MATCH.match(text[:_LONGEST])
    return found[1].strip() if found else None
