-- What takes the room of the file, table by table.

-- name: room
-- Bytes of the file by table, its indexes included.
SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize)
FROM dbstat d
LEFT JOIN sqlite_schema s ON s.name = d.name
WHERE d.aggregate = TRUE
GROUP BY 1;
