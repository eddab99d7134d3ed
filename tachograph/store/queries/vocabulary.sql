-- The words that columns of the ledger may have.

-- name: words
-- Of one kind.
SELECT word FROM {words} ORDER BY word;

-- name: add
-- One more.
INSERT INTO {words} (word) VALUES (?) ON CONFLICT DO NOTHING RETURNING word;

-- name: remove
-- One less; refused by foreign key while a row has it.
DELETE FROM {words} WHERE word = ? RETURNING word;
