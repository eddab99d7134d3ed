-- Workflows: several sessions with one aim.

-- name: add
-- One workflow, as it begins.
INSERT INTO workflow_sessions (session_id, start_time, status, agent_count, total_duration_ms, context_json, title,
    project_dir, opened_by)
VALUES (:session_id, :start_time, :status, :agent_count, :total_duration_ms, :context_json, :title, :project_dir,
    :opened_by)
RETURNING id;

-- name: by_id
-- By name, or by a beginning of it.
SELECT {workflow} FROM workflow_sessions w WHERE w.session_id >= ?1 AND w.session_id < ?1 || char(1114111)
ORDER BY w.session_id <> ?1 LIMIT 6;

-- name: listed
-- Newest first.
SELECT {workflow} FROM workflow_sessions w WHERE {where} ORDER BY w.start_time DESC, w.id DESC LIMIT ?;

-- name: change
-- Counted anew.
UPDATE workflow_sessions SET start_time = :start_time, end_time = :end_time, status = :status,
    agent_count = :agent_count, total_duration_ms = :total_duration_ms,
    successful_operations = :successful_operations, failed_operations = :failed_operations
WHERE session_id = :session_id
RETURNING id;

-- name: enter
-- Sessions that are in none yet, with all they started.
WITH RECURSIVE family (id, session_id) AS (
    SELECT id, session_id FROM _sessions WHERE id = ?2
    UNION
    SELECT s.id, s.session_id FROM family f JOIN _sessions s ON s.parent_id = f.session_id
)
UPDATE _sessions SET workflow_id = ?1 WHERE workflow_id IS NULL AND id IN (SELECT id FROM family);

-- name: members
-- The sessions of a workflow, row number and id, in the order they began.
SELECT id, session_id FROM _sessions WHERE workflow_id = ? ORDER BY started_at, id;

-- name: with_agent
-- Those that an agent has a session in.
SELECT DISTINCT s.workflow_id FROM _sessions s JOIN _agents a ON a.id = s.agent
WHERE s.workflow_id IS NOT NULL AND a.name GLOB ?;

-- name: of_session
-- The workflow of a session, whether there is one of that name, where and when the session began.
SELECT s.workflow_id, w.id IS NOT NULL, s.project_dir, s.started_at
FROM _sessions s
LEFT JOIN workflow_sessions w ON w.session_id = s.workflow_id
WHERE s.id = ? AND s.workflow_id IS NOT NULL;

-- name: of_session_id
-- The same by name.
SELECT s.workflow_id FROM _sessions s JOIN workflow_sessions w ON w.session_id = s.workflow_id WHERE s.session_id = ?;

-- name: of_parent
-- The workflow of the session that started this one.
SELECT p.workflow_id FROM _sessions s
JOIN _sessions p ON p.session_id = coalesce(
    (SELECT o.session_id FROM _aliases n JOIN _sessions o ON o.id = n.session WHERE n.name = s.parent_id), s.parent_id)
WHERE s.id = ?;

-- name: extent
-- How many sessions, from when to when, how they ended.
SELECT count(*), min(started_at), max(coalesce(ended_at, last_at, started_at)), sum(ended_at IS NULL),
    sum(status = 'failed'), sum(status = 'interrupted')
FROM _sessions WHERE workflow_id = ?;

-- name: operations
-- Tool calls, commands and changes of files that went well, and that failed; one over several files once.
SELECT count(DISTINCT CASE WHEN t.status = 'ok' THEN e.session || ' ' || coalesce(t.tool_call_id, e.id) END),
    count(DISTINCT CASE WHEN t.status = 'error' THEN e.session || ' ' || coalesce(t.tool_call_id, e.id) END)
FROM _sessions s
JOIN _events e ON e.session = s.id
JOIN _steps t ON t.event = e.id
WHERE s.workflow_id = ? AND e.kind IN ({kinds});

-- name: over
-- Workflows that opened by themselves and whose sessions have all ended.
SELECT w.session_id FROM workflow_sessions w
WHERE w.status = 'running' AND w.opened_by = 'tachograph'
    AND NOT EXISTS (SELECT 1 FROM _sessions s WHERE s.workflow_id = w.session_id AND s.ended_at IS NULL);

-- name: unknown
-- Names of workflows that sessions have and nobody opened.
SELECT workflow_id, min(started_at), max(project_dir) FROM _sessions s
WHERE workflow_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM workflow_sessions w WHERE w.session_id = s.workflow_id)
GROUP BY workflow_id;

-- name: present
-- A session did something in a repository at that time.
INSERT OR IGNORE INTO _presence (root, slot, session) VALUES (?, ?, ?);

-- name: company
-- Who else was there in some slots and at work at the same time: row number, workflow, when the first of the two began.
-- Who has not ended, and was heard of lately, still is. Subagents are not asked.
SELECT s.id, w.session_id, min(s.started_at, m.started_at)
FROM _presence p
JOIN _sessions s ON s.id = p.session
JOIN _sessions m ON m.id = ?2
LEFT JOIN workflow_sessions w ON w.session_id = s.workflow_id
WHERE p.root = ?1 AND p.slot IN (SELECT value FROM json_each(?4)) AND p.session <> ?2 AND s.parent_id IS NULL
    AND (coalesce(s.last_at, s.started_at) >= coalesce(m.first_at, m.started_at)
        OR (s.ended_at IS NULL AND coalesce(s.last_at, s.started_at) >= ?3))
    AND (coalesce(m.last_at, m.started_at) >= coalesce(s.first_at, s.started_at)
        OR (m.ended_at IS NULL AND coalesce(m.last_at, m.started_at) >= ?3))
ORDER BY w.session_id IS NULL, p.slot, s.id
LIMIT 1;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*) FROM (SELECT 1 FROM workflow_sessions w WHERE {where} LIMIT ?);

-- name: place
-- What it is sorted by.
SELECT start_time, id FROM workflow_sessions WHERE id = ?;
