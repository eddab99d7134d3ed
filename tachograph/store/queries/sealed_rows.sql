-- Rows of the public tables beside their seals. What stands in braces are names of ours, never words from outside.

-- name: row
-- What is sealed of one row.
SELECT {columns} FROM {table} t WHERE t.id = ?;

-- name: compared
-- Every seal of a table's rows after one of them, the newest of a row last, whether the row is there, and its JSON as
-- SQLite writes it. That is the canonical one where it is made of text, integers and nothing; `unlike` says where not.
SELECT l.number, l.row, l.digest, l.gone, t.id IS NOT NULL,
    CASE WHEN t.id IS NULL OR {unlike} THEN NULL ELSE CAST(json_object({members}) AS BLOB) END
FROM _ledger l
LEFT JOIN {table} t ON t.id = l.row
WHERE l.name = ?
ORDER BY l.row, l.number;

-- name: types
-- How the columns of a table were declared.
SELECT name, type FROM pragma_table_info(?);

-- name: count
-- How many rows a table has.
SELECT count(*) FROM {table};

-- name: unsealed
-- Rows that nobody sealed.
SELECT t.id FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM _ledger l WHERE l.name = ? AND l.row = t.id) ORDER BY t.id;

