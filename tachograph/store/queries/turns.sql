-- Turns: from what a user said to what came of it.

-- name: prompts
-- What a user said in a session, in the order in which it was told.
SELECT e.seq, e.at, e.id, t.content, e.metadata_json ->> '$.rewound'
FROM _sessions s
JOIN _events e ON e.session = s.id
LEFT JOIN _steps t ON t.event = e.id
WHERE s.session_id = ? AND e.kind IN ({kinds})
ORDER BY e.seq;

-- name: sources
-- Who told the steps of a session.
SELECT k.source, sum(c.count)
FROM _session_kinds c
JOIN _kinds k ON k.id = c.kind
WHERE c.session = (SELECT id FROM _sessions WHERE session_id = ?) AND k.pattern = '' AND k.source <> '' AND c.count > 0
GROUP BY k.source
ORDER BY 2 DESC;

-- name: steps
-- Every step of a session, as far as turns are counted from them.
SELECT e.id, e.seq, e.at, e.kind, t.tool_call_id, t.operation, t.status, t.exit_code, u.input_tokens, u.output_tokens,
    u.cache_read_tokens, u.cache_write_tokens, u.reasoning_tokens, u.cost_usd, u.partial
FROM _sessions s
JOIN _events e ON e.session = s.id
LEFT JOIN _steps t ON t.event = e.id
LEFT JOIN _usage u ON u.event = e.id AND u.copied < 2
WHERE s.session_id = ? AND e.kind IN ({kinds})
ORDER BY e.seq;

-- name: opening
-- The first thing a user said in a session, or what a subagent was asked to do.
SELECT t.content
FROM _sessions s
JOIN _events e INDEXED BY _events_session_seq ON e.session = s.id
JOIN _steps t ON t.event = e.id
WHERE s.session_id = ? AND t.content IS NOT NULL
    AND (e.kind IN ({prompts}) OR (e.kind IN ({markers}) AND e.metadata_json ->> '$.kind' = 'task'))
ORDER BY e.seq
LIMIT 1;
