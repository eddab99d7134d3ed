-- Rows go in: events, steps, passages, and the totals they are part of.

-- name: take
-- Numbers that were never handed out before, the last of them.
INSERT INTO _counters (name, value) VALUES (?, ?)
ON CONFLICT DO UPDATE SET value = value + excluded.value
RETURNING value;

-- name: mark
-- A session that is not as it was sealed.
INSERT INTO _unsealed (session, changes) VALUES (?, 1) ON CONFLICT DO UPDATE SET changes = changes + 1;

-- name: last_id
-- The newest event's id.
SELECT coalesce(max(id), 0) FROM _events;

-- name: session
-- Where a session's numbering stands, and whose it is.
SELECT s.id, s.last_seq, a.name FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.session_id = ?;

-- name: next_session
-- The row number of the next session, one that none ever had.
INSERT INTO _counters (name, value) VALUES ('session', (SELECT coalesce(max(id), 0) + 1 FROM _sessions))
ON CONFLICT DO UPDATE SET value = value + 1
RETURNING value;

-- name: add_session
-- A session that nobody announced; it counts as running.
INSERT INTO _sessions (id, session_id, agent, started_at) VALUES (?, ?, ?, ?);

-- name: add_events
-- What all events have.
INSERT INTO _events (session, seq, id, at, kind, line_number, matched_value, original_line, metadata_json)
VALUES {rows};

-- name: add_steps
-- What only structured steps have.
INSERT INTO _steps (
    event, tool_name, tool_call_id, file_path, operation, command, command_category, exit_code, duration_ms, status,
    content, arguments
) VALUES {rows};

-- name: add_passage
-- What a row of the full-text index covers.
INSERT INTO _passages (id, session, stream, first, last) VALUES (?, ?, ?, ?, ?);

-- name: add_text
-- The words of a passage.
INSERT INTO _search (rowid, text) VALUES (?, ?);

-- name: passages
-- What makes some lines of a stream searchable.
SELECT id FROM _passages WHERE session = ? AND stream = ? AND first BETWEEN ? AND ?;

-- name: drop_passages
-- They are not found any more,
DELETE FROM _passages WHERE id IN ({numbers});

-- name: drop_texts
-- by none of their words.
DELETE FROM _search WHERE rowid IN ({numbers});

-- name: grow_session_kinds
-- Roll-up of a session: how many events of each kind.
INSERT INTO _session_kinds (session, kind, count) VALUES {rows}
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: grow_kind
-- Roll-up of the store, of an event that is in it already.
INSERT INTO _kind_totals (kind, count, first_at, last_at) VALUES (?1, 1, ?2, ?2)
ON CONFLICT DO UPDATE SET count = count + 1, first_at = min(first_at, ?2), last_at = max(last_at, ?2);

-- name: grow_session
-- The session's totals and the bounds of its events.
UPDATE _sessions
SET last_seq = ?2,
    first_at = min(coalesce(first_at, ?3), ?3),
    last_at = max(coalesce(last_at, ?4), ?4),
    events = events + ?5,
    extractions = extractions + ?6,
    prompts = prompts + ?7,
    replies = replies + ?8,
    commands = commands + ?9,
    errors = errors + ?10
WHERE id = ?1;
