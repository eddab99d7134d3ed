-- What the server asks for.
CREATE INDEX _usage_copied ON _usage (session) WHERE copied = 1;

CREATE TABLE _changes (             -- what changed that was there before; old entries go
    number INTEGER PRIMARY KEY,         -- 1, 2, 3 … in the order of transactions, without a gap
    what   INTEGER NOT NULL,            -- 0 an event was changed or removed, 1 a session is new or changed, 2 it ended, 3 a collision
    row    INTEGER NOT NULL,            -- of _events, _sessions or collision_detection
    was    TEXT                         -- the session it was of, or was, before; NULL: the same as now
) STRICT;
