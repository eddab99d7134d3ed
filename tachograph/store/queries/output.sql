-- Output: zstd chunks of raw bytes, numbered inside each stream of a session.

-- name: write
-- A chunk; one of the same number has grown and takes the place of what was there.
INSERT INTO _output (session, stream, number, line_first, lines, at_first, at_last, bytes, data, times)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (session, stream, number) DO UPDATE SET
    lines = excluded.lines, at_last = excluded.at_last, bytes = excluded.bytes, data = excluded.data,
    times = excluded.times;

-- name: streams
-- The last line of each stream. A chunk without a line end holds a part of one line.
SELECT stream, max(line_first + lines - 1 + (bytes > 0 AND lines = 0))
FROM _output
WHERE session = ?
GROUP BY stream
ORDER BY stream;

-- name: last
-- The chunk that may still grow.
SELECT number, line_first, lines, data, times
FROM _output
WHERE session = ? AND stream = ?
ORDER BY number DESC
LIMIT 1;

-- name: ids
-- Chunks of some streams in order of time; only their ids, so that no statement stays open while they are read.
SELECT id
FROM _output
WHERE session = ? AND stream IN ({numbers}) AND number > ?
ORDER BY at_first, stream, number;

-- name: by_id
-- One chunk.
SELECT stream, line_first, lines, data, times, id FROM _output WHERE id = ?;

-- name: ids_backwards
-- The chunks of one stream, last first.
SELECT id FROM _output WHERE session = ? AND stream = ? ORDER BY number DESC;

-- name: number_at_line
-- The chunk in which the end of a line lies: it begins at that line or before.
SELECT max(number) FROM _output WHERE session = ? AND stream = ? AND line_first <= ?;

-- name: covering
-- The chunks from one on that begin at a line or before it.
SELECT line_first, data, times
FROM _output
WHERE session = ? AND stream = ? AND number >= ? AND line_first <= ?
ORDER BY number;
