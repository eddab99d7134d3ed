-- newer_sessions
SELECT conversation_id, max(updated_at), total(octet_length(value)), min(created_at) FROM conversations_v2
GROUP BY conversation_id ORDER BY max(updated_at)
-- newer
SELECT key, created_at, updated_at, iif(octet_length(value) <= ?, cast(value AS BLOB), NULL) FROM conversations_v2
WHERE conversation_id = ? ORDER BY updated_at DESC, key LIMIT 1
-- older_sessions
SELECT iif(json_valid(value), json_extract(value, '$.conversation_id'), NULL), octet_length(value), key
FROM conversations ORDER BY rowid
-- older
SELECT key, NULL, NULL, iif(octet_length(value) <= ?, cast(value AS BLOB), NULL) FROM conversations
WHERE iif(json_valid(value), json_extract(value, '$.conversation_id'), NULL) = ? LIMIT 1
