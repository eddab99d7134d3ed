-- What is said to SQLite when a file is opened or put in order.

-- name: writer
-- For reading and writing. WAL and FULL carry the promise that what was acknowledged survives a power cut;
-- secure_delete comes switched on in the bundled SQLite, and FAST overwrites what costs no extra page: who must be
-- sure that nothing is left (`vacuum`) turns it on for as long.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA secure_delete = FAST;
PRAGMA journal_size_limit = 67108864;
PRAGMA wal_autocheckpoint = 8000;
PRAGMA cache_size = -16000;

-- name: vocabulary
-- The words of the full-text index as a table, of this connection alone: a row for each passage, so the first row of a word
-- is there at once, while a table of words counts the passages of each. After temp_store has been set: that drops it.
CREATE VIRTUAL TABLE IF NOT EXISTS temp._vocabulary USING fts5vocab(main, _search, instance);

-- name: reader
-- For a connection that only reads.
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;

-- name: read_only
-- It must not write, whatever SQL it is given.
PRAGMA query_only = ON;

-- name: new_file
-- Before the first table: a store has a hundred small tables and indexes, each a page at least; the file is whole before it is seen.
PRAGMA page_size = 4096;
PRAGMA synchronous = FULL;

-- name: vacuum
-- The index forgets words of what was removed; the file is written anew without its free pages, nothing readable in them.
-- The copy that this takes is as large as the file: not in memory, and in no folder that others share.
PRAGMA secure_delete = ON;
INSERT INTO _search (_search) VALUES ('optimize');
PRAGMA temp_store = FILE;
PRAGMA temp_store_directory = {folder};
VACUUM;
PRAGMA temp_store = MEMORY;
PRAGMA secure_delete = FAST;

-- name: checkpoint
-- Move everything from the write-ahead log into the file and cut the log to nothing.
PRAGMA wal_checkpoint(TRUNCATE);

-- name: alone
-- Leave write-ahead logging, which SQLite refuses while anybody else has the file open.
PRAGMA journal_mode = DELETE;

-- name: version_of_data
-- Another number when other connections have written.
PRAGMA data_version;
