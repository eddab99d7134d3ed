-- Sessions and those that they started.

-- name: roots
-- Sessions that nobody started whom we know, newest first.
SELECT {session}
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE {where} AND NOT EXISTS (SELECT 1 FROM _sessions p WHERE p.session_id = s.parent_id AND p.id <> s.id)
    AND NOT EXISTS (SELECT 1 FROM _aliases p WHERE p.name = s.parent_id AND p.session <> s.id)
ORDER BY s.started_at DESC, s.id DESC
LIMIT ?;

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
