-- A text that is looked for and written over. What stands in braces is made of names of the schema (`text_columns`).

-- name: found
-- Rows of a table that have it, the session each is of, how often.
SELECT {key}, {of}, hits({values}) FROM {table} t WHERE hits({values}) > 0;

-- name: update
-- Rows without it,
UPDATE {table} AS t SET {assignments} WHERE t.rowid IN ({numbers});

-- name: update_keyless
-- also where it is part of what rows are called: two that are one then are one.
UPDATE OR REPLACE {table} AS t SET {assignments} WHERE hits({values}) > 0;

-- name: events
-- How many there are.
SELECT count(*) FROM _events;

-- name: names
-- What sessions are called.
SELECT id, session_id FROM _sessions WHERE id IN ({numbers});

-- name: streams
-- What was printed, typed and returned, by session.
SELECT DISTINCT session, stream FROM _output ORDER BY session, stream;

-- name: chunks
-- One of these in its order.
SELECT id FROM _output WHERE session = ? AND stream = ? ORDER BY number;

-- name: chunk
-- Some of it.
SELECT id, line_first, lines, data FROM _output WHERE id = ?;

-- name: change_chunk
-- Other bytes, as many as before.
UPDATE _output SET data = ? WHERE id = ?;

-- name: tool_outputs
-- Where results of calls lie.
SELECT event, line_first, lines, bytes FROM _tool_output WHERE session = ?;

-- name: change_tool_output
-- One that is another text.
UPDATE _tool_output SET digest = ? WHERE event = ?;

-- name: arguments
-- What calls were given, where it is not in their metadata alone.
SELECT e.id, e.metadata_json, t.command, t.arguments
FROM _events e
JOIN _steps t ON t.event = e.id
WHERE e.id IN ({numbers}) AND t.arguments IS NOT NULL;

-- name: change_metadata
-- The same anew,
UPDATE _events SET metadata_json = ? WHERE id = ?;

-- name: change_arguments
-- in both places.
UPDATE _steps SET arguments = ? WHERE event = ?;

-- name: places
-- Where events stand.
SELECT id, session, seq FROM _events WHERE id IN ({numbers});

-- name: content_of_block
-- A block of code.
SELECT content FROM _code_blocks WHERE id = ?;

-- name: same_block
-- Another one with that digest.
SELECT id FROM _code_blocks WHERE digest = ? AND id <> ?;

-- name: change_block
-- It is another one.
UPDATE _code_blocks SET digest = ? WHERE id = ?;

-- name: move_sightings
-- It is one that is there already.
UPDATE _sightings SET block = ? WHERE block = ?;

-- name: drop_block
-- Once is enough.
DELETE FROM _code_blocks WHERE id = ?;
