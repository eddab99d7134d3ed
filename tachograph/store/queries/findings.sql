-- What rules found in the texts of steps.

-- name: found
-- What was found in one text, the latest first: of several equal findings the earliest stay.
SELECT e.id, e.kind, e.line_number, e.matched_value, e.original_line, e.metadata_json
FROM _findings f
JOIN _events e ON e.id = f.event
WHERE f.step = ?
ORDER BY e.id DESC;

-- name: step_of
-- In the text of which step of a session something was found; steps come before what is found in them.
SELECT f.step
FROM _events e
JOIN _findings f ON f.step = e.id AND f.event = :event
WHERE e.session = :session AND e.seq <= (SELECT seq FROM _events WHERE id = :event)
ORDER BY e.seq DESC
LIMIT 1;

-- name: add_found
-- Which step findings are of.
INSERT INTO _findings (step, event) VALUES (?, ?);

-- name: move_found
-- The text they are in lies elsewhere.
UPDATE _events SET line_number = ? WHERE id = ?;

-- name: sightings
-- Code seen in a text, the latest first.
SELECT g.id, b.digest, g.line_start, g.line_end
FROM _sightings g
JOIN _code_blocks b ON b.id = g.block
WHERE g.session = ? AND g.step = ?
ORDER BY g.id DESC;
