"""All that a viewer needs to begin in the middle of a session, as the payload of one message."""

from __future__ import annotations

from typing import Any

from tachograph.formats.rows import to_row
from tachograph.records import Session
from tachograph.replay import messages
from tachograph.replay.messages import Message
from tachograph.replay.pages import as_told
from tachograph.replay.seeking import Place
from tachograph.replay.state import State
from tachograph.replay.timeline import Timeline
from tachograph.replay.together import Together

_OPEN_MAX = 100  # calls that are told in full; all are counted
_OF_ONE = ("status", "terminal", "session")


async def taken(timeline: Timeline, state: State, place: Place, replay: dict[str, Any]) -> Message:
    """The snapshot after `state`, at a place; `replay` is how it plays. Of several sessions it has what is known of all
    together, and of each in `sessions`."""
    everything, current = await _everything(timeline, state)
    if isinstance(timeline, Together):
        parts = await timeline.ask(lambda _: list(timeline.after(place.items)))
        everything = {name: value for name, value in everything.items() if name not in _OF_ONE}
        everything["sessions"] = [(await _everything(*part))[0] for part in parts]
    everything["replay"] = replay
    seq, event_id = (current.seq, current.id) if current else (None, None)
    return messages.snapshot(timeline.name, place.at, everything, seq=seq, event_id=event_id)


async def _everything(timeline: Timeline, state: State) -> tuple[dict[str, Any], Message | None]:
    """What is known of a timeline after `state`, and the event that is the newest then."""
    under_way = list(state.open.values())[-_OPEN_MAX:]
    wanted = {*state.last.values(), *under_way, *(item for item in (state.last_failure,) if item >= 0)}
    events = await timeline.ask(lambda store: store.events.some({timeline.event(item) for item in wanted}))
    told = {
        item: as_told(timeline, item, events[timeline.event(item)]) for item in wanted if timeline.event(item) in events
    }
    current = told.get(state.current)
    everything = {
        "status": status(timeline, state),
        "turn": state.turn,
        "turns": timeline.turns,
        "counts": state.counts,
        "failures": state.failures,
        "current": current and current.event,
        "last": {word: told[item].event for word, item in state.last.items() if item in told},
        "last_failure": told[state.last_failure].event if state.last_failure in told else None,
        "open": [told[item].event for item in under_way if item in told],
        "open_count": len(state.open),
        **state.tokens,
        "cost_usd": state.cost_usd,
        "terminal": {"printed": state.printed, **terminal_size(timeline.session)},
        "session": to_row(timeline.session),
    }
    return everything, current


def status(timeline: Timeline, state: State) -> str:
    """Of the session at that moment; after everything it is the session's own."""
    ended = state.items == len(timeline) and timeline.session.ended_at is not None
    return timeline.session.status if ended else state.status


def terminal_size(session: Session) -> dict[str, int | None]:
    """Columns and rows of the terminal that was recorded, as far as they are known."""
    known: dict[str, Any] = session.metadata or {}
    places = [known, *(known[name] for name in ("terminal", "term") if isinstance(known.get(name), dict))]
    found = [
        next((place[name] for place in places for name in names if isinstance(place.get(name), int)), None)
        for names in (("columns", "cols", "width"), ("rows", "height"))
    ]
    return {"columns": found[0], "rows": found[1]}
