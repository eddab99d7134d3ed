-- The secrets that were masked in archived histories: a file of its own, never shipped, exported or backed up with the
-- store.

-- name: open
-- Made when the first secret comes.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS masked (
    history  INTEGER NOT NULL,   -- of _histories in the store beside it
    edition  INTEGER NOT NULL,   -- of that history
    offset   INTEGER NOT NULL,   -- in the masked bytes
    length   INTEGER NOT NULL,   -- of the mask
    original BLOB NOT NULL,
    PRIMARY KEY (history, edition, offset)
) WITHOUT ROWID, STRICT;

-- name: add
-- Told again after a kill, it is the same row.
INSERT OR REPLACE INTO masked (history, edition, offset, length, original) VALUES (?, ?, ?, ?, ?);

-- name: of_history
-- What to put back, in order.
SELECT offset, length, original FROM masked WHERE history = ? AND edition = ? ORDER BY offset;

-- name: all
-- Everything that is there.
SELECT history, edition, offset, original FROM masked ORDER BY history, edition, offset;

-- name: change
-- Something else was masked.
UPDATE masked SET original = ? WHERE history = ? AND edition = ? AND offset = ?;

-- name: forget_after
-- What a transaction that never came to its end has left, or was read again.
DELETE FROM masked WHERE history = ? AND edition = ? AND offset >= ?;

-- name: forget_others
-- Editions that were there before, or never came to be.
DELETE FROM masked WHERE history = ? AND edition <> ?;

-- name: forget
-- All of a history.
DELETE FROM masked WHERE history = ?;

-- name: vacuum
-- What was forgotten is neither in free pages nor in the log.
VACUUM;
PRAGMA wal_checkpoint(TRUNCATE);
