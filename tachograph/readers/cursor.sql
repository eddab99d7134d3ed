-- shape
SELECT b.id, b.data, m.key, m.value FROM blobs b, meta m LIMIT 0
-- meta
SELECT cast(value AS BLOB) FROM meta WHERE key = '0'
-- mark
SELECT count(*), max(rowid), total(octet_length(data)) FROM blobs
-- messages
SELECT iif(octet_length(data) <= ?, cast(data AS BLOB), NULL) FROM blobs
WHERE substr(cast(data AS BLOB), 1, 1) = x'7b' ORDER BY rowid
