-- What the seal of a session covers: its own row, its events, its output.

-- name: events
-- Everything that is known of every event, in order. docs/ledger.md has the same list.
SELECT e.id, e.seq, e.at, k.event_type, k.source, k.pattern, k.risk_level, k.auto_confirmable, k.code_block_language,
    e.line_number, e.matched_value, e.original_line, e.metadata_json || coalesce(hex(t.arguments), ''), t.tool_name, t.tool_call_id, t.file_path,
    t.operation, t.command, t.command_category, t.exit_code, t.status, t.content, t.duration_ms
FROM _events e
JOIN _kinds k ON k.id = e.kind
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ?
ORDER BY e.seq;

-- name: chunks
-- Its output as it is stored, compressed.
SELECT stream, number, line_first, lines, at_first, at_last, bytes, data, times
FROM _output
WHERE session = ?
ORDER BY stream, number;

-- name: session
-- What is sealed of the session itself. Times are text: nanoseconds are more than a double holds.
SELECT s.id, s.session_id, a.name AS agent, s.status, CAST(s.started_at AS TEXT) AS started_at,
    CAST(s.ended_at AS TEXT) AS ended_at, s.exit_code, s.project_dir, s.command, s.host, s.pid
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE s.id = ?;
