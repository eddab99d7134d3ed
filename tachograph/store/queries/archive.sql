-- Contents of the archive: each once, in zstd streams of those that were stored together.

-- name: known
-- A content that is there already.
SELECT id FROM _blobs WHERE digest = ?;

-- name: add
-- A new one, and the one before it in its stream.
INSERT INTO _blobs (digest, bytes, after, data) VALUES (?, ?, ?, ?) RETURNING id;

-- name: content
-- One with what is before it; what is no smaller is damage, and would never end.
SELECT after, bytes, digest, data FROM _blobs WHERE id = ?1 AND coalesce(after < id, TRUE);

-- name: all
-- Every content, those of a stream in their order.
SELECT id FROM _blobs ORDER BY id;

-- name: files
-- Of which files some contents are parts.
SELECT DISTINCT h.path
FROM _history_parts p
JOIN _histories h ON h.id = p.history
WHERE p.blob IN ({numbers})
ORDER BY h.path;

-- name: unwanted
-- Contents among some that no file has any more.
SELECT id FROM _blobs WHERE id IN ({numbers}) AND NOT EXISTS (SELECT 1 FROM _history_parts WHERE blob = _blobs.id);

-- name: drop
-- A content that no file has any more and nothing is read by way of.
DELETE FROM _blobs
WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM _history_parts WHERE blob = ?1)
    AND NOT EXISTS (SELECT 1 FROM _blobs WHERE after = ?1)
RETURNING after;

-- name: chain
-- A content and all that are in its stream, in their order.
WITH RECURSIVE
    before (id, after) AS (
        SELECT id, after FROM _blobs WHERE id = ?
        UNION
        SELECT b.id, b.after FROM before f JOIN _blobs b ON b.id = f.after
    ),
    stream (id) AS (
        SELECT id FROM before WHERE after IS NULL
        UNION
        SELECT b.id FROM stream s JOIN _blobs b ON b.after = s.id
    )
SELECT id FROM stream ORDER BY id;

-- name: is_part
-- Whether a file has it.
SELECT EXISTS (SELECT 1 FROM _history_parts WHERE blob = ?);

-- name: move_parts
-- Files have another row of the same content.
UPDATE _history_parts SET blob = ? WHERE blob = ?;

-- name: change
-- Other bytes, at another place of its stream.
UPDATE _blobs SET digest = ?, after = ?, data = ? WHERE id = ?;

-- name: forget
-- One that nothing is read by way of any more.
DELETE FROM _blobs WHERE id = ?;
