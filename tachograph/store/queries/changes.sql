-- The log of what changed that was there before.

-- name: take
-- Numbers that were never handed out before, the last of them.
INSERT INTO _counters (name, value) VALUES ('change', ?)
ON CONFLICT DO UPDATE SET value = value + excluded.value
RETURNING value;

-- name: last_event
-- The newest event that was ever there.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'event'), 0);

-- name: add
-- One entry.
INSERT INTO _changes (number, what, row, was, event) VALUES (?, ?, ?, ?, ?);

-- name: trim
-- What is too old for anybody to ask for.
DELETE FROM _changes WHERE number <= ?;

-- name: name
-- What a session is called.
SELECT session_id FROM _sessions WHERE id = ?;
