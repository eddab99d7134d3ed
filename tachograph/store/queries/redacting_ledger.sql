-- Rows of the ledger that are written over. `table` is a name of ours.

-- name: seal
-- The newest of a row.
SELECT digest, gone FROM _ledger WHERE name = ? AND row = ? ORDER BY number DESC LIMIT 1;

-- name: bodies
-- What receipts say whose id is made of it.
SELECT id, receipt_json FROM {table} WHERE id IN ({numbers}) AND receipt_id IS NOT NULL AND receipt_json IS NOT NULL;

-- name: change_receipt
-- It says something else.
UPDATE {table} SET receipt_json = ?, receipt_id = ?, determinism_hash = ? WHERE id = ?;
