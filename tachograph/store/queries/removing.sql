-- Taking events away again, out of everything that refers to them or counts them.

-- name: count_kinds
-- What is about to go, from when to when, and how much of it the totals have.
SELECT kind, count(*), sum(id <= ?), min(at), max(at) FROM _events WHERE id IN ({numbers}) GROUP BY kind;

-- name: count_rewound
-- What the agent took back does not count any more already.
SELECT kind, count(*) FROM _events
WHERE id IN ({numbers}) AND json_extract(metadata_json, '$.rewound')
GROUP BY kind;

-- name: count_feedback
-- What people said of it.
SELECT count(*) FROM _feedback WHERE event IN ({numbers});

-- name: findings
-- What was found in the texts that go.
SELECT event FROM _findings WHERE step IN ({numbers});

-- name: drop_feedback
-- References first.
DELETE FROM _feedback WHERE event IN ({numbers});

-- name: drop_findings
-- Of the texts,
DELETE FROM _findings WHERE step IN ({numbers});

-- name: drop_found
-- or some of what was found in a text that stays.
DELETE FROM _findings WHERE step = ? AND event IN ({numbers});

-- name: drop_sightings_in
-- Code in the texts,
DELETE FROM _sightings WHERE session = ? AND step IN ({numbers}) RETURNING block;

-- name: drop_sightings
-- or in some places.
DELETE FROM _sightings WHERE id IN ({numbers}) RETURNING block;

-- name: drop_unseen_blocks
-- Contents among these that are seen nowhere any more.
DELETE FROM _code_blocks
WHERE id IN ({numbers}) AND NOT EXISTS (SELECT 1 FROM _sightings g WHERE g.block = _code_blocks.id);

-- name: tool_outputs
-- Where their long results lie.
SELECT session, line_first, lines FROM _tool_output WHERE event IN ({numbers});

-- name: drop_tool_outputs
-- The lines stay in their stream, and are nobody's.
DELETE FROM _tool_output WHERE event IN ({numbers});

-- name: drop_keys
-- What they were called.
DELETE FROM _keys WHERE session = ? AND event IN ({numbers});

-- name: drop_usage
-- What they used.
DELETE FROM _usage WHERE event IN ({numbers});

-- name: drop_steps
-- What they held.
DELETE FROM _steps WHERE event IN ({numbers});

-- name: drop_events
-- The rows themselves. Their numbers are never handed out again.
DELETE FROM _events WHERE id IN ({numbers});

-- name: shrink_session_kind
-- Roll-up of the session.
UPDATE _session_kinds SET count = count - ? WHERE session = ? AND kind = ?;

-- name: shrink_kind
-- Roll-up of the store.
UPDATE _kind_totals SET count = count - ? WHERE kind = ?;

-- name: shrink_session
-- The session's totals.
UPDATE _sessions
SET events = events - ?2,
    extractions = extractions - ?3,
    prompts = prompts - ?4,
    replies = replies - ?5,
    commands = commands - ?6,
    errors = errors - ?7,
    feedbacks = feedbacks - ?8
WHERE id = ?1;

-- name: drop_empty_session_kinds
-- A kind that is not in the session any more.
DELETE FROM _session_kinds WHERE count = 0 AND session = ?;

-- name: drop_empty_kinds
-- A kind that is nowhere any more.
DELETE FROM _kind_totals WHERE count = 0;

-- name: bound_kind
-- The first and last time of a kind anew, when what went was one of them: in every session that has it the first and last
-- are looked for.
UPDATE _kind_totals
SET (first_at, last_at) = (
    SELECT min((SELECT e.at FROM _events e INDEXED BY _events_session_at
            WHERE e.session = r.session AND e.kind = ?1 AND e.id <= ?4 ORDER BY e.at LIMIT 1)),
        max((SELECT e.at FROM _events e INDEXED BY _events_session_at
            WHERE e.session = r.session AND e.kind = ?1 AND e.id <= ?4 ORDER BY e.at DESC LIMIT 1))
    FROM _session_kinds r
    WHERE r.kind = ?1
)
WHERE kind = ?1 AND (first_at >= ?2 OR last_at <= ?3);

-- name: recount_calls
-- Tool calls of a session, by what is there: every id once, and errors of calls whose beginning is lost.
UPDATE _sessions
SET (commands, tool_calls, tool_errors, rejections) = (
    SELECT coalesce(sum(k.event_type = 'command' AND k.pattern = ''), 0), count(DISTINCT t.tool_call_id),
        count(DISTINCT CASE WHEN t.status = 'error' THEN coalesce(t.tool_call_id, iif(e.lost, e.id, NULL)) END),
        count(DISTINCT CASE WHEN t.status = 'rejected' THEN coalesce(t.tool_call_id, iif(e.lost, e.id, NULL)) END)
    FROM (
        SELECT id, kind, coalesce(json_extract(metadata_json, '$.call') = 'lost', 0) AS lost
        FROM _events
        WHERE session = ?1 AND NOT coalesce(json_extract(metadata_json, '$.rewound'), 0)
    ) e
    JOIN _kinds k ON k.id = e.kind
    LEFT JOIN _steps t ON t.event = e.id
)
WHERE id = ?1;

-- name: drop_activity
-- What a session did to files, from its events:
DELETE FROM _file_activity WHERE session = ?;

-- name: count_activity
-- counted again,
INSERT INTO _file_activity (session, file_path, reads, writes, edits, deletes, last_at)
SELECT e.session, t.file_path, sum(t.operation = 'read'), sum(t.operation = 'write'), sum(t.operation = 'edit'),
    sum(t.operation = 'delete'), max(e.at)
FROM _events e
JOIN _kinds k ON k.id = e.kind
JOIN _steps t ON t.event = e.id
WHERE e.session = ? AND k.event_type = 'file_op' AND t.file_path <> ''
    AND t.operation IN ('read', 'write', 'edit', 'delete')
GROUP BY t.file_path;

-- name: count_files
-- and how many files that makes.
UPDATE _sessions SET files_touched = (SELECT count(*) FROM _file_activity WHERE session = ?1) WHERE id = ?1;
