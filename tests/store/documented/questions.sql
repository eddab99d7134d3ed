-- name: recent_failures
SELECT * FROM recent_executions
WHERE status = 'failed'
ORDER BY timestamp DESC
LIMIT 10;

-- name: agent_performance
SELECT * FROM agent_performance_summary
ORDER BY successful_executions DESC;

-- name: bottlenecks
SELECT * FROM pipeline_stage_performance
ORDER BY avg_duration_ms DESC;

-- name: violations_by_metric
SELECT metric, COUNT(*) as violation_count, AVG(actual_value) as avg_value
FROM slo_violations
WHERE created_at > datetime('now', '-7 days')
GROUP BY metric
ORDER BY violation_count DESC;

-- name: collisions
SELECT collision_type, severity, COUNT(*) as count
FROM collision_detection
WHERE timestamp > datetime('now', '-24 hours')
GROUP BY collision_type, severity;

-- name: workflow_is_there
-- Verify session exists
SELECT COUNT(*) FROM workflow_sessions WHERE session_id = 'your-id';

-- name: execution_is_taken
-- Check existing execution
SELECT * FROM receipts WHERE execution_id = 'duplicate-id';
