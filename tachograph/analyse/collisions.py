"""Are two agents in each other's way? Two touches of one thing come in, how they collide comes out.

Only sessions that were at work at the same time collide: what one finished before the other began, that one found as
it is. A session and the one that started it take turns, so they collide only while both are at work.
"""

from __future__ import annotations

from typing import NamedTuple

from tachograph.clock import SECOND

WINDOW = 30 * 60 * SECOND  # between two changes that belong together
REMOVALS = frozenset({"delete", "move"})
CHANGES = frozenset({"write", "edit", "create", "delete", "move"})
_DONE = {
    "write": "wrote", "edit": "edited", "create": "created", "delete": "deleted", "move": "moved",
    "read": "tried to read", "use": "tried to change",
}  # fmt: skip


class Touch(NamedTuple):
    """One session and one thing it did. Times in ns."""

    event: int
    at: int
    session: str
    agent: str
    what: str  # of CHANGES; read, use: it failed; prompt, block
    family: tuple[str, ...] = ()  # the session and those that started it
    began: int = 0  # of the session
    last: int = 0
    alive: bool = False  # it may still be at work, though nothing was heard of it since `last`
    seen: int | None = None  # when it had last seen the path before that; None: never, as far as is known
    call: str | None = None  # of the tool; the same in a copy of the session


class Verdict(NamedTuple):
    """How they collide."""

    kind: str  # a collision_type
    severity: str
    sentence: str
    stale: bool  # the second did not know what the first had done


def together(first: Touch, second: Touch) -> bool:
    """Whether both sessions were at work: lives that overlap, and the same of a session and one it started."""
    if first.session == second.session or _copied(first, second):
        return False
    if first.session in second.family:  # the first started the second
        return _within(first.at, second)
    if second.session in first.family:
        return _within(second.at, first)
    return (first.last >= second.began or first.alive) and (second.last >= first.began or second.alive)


def related(first: Touch, second: Touch) -> bool:
    """Whether one started the other, over however many others."""
    return first.session in second.family or second.session in first.family


def judge(first: Touch, second: Touch, path: str, window: int = WINDOW) -> Verdict | None:
    """Two touches of a file; `first` was earlier. None: they do not collide."""
    gap = second.at - first.at
    if first.what not in CHANGES or not 0 <= gap <= window or not together(first, second):
        return None
    if second.what in ("read", "use"):  # it failed
        if first.what not in REMOVALS or second.seen is None or second.seen > first.at:
            return None
        return Verdict("structural_overlap", "warning", _sentence(first, second, path), stale=True)
    if second.what not in CHANGES:
        return None
    stale = second.seen is not None and second.seen < first.at
    kind = _kind(first.what, second.what)
    return Verdict(kind, _severity(first, second, stale, gap, window), _sentence(first, second, path), stale)


def repeated(first: Touch, second: Touch, window: int = WINDOW) -> bool:
    """Whether two sessions were asked, or made, the same: neither started the other, and none is a copy."""
    near = 0 < second.at - first.at <= window
    return near and together(first, second) and not related(first, second)


def ago(gap: int) -> str:
    """`40 s`, `12 min`"""
    seconds = gap // SECOND
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _kind(first: str, second: str) -> str:
    if first in REMOVALS and second in REMOVALS:
        return "file_conflict"
    if first in REMOVALS or second in REMOVALS or (first, second) == ("create", "create"):
        return "structural_overlap"
    return "file_conflict"


def _severity(first: Touch, second: Touch, stale: bool, gap: int, window: int) -> str:
    if first.what in REMOVALS and second.what in REMOVALS:
        return "info"
    blind = second.seen is None and (second.what in REMOVALS or second.what == "create")
    if stale or (blind and first.what not in REMOVALS):
        return "critical"
    return "info" if gap > window // 2 else "warning"


def _within(at: int, child: Touch) -> bool:
    return child.began <= at and (at <= child.last or child.alive)


def _copied(first: Touch, second: Touch) -> bool:
    """A resumed or forked session repeats the calls of the one it came from, at the times they had."""
    return first.at == second.at and (first.call == second.call or first.call is None or second.call is None)


def _sentence(first: Touch, second: Touch, path: str) -> str:
    known = ""
    if second.seen is not None and second.seen < first.at and second.what in CHANGES:
        known = f", having seen it as it was {ago(first.at - second.seen)} before that"
    done = f"{second.session} {_DONE[second.what]} {path} {ago(second.at - first.at)} after {first.session} had"
    return f"{done} {_DONE[first.what]} it{known}"
