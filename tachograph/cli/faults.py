"""What went wrong, as the commands show and group it: findings of type error, failing tests, steps that failed.

Grouping is by words: numbers, paths and quoted values in a message are what differs between two cases of the same
fault, so they are taken out before messages are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph.records import Event, Line
from tachograph.store import Store

SCANNED_MAX = 20_000  # findings that one call looks at; said when it was reached
_LINES_OF_A_FAULT = 6
_VARYING = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.I), "…"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.I), "…"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", re.I), "…"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+)+[\\/]([\w.@+-]+)"), r"\1"),  # a path is its last part
    (re.compile(r"\d+(?:[.,:]\d+)*"), "…"),
    (re.compile(r"\s+"), " "),
)


class Group(NamedTuple):
    """Equal faults. `first` and `last` are ns; `session_id` and `event_id` are those of the latest."""

    kind: str  # error: a finding; session: a command that failed
    pattern: str
    message: str
    cases: int
    sessions: int
    agents: tuple[str, ...]
    first: int
    last: int
    session_id: str
    event_id: int | None


class Fault(NamedTuple):
    """One case of something that went wrong."""

    kind: str
    pattern: str
    message: str
    agent: str
    session_id: str
    at: int
    event_id: int | None


def signature(message: str) -> str:
    """`Timeout after 31 ms in /a/b/c.py` → `Timeout after … ms in c.py`."""
    for varying, instead in _VARYING:
        message = varying.sub(instead, message)
    return message.strip()[:200]


def likeness(fault: Fault | Group) -> str:
    """What a message has in common with the others of its group. That a command failed is told by its own words."""
    return fault.message if fault.kind == "session" else signature(fault.message)


def grouped(faults: Iterable[Fault]) -> list[Group]:
    """Most frequent first, then latest first."""
    found: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.kind, fault.pattern, likeness(fault)), []).append(fault)
    groups = [_group(cases) for cases in found.values()]
    return sorted(groups, key=lambda group: (-group.cases, -group.last))


def _group(cases: Sequence[Fault]) -> Group:
    latest = max(cases, key=lambda fault: (fault.at, fault.event_id or 0))
    return Group(
        kind=latest.kind,
        pattern=latest.pattern,
        message=latest.message,
        cases=len(cases),
        sessions=len({fault.session_id for fault in cases}),
        agents=tuple(sorted({fault.agent for fault in cases})),
        first=min(fault.at for fault in cases),
        last=latest.at,
        session_id=latest.session_id,
        event_id=latest.event_id,
    )


def of_session(store: Store, session_id: str, limit: int | None) -> list[Event]:
    """What went wrong in one session, in its order: errors found in the output, and steps that failed.

    That the wrapped command itself failed is none of them: it is what the whole page says.
    """
    found = {event.id: event for event in store.events.list(session=session_id, type="error", limit=limit)}
    steps = store.turns.failed(session_id)
    found |= {number: store.events.get(number) for number in (steps if limit is None else steps[:limit])}
    ordered = sorted(found.values(), key=lambda event: event.seq)
    return ordered if limit is None else ordered[:limit]


def told_once(found: Sequence[Event]) -> list[Event]:
    """Without what was found in the output of steps that failed and are there themselves."""
    steps = {event.tool_call_id for event in found if event.tool_call_id}
    return [event for event in found if (event.metadata or {}).get("tool_call_id") not in steps]


def stream_of(event: Event) -> str:
    return str((event.metadata or {}).get("stream") or "stdout")


def place_of(event: Event) -> str:
    """`line 12` of the output, or the step it was found in."""
    step = (event.metadata or {}).get("step")
    if event.line_number and not step:
        return f"line {event.line_number}"
    return event.tool_name or (f"in a {str(step).replace('_', ' ')}" if step else event.event_type)


def lines_around(store: Store, event: Event, context: int) -> list[Line]:
    """The lines of the output where it was found, `context` more on either side; none for what was found in a step."""
    if not event.line_number or "step" in (event.metadata or {}):
        return []
    height = min((event.original_line or "").count("\n"), _LINES_OF_A_FAULT)
    first, last = max(1, event.line_number - context), event.line_number + height + context
    return store.output.lines(event.session_id, first, last, stream_of(event))
