-- Columns that hold words.

-- name: tables
-- Every table of ours, whether it is WITHOUT ROWID, and whether it is STRICT; not those that FTS5 keeps for itself.
SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT GLOB 'sqlite_*'
ORDER BY name;

-- name: columns
-- How its columns were declared, and which are its key.
SELECT name, upper(type), pk FROM pragma_table_info(?);
