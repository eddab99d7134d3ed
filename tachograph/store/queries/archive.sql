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

-- name: drop
-- A content that no file has any more and nothing is read by way of.
DELETE FROM _blobs
WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM _history_parts WHERE blob = ?1)
    AND NOT EXISTS (SELECT 1 FROM _blobs WHERE after = ?1)
RETURNING after;
