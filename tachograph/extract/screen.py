"""What one raw line finally shows: carriage returns, backspaces, erasing and cursor movement, played through.

Not a terminal: it knows one row at a time. Moving to another row starts a new segment, which is enough to read what
a full-screen program wrote without remembering a whole screen.
"""

from __future__ import annotations

import re

from tachograph.regexes import regex

LENGTH_MAX = 65_536  # characters kept of one line
_EDIT_MAX = 4096  # inserting and deleting inside longer rows is ignored: no terminal is that wide, and it costs
_REPEAT_MAX = 1024
_TAB_STOPS = 8

_TOKEN = regex(r"\x1b(?:\[([0-?]*)[ -/]*([@-~]?)|([^\x1b\r\b]?))|([\r\b])|([^\x1b\r\b]+)", re.DOTALL)
_ERASE_AFTER = ("\x1b[K", "\x1b[0K")
_UP_OR_DOWN = regex(r"\x1b(?:\[[0-9;]*[ABEFHfdJLMSTu]|[78DEMc])")
_HOMES = ("\r", "\x1b[G", "\x1b[1G", "\x1b[0G")
_HOME_AND_CLEAR = regex(r"(?:\r|\x1b\[[01]?G|\x1b\[[02]?K)+")


def resolve(line: str) -> tuple[list[str], bool]:
    """A line with control sequences → (texts it leaves on the screen, whether the cursor left the row)."""
    if "\x1b" in line:
        line = _from_last_clearing(line)
    if "\b" not in line:
        if "\x1b" not in line and "\t" not in line:
            return [_overlay(line)[:LENGTH_MAX]], False
        if "\r" not in line:
            for erase in _ERASE_AFTER:  # at the end of what was written there is nothing to erase
                plain = line.replace(erase, "")
                if "\x1b" not in plain:
                    return [plain[:LENGTH_MAX]], False
    row = _Row()
    for parameters, final, single, control, text in _TOKEN.findall(line):
        if text:
            row.write(text)
        elif control == "\r":
            row.column = 0
        elif control:
            row.column = max(0, row.column - 1)
        elif final:
            row.obey(final, parameters)
        elif single and single in "78DEMc":
            row.leave(0 if single in "Ec" else row.column)
    return row.finish()


def _from_last_clearing(line: str) -> str:
    """A spinner clears its row before every frame: only the last frame needs to be played."""
    for erase, whole in (("\x1b[2K", True), ("\x1b[K", False)):
        at = line.rfind(erase)
        if at >= 0 and (line.endswith(_HOMES, 0, at) or (whole and line.startswith(_HOMES, at + len(erase)))):
            found = _HOME_AND_CLEAR.match(line, at)
            if found and not _UP_OR_DOWN.search(line, 0, at):
                return line[found.end() :]
    return line


def _overlay(line: str) -> str:
    """`10%\\r20%\\r30%` → `30%`: later writes cover earlier ones, what sticks out stays."""
    pieces = line.split("\r")
    shown = pieces.pop()
    while pieces:
        piece = pieces.pop()
        if len(piece) > len(shown):
            shown += piece[len(shown) :]
    return shown


def _number(parameters: str, default: int = 1) -> int:
    first = parameters.split(";", 1)[0]
    return min(int(first), LENGTH_MAX) if first.isdecimal() and len(first) < 9 else default


class _Row:
    """The row the cursor is in, as a list of characters, and the texts of the rows it was in before."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.column = 0
        self.number: int | None = None  # of the row on the screen, once a sequence has told
        self.texts: list[str] = []
        self.moved = False
        self._tabs = False  # a tab and the empty cells behind it stand for the blanks that it leaps over

    def write(self, text: str) -> None:
        if "\t" in text:
            first, *others = text.split("\t")
            self._put(first)
            for each in others:
                self._tab()
                self._put(each)
        else:
            self._put(text)

    def _tab(self) -> None:
        """To the next stop; over what is there already without changing it."""
        stop = min(self.column - self.column % _TAB_STOPS + _TAB_STOPS, LENGTH_MAX)
        if self.column >= len(self.cells) and self.column < stop:
            self.cells.extend(" " * (self.column - len(self.cells)))
            self.cells += ["\t"] + [""] * (stop - self.column - 1)
            self._tabs = True
        self.column = stop

    def _untab(self) -> None:
        """Before cells are changed: blanks in place of tabs."""
        if self._tabs:
            self.cells = [" " if cell in ("\t", "") else cell for cell in self.cells]
            self._tabs = False

    def _put(self, text: str) -> None:
        room = LENGTH_MAX - self.column
        if room <= 0:
            return
        text = text[:room]
        missing = self.column - len(self.cells)
        if missing > 0:
            self.cells.extend(" " * missing)
        elif missing < 0:
            self._untab()
        self.cells[self.column : self.column + len(text)] = text
        self.column += len(text)

    def obey(self, final: str, parameters: str) -> None:
        """One control sequence `ESC [ parameters final`; unknown ones do nothing."""
        if final in "KXP@b":
            self._edit(final, parameters)
        elif final in "CaDG`":
            self._move(final, parameters)
        elif final in "Hf":
            self._jump(parameters)
        elif final in "AFBEd":
            self.leave(0 if final in "FE" else self.column)
            if final == "d":
                self.number = _number(parameters)
        elif final in "JLMSTuI":
            self.leave(self.column)

    def _move(self, final: str, parameters: str) -> None:
        count = _number(parameters)
        if final in "G`":
            self.column = max(0, count - 1)
        elif final == "D":
            self.column = max(0, self.column - max(1, count))
        else:
            self.column = min(LENGTH_MAX, self.column + max(1, count))

    def _jump(self, parameters: str) -> None:
        row, _, column = parameters.partition(";")
        target = _number(row)
        if self.number != target:
            self.leave(0)
            self.number = target
        self.column = max(0, _number(column) - 1)

    def _edit(self, final: str, parameters: str) -> None:
        count = max(1, _number(parameters))
        self._untab()
        if final == "K":
            self._erase(_number(parameters, 0))
        elif final == "X":
            end = min(self.column + count, len(self.cells))
            if self.column < end:
                self.cells[self.column : end] = " " * (end - self.column)
        elif final == "b":
            if 0 < self.column <= len(self.cells):
                self.write(self.cells[self.column - 1] * min(count, _REPEAT_MAX))
        elif len(self.cells) <= _EDIT_MAX:
            if final == "P":
                del self.cells[self.column : self.column + count]
            elif self.column < len(self.cells):
                self.cells[self.column : self.column] = " " * min(count, _REPEAT_MAX)

    def _erase(self, what: int) -> None:
        if what == 0:
            del self.cells[self.column :]
        elif what == 1:
            end = min(self.column + 1, len(self.cells))
            self.cells[:end] = " " * end
        else:
            self.cells.clear()

    def leave(self, column: int) -> None:
        """The cursor goes to another row, or the row changes under it: what stands here is one text."""
        self.moved = True
        self.number = None
        self._keep()
        self.column = column

    def _keep(self) -> None:
        text = "".join(self.cells).strip() if self.moved else "".join(self.cells)
        if text:
            self.texts.append(text)
        self.cells.clear()
        self._tabs = False

    def finish(self) -> tuple[list[str], bool]:
        self._keep()
        return self.texts or [""], self.moved
