-- Events across sessions in order of time, a session at a time.

-- name: sessions
-- Sessions from the end where the walk begins: that end, the number, its events, those that are looked for.
SELECT {minus}{edge}, s.id, s.events, s.events
FROM _sessions s
WHERE s.last_at IS NOT NULL AND {where}
ORDER BY {edge} {order};

-- name: sessions_of_kinds
-- The same when only some kinds are looked for. Most walks end early: the sessions are asked one after the other.
SELECT {minus}{edge}, s.id, s.events,
    (SELECT sum(r.count) FROM _session_kinds r WHERE r.session = s.id AND r.kind IN ({kinds}))
FROM _sessions s
WHERE s.last_at IS NOT NULL AND {where}
    AND EXISTS (SELECT 1 FROM _session_kinds r WHERE r.session = s.id AND r.kind IN ({kinds}))
ORDER BY {edge} {order};

-- name: sessions_of_rare_kinds
-- The same when few sessions have them: then the walk need not go past all the others.
SELECT {minus}{edge}, s.id, s.events, sum(r.count)
FROM _session_kinds r
CROSS JOIN _sessions s ON s.id = r.session
WHERE r.kind IN ({kinds}) AND {where}
GROUP BY s.id
ORDER BY {edge} {order};

-- name: are_rare
-- Which of the two it is: all their roll-ups are fewer than an eighth of the sessions.
WITH some (most) AS (SELECT coalesce(max(id), 0) / 8 FROM _sessions)
SELECT count(*) <= (SELECT most FROM some)
FROM (SELECT 1 FROM _session_kinds WHERE kind IN ({kinds}) LIMIT (SELECT most FROM some) + 1);

-- name: in_sessions
-- The events of some sessions, in no order. Everything asked for stands in the index: no row is read.
SELECT {minus}e.at, {minus}e.id
FROM _events e INDEXED BY _events_session_at
WHERE e.session IN ({sessions}) AND {where};

-- name: in_session
-- The first events of one session, in the order of the index, which spares the sorting.
SELECT {minus}e.at, {minus}e.id
FROM _events e INDEXED BY _events_session_at
WHERE e.session = ? AND {where}
ORDER BY e.at {order}, e.kind {order}, e.id {order}
LIMIT ?;
