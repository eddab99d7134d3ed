-- Sessions and those that they started.

-- name: links
-- Who started whom, as row numbers; a parent may be named by its agent's own id.
SELECT s.id, coalesce(o.id, l.session)
FROM _sessions s
LEFT JOIN _sessions o ON o.session_id = s.parent_id
LEFT JOIN _aliases l ON l.name = s.parent_id
WHERE s.parent_id IS NOT NULL AND coalesce(o.id, l.session) <> s.id
ORDER BY s.started_at, s.id;

-- name: numbered
-- Some sessions.
SELECT s.id, {session} FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.id IN ({numbers});

-- name: number
-- The row number of a session.
SELECT id FROM _sessions WHERE session_id = ?;
