-- Full-text search: which passages hold the words, and what they are made of.

-- name: passages
-- Newest first. One statement, read to its end at once: ids are small, and no read transaction stays open while the
-- passages are looked at. CROSS JOIN keeps the order: the index is asked first.
SELECT p.session, p.stream, p.first, p.last, s.session_id, a.name
FROM _search
CROSS JOIN _passages p ON p.id = _search.rowid
CROSS JOIN _sessions s ON s.id = p.session
CROSS JOIN _agents a ON a.id = s.agent
WHERE _search MATCH ? AND {where}
ORDER BY _search.rowid DESC
LIMIT 20000;

-- name: events_of_passage
-- The events that a passage is made of, newest first.
SELECT id, kind FROM _events WHERE session = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC;

-- name: chunks_of_passage
-- The chunks in which the lines of a passage lie.
SELECT id, line_first
FROM _output
WHERE session = ? AND stream = ? AND line_first <= ? AND line_first + lines >= ?
ORDER BY number;

-- name: chunk
-- The bytes of one chunk and when they arrived.
SELECT data, times FROM _output WHERE id = ?;

-- name: check_index
-- FTS5 compares its own structures; it fails when they do not fit together.
INSERT INTO _search (_search) VALUES ('integrity-check');

-- name: unsettled
-- Events that are not in the index yet, the newest first, with their words.
SELECT e.id, e.at, e.kind, s.session_id, t.content, t.command, t.file_path, t.tool_name,
    coalesce(e.original_line, e.matched_value)
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id > ?
ORDER BY e.id DESC;
