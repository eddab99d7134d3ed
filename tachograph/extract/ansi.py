"""Terminal bytes → text with only the escape sequences left that move the cursor or erase. No lines, no state.

Colours, titles, hyperlinks, images, modes and reports change nothing about what a line says; they go here, for a
whole block at once. What is left (carriage returns, backspaces, cursor movement) is `screen`'s business.
"""

from __future__ import annotations

from tachograph.regexes import regex

# Kept: BEL ends an operating system command; BS, TAB, LF, CR and ESC have a meaning of their own.
_DROPPED = bytes(set(range(0x20)) - {7, 8, 9, 10, 13, 27}) + b"\x7f"
_CONTROLS = bytes(set(range(0x20)) - {9, 10}) + b"\x7f"
_C1 = regex("[\x80-\x9f]")
_C1_WRITTEN = regex(rb"\xc2[\x80-\x9f]")
_C1_RAW = regex("[\udc80-\udc9f]")
_COLOUR = regex(r"\x1b\[[0-;]*+m")
_CONSOLE_NOTE = regex(r"\x1b\[8mha:[^\x1b\n]*\x1b\[0m")  # Jenkins hides its own remarks in the output
_SCREEN_SWITCH = regex(r"\x1b\[\?(?:47|1047|1049)[hl]")
_STRING = regex(r"\x1b[PX^_][^\x1b\n]*\x1b\\")  # ends with its line: what follows one that was cut off is seen
_SILENT = regex(
    r"\x1b(?:"
    r"\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # title, hyperlink, clipboard
    r"|\[[?>=<][0-9;:]*[ -/]*[@-~]"  # private modes
    r"|[()*+][0-~]|[=>]"  # character sets, keypad
    r")"
)
_START = regex(r"\x1b(?:\[[?><=K]?|[^\[\x1b\n])?")
_ON_SCREEN = frozenset(("\x1b[", "\x1b[K", "\x1b7", "\x1b8", "\x1bD", "\x1bE", "\x1bM", "\x1bc", "\x1b"))
_STRINGS = frozenset(("\x1bP", "\x1bX", "\x1b^", "\x1b_"))


def is_plain(raw: bytes) -> bool:
    """Whether UTF-8 holds no control characters but tabs and line feeds: `to_text` would change nothing."""
    return len(raw.translate(None, _CONTROLS)) == len(raw) and not (b"\xc2" in raw and _C1_WRITTEN.search(raw))


def to_text(raw: bytes) -> str:
    """Any bytes → text; the number of line feeds stays the same, CR LF becomes LF, invalid UTF-8 becomes U+FFFD."""
    text = _decode(raw.translate(None, _DROPPED))
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        while "\r\n" in text:  # a program that writes CR LF to a terminal that adds one more
            text = text.replace("\r\n", "\n")
    if "\x1b" in text:
        if "8mha:" in text:
            text = _CONSOLE_NOTE.sub("", text)
        text = _COLOUR.sub("", text)
        if "\x1b" in text:
            text = _strip(text)
    return text.replace("\a", "")


def moves(text: str) -> bool:
    """Whether what is left in a text still moves the cursor or erases."""
    return "\x1b" in text or "\r" in text or "\b" in text


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # 8-bit control characters are invalid UTF-8, but terminals that are not in UTF-8 mode obey them.
        text = raw.decode("utf-8", "surrogateescape")
        text = _C1_RAW.sub(lambda found: "\x1b" + chr(ord(found[0]) - 0xDC40), text)
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if b"\xc2" in raw and _C1.search(text):
        text = _C1.sub(lambda found: "\x1b" + chr(ord(found[0]) - 0x40), text)
    return text


def _strip(text: str) -> str:
    starts = set(_START.findall(text))
    if "\x1b[?" in starts:
        text = _SCREEN_SWITCH.sub("\x1b[2J", text)
    if starts & _STRINGS:
        text = _STRING.sub("", text)
    if not starts <= _ON_SCREEN:
        text = _SILENT.sub("", text)
        starts = set(_START.findall(text))
    if starts == {"\x1b[K"} and "\r" not in text and "\b" not in text:
        # Compilers and grep erase to the end of the row after every colour, where there is nothing to erase.
        text = text.replace("\x1b[K", "")
    return text
