"""What an agent in a tmux pane does, told from its screen: it works, asks, sits idle, is done. Only changes are told.

Output means work; after a moment of silence the screen is looked at once. A question there (the rules' confirmations)
means that somebody is waited for, a prompt or a long silence that the agent is idle. No clock runs while nothing
happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tachograph.clock import SECOND
from tachograph.extract.extractor import Extractor
from tachograph.extract.lines import split
from tachograph.extract.rules import Rules

QUIET = SECOND * 7 // 10  # without output, then the screen is looked at
IDLE = 10 * SECOND  # without output and without a prompt: agents at work show that something moves
_KEYS = 512  # bytes without a line end that typing at a prompt may echo
_LAST = 12  # lines from the bottom in which a question can stand
_FRAME = " \t│┃║|╭╮╰╯─━═┌┐└┘"
_PROMPTS = ("❯", "›", "»", ">", "$", "#", "%", "λ", ">>>", "(Pdb)", "ask>", "architect>", "multi>")
_POINTERS = ("❯", "›", "▶", ">")

WORKING, WAITING, DONE = "running", "waiting", "completed"


class Change(NamedTuple):
    """A new state, and what kind of waiting it is: question or idle."""

    state: str
    kind: str | None = None


class Activity:
    """One pane's. Times are monotonic ns. `due` is when `look` should be called with the screen, None for never."""

    def __init__(self, rules: Rules, *, agent: bool) -> None:
        """`agent`: a known one runs, whose silence says something."""
        self._rules = rules
        self._agent = agent
        self._state: Change | None = None
        self._echo = 0
        self._at = 0
        self.due: int | None = None

    @property
    def over(self) -> bool:
        """After `done`."""
        return self._state is not None and self._state.state == DONE

    def output(self, data: bytes, now: int) -> Change | None:
        """The pane printed something."""
        if self.over:
            return None
        if now - self._at > QUIET:
            self._echo = 0
        self._echo += _KEYS if b"\n" in data else len(data)
        self._at, self.due = now, now + QUIET
        if self._state is None or self._echo >= _KEYS:
            return self._to(Change(WORKING))
        return None

    def look(self, screen: Sequence[str], cursor: int, now: int) -> Change | None:
        """The screen after a silence, `cursor` is the index of its line."""
        self.due = None
        if self.over:
            return None
        if asks(screen, cursor, self._rules):
            return self._to(Change(WAITING, "question"))
        if prompts(screen, cursor):
            return self._to(Change(WAITING, "idle"))
        if self._agent:
            if now - self._at >= IDLE:
                return self._to(Change(WAITING, "idle"))
            self.due = self._at + IDLE
        return None

    def done(self) -> Change | None:
        """The agent has ended; what its pane shows from now on is somebody else's."""
        self.due = None
        return self._to(Change(DONE))

    def _to(self, change: Change) -> Change | None:
        if change == self._state:
            return None
        self._state = change
        return change


def asks(screen: Sequence[str], cursor: int, rules: Rules) -> bool:
    """Whether a question stands where it is still to be answered: on the last line or the cursor's, or as choices with
    a pointer at one of them. Further up it may have been answered long ago."""
    lines = [(number, line.strip(_FRAME)) for number, line in enumerate(screen)]
    lines = [(number, line) for number, line in lines if line][-_LAST:]
    if not lines:
        return False
    text = "\n".join(line for _, line in lines) + "\n"
    found = Extractor(rules).feed(split(text.encode(), 0), final=True)
    for one in found:
        if one.event_type == "confirmation" and one.line_number < len(lines):
            number, line = lines[one.line_number]
            if number >= min(cursor, lines[-1][0]) or line.startswith(_POINTERS):
                return True
    return False


def prompts(screen: Sequence[str], cursor: int) -> bool:
    """Whether the cursor stands behind a prompt, or an empty prompt stands on one of the last lines."""
    here = screen[cursor].strip(_FRAME) if 0 <= cursor < len(screen) else ""
    if here.endswith(("$", "#", "%", ">", "❯", "›")) and not here[-2:-1].isdecimal():  # "50%" is no prompt
        return True
    if here.startswith(("❯", "› ", "> ", "» ")):
        return True
    lines = [line for line in (line.strip(_FRAME) for line in screen) if line][-_LAST:]
    return any(line in _PROMPTS for line in lines)
