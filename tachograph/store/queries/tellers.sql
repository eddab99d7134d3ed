-- Which source tells what of a session: who told it best so far, and what of it lesser ones told.

-- name: told_by
-- Ranks of the sources whose texts and usage count in a session.
SELECT told_by FROM _sessions WHERE id = ?;

-- name: set_told_by
-- From now on others'.
UPDATE _sessions SET told_by = ? WHERE id = ?;

-- name: lesser
-- Events of some kinds that only lesser sources told.
SELECT DISTINCT e.id
FROM _keys k
JOIN _events e ON e.id = k.event
WHERE k.session = ? AND k.teller > ? AND e.kind IN ({numbers});

-- name: lesser_notes
-- Markers and states that only lesser sources told, and what they are about.
SELECT DISTINCT e.id, e.kind, e.metadata_json ->> '$.kind'
FROM _keys k
JOIN _events e ON e.id = k.event
WHERE k.session = ? AND k.teller > ? AND e.kind IN ({numbers});
