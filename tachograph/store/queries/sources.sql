-- How far each journal has been imported, and what of it could not be read.

-- name: by_name
-- Where we stand in a journal; the fingerprint tells two files of one name apart.
SELECT id, session, offset, sequence, done, state_json FROM _sources WHERE name = ? AND fingerprint = ?;

-- name: add
-- A journal never seen begins at 0; another process may have met it meanwhile.
INSERT INTO _sources (name, fingerprint, offset, sequence) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING;

-- name: move
-- In the transaction that stores what was read.
UPDATE _sources
SET session = ?, offset = ?, sequence = ?, seen = ?, done = ?, state_json = ?
WHERE id = ?;

-- name: forget
-- A journal without damage that is gone.
DELETE FROM _sources WHERE id = ? AND NOT EXISTS (SELECT 1 FROM _quarantine q WHERE q.source = _sources.id);

-- name: starting_with
-- Sources by the beginning of their name.
SELECT name, fingerprint, state_json FROM _sources WHERE name >= ? AND name < ? ORDER BY name, fingerprint;

-- name: position
-- How far a journal of that name was read, whichever file it was.
SELECT coalesce(max(seen), 0) FROM _sources WHERE name = ?;

-- name: quarantine
-- Bytes that are not a record.
INSERT INTO _quarantine (source, at, offset, length, reason, data) VALUES (?, ?, ?, ?, ?, ?);

-- name: damage
-- What could not be read, newest first.
SELECT o.name AS journal, s.session_id, q.offset, q.length, q.reason, q.at
FROM _quarantine q
JOIN _sources o ON o.id = q.source
LEFT JOIN _sessions s ON s.id = o.session
WHERE {where}
ORDER BY q.id DESC
LIMIT ?;
