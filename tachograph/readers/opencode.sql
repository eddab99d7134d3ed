-- shape
SELECT s.id, s.time_updated, s.directory, m.session_id, m.data, p.message_id, p.data
FROM session s, message m, part p LIMIT 0
-- sessions
SELECT id, time_updated, octet_length(title) FROM session ORDER BY time_created, id
-- messages
SELECT session_id, count(*), max(time_updated), total(octet_length(data)) FROM message GROUP BY session_id
-- parts
SELECT session_id, count(*), max(time_updated), total(octet_length(data)) FROM part GROUP BY session_id
-- session
SELECT * FROM session WHERE id = ?
-- messages_of
SELECT id, iif(octet_length(data) <= ?, cast(data AS BLOB), NULL) FROM message WHERE session_id = ?
ORDER BY time_created, id
-- parts_of
SELECT id, iif(octet_length(data) <= ?, cast(data AS BLOB), NULL) FROM part WHERE message_id = ? ORDER BY id
-- shape_2
SELECT s.id, s.time_updated, s.directory, m.session_id, m.type, m.seq, m.data FROM session_v2 s, session_message m LIMIT 0
-- sessions_2
SELECT id, time_updated, octet_length(title) FROM session_v2 ORDER BY time_created, id
-- messages_2
SELECT session_id, count(*), max(time_updated), total(octet_length(data)) FROM session_message GROUP BY session_id
-- session_2
SELECT * FROM session_v2 WHERE id = ?
-- messages_of_2
SELECT id, type, seq, iif(octet_length(data) <= ?, cast(data AS BLOB), NULL) FROM session_message
WHERE session_id = ? ORDER BY seq, id
