"""What is played on a terminal draws, and does nothing else: nothing is answered, copied, renamed or switched on."""

from __future__ import annotations

import random
import re

import pytest

from tachograph.formats.drawing import Drawing
from tests.hostile import PAYLOADS

DRAWN = ("overwritten line", "backspaces", "clear screen", "scroll region", "alternate screen", "hidden colour")
_ALLOWED = re.compile(
    r"\x1b(?:\[\??[0-9;:]*[@A-HJ-MPSTXZ`a-bd-gmrsu]|\[(?:4|20)[hl]|\[\?[0-9;]+[hl]|\[!p|\[[0-9]* q"
    r"|[78DEMH]|[()*+][0AB12]|#[34568])"
)
ANSWERED = {
    "cursor report": "\x1b[6n", "status": "\x1b[?6n", "attributes": "\x1b[c", "second attributes": "\x1b[>c",
    "third attributes": "\x1b[=c", "parameters": "\x1b[x", "size": "\x1b[18t", "title": "\x1b[21t",
    "mode": "\x1b[?2026$p", "version": "\x1b[>q", "keyboard": "\x1b[?u", "keyboard on": "\x1b[>1u",
    "colour": "\x1b]11;?\x07", "clipboard": "\x1b]52;c;?\x1b\\", "setting": "\x1bP$qm\x1b\\",
    "terminfo": "\x1bP+q436f\x1b\\",
    "identify": "\x1bZ", "enquiry": "\x05", "checksum": "\x1b[1;1;1;1;1;1*y", "graphics": "\x1b[?1;1;0S",
    "kitty graphics": "\x1b_Gi=31,s=1,v=1,a=q;AAAA\x1b\\", "mouse": "\x1b[?1000h", "focus": "\x1b[?1004h",
    "paste": "\x1b[?2004h", "cursor keys": "\x1b[?1h", "keypad": "\x1b=", "other keys": "\x1b[>4;2m",
    "print": "\x1b[5i",
    "resize": "\x1b[8;10;10t", "C1 attributes": "\x9bc", "locked keyboard": "\x1b[2h", "memory lock": "\x1bl",
}  # fmt: skip


@pytest.mark.parametrize("payload", ANSWERED.values(), ids=ANSWERED)
def test_nothing_that_is_answered_gets_through(payload: str) -> None:
    assert Drawing().play(f"a{payload}b") == "ab"


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_of_hostile_text_only_drawing_is_left(payload: str) -> None:
    player = Drawing()
    left = _ALLOWED.sub("", player.play(payload) + player.play("\x1b\\"))
    assert not re.search(r"[\x00-\x07\x10-\x1f\x7f-\x9f\ud800-\udfff]", left)


@pytest.mark.parametrize("name", DRAWN)
def test_what_draws_is_shown_as_it_was(name: str) -> None:
    assert Drawing().play(PAYLOADS[name]) == PAYLOADS[name]


def test_of_several_modes_those_that_draw_stay() -> None:
    player = Drawing()
    assert player.play("\x1b[?1049;1000;25h") == "\x1b[?1049;25h"
    assert player.other_screen
    assert player.back_to_normal().startswith("\x1b[?1049l")
    player.play("\x1b[?1049l")
    assert not player.other_screen


def test_a_reset_keeps_what_was_scrolled_away() -> None:
    assert "\x1bc" not in Drawing().play("\x1bc")


def test_however_it_is_cut_the_same_is_played() -> None:
    whole = "".join(f"x{payload}y\x1b\\" for payload in [*PAYLOADS.values(), *ANSWERED.values()])
    expected = Drawing().play(whole)
    for seed in range(50):
        cut = random.Random(seed)
        player, rest, played = Drawing(), whole, ""
        while rest:
            size = cut.randint(1, 9)
            played += player.play(rest[:size])
            rest = rest[size:]
        assert played == expected, seed
