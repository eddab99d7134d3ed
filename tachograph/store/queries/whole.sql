-- One session as a whole, read out in pages.

-- name: events
-- A page of its events, in its own order.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.seq > ?
ORDER BY e.seq
LIMIT ?;

-- name: events_by_time
-- The same by the clock; of one moment in its own order.
SELECT {event}, s.session_id, {step}
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ?1 AND e.at >= ?2 AND (e.at > ?2 OR e.seq > ?3)
ORDER BY e.at, e.seq
LIMIT ?4;

-- name: usages
-- What some events say a model used.
SELECT event, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd,
    partial, cost_source, copied, key
FROM _usage
WHERE event IN ({numbers});

-- name: results
-- Where the whole results of some calls lie in the stream "tool".
SELECT event, line_first, lines, bytes, digest FROM _tool_output WHERE event IN ({numbers});

-- name: keys
-- By which keys some events of a session are told again, and the rank of who told them best.
SELECT event, key, teller FROM _keys WHERE session = ? AND event IN ({numbers}) ORDER BY event, key;

-- name: found
-- What was found in the texts of some steps: the places of the findings.
SELECT f.step, e.seq
FROM _findings f
JOIN _events e ON e.id = f.event
WHERE f.step IN ({numbers})
ORDER BY f.step, e.seq;

-- name: sightings
-- A page of the code seen in a session, and in the text of which step.
SELECT g.id, g.at, b.language, b.content, g.line_start, g.line_end, g.context_json, b.parseable, b.digest, e.seq
FROM _sightings g
JOIN _code_blocks b ON b.id = g.block
LEFT JOIN _events e ON e.id = g.step
WHERE g.session = ? AND g.id > ?
ORDER BY g.id
LIMIT ?;

-- name: feedback
-- What people said of its events, in the order in which they said it.
SELECT e.seq, f.at, f.outcome, f.note
FROM _feedback f
JOIN _events e ON e.id = f.event
WHERE f.session = ?
ORDER BY f.id;

-- name: aliases
-- Its other names.
SELECT name FROM _aliases WHERE session = ? ORDER BY name;

-- name: told_by
-- Which sources tell of it.
SELECT told_by FROM _sessions WHERE id = ?;
