-- Events that have become many enough to be indexed and counted together.

-- name: settled
-- Up to which event that is done.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'settled'), 0);

-- name: counted
-- Up to which event they are in the totals.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'counted'), 0);

-- name: marks
-- Both.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'settled'), 0),
    coalesce((SELECT value FROM _counters WHERE name = 'counted'), 0);

-- name: ends_of_sessions
-- Where the numbering of some sessions stands.
SELECT s.id, s.last_seq FROM json_each(?) j JOIN _sessions s ON s.id = j.value;

-- name: count_events
-- How many events there are after one.
SELECT count(*) FROM _events WHERE id > ?;

-- name: unsettled
-- What is not, with every word a person would look for. NOT INDEXED: by id, or SQLite walks all sessions to spare
-- itself the sorting.
SELECT e.session, e.seq, concat_ws(
    char(10), t.content, t.command, t.file_path, t.tool_name, coalesce(nullif(e.original_line, ''), e.matched_value)
)
FROM _events e NOT INDEXED
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id > ? AND e.kind IN ({kinds})
ORDER BY e.session, e.seq;

-- name: count_uncounted
-- What is not in the totals, counted.
INSERT INTO _kind_totals (kind, count, first_at, last_at)
SELECT kind, count(*), min(at), max(at) FROM _events WHERE id > ? GROUP BY kind
ON CONFLICT DO UPDATE SET count = count + excluded.count,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at);

-- name: count_findings
-- The same for those that need not be read.
INSERT INTO _kind_totals (kind, count, first_at, last_at) VALUES {rows}
ON CONFLICT DO UPDATE SET count = count + excluded.count,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at);

-- name: count
-- Everything up to this event is in the totals.
INSERT INTO _counters (name, value) VALUES ('counted', ?) ON CONFLICT DO UPDATE SET value = excluded.value;

-- name: settle
-- Everything up to this event is in the index.
INSERT INTO _counters (name, value) VALUES ('settled', ?) ON CONFLICT DO UPDATE SET value = excluded.value;
