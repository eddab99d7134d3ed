-- Seals and what they seal. `table` and `columns` are names of ours, never words from outside.

-- name: last
-- The end of the chain.
SELECT number, hash FROM _ledger ORDER BY number DESC LIMIT 1;

-- name: add
-- One entry.
INSERT INTO _ledger (number, at, name, row, digest, gone, hash) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: entries
-- The chain, in order.
SELECT number, at, CAST(name AS BLOB), row, digest, gone, hash FROM _ledger WHERE number > ? ORDER BY number;

-- name: last_of_row
-- The newest seal of a row.
SELECT digest, gone FROM _ledger WHERE name = ? AND row = ? ORDER BY number DESC LIMIT 1;

-- name: seal_of
-- The same, whole.
SELECT number, at, name, row, digest, gone, hash FROM _ledger WHERE name = ? AND row = ? ORDER BY number DESC LIMIT 1;

-- name: hash_of
-- What an entry is chained to.
SELECT hash FROM _ledger WHERE number = ?;

-- name: session_name
-- How people know a session.
SELECT session_id FROM _sessions WHERE id = ?;

-- name: newest_of_sessions
-- The newest seal of every session, whether it is there, and whether it waits for another.
SELECT l.number, l.row, l.digest, l.gone, s.id IS NOT NULL, u.session IS NOT NULL
FROM (SELECT max(number) AS number, row, digest, gone FROM _ledger WHERE name = 'sessions' GROUP BY row) l
LEFT JOIN _sessions s ON s.id = l.row
LEFT JOIN _unsealed u ON u.session = l.row
ORDER BY l.row;

-- name: sessions_never_sealed
-- Sessions without any seal, and whether they wait for one.
SELECT s.id, u.session IS NOT NULL
FROM _sessions s
LEFT JOIN _unsealed u ON u.session = s.id
WHERE NOT EXISTS (SELECT 1 FROM _ledger l WHERE l.name = 'sessions' AND l.row = s.id)
ORDER BY s.id;

-- name: memories
-- Memories that are not what their newest version says, which alone is sealed: another one, or none at all.
WITH newest AS (SELECT agent_id, memory_json, session_id, source, max(version) FROM agent_memory_versions GROUP BY agent_id)
SELECT m.id, coalesce(m.agent_id, v.agent_id)
FROM agent_memory m FULL JOIN newest v ON v.agent_id = m.agent_id
WHERE (m.memory_json, m.session_id, m.source) IS NOT (v.memory_json, v.session_id, v.source)
    AND (m.id IS NOT NULL OR v.memory_json IS NOT NULL);
