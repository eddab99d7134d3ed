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
-- Contents among some that no file has any more, though others are read by way of them; the first of a stream.
SELECT b.id FROM _blobs b
WHERE b.id IN ({numbers})
    AND NOT EXISTS (SELECT 1 FROM _history_parts WHERE blob = b.id)
    AND (b.after IS NULL OR EXISTS (SELECT 1 FROM _history_parts WHERE blob = b.after))
ORDER BY b.id;

-- name: behind
-- What is read by way of a content, in order, and whether a file has it.
WITH RECURSIVE behind (id) AS (
    SELECT id FROM _blobs WHERE after = ?
    UNION ALL
    SELECT b.id FROM behind o JOIN _blobs b ON b.after = o.id
)
SELECT id, EXISTS (SELECT 1 FROM _history_parts WHERE blob = behind.id) FROM behind ORDER BY id;

-- name: rewrite
-- The same content in another stream.
UPDATE _blobs SET after = ?, data = ? WHERE id = ?;

-- name: drop
-- A content that no file has any more and nothing is read by way of.
DELETE FROM _blobs
WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM _history_parts WHERE blob = ?1)
    AND NOT EXISTS (SELECT 1 FROM _blobs WHERE after = ?1)
RETURNING after;
