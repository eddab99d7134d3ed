-- Output: zstd chunks of raw bytes, numbered inside each stream of a session.

-- name: write
-- A chunk; one of the same number has grown and takes the place of what was there.
INSERT INTO _output (session, stream, number, line_first, lines, at_first, at_last, bytes, data, times)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (session, stream, number) DO UPDATE SET
    line_first = excluded.line_first, lines = excluded.lines, at_first = excluded.at_first, at_last = excluded.at_last,
    bytes = excluded.bytes, data = excluded.data, times = excluded.times;

-- name: widen_session
-- The bounds that the walk and the search go by hold the output, too.
UPDATE _sessions
SET first_at = min(coalesce(first_at, ?1), ?1), last_at = max(coalesce(last_at, ?2), ?2)
WHERE id = ?3;

-- name: streams
-- Those that have output.
SELECT DISTINCT stream FROM _output WHERE session = ? ORDER BY stream;

-- name: last
-- The chunk that may still grow.
SELECT number, line_first, lines, data, times
FROM _output
WHERE session = ? AND stream = ?
ORDER BY number DESC
LIMIT 1;

-- name: ids
-- Chunks of some streams in order of time, but each stream in its own order, however the clock jumped. Only their ids,
-- so that no statement stays open while they are read.
SELECT id
FROM _output
WHERE session = ? AND stream IN ({numbers}) AND number > ?
ORDER BY max(at_first) OVER (PARTITION BY stream ORDER BY number), stream, number;

-- name: between
-- Those of some time, in the same order.
SELECT id
FROM (
    SELECT id, at_first, at_last, stream, number, max(at_first) OVER (PARTITION BY stream ORDER BY number) AS place
    FROM _output
    WHERE session = ? AND stream IN ({numbers})
)
WHERE at_last >= ? AND at_first <= ?
ORDER BY place, stream, number;

-- name: by_id
-- One chunk.
SELECT stream, line_first, lines, data, times, id FROM _output WHERE id = ?;

-- name: before
-- The last chunk of a stream that begins before a line: its first and last line.
SELECT id, line_first, line_first + lines - 1
FROM _output
WHERE session = ? AND stream = ? AND line_first < ?
ORDER BY line_first DESC, id DESC
LIMIT 1;

-- name: ids_backwards
-- The chunks of one stream, last first.
SELECT id FROM _output WHERE session = ? AND stream = ? ORDER BY number DESC;

-- name: covering
-- The chunks that hold the lines first..last of a stream. They begin with the one before the first that begins at
-- `first`, because a line longer than a chunk has several of its number; both ends come from the index over lines, the order
-- too: a chunk is stored after the one before it.
SELECT id
FROM _output
WHERE session = :session AND stream = :stream AND line_first BETWEEN
    coalesce((SELECT max(line_first) FROM _output
        WHERE session = :session AND stream = :stream AND line_first < :first), 0)
    AND :last
ORDER BY line_first, id;

-- name: has_printed
-- Whether there is output besides that of tools.
SELECT EXISTS (SELECT 1 FROM _output WHERE session = ? AND stream < 3);

-- name: drop_after
-- Chunks that a shorter telling does not have.
DELETE FROM _output WHERE session = ? AND stream = ? AND number >= ?;
