-- Lists of columns that several queries read. Each is in the order of the record (or tuple) that a row becomes.

-- name: session
-- records.Session, field by field.
s.session_id, a.name, s.environment, s.copilot_session_id, s.project_dir, s.task_file, s.spawned_by, s.status,
s.importance, s.pid, s.started_at, s.ended_at, s.exit_code, s.title, s.command, s.host, s.branch, s.model, s.parent_id,
s.workflow_id, s.prompts, s.replies, s.tool_calls, s.tool_errors, s.rejections, s.commands, s.files_touched, s.lines,
s.extractions, s.feedbacks, s.unknown_lines, s.input_tokens, s.output_tokens, s.cache_read_tokens,
s.cache_write_tokens, s.reasoning_tokens, s.cost_usd, s.events, s.errors, s.output_bytes, s.lost_bytes,
s.extraction_config_version, s.environment_config_version, s.metadata_json

-- name: event
-- walk.Row but for its last field, the session's name.
e.at, e.id, e.kind, e.line_number, e.matched_value, e.original_line, e.metadata_json, e.session, e.seq

-- name: step
-- What only structured steps have, in the order of tellings.FIELDS, and what makes their metadata whole: arguments.whole.
t.tool_name, t.tool_call_id, t.file_path, t.operation, t.command, t.command_category, t.exit_code, t.duration_ms,
t.status, t.content, t.arguments

-- name: session_facts
-- What is counted over a group of sessions, in the order of statistics._FACTS.
count(*), sum(s.ended_at IS NOT NULL AND s.exit_code IS 0), sum(s.status IN ('failed', 'interrupted')),
sum(s.extractions), sum(s.errors), sum(s.lines), avg((s.ended_at - s.started_at) / 1e6)

-- name: held
-- Whether an event says all words (`holds` is passages.holds): two values, one word as a pattern and all of them. LIKE, which
-- knows big and small letters of ASCII alone, spares most events the call.
({said} LIKE ? OR octet_length({said}) > length({said})) AND holds(?, {said})

-- name: said
-- The words of an event.
CASE WHEN t.event IS NULL THEN coalesce(nullif(e.original_line, ''), e.matched_value, '')
ELSE concat_ws(char(10), nullif(t.content, ''), nullif(t.command, ''), nullif(t.file_path, ''),
    nullif(t.tool_name, ''), coalesce(nullif(e.original_line, ''), nullif(e.matched_value, ''))) END

-- name: spoken
-- What a search wants to know of an event, in the order of passages.Spoken; its words last.
e.id, e.at, e.kind, e.line_number, s.session_id, a.name,
CASE WHEN t.event IS NULL THEN coalesce(nullif(e.original_line, ''), e.matched_value, '')
ELSE concat_ws(char(10), nullif(t.content, ''), nullif(t.command, ''), nullif(t.file_path, ''),
    nullif(t.tool_name, ''), coalesce(nullif(e.original_line, ''), nullif(e.matched_value, ''))) END

-- name: history
-- histories.History, field by field.
h.id, h.path, h.reader, h.generation, h.session, h.inode, h.size, h.modified_at, h.mark, h.read_bytes,
h.kept_bytes, h.tail, h.edition, h.unknown_lines, h.unknown_json, h.trouble, h.keeps_until, h.gone_at

-- name: receipt
-- records.Receipt, field by field.
r.execution_id, r.agent_id, r.operation, r.status, r.timestamp, r.duration_ms, r.agent_type, r.manifest_hash,
r.ontology_hash, r.files_generated, r.files_modified, r.receipt_json, r.error_message, r.environment, r.receipt_id,
r.determinism_hash, r.session_id, r.created_at, r.updated_at, r.id

-- name: memory
-- records.Memory, field by field: of the current row.
m.agent_id, m.version, m.memory_json, m.agent_type, m.session_id, m.source,
coalesce((SELECT v.timestamp FROM agent_memory_versions v WHERE v.agent_id = m.agent_id AND v.version = m.version),
    m.updated_at)

-- name: memory_version
-- The same of a version.
v.agent_id, v.version, v.memory_json, v.agent_type, v.session_id, v.source, v.timestamp

-- name: audit_entry
-- records.AuditEntry, field by field.
a.agent_id, a.operation, a.status, a.operation_type, a.duration_ms, a.details, a.error_message, a.context_json,
a.execution_id, a.timestamp, a.audit_id, a.created_at, a.id

