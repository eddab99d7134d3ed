-- Counts over the whole store, from roll-ups and small tables, and what is wrong with the file.

-- name: totals
-- One row; its column names are the answer's.
SELECT count(*) AS sessions,
    coalesce(sum(ended_at IS NULL), 0) AS running,
    coalesce(sum(events), 0) AS events,
    coalesce(sum(extractions), 0) AS extractions,
    coalesce(sum(lines), 0) AS lines,
    coalesce(sum(output_bytes), 0) AS output_bytes,
    coalesce(sum(lost_bytes), 0) AS lost_bytes,
    (SELECT count(*) FROM _code_blocks) AS code_blocks,
    count(DISTINCT agent) AS agents,
    min(started_at) AS first,
    max(coalesce(last_at, started_at)) AS last
FROM _sessions;

-- name: by_agent
-- The busiest first.
SELECT a.name, {session_facts}
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE {where}
GROUP BY a.name
ORDER BY 2 DESC, 1
LIMIT ?;

-- name: by_day
-- Days are UTC; the latest first.
SELECT date(s.started_at / 1000000000, 'unixepoch') AS day, {session_facts}
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE {where}
GROUP BY day
ORDER BY day DESC
LIMIT ?;

-- name: by_type
-- Events of each type.
SELECT k.event_type, sum(c.count), count(DISTINCT s.id), count(DISTINCT a.name)
FROM _sessions s
JOIN _session_kinds c ON c.session = s.id
JOIN _kinds k ON k.id = c.kind
JOIN _agents a ON a.id = k.agent
WHERE {where}
GROUP BY k.event_type
ORDER BY 2 DESC, 1
LIMIT ?;

-- name: by_pattern
-- Findings of each rule.
SELECT k.pattern, k.event_type, sum(c.count), count(DISTINCT s.id), count(DISTINCT a.name)
FROM _sessions s
JOIN _session_kinds c ON c.session = s.id
JOIN _kinds k ON k.id = c.kind
JOIN _agents a ON a.id = k.agent
WHERE k.pattern <> '' AND {where}
GROUP BY k.pattern, k.event_type
ORDER BY 3 DESC, 1
LIMIT ?;

-- name: by_command
-- A command is known by its program: whole command lines never repeat. `program` is a function of this connection.
SELECT program(t.command) AS command, count(*), sum(t.status IS 'error'), median(t.duration_ms),
    percentile(t.duration_ms, 95), sum(t.duration_ms)
FROM _steps t
JOIN _events e ON e.id = t.event
JOIN _sessions s ON s.id = e.session
JOIN _agents a ON a.id = s.agent
WHERE t.command IS NOT NULL AND {where}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT ?;

-- name: sqlite_version
-- Of the library that runs this.
SELECT sqlite_version();

-- name: integrity_check
-- Every page, every row against its indexes.
PRAGMA integrity_check;

-- name: quick_check
-- Every page; indexes are not compared with their rows.
PRAGMA quick_check;

-- name: foreign_key_check
-- Rows that refer to nothing.
PRAGMA foreign_key_check;

-- name: orphaned_events
-- Events of a session or a kind that is gone; _events declares neither.
SELECT count(*) FROM _events
WHERE session NOT IN (SELECT id FROM _sessions) OR kind NOT IN (SELECT id FROM _kinds);

-- name: miscounted
-- Sessions whose total is not the number of their events.
SELECT s.session_id, s.events, count(e.id)
FROM _sessions s
LEFT JOIN _events e ON e.session = s.id
GROUP BY s.id
HAVING s.events <> count(e.id)
LIMIT 20;

-- name: miscounted_session_kinds
-- Roll-ups of sessions that are not the number of events of a kind; either side may lack what the other has.
WITH stored AS (SELECT session, kind, count(*) AS count FROM _events GROUP BY session, kind)
SELECT s.session_id, k.event_type, coalesce(r.count, 0), coalesce(e.count, 0)
FROM stored e
FULL JOIN _session_kinds r ON r.session = e.session AND r.kind = e.kind
JOIN _sessions s ON s.id = coalesce(e.session, r.session)
JOIN _kinds k ON k.id = coalesce(e.kind, r.kind)
WHERE r.count IS NOT e.count
LIMIT 20;

-- name: miscounted_kinds
-- The same for the roll-up of the whole store.
WITH stored AS (SELECT kind, sum(count) AS count FROM _session_kinds GROUP BY kind)
SELECT k.event_type, coalesce(t.count, 0), coalesce(e.count, 0)
FROM stored e
FULL JOIN _kind_counts t ON t.kind = e.kind
JOIN _kinds k ON k.id = coalesce(e.kind, t.kind)
WHERE t.count IS NOT e.count
LIMIT 20;

-- name: memory_that_disagrees
-- Memories that were changed with the triggers switched off.
SELECT m.agent_id, m.version FROM agent_memory m
WHERE NOT EXISTS (
    SELECT 1 FROM agent_memory_versions v
    WHERE v.agent_id = m.agent_id AND v.version = m.version AND v.memory_json IS m.memory_json
);
