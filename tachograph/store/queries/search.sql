-- Full-text search: which passages hold the words, and what they are made of.

-- name: passages
-- One page, newest first. CROSS JOIN keeps the order: the index is asked first.
SELECT p.id, p.session, p.stream, p.first, p.last, s.session_id, a.name
FROM _search
CROSS JOIN _passages p ON p.id = _search.rowid
CROSS JOIN _sessions s ON s.id = p.session
CROSS JOIN _agents a ON a.id = s.agent
WHERE _search MATCH ? AND _search.rowid < ? AND {where}
ORDER BY _search.rowid DESC
LIMIT ?;

-- name: events_of_passage
-- What a passage of events is made of, newest first.
SELECT {spoken}
FROM _events e
JOIN _sessions s ON s.id = e.session
JOIN _agents a ON a.id = s.agent
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.seq BETWEEN ? AND ?
ORDER BY e.seq DESC;

-- name: unsettled
-- Events that are not in the index yet, newest first.
SELECT {spoken}
FROM _events e
CROSS JOIN _sessions s ON s.id = e.session
CROSS JOIN _agents a ON a.id = s.agent
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id > ? AND {where}
ORDER BY e.id DESC;

-- name: by_ids
-- Some events as a search sees them.
SELECT {spoken}
FROM _events e
JOIN _sessions s ON s.id = e.session
JOIN _agents a ON a.id = s.agent
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id IN ({numbers});
