-- What sessions did to files.

-- name: add
-- Some more operations on a file.
INSERT INTO _file_activity (session, file_path, reads, writes, edits, deletes, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET reads = reads + excluded.reads, writes = writes + excluded.writes,
    edits = edits + excluded.edits, deletes = deletes + excluded.deletes, last_at = max(last_at, excluded.last_at);

-- name: count_files
-- How many files a session touched.
UPDATE _sessions SET files_touched = (SELECT count(*) FROM _file_activity WHERE session = ?1) WHERE id = ?1;
