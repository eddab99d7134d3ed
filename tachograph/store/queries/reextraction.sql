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
-- What is about to go, from when to when.
SELECT kind, count(*), min(at), max(at) FROM _events WHERE id IN ({numbers}) GROUP BY kind;

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
SET events = events - ?2,
    extractions = extractions - ?3,
    prompts = prompts - ?4,
    replies = replies - ?5,
    commands = commands - ?6,
    errors = errors - ?7,
    feedbacks = feedbacks - ?8
WHERE id = ?1;

-- name: drop_empty_session_kinds
-- A kind that is not in the session any more.
DELETE FROM _session_kinds WHERE count = 0 AND session = ?;

-- name: drop_empty_kinds
-- A kind that is nowhere any more.
DELETE FROM _kind_totals WHERE count = 0;

-- name: bound_kind
-- The first and last time of a kind anew, when what went was one of them: all that is left has to be looked at.
UPDATE _kind_totals
SET (first_at, last_at) = (
    SELECT min(e.at), max(e.at)
    FROM _session_kinds r
    JOIN _events e INDEXED BY _events_session_at ON e.session = r.session AND e.kind = r.kind
    WHERE r.kind = ?1
)
WHERE kind = ?1 AND (first_at >= ?2 OR last_at <= ?3);

-- name: sightings
-- Where the session's code was seen, the latest first: of several equal places the earliest stay.
SELECT g.id, b.digest, g.line_start, g.line_end
FROM _sightings g
JOIN _code_blocks b ON b.id = g.block
WHERE g.session = ?
ORDER BY g.id DESC;

-- name: remove_sightings
-- Code that is not found there any more.
DELETE FROM _sightings WHERE id IN ({numbers});

-- name: remove_unseen_blocks
-- Contents that are seen nowhere any more.
DELETE FROM _code_blocks WHERE id NOT IN (SELECT block FROM _sightings);
