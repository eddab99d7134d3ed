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
-- What only structured steps have, in the order of events._STEP.
t.tool_name, t.tool_call_id, t.file_path, t.operation, t.command, t.command_category, t.exit_code, t.duration_ms,
t.status, t.content

-- name: session_facts
-- What is counted over a group of sessions, in the order of statistics._FACTS.
count(*), sum(s.ended_at IS NOT NULL AND s.exit_code IS 0), sum(s.status IN ('failed', 'interrupted')),
sum(s.extractions), sum(s.errors), sum(s.lines), avg((s.ended_at - s.started_at) / 1e6)

-- name: spoken
-- What a search wants to know of an event, in the order of search._Spoken; its words last.
e.id, e.at, e.kind, e.line_number, s.session_id, a.name, t.content, t.command, t.file_path, t.tool_name,
coalesce(nullif(e.original_line, ''), e.matched_value)

-- name: history
-- histories.History, field by field.
h.id, h.path, h.reader, h.generation, h.session, h.inode, h.size, h.modified_at, h.mark, h.read_bytes,
h.kept_bytes, h.tail, h.unknown_lines, h.unknown_json, h.trouble, h.keeps_until, h.gone_at
