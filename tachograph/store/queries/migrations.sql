-- The version of the schema, and whose file this is.

-- name: count_objects
-- Is there anything in this file? A file that is not ours and not empty is left alone.
SELECT count(*) FROM sqlite_schema;

-- name: note_step
-- A step that was taken, for `schema_version`.
INSERT INTO _versions (version, applied_at, name) VALUES (?, ?, ?);

-- name: mark_file
-- The same in the file header, where it can be read without a table. Both are integers; a PRAGMA binds no values.
PRAGMA user_version = {version};
PRAGMA application_id = {application_id};
