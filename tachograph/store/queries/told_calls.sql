-- Calls of tools that were added as events.

-- name: session
-- Whose they are.
SELECT id FROM _sessions WHERE session_id = ?;

-- name: add_key
-- What a call is known by; the first event of it stays it.
INSERT INTO _keys (session, key, event, teller) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: grow
-- A session's totals of tool calls, by so many.
UPDATE _sessions
SET tool_calls = tool_calls + ?2, tool_errors = tool_errors + ?3, rejections = rejections + ?4
WHERE id = ?1;
