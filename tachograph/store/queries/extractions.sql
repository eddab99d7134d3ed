-- Findings of the rules: events whose kind names a pattern.

-- name: by_id
-- One event; whether it is a finding, its kind says.
SELECT {event}, s.session_id
FROM _events e
JOIN _sessions s ON s.id = e.session
WHERE e.id = ?;

-- name: by_ids
-- Some findings; the walk knows their order.
SELECT {event}, s.session_id
FROM _events e
JOIN _sessions s ON s.id = e.session
WHERE e.id IN ({numbers});

-- name: of_session
-- One session's in its own order. The index is named because most sessions are read whole, and the one over kinds
-- would have to sort.
SELECT {event}, s.session_id
FROM _sessions s
JOIN _events e INDEXED BY _events_session_seq ON e.session = s.id
WHERE s.session_id = ? AND {where}
ORDER BY e.seq {order}
LIMIT ? OFFSET ?;

-- name: seq
-- Its number in its session.
SELECT seq FROM _events WHERE id = ?;

-- name: total
-- How many findings of some kinds there are, from the roll-up.
SELECT coalesce(sum(count), 0) FROM _kind_counts WHERE kind IN ({kinds});

-- name: total_of_session
-- The same of one session.
SELECT coalesce(sum(c.count), 0)
FROM _session_kinds c
JOIN _sessions s ON s.id = c.session
WHERE s.session_id = ? AND c.kind IN ({kinds});

-- name: types_of_agent
-- How many findings of each type an agent has, from the roll-up.
SELECT k.event_type, sum(t.count)
FROM _kinds k
JOIN _kind_counts t ON t.kind = k.id
WHERE k.agent = (SELECT id FROM _agents WHERE name = ?) AND k.pattern <> ''
GROUP BY k.event_type
ORDER BY 2 DESC, 1;

-- name: sessions_of_agent
-- All sessions of an agent, those that ended, those that ended well.
SELECT count(*), count(ended_at), coalesce(sum(exit_code = 0 AND ended_at IS NOT NULL), 0)
FROM _sessions
WHERE agent = (SELECT id FROM _agents WHERE name = ?);

-- name: totals_of_pattern
-- One row for each agent, type and risk of a rule's findings, from the roll-up.
SELECT a.name, k.event_type, k.risk_level, t.count, t.first_at, t.last_at
FROM _kinds k
JOIN _kind_counts t ON t.kind = k.id
JOIN _agents a ON a.id = k.agent
WHERE k.pattern = ?;

-- name: by_kind
-- How many findings of each kind there are, from the roll-up.
SELECT kind, count FROM _kind_counts WHERE kind IN ({kinds});

-- name: by_kind_of_session
-- The same of one session.
SELECT kind, count FROM _session_kinds WHERE session = (SELECT id FROM _sessions WHERE session_id = ?) AND kind IN ({kinds});

-- name: by_kind_between
-- The same between two times: sessions that lie inside are counted by their roll-up, of others the entries of the index.
SELECT kind, sum(count)
FROM (
    SELECT c.kind, c.count
    FROM _sessions s
    JOIN _session_kinds c ON c.session = s.id
    WHERE s.first_at >= ?1 AND s.last_at <= ?2 AND c.kind IN ({kinds}) AND {where}
    UNION ALL
    SELECT e.kind, count(*)
    FROM _sessions s
    JOIN _events e INDEXED BY _events_session_at ON e.session = s.id AND e.at BETWEEN ?1 AND ?2
    WHERE s.last_at >= ?1 AND s.first_at <= ?2 AND NOT (s.first_at >= ?1 AND s.last_at <= ?2) AND e.kind IN ({kinds})
        AND {where}
    GROUP BY e.kind
)
GROUP BY kind;
