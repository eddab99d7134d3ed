-- Objectives that were missed, and the values that objectives are about.

-- name: add
-- One violation.
INSERT INTO slo_violations (execution_id, metric, target_value, actual_value, severity, description, timestamp,
    objective, event_id)
VALUES (:execution_id, :metric, :target_value, :actual_value, :severity, :description, :timestamp, :objective,
    :event_id)
RETURNING id;

-- name: change
-- An execution misses the same objective by another value.
UPDATE slo_violations
SET metric = :metric, target_value = :target_value, actual_value = :actual_value, severity = :severity,
    description = :description, timestamp = :timestamp, event_id = :event_id
WHERE id = :id;

-- name: by_id
-- One violation.
SELECT {slo_violation} FROM slo_violations v WHERE v.id = ?;

-- name: of_objective
-- What an execution missed of an objective.
SELECT {slo_violation} FROM slo_violations v WHERE v.execution_id = ? AND v.objective = ?;

-- name: listed
-- Newest first; of executions written past us there is no receipt.
SELECT {slo_violation}
FROM slo_violations v
LEFT JOIN receipts r ON r.execution_id = v.execution_id
WHERE {where}
ORDER BY v.timestamp DESC, v.id DESC
LIMIT ?;

-- name: counts
-- How often each objective was missed, and when last.
SELECT v.objective, v.metric, v.severity, count(*), max(v.timestamp)
FROM slo_violations v
GROUP BY coalesce(v.objective, v.metric)
ORDER BY 1, 2;

-- name: of_sessions
-- One value a session that has ended. `value` is one of VALUES in the module.
SELECT {value} AS value, s.ended_at, s.session_id, NULL
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE s.ended_at IS NOT NULL AND value IS NOT NULL AND {where};

-- name: of_calls
-- One value a call that was measured. A call that was copied into another session has the same id and time there: it
-- is one. What the user refused never ran.
SELECT t.duration_ms, e.at, s.session_id, min(e.id)
FROM _sessions s
JOIN _agents a ON a.id = s.agent
JOIN _events e ON e.session = s.id
JOIN _steps t ON t.event = e.id
WHERE EXISTS (SELECT 1 FROM _session_kinds k WHERE k.session = s.id AND k.kind IN ({kinds})) AND e.kind IN ({kinds})
    AND t.duration_ms IS NOT NULL AND t.status IS NOT 'rejected' AND {where}
GROUP BY coalesce(t.tool_call_id, e.id), e.at;

-- name: of_stages
-- One value a stage. Rows of others may write their times in other ways: the first condition is for the index, the
-- second is exact.
SELECT p.duration_ms,
    cast(round(coalesce(unixepoch(p.timestamp, 'subsec'), 0) * 1000) AS INTEGER) * 1000000 AS at,
    p.execution_id, NULL
FROM pipeline_metrics p
LEFT JOIN receipts r ON r.execution_id = p.execution_id
LEFT JOIN _sessions s ON s.session_id = r.session_id
WHERE p.timestamp >= ? AND {where};

-- name: tests
-- Test results of sessions that have ended, in the order of each.
SELECT s.session_id, s.ended_at, e.metadata_json
FROM _sessions s
JOIN _agents a ON a.id = s.agent
JOIN _events e ON e.session = s.id
WHERE EXISTS (SELECT 1 FROM _session_kinds k WHERE k.session = s.id AND k.kind IN ({kinds})) AND e.kind IN ({kinds})
    AND s.ended_at IS NOT NULL AND {where}
ORDER BY e.session, e.seq;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*)
FROM (
    SELECT 1
    FROM slo_violations v
    LEFT JOIN receipts r ON r.execution_id = v.execution_id
    WHERE {where}
    LIMIT ?
);
