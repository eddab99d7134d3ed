"""JSON that is handed in as words of a command: written there, in a file (`@FILE`), or on stdin (`-`)."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import msgspec

from tachograph.errors import NotFound, UsageError
from tachograph.extract.redact import redact_text
from tachograph.ingest.preparing import masked


def json_value(words: str, what: str) -> Any:
    """The value, its secrets masked. Raises UsageError, which says `what` is no JSON, and NotFound."""
    text = _text(words)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(
            f"invalid JSON in {what}: {error}", "write it in single quotes, or as @FILE, or - for stdin"
        ) from None
    with contextlib.suppress(msgspec.DecodeError, UnicodeError):
        return masked(msgspec.json.decode(redact_text(text)[0]))  # a name beside it tells more than a value alone
    return masked(value)


def json_object(words: str, what: str) -> dict[str, Any]:
    """The same for what must be an object."""
    value = json_value(words, what)
    if not isinstance(value, dict):
        raise UsageError(f"{what} is not a JSON object", """it looks like '{"name": "value"}'""")
    return value


def masked_text(text: str | None) -> str | None:
    """Words that somebody typed, their secrets masked; None for none."""
    return redact_text(text)[0] if text else None


def file_bytes(path: str) -> bytes:
    """A file, or stdin for `-`. Raises NotFound."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}", "name a file, or - to read what is piped in") from None


def _text(words: str) -> str:
    if words == "-" or words.startswith("@"):
        return file_bytes(words.removeprefix("@")).decode(errors="replace")
    return words
