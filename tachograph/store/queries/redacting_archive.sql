-- Histories whose bytes are kept.

-- name: histories
-- All of them.
SELECT h.id, h.session, h.edition FROM _histories h
WHERE EXISTS (SELECT 1 FROM _history_parts p WHERE p.history = h.id)
ORDER BY h.id;

-- name: history
-- One of them.
SELECT id, session, edition FROM _histories WHERE id = ?;

-- name: parts
-- Its contents in order.
SELECT blob FROM _history_parts WHERE history = ? ORDER BY number;

-- name: nobodys
-- Contents that no file has any more.
SELECT b.id FROM _blobs b WHERE NOT EXISTS (SELECT 1 FROM _history_parts p WHERE p.blob = b.id) ORDER BY b.id;
