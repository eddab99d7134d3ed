"""What takes the room of a database file, in words people know."""

from __future__ import annotations

from typing import NamedTuple

from tachograph.store import queries
from tachograph.store.writer import Writer

_sql = queries.load("room")
OUTPUT, HISTORIES, INDEX, EVENTS, LEDGER, REST = "output", "histories", "search index", "events", "ledger", "other"
_OF = {
    "_output": OUTPUT, "_tool_output": OUTPUT,
    "_blobs": HISTORIES, "_histories": HISTORIES, "_history_parts": HISTORIES, "_history_sessions": HISTORIES,
    "_search": INDEX, "_passages": INDEX,
    "_events": EVENTS, "_steps": EVENTS, "_keys": EVENTS, "_usage": EVENTS, "_findings": EVENTS, "_touches": EVENTS,
    "_file_activity": EVENTS, "_session_kinds": EVENTS, "_kind_totals": EVENTS, "_sessions": EVENTS,
    "_code_blocks": EVENTS, "_sightings": EVENTS,
    "_ledger": LEDGER, "receipts": LEDGER, "audit_log": LEDGER, "agent_memory": LEDGER,
    "agent_memory_versions": LEDGER, "workflow_sessions": LEDGER, "collision_detection": LEDGER,
    "pipeline_metrics": LEDGER, "slo_violations": LEDGER,
}  # fmt: skip


class Part(NamedTuple):
    """Some tables with their indexes."""

    name: str
    bytes: int


def room(writer: Writer) -> list[Part]:
    """The largest first. Looks at every page of the file."""
    found: dict[str, int] = {}
    for table, size in writer.connection.execute(_sql.room):
        name = INDEX if table.startswith("_search") else _OF.get(table, REST)
        found[name] = found.get(name, 0) + size
    return sorted((Part(name, size) for name, size in found.items()), key=lambda part: -part.bytes)
