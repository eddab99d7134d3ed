-- What the door itself answers.

-- name: tables
-- Public tables and views with their columns.
SELECT m.name, m.type, (SELECT group_concat(c.name, ', ') FROM pragma_table_info(m.name) c) AS columns
FROM sqlite_schema m
WHERE m.type IN ('table', 'view') AND substr(m.name, 1, 1) <> '_' AND substr(m.name, 1, 7) <> 'sqlite_'
ORDER BY m.name;
