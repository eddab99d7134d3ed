"""Searching all of history, or what was done in one folder."""

from __future__ import annotations

from typing import NamedTuple

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.formats.rows import Row
from tachograph.store import Store
from tachograph.store.search import Hit

_MORE = 20  # hits are asked for, for each that is wanted of one folder
_MOST = 1000


class Found(NamedTuple):
    """`hits` are rows, the newest first; `truncated`: there may be more."""

    hits: list[Row]
    truncated: bool
    took_ms: float


def find(
    store: Store, query: str, *, project: str | None = None, agent: str | None = None, since: int | None = None,
    limit: int = 20,
) -> Found:  # fmt: skip
    """Lines that hold what was typed, with whose they are. `project`: only sessions begun in this folder or below it;
    `agent` a glob, `since` ns. Raises UsageError when there is no word in the query."""
    wanted = limit if project is None else min(limit * _MORE, _MOST)
    results = store.search(query, agent=agent, since=since, limit=wanted, context=1)
    if not results.terms:
        raise UsageError("there is no word to search for", "write the words that must stand in one line")
    folders: dict[str, str | None] = {}
    rows = []
    for hit in results.hits:
        if hit.session_id not in folders:
            folders[hit.session_id] = store.sessions.get(hit.session_id).project_dir
        folder = folders[hit.session_id]
        if project is None or f"{folder or ''}/".startswith(f"{project.rstrip('/')}/"):
            rows.append(_row(hit, folder))
    return Found(rows[:limit], results.truncated or len(rows) > limit, results.took_ms)


def _row(hit: Hit, folder: str | None) -> Row:
    return {
        "session_id": hit.session_id,
        "agent_name": hit.agent,
        "project_dir": folder,
        "timestamp": clock.iso(hit.at),
        "kind": hit.kind,
        "event_type": hit.event_type,
        "event_id": hit.event_id,
        "stream": hit.stream,
        "line_number": hit.line_number,
        "text": hit.text,
        "before": [line.text for line in hit.before],
        "after": [line.text for line in hit.after],
    }
