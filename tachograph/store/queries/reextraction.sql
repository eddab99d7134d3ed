-- Taking findings away again, out of every count they are part of.

-- name: session_number
-- The row number of a session.
SELECT id FROM _sessions WHERE session_id = ?;

-- name: events_of_session
-- What is stored, the latest first: of several equal findings the earliest stay.
SELECT id, kind, line_number, matched_value, original_line, metadata_json
FROM _events
WHERE session = ?
ORDER BY seq DESC;

-- name: count_kinds
-- What is about to go.
SELECT kind, count(*) FROM _events WHERE id IN ({numbers}) GROUP BY kind;

-- name: count_feedback
-- What people said of it.
SELECT count(*) FROM _feedback WHERE event IN ({numbers});

-- name: remove_feedback
-- Before its events: they are referred to.
DELETE FROM _feedback WHERE event IN ({numbers});

-- name: remove_steps
-- Before its events, too.
DELETE FROM _steps WHERE event IN ({numbers});

-- name: remove_events
-- The rows themselves. Their numbers are never handed out again.
DELETE FROM _events WHERE id IN ({numbers});

-- name: shrink_session_kind
-- Roll-up of the session.
UPDATE _session_kinds SET count = count - ? WHERE session = ? AND kind = ?;

-- name: shrink_kind
-- Roll-up of the store.
UPDATE _kind_totals SET count = count - ? WHERE kind = ?;

-- name: shrink_session
-- The session's totals.
UPDATE _sessions
SET events = events - ?1, extractions = extractions - ?1, errors = errors - ?2, feedbacks = feedbacks - ?3
WHERE id = ?4;

-- name: drop_empty_session_kinds
-- A kind that is not in the session any more.
DELETE FROM _session_kinds WHERE count = 0 AND session = ?;

-- name: drop_empty_kinds
-- A kind that is nowhere any more.
DELETE FROM _kind_totals WHERE count = 0;

-- name: remove_sightings
-- Where the session's code was seen.
DELETE FROM _sightings WHERE session = ?;

-- name: remove_unseen_blocks
-- Contents that are seen nowhere any more.
DELETE FROM _code_blocks WHERE id NOT IN (SELECT block FROM _sightings);
