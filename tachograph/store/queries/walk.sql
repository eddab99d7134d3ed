-- Events across sessions in order of time, a session at a time.

-- name: newest_first
-- Sessions that can hold what is looked for, the one that ended last before the others.
SELECT s.last_at, s.id, s.session_id
FROM _sessions s
WHERE s.last_at IS NOT NULL AND {where}
ORDER BY s.last_at DESC;

-- name: oldest_first
-- The same for a walk that begins at the other end.
SELECT s.first_at, s.id, s.session_id
FROM _sessions s
WHERE s.last_at IS NOT NULL AND {where}
ORDER BY s.first_at;

-- name: sessions_of_kinds
-- The sessions that have such events, when they are few: a rare pattern need not walk past all the others.
SELECT session FROM _session_kinds WHERE kind IN ({numbers}) LIMIT ?;

-- name: has_kinds
-- The same asked of one session after the other, when they are many.
EXISTS (SELECT 1 FROM _session_kinds r WHERE r.session = s.id AND r.kind IN ({numbers}))

-- name: page
-- One page of a session's events. Kinds are told apart in the index, without looking at the rows.
SELECT {event}
FROM _events e INDEXED BY _events_session_at
WHERE e.session = ? AND {where}
ORDER BY e.at {order}, e.id {order}
LIMIT ?;
