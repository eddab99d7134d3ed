-- Commands: what ran, how often, how long, how it ended.

-- name: of_session
-- One session's by category, as the view has them.
SELECT command_category, count, avg_duration, first_execution, last_execution
FROM command_stats
WHERE session_id = ?
ORDER BY count DESC, command_category;

-- name: by
-- Counted by one thing. `called` is a function of this connection. A call that was copied into another session has the
-- same id and time there: it is one. What the user refused never ran. The category is that of the latest.
SELECT {key} AS key, substr(max(printf('%020d', at) || category), 21), coalesce(sum(status IS NOT 'rejected'), 0) AS runs,
    coalesce(sum(
        status IS 'error' OR (coalesce(exit_code, 0) <> 0 AND status NOT IN ('rejected', 'interrupted'))
    ), 0) AS failed,
    coalesce(sum(status IS 'interrupted'), 0), coalesce(sum(status IS 'rejected'), 0), count(DISTINCT session),
    median(duration_ms), percentile(duration_ms, 95), sum(duration_ms), min(at), max(at)
FROM (
    SELECT min(e.id), e.session, e.at, t.command, coalesce(t.command_category, 'other') AS category,
        coalesce(t.status, 'unknown') AS status, t.exit_code,
        CASE WHEN t.status IS NOT 'rejected' THEN t.duration_ms END AS duration_ms
    FROM _sessions s
    JOIN _events e ON e.session = s.id
    JOIN _steps t ON t.event = e.id
    WHERE s.id IN (SELECT session FROM _session_kinds WHERE kind IN ({kinds})) AND e.kind IN ({kinds})
        AND t.command IS NOT NULL AND {where}
    GROUP BY coalesce(t.tool_call_id, e.id), e.at
)
GROUP BY 1
HAVING NOT {failed} OR failed > 0
ORDER BY iif({failed}, failed, runs) DESC, runs DESC, 1
LIMIT ?;
