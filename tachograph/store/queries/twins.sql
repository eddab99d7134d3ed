-- Calls of tools that two sources told under different names.

-- name: others
-- Kinds of calls in a session that somebody else told.
SELECT s.kind, k.event_type, k.source
FROM _session_kinds s
JOIN _kinds k ON k.id = s.kind
WHERE s.session = ?1 AND s.count > 0 AND k.event_type IN ('command', 'file_op', 'tool_call')
    AND k.source IN ('transcript', 'printed', 'hook', 'otlp', 'tmux') AND k.source <> ?2;

-- name: candidates
-- What they told of one tool, at about a time; and how much of it is left open, as telemetry may say no more than that.
SELECT e.id, e.at, e.kind, t.tool_call_id, e.metadata_json, t.command, t.arguments,
    (t.command IS NOT ?5) + (t.file_path IS NOT ?6)
FROM _events e INDEXED BY _events_session_at
JOIN _steps t ON t.event = e.id
WHERE e.session = ?1 AND e.at BETWEEN ?2 AND ?3 AND e.kind IN ({numbers})
    AND (t.tool_name IS ?4 OR t.command = ?5)
    AND (t.command = ?5 OR t.command IS NULL OR ?5 IS NULL) AND (t.file_path = ?6 OR t.file_path IS NULL OR ?6 IS NULL);
