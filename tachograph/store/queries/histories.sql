-- Agents' own histories: how far each file was read, which sessions it told of, and its bytes.

-- name: current
-- Every file as it was last seen.
SELECT {history} FROM _histories h WHERE h.current = 1;

-- name: all
-- Every generation of every file, in the order of each.
SELECT {history} FROM _histories h ORDER BY h.path, h.generation;

-- name: by_path
-- One of them.
SELECT {history} FROM _histories h WHERE h.path = ? AND h.current = 1;

-- name: by_id
-- One of any generation.
SELECT {history} FROM _histories h WHERE h.id = ?;

-- name: of_session
-- Where a session was told, oldest first.
SELECT {history}
FROM _history_sessions o
JOIN _histories h ON h.id = o.history
WHERE o.session = (SELECT id FROM _sessions WHERE session_id = ?)
ORDER BY h.path, h.generation;

-- name: retire
-- Another file has taken the place of this one.
UPDATE _histories SET current = 0 WHERE path = ? AND current = 1;

-- name: beside
-- What lies in a session's own folder and tells of no session, as far as it is kept.
SELECT {history}
FROM _histories h
WHERE h.session IS NULL AND h.kept_bytes = h.size AND h.current = 1 AND instr(h.path, '/' || ? || '/')
ORDER BY h.path;

-- name: begin
-- A file never seen, or the next generation of one.
INSERT INTO _histories (path, reader, generation)
VALUES (?1, ?2, (SELECT coalesce(max(generation), 0) + 1 FROM _histories WHERE path = ?1))
RETURNING id;

-- name: save
-- The named columns.
UPDATE _histories SET {assignments} WHERE id = ?;

-- name: add_session
-- A file told of a session, with so many lines in it that nobody understands, and up to a time.
INSERT INTO _history_sessions (history, session, unknown_lines, last_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET unknown_lines = excluded.unknown_lines, last_at = max(last_at, excluded.last_at);

-- name: count_unknown
-- Such lines in all files that tell of a session.
UPDATE _sessions SET unknown_lines = coalesce((
    SELECT sum(o.unknown_lines)
    FROM _history_sessions o
    JOIN _histories h ON h.id = o.history
    WHERE o.session = ?1 AND h.current = 1
), 0)
WHERE id = ?1;

-- name: sessions
-- Of which a file told.
SELECT s.session_id FROM _history_sessions o JOIN _sessions s ON s.id = o.session WHERE o.history = ?;

-- name: latest
-- Up to when files, as they are now, have told of a session.
SELECT coalesce(max(o.last_at), 0)
FROM _history_sessions o
JOIN _histories h ON h.id = o.history
WHERE o.session = ? AND h.current = 1;

-- name: last_part
-- The part that may still grow.
SELECT number, blob FROM _history_parts WHERE history = ? ORDER BY number DESC LIMIT 1;

-- name: archived
-- Bytes kept of a file, secrets masked.
SELECT coalesce(sum(b.bytes), 0) FROM _history_parts p JOIN _blobs b ON b.id = p.blob WHERE p.history = ?;

-- name: set_part
-- A part, or what it has grown to.
INSERT OR REPLACE INTO _history_parts (history, number, blob) VALUES (?, ?, ?);

-- name: edition
-- Which masks in the vault are its.
SELECT edition FROM _histories WHERE id = ?;

-- name: next_edition
-- The file was written anew.
UPDATE _histories SET edition = edition + 1 WHERE id = ?;

-- name: last_parts
-- From the end.
SELECT number, blob FROM _history_parts WHERE history = ? ORDER BY number DESC;

-- name: drop_last_parts
-- Read again.
DELETE FROM _history_parts WHERE history = ? AND number >= ? RETURNING blob;

-- name: drop_parts
-- The file was written anew.
DELETE FROM _history_parts WHERE history = ? RETURNING blob;

-- name: drop_told
-- Which sessions it told of.
DELETE FROM _history_sessions WHERE history = ?;

-- name: drop
-- The file.
DELETE FROM _histories WHERE id = ?;

-- name: add_deleted
-- It is not wanted.
INSERT INTO _deleted_histories (path, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at;

-- name: deleted
-- All that are not wanted.
SELECT path FROM _deleted_histories;

-- name: is_deleted
-- Whether one is among them.
SELECT 1 FROM _deleted_histories WHERE path = ?;

-- name: drop_deleted
-- A file is wanted again, or the sessions of a database.
DELETE FROM _deleted_histories WHERE path = ?1 OR (path > ?1 || '#' AND path < ?1 || '$') RETURNING path;

-- name: look_again
-- Though the database did not change.
UPDATE _histories SET size = -1 WHERE path = ? AND current = 1;

-- name: parts
-- The contents of a file in order.
SELECT blob FROM _history_parts WHERE history = ? ORDER BY number;

-- name: settle
-- Sessions that no wrapper tells of, and no history of theirs was written to since: they are over. Who asks for a
-- permission may have to wait for longer.
UPDATE _sessions
SET status = 'completed',
    ended_at = max(started_at, (SELECT iif(max(o.last_at), max(o.last_at), coalesce(_sessions.last_at, 0))
        FROM _history_sessions o WHERE o.session = _sessions.id))
WHERE ended_at IS NULL AND command IS NULL AND id IN (
    SELECT o.session
    FROM _history_sessions o
    JOIN _histories h ON h.id = o.history
    GROUP BY o.session
    HAVING max(h.modified_at) < ?1
) AND NOT (status = 'waiting' AND last_at >= ?2 AND coalesce((
    SELECT e.metadata_json ->> '$.kind' = 'permission'
    FROM _events e
    JOIN _kinds k ON k.id = e.kind
    WHERE e.session = _sessions.id AND k.event_type = 'state'
    ORDER BY e.at DESC, e.seq DESC
    LIMIT 1
), 0))
RETURNING session_id, id;
