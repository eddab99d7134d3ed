-- Recall: what is asked of the past by place: a folder, a command, a file.

-- name: in_folder
-- Sessions begun in a folder or below it, the newest first; what they started themselves is told with them.
SELECT {session}
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE s.parent_id IS NULL AND (s.project_dir = ?1 OR (s.project_dir > ?1 || '/' AND s.project_dir < ?1 || '0'))
    AND {where}
ORDER BY s.started_at DESC, s.id DESC
LIMIT ?;

-- name: went_well
-- The next run of a command in a folder that ended well.
SELECT {session}
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE s.command = ?1 AND s.project_dir IS ?2 AND s.started_at > ?3 AND s.exit_code = 0
ORDER BY s.started_at
LIMIT 1;

-- name: runs_between
-- How often a command was run in a folder between two times.
SELECT count(*) FROM _sessions s
WHERE s.command = ?1 AND s.project_dir IS ?2 AND s.started_at > ?3 AND s.started_at < ?4;

-- name: changed_between
-- Changes of files below a folder between two times, in order.
SELECT o.event
FROM _touches o
WHERE o.path > ?1 || '/' AND o.path < ?1 || '0' AND o.at BETWEEN ?2 AND ?3
    AND o.what IN ('write', 'edit', 'create', 'delete', 'move')
ORDER BY o.at, o.event
LIMIT ?4;

-- name: used_since
-- What was done to files since a time, in the order of recall.Use; only sessions that were at work since are read.
SELECT s.session_id, a.name, s.project_dir, s.status, s.ended_at, s.last_at, e.id, e.at, t.file_path, t.operation,
    t.status
FROM _sessions s
JOIN _agents a ON a.id = s.agent
JOIN _events e INDEXED BY _events_session_at ON e.session = s.id AND e.at >= ?1
JOIN _steps t ON t.event = e.id
WHERE s.last_at >= ?1 AND t.file_path IS NOT NULL AND t.operation IN ('read', 'write', 'edit', 'delete')
    AND {where}
ORDER BY e.at DESC;

-- name: step_of_call
-- The step of a session that a tool call is.
SELECT e.id
FROM _sessions s
JOIN _events e ON e.session = s.id
JOIN _steps t ON t.event = e.id
WHERE s.session_id = ? AND t.tool_call_id = ?
ORDER BY t.command IS NULL, e.seq
LIMIT 1;
