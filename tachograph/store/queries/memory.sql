-- What agents remember. The triggers of agent_memory number the versions and keep them.

-- name: version
-- The version that is current; no row: there is no memory of this agent.
SELECT version, session_id, collision_history FROM agent_memory WHERE agent_id = ?;

-- name: add
-- The first version, or the first after a deletion.
INSERT INTO agent_memory (agent_id, agent_type, memory_json, session_id, source)
VALUES (:agent_id, :agent_type, :memory_json, :session_id, :source);

-- name: change
-- The next version, also when it says the same.
UPDATE agent_memory SET memory_json = :memory_json, agent_type = coalesce(:agent_type, agent_type),
    version = coalesce(version, 0) + 1
WHERE agent_id = :agent_id;

-- name: remove
-- The current row; a trigger notes the deletion as a version.
DELETE FROM agent_memory WHERE agent_id = :agent_id;

-- name: sign
-- Who wrote the current row. The triggers take everybody for somebody who came past us.
UPDATE agent_memory SET session_id = :session_id, source = :source WHERE agent_id = :agent_id;

-- name: sign_version
-- The same in its version, before that is sealed.
UPDATE agent_memory_versions SET session_id = :session_id, source = :source
WHERE id = (SELECT v.id FROM agent_memory_versions v WHERE v.agent_id = :agent_id ORDER BY v.version DESC LIMIT 1)
RETURNING id, version;

-- name: current
-- The memory of one agent.
SELECT {memory} FROM agent_memory m WHERE m.agent_id = ?;

-- name: listed
-- Of all agents, the newest first.
SELECT {memory} FROM agent_memory m WHERE {where} ORDER BY coalesce(m.updated_at, '') DESC, m.id DESC LIMIT ?;

-- name: one_version
-- A version of it.
SELECT {memory_version} FROM agent_memory_versions v WHERE v.agent_id = ? AND v.version = ?;

-- name: versions
-- All of them, the newest first.
SELECT {memory_version} FROM agent_memory_versions v WHERE {where}
ORDER BY v.version DESC LIMIT ?;

-- name: count_versions
-- How many there are.
SELECT count(*) FROM agent_memory_versions WHERE agent_id = ?;

-- name: note_conflict
-- A write that came too late, in the row it was meant for.
UPDATE agent_memory SET retry_count = coalesce(retry_count, 0) + 1, last_error = ?, collision_history = ?
WHERE agent_id = ?;

-- name: agent_of
-- Of which agent a session is.
SELECT a.name FROM _sessions s JOIN _agents a ON a.id = s.agent WHERE s.session_id = ?;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*) FROM (SELECT 1 FROM agent_memory m WHERE {where} LIMIT ?);

-- name: place
-- What it is sorted by.
SELECT coalesce(updated_at, ''), id FROM agent_memory WHERE agent_id = ?;
