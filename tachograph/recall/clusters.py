"""One kind of failure: every case of it, what was run when it showed, and what ended it.

Fixes are looked up in the sessions, which is dear, so only the latest cases are looked into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph import clock
from tachograph.analyse import commands
from tachograph.analyse.faults import Fault, Group, fingerprint, grouped
from tachograph.errors import NotFound
from tachograph.formats.rows import Row
from tachograph.recall import failures, fixes
from tachograph.store import Store

CASES_MAX = 200  # that are told
_LOOKED_INTO = 16
TRENDS = 24  # parts of the time that a trend counts


class Cluster(NamedTuple):
    """`cases` are rows (the latest first), `looked_into` of them under fixes.COLUMNS with what came after; `after` is
    how often which command had been run by those; `cut`: older findings were not looked at."""

    group: Group
    cases: list[Row]
    looked_into: list[Row]
    after: list[tuple[str, int]]
    cut: bool


def cluster(
    store: Store, name: str, *, agent: str | None = None, since: int | None = None, until: int | None = None
) -> Cluster:
    """`name` is a fingerprint; `agent` a glob, times are ns. Raises NotFound: nothing like that in this time."""
    found = failures.findings(store, agent=agent, since=since, until=until)
    calls: dict[int, str] = {}
    members = []
    for finding in found:
        fault = failures.of_finding(finding)
        if fingerprint(fault) == name:
            members.append(fault)
            if call := (finding.metadata or {}).get("tool_call_id"):
                calls[finding.id] = str(call)
    if not members:
        members = [one for one in failures.of_sessions(store, agent, since, until) if fingerprint(one) == name]
    if not members:
        raise NotFound(f"no failure of that time is named {name!r}", "GET /api/query/failures lists them")
    members.sort(key=lambda fault: (-fault.at, -(fault.event_id or 0)))
    told = _looked_into(store, members, calls)
    return Cluster(
        grouped(members)[0],
        [_case(one) for one in members[:CASES_MAX]],
        told,
        Counter(called for row in told if (called := commands.name(row["command"] or ""))).most_common(),
        len(found) == failures.SCANNED_MAX,
    )


def trend(times: Iterable[int], since: int, until: int) -> list[int]:
    """How many of some times (ns) are in each of TRENDS equal parts from `since` to `until`."""
    counts = [0] * TRENDS
    span = max(1, until - since)
    for at in times:
        counts[min(TRENDS - 1, max(0, (at - since) * TRENDS // span))] += 1
    return counts


def _looked_into(store: Store, members: Sequence[Fault], calls: dict[int, str]) -> list[Row]:
    """One case for each step that failed: the same output is often found to hold several."""
    once: dict[tuple[str, str], tuple[Fault, str | None]] = {}
    for fault in members:
        call = calls.get(fault.event_id or 0)
        once.setdefault((fault.session_id, call or ""), (fault, call))
    return fixes.looked_into(store, list(once.values())[:_LOOKED_INTO])


def _case(fault: Fault) -> Row:
    return {
        "session_id": fault.session_id,
        "agent_name": fault.agent,
        "timestamp": clock.iso(fault.at),
        "event_id": fault.event_id,
        "message": fault.message,
    }
