-- One session as a whole, written in again.

-- name: set_told_by
-- The same, written.
UPDATE _sessions SET told_by = ? WHERE id = ?;

-- name: add_key
-- The key of an event.
INSERT INTO _keys (session, key, event, teller) VALUES (?, ?, ?, ?);

-- name: add_usage
-- What a call of a model used.
INSERT INTO _usage (
    event, session, key, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    cost_usd, cost_source, partial, copied
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_result
-- Where the whole result of a call lies.
INSERT INTO _tool_output (event, session, line_first, lines, bytes, digest) VALUES (?, ?, ?, ?, ?, ?);

-- name: add_found
-- A finding in the text of a step; both by their places.
INSERT INTO _findings (step, event)
SELECT s.id, e.id
FROM _events s, _events e
WHERE s.session = ?1 AND s.seq = ?2 AND e.session = ?1 AND e.seq = ?3;

-- name: add_feedback
-- What somebody said of an event.
INSERT INTO _feedback (event, session, at, outcome, note)
SELECT id, session, ?3, ?4, ?5 FROM _events WHERE session = ?1 AND seq = ?2;

-- name: event_at
-- The event at a place.
SELECT id FROM _events WHERE session = ? AND seq = ?;
