-- What agents do with the histories of their sessions, and what is kept here of them.

-- name: fates
-- One row a session: when its agent will have deleted the last of its files, or when it was found to be gone; and
-- whether all of its bytes are here (a session of a database, which has a mark, is always archived whole).
SELECT s.session_id, a.name, max(h.gone_at IS NULL) AS there,
    CASE WHEN sum(h.gone_at IS NULL AND h.keeps_until IS NULL) = 0
        THEN max(CASE WHEN h.gone_at IS NULL THEN h.keeps_until END) END AS keeps_until,
    max(h.gone_at), min(h.kept_bytes > 0 AND (h.mark <> '' OR h.kept_bytes >= h.size))
FROM _sessions s
JOIN _agents a ON a.id = s.agent
JOIN _history_sessions o ON o.session = s.id
JOIN _histories h ON h.id = o.history
WHERE h.current = 1 AND {where}
GROUP BY s.id;
