-- Counts over the ledger: what agents did and how executions ended.

-- name: agents
-- What each agent did, as the audit log says: an operation is over when it is completed, failed or skipped.
SELECT a.agent_id, count(*), sum(a.status = 'completed'), sum(a.status = 'failed'), avg(a.duration_ms),
    min(a.duration_ms), max(a.duration_ms)
FROM audit_log a
WHERE {where} AND a.status IN ('completed', 'failed', 'skipped') AND a.operation_type IS NOT 'recorder'
GROUP BY a.agent_id
ORDER BY count(*) DESC, a.agent_id;

-- name: receipts
-- How executions ended, the most frequent end first.
SELECT r.status, count(*), avg(r.duration_ms) FROM receipts r WHERE {where} GROUP BY r.status
ORDER BY count(*) DESC, r.status;

-- name: totals
-- The whole ledger; an agent is tracked when it has a receipt or a memory.
SELECT (SELECT count(*) FROM receipts),
    (SELECT count(*) FROM receipts WHERE status = 'passed'),
    (SELECT count(*) FROM receipts WHERE status = 'failed'),
    (SELECT count(*) FROM (SELECT agent_id FROM receipts UNION SELECT agent_id FROM agent_memory)),
    (SELECT count(*) FROM audit_log),
    (SELECT max(created_at) FROM receipts);
