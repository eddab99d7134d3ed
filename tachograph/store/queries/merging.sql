-- Two sessions that turn out to be one: everything of ?2 moves to ?1; both are row numbers.

-- name: doubled
-- Steps that both were told of: the key, the event and the teller of either.
SELECT k.key, k.event, k.teller, o.event, o.teller
FROM _keys k
JOIN _keys o ON o.session = ?1 AND o.key = k.key
WHERE k.session = ?2
ORDER BY k.event;

-- name: take_count
-- What a call of a model used was counted in the session that goes, and is no copy any more.
UPDATE _usage SET copied = 0
WHERE event = ?1 AND copied = 1 AND EXISTS (SELECT 1 FROM _usage o WHERE o.event = ?2 AND o.copied = 0);

-- name: take_output
-- It is that of another event,
UPDATE _tool_output SET event = ? WHERE event = ?;

-- name: take_findings
-- with what was found in it,
UPDATE _findings SET step = ? WHERE step = ?;

-- name: take_sightings
-- code too.
UPDATE _sightings SET step = ? WHERE session = ? AND step = ?;

-- name: last_seq
-- Where the numbering of a session stands.
SELECT last_seq FROM _sessions WHERE id = ?;

-- name: renamed
-- What a session did under its agent's name, where that is not ?2.
SELECT e.id, e.kind, e.at
FROM _sessions s
JOIN _events e ON e.session = s.id
JOIN _kinds k ON k.id = e.kind AND k.agent = s.agent
WHERE s.id = ?1 AND s.agent <> ?2;

-- name: set_agent
-- Whose a session is.
UPDATE _sessions SET agent = ? WHERE id = ?;

-- name: moving
-- Its events,
SELECT id FROM _events WHERE session = ?;

-- name: events
-- which follow those that are there, ?3 of them.
UPDATE _events SET session = ?1, seq = seq + ?3 WHERE session = ?2;

-- name: keys
-- With the keys of its steps.
UPDATE _keys SET session = ?1 WHERE session = ?2;

-- name: passages
-- What the index covers: events by their new numbers, output by its lines.
UPDATE _passages
SET session = ?1,
    first = first + CASE stream WHEN -1 THEN ?3 WHEN 3 THEN ?4 ELSE 0 END,
    last = last + CASE stream WHEN -1 THEN ?3 WHEN 3 THEN ?4 ELSE 0 END
WHERE session = ?2;

-- name: usage
-- What its calls of models used.
UPDATE _usage SET session = ?1 WHERE session = ?2;

-- name: tool_stream
-- How long the stream "tool" of a session is: chunks and lines, all of them ended.
SELECT coalesce(max(number) + 1, 0), coalesce(max(line_first + lines) - 1, 0)
FROM _output
WHERE session = ? AND stream = 3;

-- name: found_lines
-- What was found in long results has the numbers of their lines.
UPDATE _events SET line_number = line_number + ?4
WHERE id IN (SELECT f.event FROM _findings f JOIN _tool_output o ON o.event = f.step WHERE o.session = ?2);

-- name: tool_output
-- Where the output of its tools lies: behind that of the other's.
UPDATE _tool_output SET session = ?1, line_first = line_first + ?4 WHERE session = ?2;

-- name: tool_chunks
-- The output itself.
UPDATE _output SET session = ?1, number = number + ?5, line_first = line_first + ?4
WHERE session = ?2 AND stream = 3;

-- name: streams_of_both
-- What both printed: it could not be told whose line is whose.
SELECT DISTINCT stream FROM _output WHERE session = ?2 AND stream <> 3
INTERSECT SELECT stream FROM _output WHERE session = ?1;

-- name: drop_output
-- Of such a stream that of the session that goes goes with it,
DELETE FROM _output WHERE session = ? AND stream = ? RETURNING lines, bytes;

-- name: shrink_output
-- out of what it counts.
UPDATE _sessions SET lines = lines - ?2, output_bytes = output_bytes - ?3 WHERE id = ?1;

