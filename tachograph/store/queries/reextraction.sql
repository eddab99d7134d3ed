-- What extraction found in the output of a session.

-- name: session_number
-- The row number of a session.
SELECT id FROM _sessions WHERE session_id = ?;

-- name: events_of_session
-- What is stored, the latest first: of several equal findings the earliest stay.
SELECT id, kind, line_number, matched_value, original_line, metadata_json
FROM _events
WHERE session = ?1 AND id NOT IN (
    SELECT f.event FROM _keys k JOIN _findings f ON f.step = k.event WHERE k.session = ?1
)
ORDER BY seq DESC;

-- name: sightings
-- Where code was seen in the session's output, the latest first: of several equal places the earliest stay.
SELECT g.id, b.digest, g.line_start, g.line_end
FROM _sightings g
JOIN _code_blocks b ON b.id = g.block
WHERE g.session = ? AND g.step IS NULL
ORDER BY g.id DESC;
