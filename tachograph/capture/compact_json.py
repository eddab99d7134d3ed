"""JSON text out of plain values. The standard library's `json` costs the wrapper as much start-up as all its own code.

Only writing, only str, int, float, bool, None, list, tuple and dict.
"""

from __future__ import annotations

_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | {ord('"'): '\\"', ord("\\"): "\\\\"}


def dumps(value: object) -> str:
    """Compact JSON. Text that is no valid Unicode (undecodable bytes of the system) gets U+FFFD in its place.

    Raises TypeError for anything that is not JSON.
    """
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{_sound(value).translate(_ESCAPES)}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if value - value == 0 else "null"
    if isinstance(value, list | tuple):
        return f"[{','.join(dumps(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _escaped(text) else "\ufffd"
    return text


def _escaped(text: str) -> bool:
    return all(not 0xD800 <= ord(char) <= 0xDFFF or 0xDC80 <= ord(char) <= 0xDCFF for char in text)
