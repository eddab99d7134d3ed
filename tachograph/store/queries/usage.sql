-- Tokens and cost: what each call of a model used, and what sessions, days and models sum up to.

-- name: add
-- One call.
INSERT INTO _usage (
    event, session, key, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    cost_usd, cost_source, partial, copied
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET model = coalesce(excluded.model, model), input_tokens = excluded.input_tokens,
    output_tokens = excluded.output_tokens, cache_read_tokens = excluded.cache_read_tokens,
    cache_write_tokens = excluded.cache_write_tokens, reasoning_tokens = excluded.reasoning_tokens,
    cost_usd = excluded.cost_usd, cost_source = excluded.cost_source, partial = excluded.partial;

-- name: counted_elsewhere
-- Whether another session has the same call: copied history, the same to the nanosecond.
SELECT EXISTS (
    SELECT 1 FROM _usage u JOIN _events e ON e.id = u.event
    WHERE u.key = ?1 AND u.session <> ?2 AND u.copied = 0 AND e.at = ?3
);

-- name: no_longer_counts
-- Calls that the agent took back.
UPDATE _usage SET copied = 2 WHERE event IN ({numbers});

-- name: total
-- A session's tokens and cost, from its calls; what was copied into it is its history all the same.
UPDATE _sessions
SET (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd) = (
    SELECT coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_tokens), 0),
        coalesce(sum(cache_write_tokens), 0), coalesce(sum(reasoning_tokens), 0), sum(cost_usd)
    FROM _usage WHERE session = ?1 AND copied < 2
)
WHERE id = ?1;

-- name: by
-- Summed by one thing; copies are counted where they were made.
SELECT {key} AS key, count(*), sum(u.input_tokens), sum(u.output_tokens), sum(u.cache_read_tokens),
    sum(u.cache_write_tokens), sum(u.reasoning_tokens), sum(u.cost_usd),
    sum(u.cost_usd IS NULL AND u.input_tokens + u.output_tokens > 0), sum(u.partial), count(DISTINCT u.session)
FROM _usage u
JOIN _events e ON e.id = u.event
JOIN _sessions s ON s.id = u.session
JOIN _agents a ON a.id = s.agent
WHERE u.copied = 0 AND {where}
GROUP BY 1
ORDER BY {sorting}
LIMIT ?;
