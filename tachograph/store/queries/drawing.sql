-- What of a session is drawn and listed line by line: little more than times and numbers. {worded}: not what was said
-- without a word, as most messages are that only call tools.

-- name: marks
-- Every event of some kinds, in order of time; of a command its beginning. A status of 2 is a failure.
SELECT e.id, e.at, e.kind, t.tool_call_id, CAST(round(coalesce(t.duration_ms, 0)) AS INTEGER), {status}, t.operation,
    coalesce(substr(t.command, 1, 300), t.file_path, t.tool_name)
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.kind IN ({kinds}) AND {worded}
ORDER BY e.at, e.seq;

-- name: first_failed
-- Where in time the first failure is: a step that ended badly, or an event of a kind that is one.
SELECT e.at, e.seq
FROM _events e INDEXED BY _events_session_at
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.kind IN ({kinds}) AND (e.kind IN ({failures}) OR {status} = 2)
ORDER BY e.at, e.seq
LIMIT 1;

-- name: place
-- Where in time one event of a session is.
SELECT at, seq FROM _events WHERE session = ? AND id = ?;

-- name: following
-- The next events from a place in time on.
SELECT e.id
FROM _events e INDEXED BY _events_session_at
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.kind IN ({kinds}) AND {worded} AND (e.at, e.seq) >= (?, ?)
ORDER BY e.at, e.seq
LIMIT ?;

-- name: before
-- The events before it, the nearest first.
SELECT e.id
FROM _events e INDEXED BY _events_session_at
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.kind IN ({kinds}) AND {worded} AND (e.at, e.seq) < (?, ?)
ORDER BY e.at DESC, e.seq DESC
LIMIT ?;

-- name: version
-- Other numbers whenever another event of the session is there, or one is not as it was.
SELECT s.events, s.ended_at, s.tool_errors, s.title,
    (SELECT e.id FROM _events e WHERE e.session = s.id ORDER BY e.seq DESC LIMIT 1),
    (SELECT max(c.number) FROM _changes c WHERE c.was = s.session_id OR c.what = 0 AND c.row BETWEEN
        (SELECT e.id FROM _events e WHERE e.session = s.id ORDER BY e.seq LIMIT 1) AND
        (SELECT e.id FROM _events e WHERE e.session = s.id ORDER BY e.seq DESC LIMIT 1))
FROM _sessions s
WHERE s.id = ?;

-- name: sampled
-- When some of its events were.
SELECT at FROM _events WHERE session = ? AND seq IN ({numbers});

-- name: extent
-- How many events there are, from when to when.
SELECT last_seq, coalesce(first_at, started_at), coalesce(last_at, started_at) FROM _sessions WHERE id = ?;
