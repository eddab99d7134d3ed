-- Events of every type, with what structured steps have besides.

-- name: by_id
-- One event.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id = ?;

-- name: in_session
-- Events of one session, in its own order.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE {where}
ORDER BY e.seq {order}
LIMIT ?;

-- name: arrived
-- Events of one session or of all, in order of arrival: what a live view asks for.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE {where}
ORDER BY e.id {order}
LIMIT ?;

-- name: by_ids
-- Some events; the walk knows their order.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id IN ({numbers});
