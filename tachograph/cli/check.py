"""One finding of `doctor`."""

from __future__ import annotations

from typing import NamedTuple

OK, NOTE, BAD = "ok", "note", "bad"


class Check(NamedTuple):
    """`state` is one of the three above; `fix` says what mends it."""

    name: str
    state: str
    text: str
    fix: str = ""
