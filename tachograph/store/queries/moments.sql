-- When everything of a session happened: what a replay is timed by. Read in pages, each a statement of its own.

-- name: events
-- The next events of a session in its own order, as far as a replay is timed and counted from them.
SELECT e.id, e.seq, e.at, e.kind, t.tool_call_id, t.status, t.exit_code, t.duration_ms,
    CASE WHEN e.kind IN ({states}) THEN t.content END,
    CASE WHEN t.event IS NULL THEN e.metadata_json ->> '$.tool_call_id' END,
    u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, u.reasoning_tokens, u.cost_usd
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
LEFT JOIN _usage u ON u.event = e.id AND u.copied < 2
WHERE e.session = ? AND e.seq > ?
ORDER BY e.seq
LIMIT ?;

-- name: output
-- The next chunks of what was printed, stream by stream, without their bytes.
SELECT stream, number, id, times
FROM _output
WHERE session = ?1 AND (stream, number) > (?2, ?3) AND stream < ?4
ORDER BY stream, number
LIMIT ?5;

-- name: chunk
-- The bytes of one chunk.
SELECT data FROM _output WHERE id = ?;
