-- Tables as they are.

-- name: table
-- All of one.
SELECT * FROM {table} ORDER BY id;
