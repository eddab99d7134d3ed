"""Everything a store keeps as a sum, counted again from the rows it sums up. Any difference is a bug of a writer."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import Any

from tachograph.store import Store
from tachograph.store.output import TOOL_STREAM

_TOOLS = ("command", "file_op", "tool_call")
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_TOTALS = ("events", "extractions", "errors", "prompts", "replies", "commands", "tool_calls", "tool_errors")


def rows(store: Store, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What is in the file, past every view and every record."""
    return list(store._connection.execute(sql, values))


def recount(store: Store) -> list[str]:
    """What does not add up, in words; empty when all is well."""
    return [
        *_roll_ups(store),
        *_sessions(store),
        *_files(store),
        *_references(store),
        *_tool_outputs(store),
        *(f"the file: {problem}" for problem in store.check()),
    ]


def _differing(what: str, kept: dict[Any, Any], counted: dict[Any, Any]) -> list[str]:
    keys = sorted(kept.keys() | counted.keys(), key=repr)
    return [
        f"{what} {key}: {kept.get(key)} is kept, {counted.get(key)} counted"
        for key in keys
        if kept.get(key) != counted.get(key)
    ]


def _roll_ups(store: Store) -> list[str]:
    by_session = {row[:2]: row[2] for row in rows(store, "SELECT session, kind, count FROM _session_kinds")}
    counted = rows(store, "SELECT session, kind, count(*) FROM _events GROUP BY 1, 2")
    kinds = {row[0]: row[1:] for row in rows(store, "SELECT kind, count, first_at, last_at FROM _kind_counts")}
    again = rows(store, "SELECT kind, count(*), min(at), max(at) FROM _events GROUP BY 1")
    return [
        *_differing("kind of session", by_session, {row[:2]: row[2] for row in counted}),
        *_differing("kind", kinds, {row[0]: row[1:] for row in again}),
    ]


def _sessions(store: Store) -> list[str]:
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    calls: defaultdict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    events = rows(
        store,
        "SELECT e.session, k.event_type, k.pattern, t.tool_call_id, t.status, e.id,"
        " coalesce(json_extract(e.metadata_json, '$.rewound'), 0)"
        " FROM _events e JOIN _kinds k ON k.id = e.kind LEFT JOIN _steps t ON t.event = e.id",
    )
    results = {row[0] for row in rows(store, "SELECT event FROM _keys")}
    for session, event_type, pattern, call, status, event, rewound in events:
        found = counts[session]
        found["events"] += 1
        found["extractions"] += bool(pattern)
        found["errors"] += event_type == "error"
        if rewound:
            continue
        found["prompts"] += event_type == "prompt"
        found["replies"] += event_type == "reply"
        found["commands"] += event_type == "command" and not pattern
        if call is not None:
            calls[session]["tool_calls"].add(call)
            if status in ("error", "rejected"):
                calls[session][status].add(call)
        elif event_type in _TOOLS and event in results and status in ("error", "rejected"):
            calls[session][f"maybe {status}"].add(str(event))  # a result whose call is lost, or no call at all
    wrong = []
    for number, name, *totals in rows(store, f"SELECT id, session_id, {', '.join(_TOTALS)}, rejections FROM _sessions"):
        kept = dict(zip((*_TOTALS, "rejections"), totals, strict=True))
        own = calls[number]
        counted = {total: counts[number][total] for total in _TOTALS[:6]}
        counted["tool_calls"] = len(own["tool_calls"])
        for total, status in (("tool_errors", "error"), ("rejections", "rejected")):
            least = len(own[status])
            counted[total] = min(max(kept[total], least), least + len(own[f"maybe {status}"]))
        wrong += _differing(f"session {name}", kept, counted)
    return wrong + _tokens(store) + _bounds(store)


def _tokens(store: Store) -> list[str]:
    columns = ", ".join(_TOKENS)
    sums = ", ".join(f"sum({column})" for column in _TOKENS)
    stated = "coalesce((SELECT metadata_json ->> '$.stated_cost_usd' FROM _sessions WHERE id = session), sum(cost_usd))"
    kept = {row[0]: row[1:] for row in rows(store, f"SELECT id, {columns}, round(cost_usd, 9) FROM _sessions")}
    sql = f"SELECT session, {sums}, round({stated}, 9) FROM _usage WHERE copied < 2 GROUP BY 1"
    counted = {row[0]: row[1:] for row in rows(store, sql)}
    return _differing("tokens of session", {one: kept[one] for one in counted}, counted)


def _bounds(store: Store) -> list[str]:
    sql = (
        "SELECT session_id, s.first_at, min(e.at), s.last_at, max(e.at), s.last_seq, max(e.seq) FROM _sessions s"
        " JOIN _events e ON e.session = s.id GROUP BY s.id"
    )
    return [
        f"session {name}: events from {first} to {last}, seq {seq}, lie outside {low} to {high}, {top}"
        for name, low, first, high, last, top, seq in rows(store, sql)
        if low > first or high < last or top < seq
    ]


