-- What monitoring asks for again and again: from roll-ups and small tables only.

-- name: sessions
-- Sessions of each agent in each state, and what they sum up to.
SELECT a.name, s.status, count(*), sum(s.tool_calls), sum(s.tool_errors), sum(s.rejections), sum(s.lost_bytes),
    sum(s.output_bytes), sum(s.input_tokens), sum(s.output_tokens), sum(s.cache_read_tokens),
    sum(s.cache_write_tokens), sum(s.reasoning_tokens), sum(s.cost_usd)
FROM _sessions s
JOIN _agents a ON a.id = s.agent
GROUP BY a.name, s.status
ORDER BY a.name, s.status;

-- name: copied
-- Of that, what was copied from another session and is counted there, too.
SELECT a.name, sum(u.input_tokens), sum(u.output_tokens), sum(u.cache_read_tokens), sum(u.cache_write_tokens),
    sum(u.reasoning_tokens), sum(u.cost_usd)
FROM _usage u
JOIN _sessions s ON s.id = u.session
JOIN _agents a ON a.id = s.agent
WHERE u.copied = 1
GROUP BY a.name;

-- name: events
-- Events of each agent by type.
SELECT a.name, k.event_type, sum(c.count)
FROM _kind_counts c
JOIN _kinds k ON k.id = c.kind
JOIN _agents a ON a.id = k.agent
GROUP BY a.name, k.event_type
ORDER BY a.name, k.event_type;

-- name: findings
-- What each rule found.
SELECT k.pattern, k.event_type, sum(c.count)
FROM _kind_counts c
JOIN _kinds k ON k.id = c.kind
WHERE k.pattern <> ''
GROUP BY k.pattern, k.event_type
ORDER BY k.pattern, k.event_type;

-- name: executions
-- Receipts by how their executions ended.
SELECT status, count(*) FROM receipts GROUP BY status ORDER BY status;

-- name: damage
-- Records of journals that could not be read: how many, how many bytes.
SELECT count(*), coalesce(sum(length), 0) FROM _quarantine;

-- name: unknown
-- Lines of histories that no reader understood.
SELECT coalesce(sum(unknown_lines), 0) FROM _histories;
