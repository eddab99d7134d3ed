"""Counts over the whole store, from roll-ups and small tables only: a million events cost as little as a hundred."""

from __future__ import annotations

import os

from tachograph.store.filters import Where
from tachograph.store.migrations import version_of
from tachograph.store.search import check_index
from tachograph.store.writer import Writer


def totals(writer: Writer) -> dict[str, object]:
    """`sessions, running, events, extractions, lines, output_bytes, lost_bytes, code_blocks, agents`, and the time in
    ns of the `first` and the `last` sign of life."""
    row = writer.connection.execute(
        "SELECT count(*) AS sessions, coalesce(sum(ended_at IS NULL), 0) AS running,"
        " coalesce(sum(events), 0) AS events,"
        " coalesce(sum(extractions), 0) AS extractions, coalesce(sum(lines), 0) AS lines,"
        " coalesce(sum(output_bytes), 0) AS output_bytes, coalesce(sum(lost_bytes), 0) AS lost_bytes,"
        " (SELECT count(*) FROM _code_blocks) AS code_blocks, count(DISTINCT agent) AS agents,"
        " min(started_at) AS first, max(coalesce(last_at, started_at)) AS last FROM _sessions"
    )
    names = [column[0] for column in row.get_description()]
    return dict(zip(names, row.fetchone(), strict=True))


def by(
    writer: Writer,
    key: str,
    *,
    agent: str | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int | None = 100,
) -> list[dict[str, object]]:
    """Rows counted by `agent`, `day` (UTC), `type`, `pattern` or `command`, largest first (days: newest first).

    `since` and `until` (ns) pick the sessions that started then.
    """
    where = Where()
    agents = writer.kinds.matching_agents(agent)
    where.any_of("a.name", agents)
    where.add("s.started_at >= ?", since)
    where.add("s.started_at <= ?", until)
    if key == "command":
        writer.connection.create_scalar_function("program", program, 1, deterministic=True)
    cursor = writer.connection.execute(
        _BY[key].format(where=where, also=str(where).replace(" WHERE ", " AND ", 1)),
        (*where.values, -1 if limit is None else limit),
    )
    rows = cursor.fetchall()
    return [dict(zip(_NAMES[key], row, strict=True)) for row in rows]


_SESSION_FACTS = (
    "count(*), sum(s.ended_at IS NOT NULL AND s.exit_code = 0), sum(s.status IN ('failed', 'interrupted')),"
    " sum(s.extractions), sum(s.errors), sum(s.lines), avg((s.ended_at - s.started_at) / 1e6)"
)
_FACT_NAMES = ("sessions", "succeeded", "failed", "extractions", "errors", "lines", "avg_duration_ms")
_NAMES = {
    "agent": ("agent_name", *_FACT_NAMES),
    "day": ("day", *_FACT_NAMES),
    "type": ("event_type", "count", "sessions", "agents"),
    "pattern": ("pattern", "event_type", "count", "sessions", "agents"),
    "command": ("command", "runs", "failed", "median_ms", "p95_ms", "total_ms"),
}
_BY = {
    "agent": f"SELECT a.name, {_SESSION_FACTS} FROM _sessions s JOIN _agents a ON a.id = s.agent{{where}}"
    " GROUP BY a.name ORDER BY 2 DESC, 1 LIMIT ?",
    "day": f"SELECT date(s.started_at / 1000000000, 'unixepoch') AS day, {_SESSION_FACTS} FROM _sessions s"
    " JOIN _agents a ON a.id = s.agent{where} GROUP BY day ORDER BY day DESC LIMIT ?",
    "type": "SELECT k.event_type, sum(c.count), count(DISTINCT s.id), count(DISTINCT a.name) FROM _sessions s"
    " JOIN _session_kinds c ON c.session = s.id JOIN _kinds k ON k.id = c.kind JOIN _agents a ON a.id = k.agent{where}"
    " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
    "pattern": "SELECT k.pattern, k.event_type, sum(c.count), count(DISTINCT s.id), count(DISTINCT a.name)"
    " FROM _sessions s JOIN _session_kinds c ON c.session = s.id JOIN _kinds k ON k.id = c.kind"
    " JOIN _agents a ON a.id = k.agent WHERE k.pattern <> ''{also} GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT ?",
    # A command is known by its program: whole command lines never repeat. `program` is a function of this connection.
    "command": "SELECT program(t.command) AS command, count(*), sum(t.status = 'error'), median(t.duration_ms),"
    " percentile(t.duration_ms, 95), sum(t.duration_ms) FROM _steps t JOIN _events e ON e.id = t.event"
    " JOIN _sessions s ON s.id = e.session JOIN _agents a ON a.id = s.agent WHERE t.command IS NOT NULL{also}"
    " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
}


def program(command: str) -> str:
    """`/usr/bin/pytest -q tests` → `pytest`."""
    return os.path.basename(command.split(maxsplit=1)[0].strip("'\"")) if command.strip() else ""


def info(writer: Writer) -> dict[str, object]:
    """The file itself: path, sizes in bytes, schema version, SQLite version and the pragmas in force."""
    db = writer.connection
    sizes = {
        name: os.path.getsize(writer.path + tail) if os.path.exists(writer.path + tail) else 0
        for name, tail in (("bytes", ""), ("wal_bytes", "-wal"))
    }
    names = ("journal_mode", "synchronous", "foreign_keys", "page_size", "page_count", "freelist_count", "mmap_size",
             "secure_delete", "busy_timeout", "trusted_schema")  # fmt: skip
    return {
        "path": writer.path,
        **sizes,
        "schema_version": version_of(db),
        "sqlite_version": db.execute("SELECT sqlite_version()").get,
        **{name: db.pragma(name) for name in names},
    }


def check(writer: Writer, *, quick: bool = False) -> list[str]:
    """What is wrong with the file, in words; empty when nothing is. Quick skips the comparison of indexes and rows."""
    db = writer.connection
    problems = [
        str(row[0]) for row in db.execute(f"PRAGMA {'quick_check' if quick else 'integrity_check'}") if row[0] != "ok"
    ]
    problems += [
        f"a row of {row[0]} points to a row of {row[2]} that is gone" for row in db.execute("PRAGMA foreign_key_check")
    ]
    if not quick:
        problems += check_index(db)
        problems += _totals_that_disagree(writer)
    return problems


def _totals_that_disagree(writer: Writer) -> list[str]:
    db = writer.connection
    rows = db.execute(
        "SELECT s.session_id, s.events, count(e.id) FROM _sessions s LEFT JOIN _events e ON e.session = s.id"
        " GROUP BY s.id HAVING s.events <> count(e.id) LIMIT 20"
    ).fetchall()
    problems = [f"session {name} says it has {said} events and has {has}" for name, said, has in rows]
    rolled = db.execute("SELECT coalesce(sum(count), 0) FROM _kind_totals").get
    stored = db.execute("SELECT count(*) FROM _events").get
    if rolled != stored:
        problems.append(f"the roll-ups count {rolled} events, the store has {stored}")
    return problems
