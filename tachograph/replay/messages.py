"""The messages of live streams, replays and WebSockets: the one place that makes them.

A message is one JSON object, `{"type", "id", "session_id", "seq", "at", "event", "cursor"}`:

- `event`: one event, `event` is its row of the view `events`; null when that event is no more. Told again when it
  changes. A collision is told like an event without an id: its row, with the `event_type` collision.
- `state`: a session is new or has changed, `event` is its row of the view `sessions`; `end`: the same, it has ended.
  Of a replay that was paused, sped up or has come to its end: how it plays now (`player.Player.state`).
- `snapshot`: everything that a viewer needs at an instant, instead of what came before it.
- `gap`: something is missing from here on, `event` says what (`reason`). In a replay: a silence that is shortened.
- `output`: what a program printed, of a replay that was asked for it.
- `heartbeat`: nothing happened, and the line still stands.

`id` is the event's (an int), `seq` its place in the session, `at` ISO-8601 text in UTC: null where there is none.
What is told of several sessions together has no `session_id`. `cursor` is where to go on after this message, as the one
who made the stream says it; left out where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tachograph import clock
from tachograph.formats import as_json
from tachograph.formats.rows import to_row
from tachograph.records import Collision, Event, Session

Type = Literal["event", "snapshot", "state", "end", "heartbeat", "gap", "output"]


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message; `encode` gives its JSON."""

    type: Type
    id: int | None = None
    session_id: str | None = None
    seq: int | None = None
    at: str | None = None
    event: Mapping[str, Any] | None = None
    cursor: str | None = None


def event(told: Event, cursor: str | None = None) -> Message:
    """An event as it is now."""
    return Message("event", told.id, told.session_id, told.seq, _text(told.at), to_row(told), cursor)


def replayed(told: Event, at: int, more: Mapping[str, Any]) -> Message:
    """An event as it was at `at` (ns): a tool call when it began, or when its result came. `more`: what it spent."""
    return Message("event", told.id, told.session_id, told.seq, _text(at), {**to_row(told), **more})


def output(session_id: str, at: int, stream: str, data: str, offset: int) -> Message:
    """What a program printed at `at` (ns). `offset`: bytes of that stream so far, these included."""
    return Message("output", None, session_id, None, _text(at), {"stream": stream, "data": data, "offset": offset})


def playing(session_id: str | None, at: int, how: Mapping[str, Any]) -> Message:
    """How a replay plays now, and that its clock stands at `at` (ns)."""
    return Message("state", None, session_id, None, _text(at), how)


def removed(event_id: int, session_id: str | None, cursor: str | None = None) -> Message:
    """An event that was told and is no more: a better source tells the same in its own words, say."""
    return Message("event", event_id, session_id, cursor=cursor)


def collision(found: Collision, session_id: str | None, cursor: str | None = None) -> Message:
    """Two sessions got in each other's way, or somebody resolved it. `session_id`: the later of the two."""
    row = {"event_type": "collision", **to_row(found)}
    return Message("event", None, session_id, None, found.timestamp, row, cursor)


def state(session: Session, at: int, cursor: str | None = None, *, name: str | None = None) -> Message:
    """A session as it is now. `at` (ns): when that was seen; `name`: what it was called, if its id is another now."""
    return Message("state", None, name or session.id, None, _text(at), to_row(session), cursor)


def deleted(session_id: str, at: int, cursor: str | None = None) -> Message:
    """A session is no more: somebody has deleted it. `at` (ns): when that was seen."""
    return Message("state", None, session_id, None, _text(at), None, cursor)


def end(
    session_id: str | None, at: int, cursor: str | None = None, *, session: Session | None = None, **more: object
) -> Message:
    """A session has ended, or its replay has. `event` is the session's row where it is given, and what `more` says."""
    row = {**({} if session is None else to_row(session)), **more}
    return Message("end", None, session_id, None, _text(at), row or None, cursor)


def snapshot(
    session_id: str | None, at: int, everything: Mapping[str, Any], cursor: str | None = None, *,
    seq: int | None = None, event_id: int | None = None,
) -> Message:  # fmt: skip
    """All that a viewer needs at `at` (ns). `event_id`, `seq`: of the last event that is in it."""
    return Message("snapshot", event_id, session_id, seq, _text(at), everything, cursor)


def heartbeat(at: int, cursor: str | None = None, *, session_id: str | None = None) -> Message:
    """A sign of life at `at` (ns); the cursor moves on past what the listener does not want to hear."""
    return Message("heartbeat", None, session_id, None, _text(at), None, cursor)


def gap(
    reason: str, at: int, cursor: str | None = None, *, session_id: str | None = None, **details: object
) -> Message:
    """Something is missing: `reason` in words, `details` beside it in `event`."""
    return Message("gap", None, session_id, None, _text(at), {"reason": reason, **details}, cursor)


def to_dict(message: Message) -> dict[str, Any]:
    """The object that `encode` writes."""
    found = msgspec.structs.asdict(message)
    if message.cursor is None:
        del found["cursor"]
    return found


def encode(message: Message) -> bytes:
    """One line of JSON. Control characters only ever as escapes, so it is one line of a stream of events, too."""
    return as_json.value(to_dict(message)).encode()


def _text(at: int) -> str | None:
    return clock.iso(at) if at else None