-- name: output
-- The other streams.
UPDATE _output SET session = ?1 WHERE session = ?2;

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

-- name: presence
-- Where it was at work when.
UPDATE OR REPLACE _presence SET session = ?1 WHERE session = ?2;

-- name: drop_sent
-- How far it was sent on.
DELETE FROM _sent WHERE session = ?2;

-- name: kinds
-- The roll-ups are added up.
INSERT INTO _session_kinds (session, kind, count) SELECT ?1, kind, count FROM _session_kinds WHERE session = ?2
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: drop_kinds
-- Added up.
DELETE FROM _session_kinds WHERE session = ?2;

-- name: drop_activity
-- They are counted again.
DELETE FROM _file_activity WHERE session = ?2;

-- name: totals
-- So are the totals; what the wrapper does not know comes from the agent.
UPDATE _sessions AS s
SET title = coalesce(s.title, o.title), model = coalesce(s.model, o.model), branch = coalesce(s.branch, o.branch),
    parent_id = coalesce(s.parent_id, o.parent_id), workflow_id = coalesce(s.workflow_id, o.workflow_id),
    last_seq = s.last_seq + o.last_seq, first_at = min(coalesce(s.first_at, o.first_at), coalesce(o.first_at, s.first_at)),
    last_at = max(coalesce(s.last_at, o.last_at), coalesce(o.last_at, s.last_at)),
    events = s.events + o.events, prompts = s.prompts + o.prompts, replies = s.replies + o.replies,
    tool_calls = s.tool_calls + o.tool_calls, tool_errors = s.tool_errors + o.tool_errors,
    rejections = s.rejections + o.rejections, commands = s.commands + o.commands,
    extractions = s.extractions + o.extractions, errors = s.errors + o.errors, feedbacks = s.feedbacks + o.feedbacks,
    unknown_lines = s.unknown_lines + o.unknown_lines, lines = s.lines + o.lines,
    output_bytes = s.output_bytes + o.output_bytes, copilot_session_id = o.copilot_session_id,
    input_tokens = iif(s.input_tokens, s.input_tokens, o.input_tokens),
    output_tokens = iif(s.output_tokens, s.output_tokens, o.output_tokens),
    cache_read_tokens = iif(s.cache_read_tokens, s.cache_read_tokens, o.cache_read_tokens),
    cache_write_tokens = iif(s.cache_write_tokens, s.cache_write_tokens, o.cache_write_tokens),
    reasoning_tokens = iif(s.reasoning_tokens, s.reasoning_tokens, o.reasoning_tokens),
    cost_usd = coalesce(s.cost_usd, o.cost_usd)
FROM _sessions o
WHERE s.id = ?1 AND o.id = ?2;

-- name: drop
-- The row that is left is empty.
DELETE FROM _sessions WHERE id = ?2;

-- name: unmark
-- Nor is it waiting to be sealed.
DELETE FROM _unsealed WHERE session = ?2;

-- name: children
-- Subagents name their parent.
UPDATE _sessions SET parent_id = ? WHERE parent_id = ?;

-- name: step
-- A step that both were told of, as one of them has it.
SELECT {step}, e.metadata_json, e.kind, e.at
FROM _events e
LEFT JOIN _steps t ON t.event = e.id
WHERE e.id = ?;

-- name: drop_key
-- The other has a step of that name.
DELETE FROM _keys WHERE session = ? AND key = ?;

-- name: rename
-- What an event was called is what another one is called.
UPDATE _keys SET event = ? WHERE session = ? AND event = ?;

-- name: set_kind
-- Which kind of event it is.
UPDATE _events SET kind = ? WHERE id = ?;

-- name: numbered
-- Calls that a source could only number.
SELECT DISTINCT e.id, e.kind
FROM _keys k
JOIN _events e ON e.id = k.event
JOIN _steps t ON t.event = e.id
WHERE k.session = ? AND t.tool_call_id GLOB '#[0-9]*'
ORDER BY e.at, e.id;
