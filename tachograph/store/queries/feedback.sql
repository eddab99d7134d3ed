-- What people said of events.

-- name: session_of_event
-- The session an event belongs to.
SELECT session FROM _events WHERE id = ?;

-- name: add
-- One outcome.
INSERT INTO _feedback (event, session, at, outcome, note) VALUES (?, ?, ?, ?, ?) RETURNING id;

-- name: count_on_session
-- Keep the session's total right, in the same transaction.
UPDATE _sessions SET feedbacks = feedbacks + 1 WHERE id = ?;

-- name: listed
-- Newest first.
SELECT f.event, f.outcome, f.note, s.session_id, f.at, f.id
FROM _feedback f
JOIN _sessions s ON s.id = f.session
WHERE {where}
ORDER BY f.id DESC;
