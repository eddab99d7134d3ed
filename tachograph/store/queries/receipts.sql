-- Receipts.

-- name: add
-- One receipt.
INSERT INTO receipts (execution_id, agent_id, agent_type, operation, status, timestamp, manifest_hash, ontology_hash,
    files_generated, files_modified, duration_ms, receipt_json, error_message, environment, receipt_id,
    determinism_hash, session_id)
VALUES (:execution_id, :agent_id, :agent_type, :operation, :status, :timestamp, :manifest_hash, :ontology_hash,
    :files_generated, :files_modified, :duration_ms, :receipt_json, :error_message, :environment, :receipt_id,
    :determinism_hash, :session_id)
RETURNING id;

-- name: change
-- The final receipt of an execution that had one.
UPDATE receipts SET agent_id = :agent_id, agent_type = :agent_type, operation = :operation, status = :status,
    timestamp = :timestamp, manifest_hash = :manifest_hash, ontology_hash = :ontology_hash,
    files_generated = :files_generated, files_modified = :files_modified, duration_ms = :duration_ms,
    receipt_json = :receipt_json, error_message = :error_message, environment = :environment,
    receipt_id = :receipt_id, determinism_hash = :determinism_hash, session_id = :session_id,
    updated_at = CURRENT_TIMESTAMP
WHERE execution_id = :execution_id
RETURNING id;

-- name: taken
-- Whether an execution has a receipt, and how it ended.
SELECT id, status, receipt_id FROM receipts WHERE execution_id = ?;

-- name: by_name
-- By its own id, by the execution or by number: the first of these that fits.
SELECT {receipt} FROM receipts r WHERE r.receipt_id = :name OR r.execution_id = :name OR r.id = :number
ORDER BY r.receipt_id IS NOT :name, r.execution_id IS NOT :name
LIMIT 1;

-- name: between_ids
-- Some whose ids begin with the same digits.
SELECT {receipt} FROM receipts r WHERE r.receipt_id >= ? AND r.receipt_id < ? ORDER BY r.receipt_id LIMIT 6;

-- name: listed
-- Newest first.
SELECT {receipt} FROM receipts r WHERE {where} ORDER BY r.timestamp DESC, r.id DESC LIMIT ?;

-- name: counts
-- How many ended how, how long they took, and when the last one was.
SELECT status, count(*), avg(duration_ms), max(timestamp) FROM receipts GROUP BY status ORDER BY status;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*) FROM (SELECT 1 FROM receipts r WHERE {where} LIMIT ?);

-- name: of_workflow
-- The sessions of a workflow, for a condition.
SELECT session_id FROM _sessions WHERE workflow_id = ?;
