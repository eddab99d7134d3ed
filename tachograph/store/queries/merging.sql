-- Two sessions that turn out to be one: everything of ?2 moves to ?1; both are row numbers.

-- name: doubled
-- Events of steps that both were told of.
SELECT DISTINCT k.event, e.kind
FROM _keys k
JOIN _keys o ON o.session = ?1 AND o.key = k.key
JOIN _events e ON e.id = k.event
WHERE k.session = ?2;

-- name: last_seq
-- Where the numbering of a session stands.
SELECT last_seq FROM _sessions WHERE id = ?;

-- name: events
-- Its events follow those that are there, ?3 of them.
UPDATE _events SET session = ?1, seq = seq + ?3 WHERE session = ?2;

-- name: keys
-- With the keys of its steps.
UPDATE _keys SET session = ?1 WHERE session = ?2;

-- name: passages
-- What the index covers: events by their new numbers, output by its lines.
UPDATE _passages
SET session = ?1,
    first = first + CASE WHEN stream = -1 THEN ?3 ELSE 0 END,
    last = last + CASE WHEN stream = -1 THEN ?3 ELSE 0 END
WHERE session = ?2;

-- name: usage
-- What its calls of models used.
UPDATE _usage SET session = ?1 WHERE session = ?2;

-- name: tool_output
-- Where the output of its tools lies.
UPDATE _tool_output SET session = ?1 WHERE session = ?2;

-- name: output
-- A stream that both have stays with the session that goes: it cannot be told whose line is whose.
UPDATE OR IGNORE _output SET session = ?1 WHERE session = ?2;

-- name: drop_output
-- What could not move.
DELETE FROM _output WHERE session = ?2 AND ?1 > 0;

-- name: sightings
-- The code blocks seen in it.
UPDATE _sightings SET session = ?1 WHERE session = ?2;

-- name: feedback
-- What people said of its findings.
UPDATE _feedback SET session = ?1 WHERE session = ?2;

-- name: aliases
-- Its other names.
UPDATE _aliases SET session = ?1 WHERE session = ?2;

-- name: histories
-- The files that told of it first,
UPDATE _histories SET session = ?1 WHERE session = ?2;

-- name: history_sessions
-- and all that told of it.
UPDATE OR REPLACE _history_sessions SET session = ?1 WHERE session = ?2;

-- name: kinds
-- The roll-ups are added up.
INSERT INTO _session_kinds (session, kind, count) SELECT ?1, kind, count FROM _session_kinds WHERE session = ?2
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: drop_kinds
-- Added up.
DELETE FROM _session_kinds WHERE session = ?2 AND ?1 > 0;

-- name: activity
-- What was done to files.
INSERT INTO _file_activity (session, file_path, reads, writes, edits, deletes, last_at)
SELECT ?1, file_path, reads, writes, edits, deletes, last_at FROM _file_activity WHERE session = ?2
ON CONFLICT DO UPDATE SET reads = reads + excluded.reads, writes = writes + excluded.writes,
    edits = edits + excluded.edits, deletes = deletes + excluded.deletes, last_at = max(last_at, excluded.last_at);

-- name: drop_activity
-- Added up, too.
DELETE FROM _file_activity WHERE session = ?2 AND ?1 > 0;

-- name: totals
-- So are the totals; what the wrapper does not know comes from the agent.
UPDATE _sessions AS s
SET title = coalesce(s.title, o.title), model = coalesce(s.model, o.model), branch = coalesce(s.branch, o.branch),
    parent_id = coalesce(s.parent_id, o.parent_id),
    last_seq = s.last_seq + o.last_seq, first_at = min(coalesce(s.first_at, o.first_at), coalesce(o.first_at, s.first_at)),
    last_at = max(coalesce(s.last_at, o.last_at), coalesce(o.last_at, s.last_at)),
    events = s.events + o.events, prompts = s.prompts + o.prompts, replies = s.replies + o.replies,
    tool_calls = s.tool_calls + o.tool_calls, tool_errors = s.tool_errors + o.tool_errors,
    rejections = s.rejections + o.rejections, commands = s.commands + o.commands,
    extractions = s.extractions + o.extractions, errors = s.errors + o.errors, feedbacks = s.feedbacks + o.feedbacks,
    unknown_lines = s.unknown_lines + o.unknown_lines, copilot_session_id = o.copilot_session_id
FROM _sessions o
WHERE s.id = ?1 AND o.id = ?2;

-- name: drop
-- The row that is left is empty.
DELETE FROM _sessions WHERE id = ?2 AND ?1 > 0;

-- name: count_files
-- How many files that makes.
UPDATE _sessions SET files_touched = (SELECT count(*) FROM _file_activity WHERE session = ?1) WHERE id = ?1 AND ?2 > 0;

-- name: children
-- Subagents name their parent.
UPDATE _sessions SET parent_id = ? WHERE parent_id = ?;

-- name: recount_calls
-- Tool calls that both had counted twice.
UPDATE _sessions
SET (tool_calls, tool_errors, rejections) = (
    SELECT count(DISTINCT t.tool_call_id), count(DISTINCT CASE WHEN t.status = 'error' THEN t.tool_call_id END),
        count(DISTINCT CASE WHEN t.status = 'rejected' THEN t.tool_call_id END)
    FROM _events e JOIN _steps t ON t.event = e.id WHERE e.session = ?1
)
WHERE id = ?1;

-- name: numbered
-- Calls that a source could only number, with the name they go by.
SELECT e.id, e.kind, e.at, k.key, e.metadata_json, {step}
FROM _keys k
JOIN _events e ON e.id = k.event
JOIN _steps t ON t.event = e.id
WHERE k.session = ? AND t.tool_call_id GLOB '#[0-9]*'
ORDER BY e.at, e.id;

-- name: rename
-- That name is one of another event.
UPDATE _keys SET event = ?3 WHERE session = ?1 AND key = ?2;
