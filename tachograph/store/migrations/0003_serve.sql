-- What the server asks for.
CREATE INDEX _usage_copied ON _usage (session) WHERE copied = 1;

CREATE TABLE _changes (             -- what changed that was there before; old entries go
    number INTEGER PRIMARY KEY,         -- 1, 2, 3 … in the order of transactions, without a gap
    what   INTEGER NOT NULL,            -- 0 an event was changed or removed, 1 a session is new or changed, 2 it ended, 3 a collision
    row    INTEGER NOT NULL,            -- of _events, _sessions or collision_detection
    was    TEXT,                        -- the session it was of, or was, before; NULL: the same as now
    event  INTEGER NOT NULL             -- the one before it in the order of arrival
) STRICT;

CREATE TABLE _sent (                -- how far each session was sent on as telemetry
    session  INTEGER PRIMARY KEY,       -- of _sessions
    turn     INTEGER NOT NULL,          -- number of the first turn that was not sent whole
    spans    BLOB NOT NULL,             -- ids of its spans that were, 8 bytes each
    last_seq INTEGER NOT NULL,          -- of the session when it was looked at
    ended_at INTEGER,                   -- with which end the session's own span was sent
    open     INTEGER NOT NULL           -- 1: something of it was not complete
) STRICT;

CREATE TABLE _sending (             -- what became of it; one row
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    since      INTEGER NOT NULL,        -- ns, when it was first switched on
    spans      INTEGER NOT NULL,        -- taken by the receiver
    dropped    INTEGER NOT NULL,        -- refused by it for good
    sent_at    INTEGER,                 -- ns, when it took some last
    trouble    TEXT,                    -- what went wrong last, and nothing has been taken since
    trouble_at INTEGER
) STRICT;
