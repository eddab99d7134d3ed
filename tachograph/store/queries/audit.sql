-- The audit log.

-- name: add
-- One entry.
INSERT INTO audit_log (audit_id, timestamp, agent_id, operation, operation_type, status, duration_ms, details,
    error_message, context_json, execution_id)
VALUES (:audit_id, :timestamp, :agent_id, :operation, :operation_type, :status, :duration_ms, :details,
    :error_message, :context_json, :execution_id)
RETURNING id;

-- name: by_id
-- By number or by name.
SELECT {audit_entry} FROM audit_log a WHERE a.id = ? OR a.audit_id = ? LIMIT 1;

-- name: listed
-- Newest first.
SELECT {audit_entry} FROM audit_log a WHERE {where} ORDER BY a.timestamp DESC, a.id DESC LIMIT ?;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*) FROM (SELECT 1 FROM audit_log a WHERE {where} LIMIT ?);
