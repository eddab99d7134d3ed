"""What went wrong, as the commands show it: where it was found, and the lines around it."""

from __future__ import annotations

from tachograph.records import Event, Line
from tachograph.store import Store

_LINES_OF_A_FAULT = 6


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
