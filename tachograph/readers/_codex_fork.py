"""Where the history that a fork or a subagent of Codex copied from its parent ends, as far as the file tells.

A copy leads the file: the parent's own lines, its session_meta among them, all with the time of the fork. Ids of turns
and sessions are UUIDs of version 7, which carry the time they were made: a turn older than the session is a copy.
Older versions have no such turns: there the copy was written in one go, and a pause ends it.
"""

from __future__ import annotations

from tachograph.readers.times import iso
from tachograph.readers.values import Object

_PAUSE = 1_000_000_000  # ns; a copy is written within milliseconds, and no model answers that fast
_PLACES_OF_TURN = ("internal_chat_message_metadata_passthrough", "turn_attribution", "metadata")


class Fork:
    """Tells copied lines from the session's own."""

    def __init__(self) -> None:
        self.parent: str | None = None
        self._born: int | None = None  # ms, of this session
        self._armed = False  # there may be copied lines ahead
        self._copying = False
        self._by_turns = False  # the copy has turns that tell their age
        self._before = 0

    def began(self, meta: Object, at: int) -> None:
        """The session's own session_meta."""
        told = iso(meta.get("timestamp"))
        self._born = born(meta.get("id")) or (told // 1_000_000 if told else None)
        self.parent = _parent(meta)
        self._armed = self.parent is not None
        self._copying = isinstance(meta.get("forked_from_id"), str)
        self._before = at

    def other(self, meta: Object) -> None:
        """The session_meta of another session: a copy begins, or goes on."""
        if self.parent is None and isinstance(native := meta.get("id"), str):
            self.parent = native
        self._armed = self._copying = True

    def copied(self, payload: Object, at: int) -> bool:
        """Whether this line belongs to the parent."""
        if not self._armed:
            return False
        turn = born(_turn(payload))
        if turn is not None and self._born is not None:
            self._by_turns = True
            self._copying = turn < self._born
            self._armed = self._copying
        elif self._copying and not self._by_turns and at - self._before > _PAUSE:
            self._armed = self._copying = False
        self._before = at or self._before
        return self._copying


def born(native: object) -> int | None:
    """The time in a UUID of version 7, in ms since 1970; None for other ids."""
    if not isinstance(native, str) or len(native) != 36 or native[14] != "7":
        return None
    try:
        return int(native[:8] + native[9:13], 16)
    except ValueError:
        return None


def _turn(payload: Object) -> object:
    if turn := payload.get("turn_id"):
        return turn
    for place in _PLACES_OF_TURN:
        if isinstance(found := payload.get(place), dict) and (turn := found.get("turn_id")):
            return turn
    return None


def _parent(meta: Object) -> str | None:
    source = meta.get("source")
    subagent = source.get("subagent") if isinstance(source, dict) else None
    spawn = subagent.get("thread_spawn") if isinstance(subagent, dict) else None
    told = [meta.get("parent_thread_id"), spawn.get("parent_thread_id") if isinstance(spawn, dict) else None]
    return next((native for native in [*told, meta.get("forked_from_id")] if isinstance(native, str) and native), None)
