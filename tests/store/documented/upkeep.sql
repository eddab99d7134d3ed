-- name: maintenance
VACUUM;              -- Reclaim space
ANALYZE;             -- Update statistics
PRAGMA integrity_check;  -- Verify consistency

-- name: archive
-- Archive old records (monthly)
INSERT INTO receipts_archive SELECT * FROM receipts
WHERE created_at < datetime('now', '-90 days');

DELETE FROM receipts
WHERE created_at < datetime('now', '-90 days');

-- name: pragmas
-- Enable foreign key constraints (CRITICAL)
PRAGMA foreign_keys = ON;

-- Use write-ahead logging for concurrency
PRAGMA journal_mode = WAL;

-- Optimize for typical query patterns
PRAGMA optimize;

-- Set reasonable cache size (10MB)
PRAGMA cache_size = -10000;

-- name: optional_pragmas
-- Synchronous writes (balance safety/performance)
PRAGMA synchronous = NORMAL;

-- Increase temp_store for large sorts
PRAGMA temp_store = MEMORY;

-- Enable query optimizer
PRAGMA optimize;

-- name: missing_workflow
-- Create session if missing
INSERT INTO workflow_sessions (session_id, start_time, status, agent_count)
VALUES ('your-id', datetime('now'), 'running', 2);
