"""Everything that is known of one session, as rows: who told it, its turns, its events with all of their text."""

from __future__ import annotations

from typing import Any

from tachograph import clock
from tachograph.formats.rows import Row, to_row
from tachograph.recall import failures
from tachograph.records import Event, Session
from tachograph.store import Store
from tachograph.store.families import Member
from tachograph.store.histories import History
from tachograph.store.turns import Turn

FAMILY = ("depth", "below", "family_tool_calls", "family_input_tokens", "family_output_tokens", "family_cost_usd")
_SOURCES = ("wrapper", "transcript", "printed", "hook", "otlp", "tmux")


def facts(store: Store, session: Session, most: int) -> Row:
    """The session's row, plus who told it, its turns, counts by type, failures, code blocks, states and notes; at most
    so many of the last four."""
    return {
        **to_row(session),
        "sources": told_by(store, session),
        "histories": [_history(one) for one in store.histories.of_session(session.id)],
        "turns": [turn_row(turn) for turn in store.turns.list(session.id)] if has_turns(session) else [],
        "counts": store.sessions.counts(session.id),
        "failures": [to_row(event) for event in failures.of_session(store, session.id, most)],
        "code_blocks": [to_row(block) for block in store.code_blocks.list(session=session.id, limit=most)],
        "states": [to_row(change) for change in store.sessions.states(session.id)],
        "notes": [to_row(event) for event in store.events.list(session=session.id, type="marker", limit=most)],
    }


def has_turns(session: Session) -> bool:
    """Whether anything but the wrapper told of it."""
    return bool(session.prompts or session.replies or session.tool_calls)


def told_by(store: Store, session: Session) -> list[str]:
    """The sources of a session: wrapper, transcript, hook, otlp …"""
    more: Any = (session.metadata or {}).get("sources")
    told = {*store.turns.sources(session.id), *(more if isinstance(more, list) else ())}
    told |= {"wrapper"} if session.command is not None else set()
    return sorted(told, key=lambda name: _SOURCES.index(name) if name in _SOURCES else len(_SOURCES))


def turn_row(turn: Turn) -> Row:
    """A turn as data: `turn` is its number, times are ISO."""
    found = turn._asdict()
    found["turn"] = found.pop("number")
    found["timestamp"], found["ended_at"] = clock.iso(turn.started_at), clock.iso(turn.ended_at)
    del found["started_at"]
    return {"turn": found.pop("turn"), "timestamp": found.pop("timestamp"), **found}


def turn_events(store: Store, session: Session, turn: Turn) -> list[Row]:
    """What happened in a turn as data, with all that tools returned."""
    return [event_row(store, event) for event in store.turns.events(session.id, turn.number)]


def event_row(store: Store, event: Event) -> Row:
    """An event with all of its text."""
    return {**to_row(event), "content": content(store, event)}


def content(store: Store, event: Event) -> str | None:
    """All of it: of a long result the event itself has only the beginning."""
    full = store.steps.output_of(event.id)
    return event.content if full is None else full


def member_row(member: Member) -> Row:
    """A session in its family: its row, and what it and all below it came to, under FAMILY."""
    values = (*member[1:4], member.input_tokens, member.output_tokens, member.cost_usd)
    return {**to_row(member.session), **dict(zip(FAMILY, values, strict=True))}


def _history(one: History) -> Row:
    """A file in which the agent keeps the session."""
    return {
        "path": one.path,
        "bytes": one.kept_bytes,
        "unknown_lines": one.unknown_lines,
        "trouble": one.trouble,
        "keeps_until": clock.iso(one.keeps_until) if one.keeps_until else None,
        "gone_at": clock.iso(one.gone_at) if one.gone_at else None,
    }
