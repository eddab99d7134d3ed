"""What went wrong in recordings: errors that were found, steps and sessions that failed; equal ones as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.analyse.faults import Fault, Group, fingerprint, grouped, likeness
from tachograph.formats import gist
from tachograph.formats.rows import Row
from tachograph.records import Event, Extraction
from tachograph.store import Store

SCANNED_MAX = 20_000  # findings that one call looks at
COLUMNS = (
    *("kind", "pattern", "message", "cases", "sessions", "agents", "first", "last", "session_id", "event_id"),
    *("signature", "fingerprint"),
)


class Failures(NamedTuple):
    """`groups` are the most frequent first; `cut`: there are older findings that were not looked at."""

    groups: list[Group]
    scanned: int
    cut: bool


def failures(
    store: Store, *, agent: str | None = None, session: str | None = None, since: int | None = None,
    until: int | None = None,
) -> Failures:  # fmt: skip
    """Errors of all sessions and sessions that failed, or the errors of one. `agent` is a glob, times are ns."""
    found = findings(store, agent=agent, session=session, since=since, until=until)
    faults = [of_finding(finding) for finding in found]
    if session is None:
        faults += of_sessions(store, agent, since, until)
    return Failures(grouped(faults), len(found), len(found) == SCANNED_MAX)


def findings(store: Store, **filters: Any) -> Sequence[Extraction]:
    """The errors that are looked at, newest first; filters as `store.extractions.list` takes them."""
    return store.extractions.list(type="error", limit=SCANNED_MAX, **filters)


def of_finding(finding: Extraction) -> Fault:
    message = gist.of_event(finding)
    return Fault("error", finding.pattern, message, finding.agent_name, finding.session_id, finding.at, finding.id)


def row(group: Group) -> Row:
    """A group under COLUMNS, times ISO."""
    found = group._asdict()
    found["agents"] = list(group.agents)
    found["first"], found["last"] = clock.iso(group.first), clock.iso(group.last)
    found["signature"], found["fingerprint"] = likeness(group), fingerprint(group)
    return {name: found[name] for name in COLUMNS}


def of_sessions(store: Store, agent: str | None, since: int | None, until: int | None) -> Iterator[Fault]:
    """Every session that failed, as a fault of its command."""
    for status in ("failed", "interrupted"):
        listed = store.sessions.list(agent=agent, since=since, until=until, status=status, limit=SCANNED_MAX)
        for found in listed:
            ended = f"exit {found.exit_code}" if found.exit_code is not None else found.status
            message = f"{ended}: {gist.of_session(found) or found.agent}"
            yield Fault("session", "", message, found.agent, found.id, found.ended_at or found.started_at, None)


def of_event(store: Store, event: Event) -> list[Group]:
    """The kinds of failures that one event is a case of: itself, or what was found in its text; each once."""
    if event.pattern is not None:
        found = [event.id] if event.event_type == "error" else []
    else:
        found = store.findings.of(event.id)
    findings = (store.extractions.get(number) for number in found)
    return grouped(of_finding(one) for one in findings if one.event_type == "error")


def of_session(store: Store, session_id: str, limit: int | None) -> list[Event]:
    """What went wrong in one session, in its order: errors found in the output, and steps that failed.

    That the wrapped command itself failed is none of them: it is what the whole page says.
    """
    found = {event.id: event for event in store.events.list(session=session_id, type="error", limit=limit)}
    steps = store.turns.failed(session_id)
    found |= {number: store.events.get(number) for number in steps[:limit]}
    ordered = sorted(found.values(), key=lambda event: event.seq)
    return ordered[:limit]


def told_once(found: Sequence[Event]) -> list[Event]:
    """Without what was found in the output of steps that failed and are there themselves."""
    steps = {event.tool_call_id for event in found if event.tool_call_id}
    return [event for event in found if (event.metadata or {}).get("tool_call_id") not in steps]
