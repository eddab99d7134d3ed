-- Sending sessions on as telemetry: what is due, how far it is, what became of it.

-- name: due
-- Sessions with something to send, those that were touched longest ago first; and behind them those of which only
-- something that was not complete may be by now, with the time of the last sign of life.
SELECT s.session_id, d.session IS NOT NULL AND d.last_seq >= s.last_seq AND d.ended_at IS s.ended_at AS waits,
    coalesce(s.last_at, s.started_at)
FROM _sessions s
JOIN _agents a ON a.id = s.agent
LEFT JOIN _sent d ON d.session = s.id
WHERE s.started_at >= ? AND (d.session IS NULL OR d.last_seq < s.last_seq OR d.ended_at IS NOT s.ended_at OR d.open = 1)
    AND {where}
ORDER BY waits, 3, s.id
LIMIT ?;

-- name: behind
-- How many have something to send that was never looked at.
SELECT count(*)
FROM _sessions s
JOIN _agents a ON a.id = s.agent
LEFT JOIN _sent d ON d.session = s.id
WHERE s.started_at >= ? AND (d.session IS NULL OR d.last_seq < s.last_seq OR d.ended_at IS NOT s.ended_at) AND {where};

-- name: position
-- How far a session is.
SELECT turn, spans, last_seq, ended_at FROM _sent WHERE session = ?;

-- name: session
-- The row number of a session, and the last place in it.
SELECT id, last_seq FROM _sessions WHERE session_id = ?;

-- name: put
-- That it is so far.
INSERT INTO _sent (session, turn, spans, last_seq, ended_at, open) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET turn = excluded.turn, spans = excluded.spans, last_seq = excluded.last_seq,
    ended_at = excluded.ended_at, open = excluded.open;

-- name: steps
-- A page of a session's events from a place on, in its own order, with the tokens that count.
SELECT {event}, s.session_id, {step}, u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens,
    u.cache_write_tokens, u.reasoning_tokens, u.cost_usd, u.partial
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
LEFT JOIN _usage u ON u.event = e.id AND u.copied = 0
WHERE e.session = ?1 AND e.seq >= ?3
ORDER BY e.seq
LIMIT ?4;

-- name: steps_by_time
-- The same by the clock; of one moment in its own order.
SELECT {event}, s.session_id, {step}, u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens,
    u.cache_write_tokens, u.reasoning_tokens, u.cost_usd, u.partial
FROM _events e
JOIN _sessions s ON s.id = e.session
LEFT JOIN _steps t ON t.event = e.id
LEFT JOIN _usage u ON u.event = e.id AND u.copied = 0
WHERE e.session = ?1 AND e.at >= ?2 AND (e.at > ?2 OR e.seq >= ?3)
ORDER BY e.at, e.seq
LIMIT ?4;

-- name: state
-- What became of it.
SELECT since, spans, dropped, sent_at, trouble, trouble_at FROM _sending;

-- name: begin
-- From when on sessions are sent: it was switched on.
INSERT INTO _sending (id, since, spans, dropped) VALUES (1, ?, 0, 0) ON CONFLICT DO NOTHING;

-- name: took
-- The receiver took spans, or refused them for good.
UPDATE _sending SET spans = spans + ?, dropped = dropped + ?, sent_at = ?, trouble = NULL, trouble_at = NULL;

-- name: dropped
-- It refused spans for good.
UPDATE _sending SET dropped = dropped + ?, trouble = ?, trouble_at = ?;

-- name: trouble
-- Nothing could be sent.
UPDATE _sending SET trouble = ?, trouble_at = ?;
