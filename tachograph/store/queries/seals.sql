-- Which sessions wait to be sealed.

-- name: waiting
-- Sessions that changed since their seal and have been quiet since some time, or are over; the smallest first.
SELECT u.session, u.changes, s.session_id, s.ended_at IS NOT NULL
FROM _unsealed u
JOIN _sessions s ON s.id = u.session
WHERE coalesce(s.last_at, s.started_at) < ?
ORDER BY s.events, u.session
LIMIT ?;

-- name: changes
-- How often a session has changed since its seal.
SELECT changes FROM _unsealed WHERE session = ?;

-- name: unchanged
-- Nobody changed it since we looked.
DELETE FROM _unsealed WHERE session = ? AND changes = ?;

-- name: drop_mark
-- It is sealed as it is in this transaction.
DELETE FROM _unsealed WHERE session = ?;
