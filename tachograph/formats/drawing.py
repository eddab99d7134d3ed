"""Recorded terminal output on its way to a terminal that shows it as it was: only what draws gets through.

Text, colours, cursor movement, erasing, scrolling, tabs, line drawing, the alternate screen. What makes a terminal
answer, or changes more than its screen (titles, clipboard, links, mouse, keyboard, printing, graphics), is left out.
Sequences as in ECMA-48 and xterm's ctlseqs (invisible-island.net/xterm/ctlseqs).
"""

from __future__ import annotations

import re

from tachograph.regexes import regex

_STRINGS = r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"  # OSC, DCS, SOS, PM, APC begin with
_TOKEN = regex(
    rf"{_STRINGS}[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|(?P<csi>(?:\x1b\[|\x9b)(?P<private>[<-?]?)(?P<parameters>[0-9;:]{0,256})(?P<between>[ -/]{0,4})(?P<final>[@-~]))"
    r"|(?P<escape>\x1b(?P<kind>[ -/]{0,2})(?P<code>[0-~]))"
    r"|[\x00-\x1f\x7f-\x9f\ud800-\udfff]",
    re.DOTALL,
)
_UNFINISHED = regex(
    rf"(?:{_STRINGS}[^\x07\x1b\x9c]{{0,65536}}\x1b?"
    r"|(?:\x1b\[|\x9b)[<-?]?[0-9;:]{0,256}[ -/]{0,4}|\x1b[ -/]{0,2})\Z"
)
_KEPT = "\t\n\v\f\r\b\x0e\x0f"
_DRAWS = frozenset("@ABCDEFGHIJKLMPSTXZ`abdefgmrsu")
_ERASES = frozenset("JK")  # also with ?, of what is not protected
_MODES = frozenset({"5", "6", "7", "12", "25", "45", "47", "69", "1047", "1048", "1049", "2026"})
_SCREENS = frozenset({"47", "1047", "1049"})
_WHOLE = frozenset("78DEMH")  # ESC and one of these
_RESET = "\x1b[!p\x1b[2J\x1b[H"  # in place of a reset of the whole terminal, which would take the scrollback with it
TO_NORMAL = "\x1b[0m\x1b[r\x1b[?7h\x1b[?25h\x1b[4l\x1b[?6l\x1b[?5l\x1b[?69l\x1b(B\x0f"


class Drawing:
    """One stream of output. `other_screen`: whether what was played so far has left the alternate screen shown."""

    def __init__(self) -> None:
        self._rest = ""
        self.other_screen = False

    def play(self, text: str) -> str:
        """What may be written of the next piece; a sequence that is not finished waits for the piece after it."""
        text = self._rest + text
        unfinished = _UNFINISHED.search(text)
        self._rest = unfinished.group() if unfinished else ""
        return _TOKEN.sub(self._kept, text[: len(text) - len(self._rest)])

    def back_to_normal(self) -> str:
        """What puts a terminal back after this."""
        return ("\x1b[?1049l" if self.other_screen else "") + TO_NORMAL

    def _kept(self, found: re.Match[str]) -> str:
        if found["csi"] is not None:
            return self._sequence(found)
        if found["escape"] is not None:
            return self._escape(found["kind"], found["code"])
        return found.group() if found.group() in _KEPT else ""

    def _sequence(self, found: re.Match[str]) -> str:
        private, between, final = found["private"], found["between"], found["final"]
        sequence = f"\x1b[{private}{found['parameters']}{between}{final}"
        if not between and not private:
            if final in "hl":
                return sequence if found["parameters"] in ("4", "20") else ""
            return sequence if final in _DRAWS else ""
        if private == "?" and not between and final in "hl":
            return self._modes(found["parameters"], final)
        if private == "?" and not between:
            return sequence if final in _ERASES else ""
        return sequence if (private, between + final) in (("", " q"), ("", "!p"), ("", '"q')) else ""

    def _modes(self, parameters: str, final: str) -> str:
        kept = [mode for mode in parameters.split(";") if mode in _MODES]
        if not _SCREENS.isdisjoint(kept):
            self.other_screen = final == "h"
        return f"\x1b[?{';'.join(kept)}{final}" if kept else ""

    def _escape(self, kind: str, code: str) -> str:
        if kind in ("(", ")", "*", "+"):
            return f"\x1b{kind}{code}" if code in "0AB12" else ""
        if kind == "#":
            return f"\x1b#{code}" if code in "34568" else ""
        if kind:
            return ""
        return _RESET if code == "c" else f"\x1b{code}" if code in _WHOLE else ""
