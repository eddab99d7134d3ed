-- Stages of pipelines.

-- name: add
-- One stage.
INSERT INTO pipeline_metrics (execution_id, stage, duration_ms, input_size_bytes, output_size_bytes, status,
    error_message, timestamp)
VALUES (:execution_id, :stage, :duration_ms, :input_size_bytes, :output_size_bytes, :status, :error_message,
    :timestamp)
RETURNING id;

-- name: words
-- The names a stage may have.
SELECT word FROM _stages ORDER BY word;

-- name: has_receipt
-- Whether there is anything a stage can belong to.
SELECT 1 FROM receipts WHERE execution_id = ?;

-- name: by_id
-- One stage.
SELECT {stage_metric} FROM pipeline_metrics p WHERE p.id = ?;

-- name: listed
-- Newest first.
SELECT {stage_metric}
FROM pipeline_metrics p
LEFT JOIN receipts r ON r.execution_id = p.execution_id
WHERE {where}
ORDER BY p.timestamp DESC, p.id DESC
LIMIT ?;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*)
FROM (
    SELECT 1
    FROM pipeline_metrics p
    LEFT JOIN receipts r ON r.execution_id = p.execution_id
    WHERE {where}
    LIMIT ?
);

-- name: of_workflow
-- The sessions of a workflow, for a condition.
SELECT session_id FROM _sessions WHERE workflow_id = ?;
