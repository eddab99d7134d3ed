-- Full-text search: which passages hold the words, and what they are made of. Sixteen rows of the index are one passage.

-- name: words_from
-- The words of the index that begin with one: nothing sorts after the end of this range that does. From one word to the
-- next by asking for the first that is greater; "!" comes before every letter and digit.
WITH RECURSIVE words (word) AS (
    SELECT (SELECT term FROM temp._vocabulary WHERE term >= ?1 LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM temp._vocabulary WHERE term >= word || '!' LIMIT 1)
    FROM words
    WHERE word < ?1 || char(0x10ffff)
)
SELECT word FROM words WHERE word < ?1 || char(0x10ffff) LIMIT ?2;

-- name: passages
-- One page, newest first. CROSS JOIN keeps the order: the index is asked first.
SELECT p.id, p.session, p.stream, p.first, p.last, s.session_id, a.name
FROM _search
CROSS JOIN _passages p ON p.id = _search.rowid / 16
CROSS JOIN _sessions s ON s.id = p.session
CROSS JOIN _agents a ON a.id = s.agent
WHERE _search MATCH ? AND _search.rowid BETWEEN ? AND ? AND {where}
ORDER BY _search.rowid DESC
LIMIT ?;

-- name: by_session
-- Some passages, those of the session that was at work last first: histories are recorded in any order.
SELECT coalesce(s.last_at, s.started_at), p.id, p.session, p.stream, p.first, p.last, s.session_id, a.name
FROM _passages p
CROSS JOIN _sessions s ON s.id = p.session
CROSS JOIN _agents a ON a.id = s.agent
WHERE p.id IN ({numbers}) AND {where}
ORDER BY 1 DESC, p.session DESC, p.id DESC;

-- name: some_passages
-- Those that hold the words, whatever session they are of, up to a limit.
SELECT DISTINCT rowid / 16 FROM _search WHERE _search MATCH ? LIMIT ?;

-- name: of_session
-- The passages of a session, newest first.
SELECT id FROM _passages WHERE session = (SELECT id FROM _sessions WHERE session_id = ?) ORDER BY id DESC LIMIT ?;

-- name: events_of_passages
-- Those events of some passages that say all words, newest first.
SELECT p.id, {spoken}
FROM _passages p
CROSS JOIN _sessions s ON s.id = p.session
CROSS JOIN _agents a ON a.id = s.agent
CROSS JOIN _events e ON e.session = p.session AND e.seq BETWEEN p.first AND p.last
LEFT JOIN _steps t ON t.event = e.id
WHERE p.id IN ({numbers}) AND {held}
ORDER BY p.id DESC, e.seq DESC;

-- name: unsettled_ids
-- The last event that is in the index, and the last there is.
SELECT coalesce((SELECT value FROM _counters WHERE name = 'settled'), 0), coalesce(max(id), 0) FROM _events;

-- name: unsettled
-- Some of the events that are not in the index yet, newest first; whose they are is looked up of those alone that hold the
-- words.
SELECT {spoken}
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
CROSS JOIN _sessions s ON s.id = e.session
CROSS JOIN _agents a ON a.id = s.agent
WHERE e.id > ? AND e.id <= ? AND {where} AND {held}
ORDER BY e.id DESC;

-- name: in_passages
-- Events of some kinds that say something in some passages,
SELECT e.at, e.id
FROM _passages p
CROSS JOIN _events e ON e.session = p.session AND e.seq BETWEEN p.first AND p.last
WHERE p.id IN ({passages}) AND p.stream = -1 AND e.kind IN ({kinds});

-- name: in_sessions
-- that were found in what the sessions of some passages say,
SELECT e.at, e.id
FROM _events e INDEXED BY _events_session_at
WHERE e.session IN (SELECT session FROM _passages WHERE id IN ({passages})) AND e.kind IN ({kinds});

-- name: in_unsettled
-- or are not in the index yet.
SELECT at, id FROM _events WHERE id > ? AND kind IN ({kinds});

-- name: by_ids
-- Some events as a search sees them.
SELECT {spoken}
FROM _events e
JOIN _sessions s ON s.id = e.session
JOIN _agents a ON a.id = s.agent
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id IN ({numbers}) AND {where} AND {held};
