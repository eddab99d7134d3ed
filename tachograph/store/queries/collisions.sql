-- Collisions: two agents in each other's way.

-- name: add
-- One, unless the same two events collided on the same before.
INSERT INTO collision_detection (session_id, agent_id_1, agent_id_2, collision_type, description, resolution, severity,
    timestamp, session_id_1, session_id_2, event_id_1, event_id_2, subject, overlap_json, resolved_at)
VALUES (:session_id, :agent_id_1, :agent_id_2, :collision_type, :description, :resolution, :severity, :timestamp,
    :session_id_1, :session_id_2, :event_id_1, :event_id_2, :subject, :overlap_json, :resolved_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: by_id
-- One.
SELECT {collision} FROM collision_detection c WHERE c.id = ?;

-- name: listed
-- Newest first.
SELECT {collision} FROM collision_detection c WHERE {where} ORDER BY c.timestamp DESC, c.id DESC LIMIT ?;

-- name: counted
-- How many of each type and severity; those without a resolution apart.
SELECT c.collision_type, c.severity, count(*), sum(c.resolution IS NULL) FROM collision_detection c
WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2;

-- name: resolve
-- What became of it.
UPDATE collision_detection SET resolution = ?, resolved_at = ? WHERE id = ?;

-- name: same
-- Whether two sessions collided on the same in the same way a short time before, at least as badly.
SELECT 1 FROM collision_detection
WHERE collision_type = ?1 AND subject = ?2 AND timestamp >= ?3 AND timestamp <= ?4
    AND (session_id_1, session_id_2) IN (VALUES (?5, ?6), (?6, ?5)) AND severity IN (?7, ?8, ?9)
LIMIT 1;

-- name: subjects
-- How often sessions collided on what.
SELECT c.subject, count(*), sum(c.severity = 'critical') FROM collision_detection c WHERE {where} GROUP BY 1;

-- name: last_id
-- The newest one's number.
SELECT coalesce(max(id), 0) FROM collision_detection;

-- name: after
-- Those that were added later.
SELECT {collision} FROM collision_detection c WHERE c.id > ? ORDER BY c.id;

-- name: total
-- How many fit, as far as they are counted.
SELECT count(*) FROM (SELECT 1 FROM collision_detection c WHERE {where} LIMIT ?);
