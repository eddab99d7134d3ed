-- What came after a place in the order of arrival, and what changed of what had come before.

-- name: now
-- The last numbers that were handed out, of events and of entries of the log of changes; and when this store was made.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'event'), 0),
    coalesce((SELECT value FROM _counters WHERE name = 'change'), 0),
    (SELECT min(applied_at) FROM _versions);

-- name: oldest
-- From where on the log of changes is whole.
SELECT min(number) FROM _changes;

-- name: changed
-- Entries of the log, in order.
SELECT number, what, row, was, event FROM _changes WHERE number > ? ORDER BY number LIMIT ?;

-- name: arrived
-- Events in order of arrival, from a stretch of numbers.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id > ? AND e.id <= ? AND {where}
ORDER BY e.id
LIMIT ?;

-- name: in_session
-- Numbers of events of one session, which may lie anywhere: by its own index, so that others' events are not read.
SELECT id FROM _events INDEXED BY _events_session_seq
WHERE session = (SELECT id FROM _sessions WHERE session_id = ?) AND id > ? AND id <= ?
ORDER BY id
LIMIT ?;

-- name: some
-- Events by their numbers.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id IN ({numbers}) AND {where}
ORDER BY e.id;

-- name: sessions
-- Sessions by their row numbers.
SELECT s.id, {session} FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.id IN ({numbers});

-- name: collisions
-- Collisions by their numbers.
SELECT {collision} FROM collision_detection c WHERE c.id IN ({numbers});

-- name: agent
-- Whose a session is.
SELECT a.name FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.session_id = ?;

-- name: number
-- A session's row number.
SELECT id FROM _sessions WHERE session_id = ?;

-- name: session_of_alias
-- What a session is called by now.
SELECT s.session_id FROM _aliases n JOIN _sessions s ON s.id = n.session WHERE n.name = ?;
