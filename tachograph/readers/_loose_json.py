"""One JSON document as an agent wrote it, halves of surrogate pairs, NaN and bad UTF-8 included."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def decode(data: bytes) -> Any:
    """The value, of which every string is valid UTF-8; NaN and infinities are None. Raises ValueError for no JSON."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = data.decode("utf-8", "replace").strip("\x00 \t\r\n\ufeff")
        found = json.loads(text, parse_constant=lambda _: None)
        if "\\ud" in text or "\\uD" in text:  # may have been a half of a pair; then some string holds it now
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
        return found
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text_of(content: object) -> str:
    """The text of a message: a string, or the text parts of a list; what is no text is named in brackets."""
    if isinstance(content, str):
        return content
    parts: list[str] = []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, dict):
            kind = part.get("type")
            if isinstance(part.get("text"), str):
                parts.append(part["text"])
            elif isinstance(kind, str) and "image" in kind:
                parts.append("[image]")
    return "\n".join(parts)


def dig(value: object, *keys: str) -> Any:
    """What lies below these keys, None when there is nothing or something else on the way."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
