-- What the sessions of a workflow did side by side.

-- name: members
-- Its sessions in the order they began: row number, id, first and last sign of life.
SELECT s.id, s.session_id, coalesce(s.first_at, s.started_at), max(coalesce(s.last_at, s.started_at),
    coalesce(s.ended_at, s.started_at))
FROM _sessions s
WHERE s.workflow_id = ?
ORDER BY coalesce(s.first_at, s.started_at), s.id
LIMIT ?;

-- name: seconds
-- Events of a session by second: how many, and how many steps of them failed.
SELECT e.at / 1000000000, count(*), sum(coalesce(t.status, '') = 'error')
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND e.kind IN ({kinds})
GROUP BY 1;

-- name: files
-- What a session did to files, by second: whole path, reads, changes, what failed, the first of the events.
-- `whole` is a function of this connection.
SELECT e.at / 1000000000, whole(?2, t.file_path), sum(t.operation = 'read'),
    sum(t.operation <> 'read' AND coalesce(t.status, 'ok') NOT IN ('error', 'rejected', 'interrupted')),
    sum(coalesce(t.status, '') = 'error'), min(e.id)
FROM _events e
JOIN _steps t ON t.event = e.id
WHERE e.session = ?1 AND e.kind IN ({kinds}) AND t.file_path IS NOT NULL AND t.operation IS NOT NULL
GROUP BY 1, 2;

-- name: moments
-- When some events happened.
SELECT id, at FROM _events WHERE id IN ({numbers});
