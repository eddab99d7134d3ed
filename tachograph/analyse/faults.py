"""What went wrong, grouped by words: equal faults are one, however often they happened.

Numbers, paths and quoted values in a message are what differs between two cases of the same fault, so they are taken
out before messages are compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph.regexes import regex

_VARYING = (
    (regex(r"\x1b\[[0-9;]*m"), ""),
    (regex(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.I), "…"),
    (regex(r"\b0x[0-9a-f]+\b", re.I), "…"),
    (regex(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", re.I), "…"),
    (regex(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+)+[\\/]([\w.@+-]+)"), r"\1"),  # a path is its last part
    (regex(r"\d+(?:[.,:]\d+)*"), "…"),
    (regex(r"\s+"), " "),
)


_RULE = "v1"  # how messages are compared; another way gets another name, so that a fingerprint means one thing only


class Group(NamedTuple):
    """Equal faults. `first` and `last` are ns; `session_id` and `event_id` are those of the latest. `times` are those
    of all cases, in ns and in order."""

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
    times: tuple[int, ...]


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


def fingerprint(fault: Fault | Group) -> str:
    """A name of everything that is like this: the same in every store, and for as long as messages are compared so."""
    words = "\0".join((fault.kind, fault.pattern, likeness(fault)))
    return f"{_RULE}:{hashlib.sha256(words.encode(errors='surrogatepass')).hexdigest()[:16]}"


def grouped(faults: Iterable[Fault]) -> list[Group]:
    """Most frequent first, then latest first: in the order of `place_of_group`."""
    found: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.kind, fault.pattern, likeness(fault)), []).append(fault)
    groups = [_group(cases) for cases in found.values()]
    return sorted(groups, key=place_of_group)


def place_of_group(group: Group) -> tuple[int, int, str, str, str]:
    """What groups are sorted by; no two of one list have the same."""
    return (-group.cases, -group.last, group.kind, group.pattern, likeness(group))


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
        times=tuple(sorted(fault.at for fault in cases)),
    )