def _files(store: Store) -> list[str]:
    counted: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    sql = (
        "SELECT e.session, t.file_path, t.operation FROM _events e JOIN _kinds k ON k.id = e.kind"
        " JOIN _steps t ON t.event = e.id WHERE k.event_type = 'file_op' AND t.file_path IS NOT NULL"
        " AND t.operation IN ('read', 'write', 'edit', 'delete')"
    )
    for session, path, operation in rows(store, sql):
        counted[session, path][operation] += 1
    kept = {
        row[:2]: +Counter(dict(zip(("read", "write", "edit", "delete"), row[2:], strict=True)))
        for row in rows(store, "SELECT session, file_path, reads, writes, edits, deletes FROM _file_activity")
    }
    touched = dict(rows(store, "SELECT id, files_touched FROM _sessions WHERE files_touched > 0"))
    return [
        *_differing("file of session", kept, dict(counted)),
        *_differing("files touched by session", touched, dict(Counter(session for session, _ in counted))),
    ]


def _references(store: Store) -> list[str]:
    """Rows that point at nothing."""
    sql = {
        "broken reference": "SELECT * FROM pragma_foreign_key_check",
        "event of no session": "SELECT id FROM _events WHERE session NOT IN (SELECT id FROM _sessions)",
        "key of no event": "SELECT * FROM _keys WHERE event NOT IN (SELECT id FROM _events)",
        "key of another session": "SELECT * FROM _keys k JOIN _events e ON e.id = k.event WHERE e.session <> k.session",
        "usage elsewhere": "SELECT * FROM _usage u JOIN _events e ON e.id = u.event WHERE e.session <> u.session",
        "finding of no step": "SELECT * FROM _findings WHERE step NOT IN (SELECT id FROM _events)",
        "finding of no event": "SELECT * FROM _findings WHERE event NOT IN (SELECT id FROM _events)",
        "code of no step": "SELECT * FROM _sightings WHERE step NOT IN (SELECT id FROM _events)",
        "code that nobody saw": "SELECT * FROM _code_blocks WHERE id NOT IN (SELECT block FROM _sightings)",
        "passage without words": "SELECT id FROM _passages WHERE id NOT IN (SELECT rowid / 16 FROM _search)",
        "words of no passage": "SELECT rowid FROM _search WHERE rowid / 16 NOT IN (SELECT id FROM _passages)",
        "passage elsewhere": (
            "SELECT * FROM _passages p JOIN _sessions s ON s.id = p.session WHERE p.stream = -1 AND p.last > s.last_seq"
        ),
        "two keys of one event": (
            "SELECT k.event FROM _keys k GROUP BY k.event HAVING count(*) > 1 AND NOT EXISTS"
            " (SELECT 1 FROM _events e WHERE e.id = k.event AND e.metadata_json ->> '$.sources' IS NOT NULL)"
        ),
        "content of no history": (
            "SELECT id FROM _blobs WHERE id NOT IN (SELECT blob FROM _history_parts)"
            " AND id NOT IN (SELECT after FROM _blobs WHERE after IS NOT NULL)"
        ),
        "gap in a history": (
            "SELECT history FROM _history_parts GROUP BY history HAVING min(number) > 0 OR max(number) + 1 > count(*)"
        ),
        "two current histories": "SELECT path FROM _histories WHERE current GROUP BY path HAVING count(*) > 1",
    }
    return [f"{what}: {found}" for what, query in sql.items() for found in rows(store, query)]


def _tool_outputs(store: Store) -> list[str]:
    """A long result begins with what its event shows of it, and lies where the event says."""
    wrong = []
    sql = (
        "SELECT o.event, e.session, o.session, t.content FROM _tool_output o JOIN _events e ON e.id = o.event"
        " LEFT JOIN _steps t ON t.event = e.id"
    )
    for event, session, lies_in, content in rows(store, sql):
        whole = store.steps.output_of(event)
        if lies_in != session or not content or whole is None or not whole.startswith(content[:900]):
            wrong.append(f"output of event {event}: {str(whole)[:60]!r} in session {lies_in}, {str(content)[:60]!r}")
    sql = "SELECT session, number, line_first, lines FROM _output WHERE stream = ? ORDER BY 1, 2"
    for before, then in itertools.pairwise(rows(store, sql, TOOL_STREAM)):
        if then[0] == before[0] and (then[1], then[2]) != (before[1] + 1, before[2] + before[3]):
            wrong.append(f"chunks of session {then[0]}: {before} then {then}")
    return wrong
