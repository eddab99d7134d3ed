-- Turns: from what a user said to what came of it.

-- name: starts
-- Where the turns of a session begin.
SELECT e.seq
FROM _sessions s
JOIN _events e ON e.session = s.id
WHERE s.session_id = ? AND e.kind IN ({kinds})
ORDER BY e.seq;
