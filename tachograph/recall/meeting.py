"""A collision as it is shown: what both did, when, and what the second had seen."""

from __future__ import annotations

import json
from typing import Any

from tachograph import clock
from tachograph.analyse import overlaps
from tachograph.formats.meeting import Meeting, Side
from tachograph.records import Collision
from tachograph.store import Store


def of(store: Store, found: Collision) -> Meeting:
    """Both sides of a collision; events may be gone by now."""
    about = _object(found.overlap_json)
    facts = {
        "subject": found.subject or "",
        "second had seen it": about.get("second_had_seen") or "",
        "same lines": " ⏎ ".join(map(str, about.get("same_lines") or ())),
        "functions": ", ".join(map(str, about.get("symbols") or ())),
        "workflow": found.session_id,
        "resolution": f"{found.resolution} ({found.resolved_at})" if found.resolution else "",
    }
    return Meeting(
        f"Collision {found.id}: {found.collision_type}, {found.severity}",
        found.description,
        {name: value for name, value in facts.items() if value},
        _side(store, found.session_id_1, found.agent_id_1, found.event_id_1, about.get("first_lines")),
        _side(store, found.session_id_2, found.agent_id_2, found.event_id_2, about.get("second_lines")),
    )


def _side(store: Store, session_id: str | None, agent: str, event_id: int | None, lines: object) -> Side:
    """One of the two, with what its event changed; events may be gone by now."""
    facts = {"agent": agent}
    about = store.touches.about(event_id) if event_id is not None else None
    if about is None:
        return Side(session_id or agent, facts, ["@ no event is kept of it"])
    event = store.events.get(about.event)
    facts |= {
        "when": clock.iso(about.at),
        "event": str(about.event),
        "did": " ".join(filter(None, (event.operation or event.event_type, event.file_path))),
    }
    if isinstance(lines, list) and len(lines) == 2:
        facts["lines"] = f"{lines[0]}–{lines[1]}"
    if event.command:
        return Side(about.session_id, facts, [f"$ {line}" for line in event.command.split("\n")])
    if event.operation is None:
        return Side(about.session_id, facts, [f" {line}" for line in (event.content or "").split("\n")])
    path = event.file_path or ""
    before = store.touches.reading(about.row, about.at, (path, path))
    changes = overlaps.changes(store.touches.input(about), path)
    text = overlaps.unnumbered(before) if before else None
    drawn = [line for change in changes for line in ("@", *overlaps.diff(change, text))][1:]
    return Side(about.session_id, facts, drawn or ["@ what it changed is not known"])


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
