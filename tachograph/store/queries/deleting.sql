-- Whole sessions go, with everything that is known of them alone.

-- name: family
-- Some sessions (a JSON array of ids) and all that they started, those that were started before those that started them.
WITH RECURSIVE family (id, depth) AS (
    SELECT id, 0 FROM _sessions WHERE session_id IN (SELECT value FROM json_each(?))
    UNION
    SELECT s.id, f.depth + 1
    FROM family f
    JOIN _sessions p ON p.id = f.id
    JOIN _sessions s ON s.parent_id = p.session_id
        OR s.parent_id IN (SELECT name FROM _aliases WHERE session = p.id)
    WHERE f.depth < 100
)
SELECT s.id, s.session_id, s.ended_at IS NOT NULL, s.events, s.output_bytes
FROM (SELECT id, max(depth) AS depth FROM family GROUP BY id) f
JOIN _sessions s ON s.id = f.id
ORDER BY f.depth DESC, s.id;

-- name: others
-- Of which sessions, beside the second ones, the first files tell.
SELECT h.path, s.session_id
FROM _history_sessions o
JOIN _histories h ON h.id = o.history
JOIN _sessions s ON s.id = o.session
WHERE o.history IN (SELECT value FROM json_each(?)) AND o.session NOT IN (SELECT value FROM json_each(?))
ORDER BY h.path, s.session_id;

-- name: old
-- What was over before a time, and has not gone on since; what others started goes with those.
SELECT s.session_id FROM _sessions s WHERE s.ended_at < ?1 AND coalesce(s.last_at, 0) < ?1 AND {where};

-- name: used
-- Bytes of pages that hold something.
SELECT (p.page_count - f.freelist_count) * s.page_size
FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s;

-- name: shares
-- About how much of the file each session takes, those first that were at work longest ago: output, archive, events.
-- What others started goes with those.
SELECT s.session_id,
    (SELECT coalesce(sum(length(o.data) + length(o.times)), 0) FROM _output o WHERE o.session = s.id)
    + (
        SELECT coalesce(sum(length(b.data)), 0)
        FROM _history_sessions h
        JOIN _history_parts p ON p.history = h.history
        JOIN _blobs b ON b.id = p.blob
        WHERE h.session = s.id
    )
    + 500 * (s.events + 1)
FROM _sessions s
WHERE {where}
ORDER BY max(coalesce(s.last_at, 0), coalesce(s.ended_at, s.started_at)), s.id;

-- name: native_id
-- What its agent calls a session that has another id here.
SELECT copilot_session_id FROM _sessions WHERE id = ?;

-- name: count_copies
-- Calls of models that were counted in a session and copied into others count in the oldest of those.
UPDATE _usage SET copied = 0
WHERE event IN (
    SELECT min(u.event)
    FROM _usage o
    JOIN _usage u ON u.key = o.key AND u.session <> o.session AND u.copied = 1
    WHERE o.session = ? AND o.copied = 0
    GROUP BY u.key
);

-- name: collisions
-- Those that a session was part of.
SELECT id FROM collision_detection WHERE session_id_1 = ?1 OR session_id_2 = ?1;

-- name: drop_collisions
-- They say what was in its texts.
DELETE FROM collision_detection WHERE session_id_1 = ?1 OR session_id_2 = ?1;

-- name: receipt
-- Its own, which was made by itself; those that somebody else made stay.
SELECT id, execution_id FROM receipts WHERE execution_id = ?1 AND session_id = ?1;

-- name: events
-- All of a session.
SELECT id FROM _events WHERE session = ? ORDER BY id;

-- name: streams
-- What of it the index covers: output, and -1 for events.
SELECT DISTINCT stream FROM _passages WHERE session = ?;

-- name: sightings
-- Code in its output.
SELECT id FROM _sightings WHERE session = ?;

-- name: drop_touches
-- Which files were changed when by events that are gone.
DELETE FROM _touches WHERE NOT EXISTS (SELECT 1 FROM _events e WHERE e.id = _touches.event);

-- name: drop_output
-- What it printed.
DELETE FROM _output WHERE session = ?;

-- name: drop_activity
-- What it did to files.
DELETE FROM _file_activity WHERE session = ?;

-- name: drop_aliases
-- Its other names.
DELETE FROM _aliases WHERE session = ?;

-- name: drop_presence
-- Where it was at work when.
DELETE FROM _presence WHERE session = ?;

-- name: drop_sent
-- How far it was sent on.
DELETE FROM _sent WHERE session = ?;

-- name: drop_damage
-- Bytes of its journals that could not be read.
DELETE FROM _quarantine WHERE source IN (SELECT id FROM _sources WHERE session = ?);

-- name: leave_sources
-- Its journals stay known as imported.
UPDATE _sources SET session = NULL, state_json = NULL WHERE session = ?;

-- name: leave_histories
-- Files of others that told of it first.
UPDATE _histories SET session = NULL WHERE session = ?;

-- name: drop_told
-- Who told of it.
DELETE FROM _history_sessions WHERE session = ?;

-- name: drop_mark
-- It needs no seal.
DELETE FROM _unsealed WHERE session = ?;

-- name: drop
-- The session itself.
DELETE FROM _sessions WHERE id = ?;
