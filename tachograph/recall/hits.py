"""Lines that a search found: what tools returned belongs to the call that returned it."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph import clock
from tachograph.formats.rows import Row
from tachograph.store import Store
from tachograph.store.calls import Call, Printed
from tachograph.store.search import Hit

COLUMNS = (
    *("session_id", "agent_name", "timestamp", "kind", "event_type", "event_id", "tool_name", "command", "file_path"),
    *("stream", "line_number", "text", "marks", "before", "after"),
)


def with_calls(store: Store, hits: Sequence[Hit]) -> tuple[list[Hit], dict[int, Call]]:
    """The hits `once`, and the calls by the number of their event."""
    found = once(store, hits)
    return found, store.calls.named({hit.event_id for hit in found if hit.event_id is not None})


def once(store: Store, hits: Sequence[Hit]) -> list[Hit]:
    """Hits in what tools returned name the call and keep to its lines.

    An event keeps the beginning of a long result, so that a line there is found in both: it is one hit.
    """
    found = list(hits)
    printed: Printed | None = None
    session = ""
    for place, hit in enumerate(hits):
        if hit.stream != "tool" or hit.line_number is None:
            continue
        if printed is None or hit.session_id != session or not printed.first <= hit.line_number <= printed.last:
            session, printed = hit.session_id, store.calls.printed(hit.session_id, hit.line_number)
        if printed is not None:
            before = [line for line in hit.before if line.number >= printed.first]
            after = [line for line in hit.after if line.number <= printed.last]
            found[place] = hit._replace(event_id=printed.event_id, before=before, after=after)
    lines = {(hit.event_id, hit.text) for hit in found if hit.kind == "output"}
    return [hit for hit in found if hit.kind == "output" or (hit.event_id, hit.text) not in lines]


def row(hit: Hit, call: Call | None) -> Row:
    """A hit under COLUMNS; `call` is the one that printed it."""
    found = hit._asdict()
    found |= {"agent_name": hit.agent, "timestamp": clock.iso(hit.at), "tool_name": None, "command": None}
    found["file_path"] = None
    if call is not None:
        found |= {"event_type": call.event_type, "tool_name": call.tool_name}
        found |= {"command": call.command, "file_path": call.file_path}
    for side in ("before", "after"):
        found[side] = [{"line_number": line.number, "text": line.text} for line in getattr(hit, side)]
    return {name: found[name] for name in COLUMNS}
