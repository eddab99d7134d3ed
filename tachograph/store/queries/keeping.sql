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

-- name: stock
-- By reader: files (the sessions of a database are one file), bytes of them, sessions they tell of. A file that no
-- reader knows has the reader ''.
SELECT h.reader,
    count(DISTINCT iif(h.mark <> '', substr(h.path, 1, instr(h.path || '#', '#') - 1), h.path)),
    (SELECT coalesce(sum(kept_bytes), 0) FROM _histories b WHERE b.reader = h.reader AND b.current = 1),
    count(DISTINCT o.session)
FROM _histories h
LEFT JOIN _history_sessions o ON o.history = h.id
WHERE h.current = 1
GROUP BY h.reader
ORDER BY h.reader;

-- name: unknown
-- By reader: kinds of lines that nobody understands, the most frequent first; how many, in how many files, an example.
SELECT h.reader, j.key, sum(json_extract(j.value, '$[0]')), count(*), min(json_extract(j.value, '$[1]'))
FROM _histories h, json_each(h.unknown_json) j
WHERE h.current = 1 AND h.unknown_json IS NOT NULL
GROUP BY h.reader, j.key
ORDER BY h.reader, 3 DESC, j.key;

-- name: troubles
-- Files that could not be read, or not to their end, with the reason; those that are still there.
SELECT h.reader, h.path, h.trouble
FROM _histories h
WHERE h.current = 1 AND h.trouble IS NOT NULL AND h.gone_at IS NULL
ORDER BY h.reader, h.trouble, h.path;
