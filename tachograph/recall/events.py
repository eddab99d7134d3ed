"""A list of events, whichever part of the store has it: calls of tools, what rules found, or everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tachograph.records import Event
from tachograph.store import Store


def events(
    store: Store,
    *,
    type: str | None,
    status: str | None,
    calls: Mapping[str, Any],
    findings: Mapping[str, Any],
    **where: Any,
) -> Sequence[Event]:
    """Calls when any of `calls` (tool, category, path) is given, findings when any of `findings` (pattern, risk) is;
    `where` is what every list of the store takes. Calls have no `type`, findings no `status`."""
    if any(calls.values()):
        return store.calls.list(**where, **calls, status=status)
    if any(findings.values()):
        return list(store.events.given(one.id for one in store.extractions.list(**where, **findings, type=type)))
    return store.events.list(**where, type=type, status=status)
