-- Copies of whole databases.

-- name: hold
-- From the first look on a transaction sees one state of the database.
BEGIN;
SELECT count(*) FROM sqlite_schema;

-- name: one_file
-- A copy that needs no write-ahead log beside it.
PRAGMA journal_mode = DELETE;