-- name: workflow
-- records.Workflow, field by field.
w.session_id, w.start_time, w.status, w.agent_count, w.end_time, w.total_duration_ms, w.successful_operations,
w.failed_operations, w.context_json, w.title, w.project_dir, w.opened_by, w.created_at, w.id

-- name: collision
-- records.Collision, field by field.
c.session_id, c.agent_id_1, c.agent_id_2, c.collision_type, c.description, c.severity, c.timestamp, c.resolution,
c.session_id_1, c.session_id_2, c.event_id_1, c.event_id_2, c.subject, c.overlap_json, c.resolved_at, c.created_at, c.id

-- name: stage_metric
-- records.StageMetric, field by field.
p.execution_id, p.stage, p.duration_ms, p.status, p.input_size_bytes, p.output_size_bytes, p.error_message,
p.timestamp, p.created_at, p.id

-- name: slo_violation
-- records.SloViolation, field by field.
v.execution_id, v.metric, v.target_value, v.actual_value, v.severity, v.description, v.timestamp, v.objective,
v.event_id, v.created_at, v.id

-- name: sealed_receipts
-- What a seal covers, of every table; docs/ledger.md lists the same. A column that is added later is not among them.
t.id, t.execution_id, t.agent_id, t.agent_type, t.operation, t.status, t.timestamp, t.created_at, t.manifest_hash,
t.ontology_hash, t.files_generated, t.files_modified, t.duration_ms, t.receipt_json, t.error_message, t.environment,
t.receipt_id, t.determinism_hash, t.session_id

-- name: sealed_agent_memory_versions
-- As above.
t.id, t.agent_id, t.version, t.agent_type, t.memory_json, t.session_id, t.source, t.timestamp

-- name: sealed_audit_log
-- As above.
t.id, t.audit_id, t.timestamp, t.agent_id, t.operation, t.operation_type, t.status, t.duration_ms, t.details,
t.error_message, t.context_json, t.created_at, t.execution_id

-- name: sealed_workflow_sessions
-- As above.
t.id, t.session_id, t.start_time, t.end_time, t.status, t.agent_count, t.total_duration_ms, t.successful_operations,
t.failed_operations, t.context_json, t.created_at, t.title, t.project_dir, t.opened_by

-- name: sealed_collision_detection
-- As above.
t.id, t.session_id, t.agent_id_1, t.agent_id_2, t.collision_type, t.description, t.resolution, t.severity,
t.timestamp, t.created_at, t.session_id_1, t.session_id_2, t.event_id_1, t.event_id_2, t.subject, t.overlap_json,
t.resolved_at

-- name: sealed_pipeline_metrics
-- As above.
t.id, t.execution_id, t.stage, t.duration_ms, t.input_size_bytes, t.output_size_bytes, t.status, t.error_message,
t.timestamp, t.created_at

-- name: sealed_slo_violations
-- As above.
t.id, t.execution_id, t.metric, t.target_value, t.actual_value, t.severity, t.description, t.timestamp, t.created_at,
t.objective, t.event_id

-- name: as_bytes
-- For `text_columns`, as all that follows: a column as bytes; in tables that are not STRICT anything may stand anywhere.
CASE typeof(t.{name}) WHEN 'text' THEN CAST(t.{name} AS BLOB) WHEN 'blob' THEN t.{name} END

-- name: unpacked_arguments
-- The same of arguments of calls.
CASE typeof(t.arguments) WHEN 'text' THEN CAST(t.arguments AS BLOB) WHEN 'blob' THEN unpacked(t.arguments) END

-- name: written_over
-- A column without the text that is to go.
{name} = CASE typeof({name}) WHEN 'text' THEN CAST(unsaid(CAST({name} AS BLOB)) AS TEXT) WHEN 'blob' THEN unsaid({name})
    ELSE {name} END

-- name: session_of_block
-- One of those that show a block of code.
(SELECT min(g.session) FROM _sightings g WHERE g.block = t.id)

-- name: session_of_event
-- That of an event.
(SELECT e.session FROM _events e WHERE e.id = t.event)

-- name: session_by_name
-- One that is named by its id.
(SELECT s.id FROM _sessions s WHERE s.session_id = t.session_id)
