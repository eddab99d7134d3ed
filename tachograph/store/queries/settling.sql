-- Events that have become many enough to be indexed and counted together.

-- name: settled
-- Up to which event that is done.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'settled'), 0);

-- name: unsettled
-- What is not, a session after the other, with everything of it that a person would look for.
SELECT e.session, e.seq, e.kind, t.content, t.command, t.file_path, t.tool_name, coalesce(e.original_line, e.matched_value)
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id > ?
ORDER BY e.session, e.seq;

-- name: count_unsettled
-- The same counted.
INSERT INTO _kind_totals (kind, count, first_at, last_at)
SELECT kind, count(*), min(at), max(at) FROM _events WHERE id > ? GROUP BY kind
ON CONFLICT DO UPDATE SET count = count + excluded.count,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at);

-- name: settle
-- Everything up to this event is done.
INSERT INTO _counters (name, value) VALUES ('settled', ?) ON CONFLICT DO UPDATE SET value = excluded.value;
