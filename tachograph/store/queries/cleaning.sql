-- What is old enough to go.

-- name: old_receipts
-- Some receipts that were stored before a time, by number.
SELECT id, execution_id FROM receipts WHERE created_at < datetime(?) AND id > ? ORDER BY id LIMIT ?;

-- name: stages_of
-- What was measured of an execution.
SELECT id FROM pipeline_metrics WHERE execution_id = ?;

-- name: violations_of
-- The targets it missed.
SELECT id FROM slo_violations WHERE execution_id = ?;

-- name: old_entries
-- Some audit entries of before a time, by number.
SELECT id FROM audit_log WHERE timestamp < ? AND id > ? ORDER BY id LIMIT ?;

-- name: delete
-- One row.
DELETE FROM {table} WHERE id = ?;

-- name: counted
-- How many of each would go.
SELECT (SELECT count(*) FROM receipts WHERE created_at < datetime(:before)),
    (SELECT count(*) FROM pipeline_metrics p JOIN receipts r ON r.execution_id = p.execution_id
        WHERE r.created_at < datetime(:before)),
    (SELECT count(*) FROM slo_violations v JOIN receipts r ON r.execution_id = v.execution_id
        WHERE r.created_at < datetime(:before)),
    (SELECT count(*) FROM audit_log WHERE timestamp < :before);
