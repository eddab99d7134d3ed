-- name: receipt
INSERT INTO receipts (
  execution_id, agent_id, operation, status, timestamp,
  files_generated, duration_ms, receipt_json
) VALUES (
  'exec-001',
  'code-generator',
  'generation',
  'passed',
  '2026-01-29T12:34:56Z',
  5,
  2500,
  '{"files": ["src/main.rs", "src/lib.rs"], "hashes": {"src/main.rs": "abc123"}}'
);

-- name: audit_entry
INSERT INTO audit_log (
  timestamp, agent_id, operation, status, duration_ms, context_json
) VALUES (
  '2026-01-29T12:34:56Z',
  'code-generator',
  'RDF normalization',
  'completed',
  450,
  '{"triples_processed": 1240, "rules_applied": 15}'
);

-- name: memory
INSERT INTO agent_memory (
  agent_id, memory_json, collision_history
) VALUES (
  'code-generator',
  '{"state": "initialized", "capacity": 100, "decisions": ["use_const_generics"]}',
  '[]'
);

-- name: workflow
INSERT INTO workflow_sessions (
  session_id, start_time, status, agent_count, context_json
) VALUES (
  'session-001',
  datetime('now'),
  'running',
  3,
  '{"topology": "hierarchical", "collision_detection": true}'
);
