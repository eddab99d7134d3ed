-- Rows of the full-text index that are made again.

-- name: passages
-- What is searched of a stream.
SELECT id, first, last FROM _passages WHERE session = ? AND stream = ?;

-- name: drop
-- The words of a passage are gone,
DELETE FROM _search WHERE rowid IN ({numbers});

-- name: add
-- and there again, as they are now.
INSERT INTO _search (rowid, text) VALUES (?, ?);

-- name: said
-- What events of a session say, as far as it is searched.
SELECT {said}
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.seq BETWEEN ? AND ? AND e.kind IN ({kinds})
ORDER BY e.seq;
