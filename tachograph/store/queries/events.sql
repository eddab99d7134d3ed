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

-- name: total
-- How many events of some kinds there are, from the roll-up.
SELECT coalesce(sum(c.count), 0) FROM _kind_counts c WHERE {of_kind};

-- name: total_of_session
-- The same of one session.
SELECT coalesce(sum(c.count), 0)
FROM _session_kinds c
JOIN _sessions s ON s.id = c.session
WHERE s.session_id = ? AND {of_kind};
