-- What deleting sessions asks for.
CREATE TABLE _deleted_histories (   -- files whose sessions were deleted: not imported again before somebody names them
    path TEXT PRIMARY KEY,              -- as in _histories
    at   INTEGER NOT NULL               -- ns
) WITHOUT ROWID, STRICT;
