-- Interned words: agents and kinds of events. Rows are added, never changed or deleted.

-- name: agents
-- All agents there are.
SELECT name, id FROM _agents;

-- name: kinds_after
-- Kinds that were added since we looked last.
SELECT id, agent, event_type, pattern, risk_level, auto_confirmable, code_block_language, source
FROM _kinds
WHERE id > ?
ORDER BY id;

-- name: add_agent
-- Another process may have added the same name meanwhile.
INSERT INTO _agents (name) VALUES (?) ON CONFLICT DO NOTHING;

-- name: agent_id
-- The row number of an agent.
SELECT id FROM _agents WHERE name = ?;

-- name: kind_id
-- The row number of a kind, added when it is new: an update that changes nothing makes RETURNING answer for old ones.
INSERT INTO _kinds (agent, event_type, pattern, risk_level, auto_confirmable, code_block_language, source)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET agent = agent
RETURNING id;
