"""Text a recorded program could print to harm whoever looks at it later: payloads for every way we show it."""

from __future__ import annotations

PAYLOADS = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard, other end": "\x1b]52;c;ZXZpbA==\x1b\\",
    "clipboard, C1": "\x9d52;c;ZXZpbA==\x9c",
    "window title": "\x1b]0;owned\x07",
    "title, never ended": "\x1b]2;owned",
    "hyperlink": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "status request": '\x1bP$q"p\x1b\\',
    "terminfo request": "\x1bP+q544e\x1b\\",
    "answer back": "\x05",
    "cursor report": "\x1b[6n",
    "device attributes": "\x1b[c",
    "clear screen": "\x1b[2J\x1b[H",
    "overwritten line": "rm -rf /\rls       ",
    "backspaces": "evil\b\b\b\bgood",
    "scroll region": "\x1b[1;2r",
    "alternate screen": "\x1b[?1049h",
    "mouse on": "\x1b[?1003h",
    "full reset": "\x1bc",
    "character set": "\x1b(0qqq",
    "CSI as C1": "\x9b31mred\x9b0m",
    "next line as C1": "one\x85two",
    "private message": "\x1b^text\x1b\\",
    "application command": "\x1b_text\x1b\\",
    "nested escape": "\x1b\x1b[31m[31m",
    "split escape": "\x1b[\x1b[0m31m",
    "hidden colour": "\x1b[8mhidden\x1b[0m",
    "reversed reading": "\u202eexe.txt\u202c",
    "isolated reading": "\u2066a\u2069",
    "bell": "ding\a",
    "delete": "a\x7fb",
    "null": "a\x00b",
    "form feed": "a\x0cb\x0bc",
    "shift out": "\x0etext\x0f",
    "half character": "a\udc9bb",
}

BYTES = {
    "C1 as one byte": b"\x9b31mred\x9b0m",
    "C1 in UTF-8": b"\xc2\x9b31mred\xc2\x9b0m",
    "OSC as one byte": b"\x9d0;title\x9c",
    "broken UTF-8": b"\xff\xfe\xc3(",
}


def controls(text: str) -> list[str]:
    """Every character in `text` that a terminal might obey, newline and tab left out."""
    marks = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    return [
        repr(char)
        for char in text
        if (ord(char) < 32 and char not in "\n\t")
        or 0x7F <= ord(char) <= 0x9F
        or ord(char) in marks
        or 0xD800 <= ord(char) <= 0xDFFF
    ]
