-- Events that have become many enough to be indexed and counted together.

-- name: settled
-- Up to which event that is done.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'settled'), 0);

-- name: unsettled_findings
-- What is not, as passages: some events of one session with every word a person would look for. NOT INDEXED: by id, or
-- SQLite walks all sessions to spare itself the sorting.
SELECT e.session, min(e.seq), max(e.seq), group_concat(coalesce(e.original_line, e.matched_value), char(10))
FROM _events e NOT INDEXED
WHERE e.id > ? AND e.kind IN ({kinds})
GROUP BY e.session, e.seq / 64;

-- name: unsettled_steps
-- The same of structured steps.
SELECT e.session, min(e.seq), max(e.seq), group_concat(
    concat_ws(char(10), t.content, t.command, t.file_path, t.tool_name, e.original_line, e.matched_value), char(10)
)
FROM _events e NOT INDEXED
JOIN _steps t ON t.event = e.id
WHERE e.id > ? AND e.kind IN ({kinds})
GROUP BY e.session, e.seq / 64;

-- name: count_unsettled
-- The same counted.
INSERT INTO _kind_totals (kind, count, first_at, last_at)
SELECT kind, count(*), min(at), max(at) FROM _events WHERE id > ? GROUP BY kind
ON CONFLICT DO UPDATE SET count = count + excluded.count,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at);

-- name: settle
-- Everything up to this event is done.
INSERT INTO _counters (name, value) VALUES ('settled', ?) ON CONFLICT DO UPDATE SET value = excluded.value;
