-- Code blocks: each content once, every place it was seen.

-- name: id_of_digest
-- Is this content known?
SELECT id FROM _code_blocks WHERE digest = ?;

-- name: add_block
-- A content nobody has seen before.
INSERT INTO _code_blocks (digest, language, content, parseable) VALUES (?, ?, ?, ?) RETURNING id;

-- name: add_sighting
-- A place where a known content was seen.
INSERT INTO _sightings (block, session, at, line_start, line_end, context_json, step) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: listed
-- Blocks with their first sighting among those that fit: with a single min() SQLite takes the other columns from the
-- row that holds the minimum.
SELECT name, session_id, content, language, line_start, line_end, context_json, parseable, digest, at, id
FROM (
    SELECT a.name, s.session_id, b.content, b.language, g.line_start, g.line_end, g.context_json, b.parseable,
        b.digest, g.at, b.id, min(g.id)
    FROM _sightings g
    JOIN _code_blocks b ON b.id = g.block
    JOIN _sessions s ON s.id = g.session
    JOIN _agents a ON a.id = s.agent
    WHERE {where}
    GROUP BY b.id
)
WHERE {after}
ORDER BY at DESC, id DESC
LIMIT ? OFFSET ?;

-- name: total
-- How many blocks fit, as far as they are counted.
SELECT count(*)
FROM (
    SELECT DISTINCT b.id
    FROM _sightings g
    JOIN _code_blocks b ON b.id = g.block
    JOIN _sessions s ON s.id = g.session
    JOIN _agents a ON a.id = s.agent
    WHERE {where}
    LIMIT ?
);

-- name: sightings
-- Every place where a content was seen, oldest first.
SELECT b.digest, a.name, s.session_id, g.line_start, g.line_end, g.at
FROM _code_blocks b
JOIN _sightings g ON g.block = b.id
JOIN _sessions s ON s.id = g.session
JOIN _agents a ON a.id = s.agent
WHERE b.digest = ?
ORDER BY g.id;

-- name: languages
-- How many blocks of each language fit.
SELECT coalesce(b.language, '') AS language, count(DISTINCT b.id)
FROM _sightings g
JOIN _code_blocks b ON b.id = g.block
JOIN _sessions s ON s.id = g.session
JOIN _agents a ON a.id = s.agent
WHERE {where}
GROUP BY 1
ORDER BY 2 DESC, 1;
