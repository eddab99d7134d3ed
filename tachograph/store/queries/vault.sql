-- The secrets that were masked in archived histories: a file of its own, never shipped, exported or backed up with the
-- store.

-- name: open
-- Made when the first secret comes.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS masked (
    history  INTEGER NOT NULL,   -- of _histories in the store beside it
    offset   INTEGER NOT NULL,   -- in the masked bytes
    length   INTEGER NOT NULL,   -- of the mask
    original BLOB NOT NULL,
    PRIMARY KEY (history, offset)
) WITHOUT ROWID, STRICT;

-- name: add
-- Written before the store's transaction; told again after a kill, it is the same row.
INSERT OR REPLACE INTO masked (history, offset, length, original) VALUES (?, ?, ?, ?);

-- name: of_history
-- What to put back, in order.
SELECT offset, length, original FROM masked WHERE history = ? ORDER BY offset;

-- name: forget
-- A file that was written anew, or secrets that are to be gone for good.
DELETE FROM masked WHERE history = ?;
