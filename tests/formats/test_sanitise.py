"""Recorded text cannot act on a terminal, and nothing but the harmful part of it is lost."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.formats import as_json, sanitise
from tests.hostile import BYTES, PAYLOADS, controls

_SGR = re.compile(r"\x1b\[[0-9;:]*m")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_survives(payload: str) -> None:
    text = f"before {payload} after"
    assert controls(sanitise.terminal(text)) == []
    assert controls(sanitise.line(text)) == []
    assert controls(_SGR.sub("", sanitise.terminal(text, colour=True))) == []


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES)
def test_no_bytes_survive(raw: bytes) -> None:
    assert controls(sanitise.terminal(raw.decode(errors="replace"))) == []
    assert controls(sanitise.terminal(raw.decode(errors="surrogateescape"))) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_json_holds_payloads_as_escapes_and_gives_them_back(payload: str) -> None:
    written = as_json.value({"text": payload})
    assert controls(written) == []
    assert json.loads(written) == {"text": payload}


def test_words_around_and_between_stay() -> None:
    assert sanitise.terminal("a\x1b[31mred\x1b[0m b\x1b]0;title\x07 c") == "ared b c"
    assert sanitise.terminal("tab\tand\nnewline, äöü, 漢字, 🙂") == "tab\tand\nnewline, äöü, 漢字, 🙂"


def test_text_of_a_string_that_never_ends_is_shown() -> None:
    assert sanitise.terminal("\x1b]2;all of this") == "2;all of this"


def test_colours_stay_only_when_asked_for_and_end_with_the_line() -> None:
    assert sanitise.terminal("\x1b[31mred", colour=True) == "\x1b[31mred\x1b[0m"
    assert sanitise.terminal("\x1b[31m\x1b[2Jred", colour=True) == "\x1b[31mred\x1b[0m"
    assert sanitise.terminal("plain", colour=True) == "plain"


def test_half_characters_become_the_replacement_character() -> None:
    assert sanitise.terminal("a\udc9bb") == "a\ufffdb"


def test_one_line_stays_one_line() -> None:
    assert sanitise.line("a\nb\tc\r\nd") == "a b c d"


@given(st.text(st.characters(codec=None, categories=None), max_size=200))
def test_anything_at_all_is_harmless_afterwards(text: str) -> None:
    clean = sanitise.terminal(text)
    assert controls(clean) == []
    assert sanitise.terminal(clean) == clean


@given(st.lists(st.sampled_from([*PAYLOADS.values(), "x", "31m", "]", "\\", "["]), max_size=8))
def test_pieces_of_payloads_do_not_join_into_one(pieces: list[str]) -> None:
    assert controls(sanitise.terminal("".join(pieces))) == []
    assert controls(_SGR.sub("", sanitise.terminal("".join(pieces), colour=True))) == []


def test_long_hostile_text_takes_linear_time() -> None:
    for piece in ("\x9d", "\x1b]", "\x1b[", "\x1b[1;"):
        assert controls(sanitise.terminal(piece * 200_000)) == []
