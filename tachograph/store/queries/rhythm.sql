-- When agents were at work: what happened in each quarter of an hour, and agents beside one another.

-- name: steps
-- Prompts, calls and calls that failed, by agent and quarter of an hour. What was copied into another session has the same
-- id and time there: it is one. What the user refused never ran.
SELECT agent, quarter, sum(prompt), sum(NOT prompt AND status IS NOT 'rejected'),
    sum(NOT prompt AND (
        status IS 'error' OR (coalesce(exit_code, 0) <> 0 AND coalesce(status, '') NOT IN ('rejected', 'interrupted'))
    ))
FROM (
    SELECT a.name AS agent, e.at / 900000000000 AS quarter, e.kind IN ({prompts}) AS prompt, t.status, t.exit_code,
        min(e.id)
    FROM _sessions s
    JOIN _agents a ON a.id = s.agent
    JOIN _events e ON e.session = s.id
    LEFT JOIN _steps t ON t.event = e.id
    WHERE s.id IN (SELECT session FROM _session_kinds WHERE kind IN ({kinds})) AND e.kind IN ({kinds}) AND {where}
    GROUP BY iif(e.kind IN ({prompts}), 'a prompt', coalesce(t.tool_call_id, e.id)), e.at
)
GROUP BY agent, quarter;

-- name: sessions
-- Sessions by agent and the quarter of an hour in which they began, and how many of them failed.
SELECT a.name, s.started_at / 900000000000 AS quarter, count(*), sum(s.status = 'failed')
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE {where}
GROUP BY 1, 2;

-- name: compared
-- Agents side by side, from the totals of the sessions that began in some time; those with the most sessions first.
SELECT a.name, count(*), sum(s.ended_at IS NOT NULL AND s.status = 'completed'), sum(s.status = 'failed'),
    sum(s.status = 'interrupted'), count(DISTINCT s.project_dir), sum(s.prompts), sum(s.tool_calls), sum(s.tool_errors),
    sum(s.rejections), sum(s.commands), sum(s.errors), median((s.ended_at - s.started_at) / 1e6),
    median(CASE WHEN s.prompts > 0 THEN s.tool_calls * 1.0 / s.prompts END), min(s.started_at), max(s.started_at)
FROM _sessions s
JOIN _agents a ON a.id = s.agent
WHERE {where}
GROUP BY a.name
ORDER BY 2 DESC, 1;
