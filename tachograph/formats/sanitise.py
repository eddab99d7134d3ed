"""Recorded text on its way to a terminal: nothing a program once printed may act on the reader's terminal now.

Clipboard writes, window titles, cursor jumps, replies to queries and overwritten lines go; the words stay. Takes and
gives text; what a screen would have shown is the business of `extract.lines`, not of this module.
"""

from __future__ import annotations

import re
from functools import cache

_STRING_END = r"(?:\x07|\x1b\\|\x9c)"
_ESCAPES = (
    rf"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*{_STRING_END}"  # strings: OSC, DCS …
    r"|(?P<sgr>\x1b\[[0-9;:]{0,64}m)"  # colours
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # every other control sequence
    r"|\x1b[ -/]*[0-~]"  # two-byte escapes; an unfinished string loses its introducer and shows its text
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"  # any control left over, half characters
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that turn the direction of reading
)
_JSON_UNSAFE = r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_RESET = "\x1b[0m"
_SURROGATES = range(0xD800, 0xE000)
_compiled = cache(re.compile)  # when first needed: most text is plain, and the command line starts often


def terminal(text: str, colour: bool = False) -> str:
    """`text` without a single control character but tab and newline; with `colour`, colour sequences stay.

    Half characters (surrogates, which some locales would write as raw bytes) become U+FFFD.
    """
    if text.isprintable():
        return text
    kept: str = _compiled(_ESCAPES).sub(_with_colour if colour else _without, text)
    return kept + _RESET if colour and "\x1b" in kept else kept


def line(text: str, colour: bool = False) -> str:
    """As `terminal`, for text that has to stay on one line: newlines and tabs become spaces."""
    flat = terminal(text, colour)
    return flat.replace("\n", " ").replace("\t", " ") if "\n" in flat or "\t" in flat else flat


def json_text(encoded: str) -> str:
    """Encoded JSON whose strings hold no C1 control, DEL, or mark of direction as such: they become `\\u….`"""
    if encoded.isascii() and "\x7f" not in encoded:
        return encoded
    safe: str = _compiled(_JSON_UNSAFE).sub(lambda found: f"\\u{ord(found.group()):04x}", encoded)
    return safe


def painted(text: str, style: str, colour: bool) -> str:
    """Our own colour: `text` in the SGR `style` (such as `1` or `31`) when `colour`."""
    return f"\x1b[{style}m{text}\x1b[0m" if colour and style and text else text


def _without(found: re.Match[str]) -> str:
    return "\ufffd" if len(found.group()) == 1 and ord(found.group()) in _SURROGATES else ""


def _with_colour(found: re.Match[str]) -> str:
    return found.group() if found.lastgroup == "sgr" else _without(found)
