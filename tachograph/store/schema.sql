-- The store as it is today. Physical tables begin with _ and may change; the views below them are public and do not.
-- Times are integer nanoseconds (UTC). Names that repeat are interned: an event carries two small integers instead of
-- six words, which is most of the difference between this layout and one row per line with text columns.

CREATE TABLE _counters (          -- the next numbers to hand out; never handed out twice, whatever is deleted later
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE _versions (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL,
    name       TEXT NOT NULL
) STRICT;

CREATE TABLE _agents (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE _sessions (
    id                 INTEGER PRIMARY KEY,   -- from _counters
    session_id         TEXT NOT NULL UNIQUE,
    agent              INTEGER NOT NULL REFERENCES _agents (id),
    status             TEXT NOT NULL DEFAULT 'running',
    started_at         INTEGER NOT NULL,
    ended_at           INTEGER,
    exit_code          INTEGER,
    environment        TEXT,
    copilot_session_id TEXT,
    project_dir        TEXT,
    task_file          TEXT,
    spawned_by         TEXT,
    importance         TEXT,
    pid                INTEGER,
    title              TEXT,
    command            TEXT,
    host               TEXT,
    branch             TEXT,
    model              TEXT,
    parent_id          TEXT,
    workflow_id        TEXT,
    told_by            INTEGER NOT NULL DEFAULT 0,  -- ranks + 1 of the sources whose texts and usage count: see store/tellers.py
    extraction_config_version  TEXT,
    environment_config_version TEXT,
    metadata_json      TEXT,
    last_seq           INTEGER NOT NULL DEFAULT 0,
    first_at           INTEGER,   -- of its events and output: what walk and search go by
    last_at            INTEGER,
    events             INTEGER NOT NULL DEFAULT 0,
    prompts            INTEGER NOT NULL DEFAULT 0,
    replies            INTEGER NOT NULL DEFAULT 0,
    tool_calls         INTEGER NOT NULL DEFAULT 0,
    tool_errors        INTEGER NOT NULL DEFAULT 0,
    rejections         INTEGER NOT NULL DEFAULT 0,
    commands           INTEGER NOT NULL DEFAULT 0,
    files_touched      INTEGER NOT NULL DEFAULT 0,
    lines              INTEGER NOT NULL DEFAULT 0,
    extractions        INTEGER NOT NULL DEFAULT 0,
    errors             INTEGER NOT NULL DEFAULT 0,
    feedbacks          INTEGER NOT NULL DEFAULT 0,
    unknown_lines      INTEGER NOT NULL DEFAULT 0,
    input_tokens       INTEGER NOT NULL DEFAULT 0,
    output_tokens      INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens  INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens   INTEGER NOT NULL DEFAULT 0,
    cost_usd           REAL,
    output_bytes       INTEGER NOT NULL DEFAULT 0,
    lost_bytes         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX _sessions_started ON _sessions (started_at);
CREATE INDEX _sessions_agent_started ON _sessions (agent, started_at, ended_at, exit_code);  -- all that its statistics ask
CREATE INDEX _sessions_last ON _sessions (last_at);
CREATE INDEX _sessions_agent_last ON _sessions (agent, last_at);
CREATE INDEX _sessions_open ON _sessions (started_at) WHERE ended_at IS NULL;
CREATE INDEX _sessions_unclaimed ON _sessions (agent, started_at) WHERE command IS NOT NULL AND copilot_session_id IS NULL;

CREATE TABLE _kinds (             -- what an event is, interned; a few hundred rows
    id                  INTEGER PRIMARY KEY,
    agent               INTEGER NOT NULL REFERENCES _agents (id),
    event_type          TEXT NOT NULL,
    pattern             TEXT NOT NULL DEFAULT '',   -- '' for events that no rule found
    risk_level          TEXT NOT NULL DEFAULT '',
    auto_confirmable    INTEGER NOT NULL DEFAULT 0,
    code_block_language TEXT NOT NULL DEFAULT '',
    source              TEXT NOT NULL DEFAULT '',
    UNIQUE (agent, event_type, pattern, risk_level, auto_confirmable, code_block_language, source)
) STRICT;

CREATE TABLE _events (
    id            INTEGER PRIMARY KEY,   -- order of arrival, from _counters
    session       INTEGER NOT NULL,      -- of _sessions; not declared so: checking it a row costs more than an index
    seq           INTEGER NOT NULL,      -- order inside the session
    at            INTEGER NOT NULL,
    kind          INTEGER NOT NULL,      -- of _kinds
    line_number   INTEGER,
    matched_value TEXT,
    original_line TEXT,
    metadata_json TEXT
) STRICT;
-- Two indexes, both local to a session: a batch touches few of their pages. An index over all sessions (by type, by
-- pattern) would cost more than the row itself; the roll-ups below answer those questions.
CREATE UNIQUE INDEX _events_session_seq ON _events (session, seq);
CREATE INDEX _events_session_at ON _events (session, at, kind);

CREATE TABLE _steps (             -- what only structured steps have
    event            INTEGER PRIMARY KEY REFERENCES _events (id),
    tool_name        TEXT,
    tool_call_id     TEXT,
    file_path        TEXT,
    operation        TEXT,
    command          TEXT,
    command_category TEXT,
    exit_code        INTEGER,
    duration_ms      REAL,
    status           TEXT,
    content          TEXT,
    arguments        ANY                  -- text: where in metadata_json's `input` the command stands; zstd: all of `input`
) STRICT;

CREATE TABLE _session_kinds (     -- how many events of a kind a session has; kept in the transaction that adds them
    session INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (session, kind)
) WITHOUT ROWID, STRICT;
CREATE INDEX _session_kinds_kind ON _session_kinds (kind, session);

CREATE TABLE _kind_totals (       -- over all sessions, of the events up to the counter `counted`
    kind     INTEGER PRIMARY KEY,
    count    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE _code_blocks (
    id        INTEGER PRIMARY KEY,
    digest    TEXT NOT NULL UNIQUE,
    language  TEXT,
    content   TEXT NOT NULL,
    parseable INTEGER
) STRICT;

CREATE TABLE _sightings (
    id           INTEGER PRIMARY KEY,
    block        INTEGER NOT NULL REFERENCES _code_blocks (id),
    session      INTEGER NOT NULL REFERENCES _sessions (id),
    at           INTEGER NOT NULL,
    line_start   INTEGER,
    line_end     INTEGER,
    context_json TEXT,
    step         INTEGER              -- the event in whose text it stands; NULL: it stands in output
) STRICT;
CREATE INDEX _sightings_block ON _sightings (block);
CREATE INDEX _sightings_session ON _sightings (session);

CREATE TABLE _output (            -- raw bytes, secrets masked; cut at line ends; only a stream's last chunk still grows
    id         INTEGER PRIMARY KEY,
    session    INTEGER NOT NULL REFERENCES _sessions (id),
    stream     INTEGER NOT NULL,      -- 0 stdout or terminal, 1 stderr, 2 input
    number     INTEGER NOT NULL,      -- 0, 1, 2 … inside the stream
    line_first INTEGER NOT NULL,
    lines      INTEGER NOT NULL,
    at_first   INTEGER NOT NULL,
    at_last    INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    data       BLOB NOT NULL,         -- zstd
    times      BLOB NOT NULL,         -- varint pairs: ns since the piece before, bytes
    UNIQUE (session, stream, number)
) STRICT;
CREATE INDEX _output_lines ON _output (session, stream, line_first);

CREATE TABLE _passages (          -- what one row of the full-text index covers
    id      INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES _sessions (id),
    stream  INTEGER NOT NULL,         -- of _output; -1: events, and first..last are their seq
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL
) STRICT;
CREATE INDEX _passages_session ON _passages (session);

CREATE VIRTUAL TABLE _search USING fts5 (text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

CREATE TABLE _sources (           -- how far each journal has been imported; moves in the transaction that adds the rows
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,        -- of its first record: a file of the same name may be another one
    session     INTEGER REFERENCES _sessions (id),
    offset      INTEGER NOT NULL,     -- where to read on after a restart
    sequence    INTEGER NOT NULL,
    seen        INTEGER NOT NULL DEFAULT 0,  -- how far was read: an unfinished line lies between the two
    done        INTEGER NOT NULL DEFAULT 0,
    state_json  TEXT,
    UNIQUE (name, fingerprint)
) STRICT;

CREATE TABLE _quarantine (        -- bytes of a journal that could not be read; counted, shown, never in the way
    id     INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES _sources (id),
    at     INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    reason TEXT NOT NULL,
    data   BLOB
) STRICT;

CREATE TABLE _feedback (
    id      INTEGER PRIMARY KEY,
    event   INTEGER NOT NULL REFERENCES _events (id),
    session INTEGER NOT NULL REFERENCES _sessions (id),
    at      INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    note    TEXT
) STRICT;
CREATE INDEX _feedback_session ON _feedback (session);
CREATE INDEX _feedback_event ON _feedback (event);

CREATE TABLE _aliases (           -- other names of a session: the agent's own id of a run that we wrapped
    name    TEXT PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES _sessions (id)
) WITHOUT ROWID, STRICT;

CREATE TABLE _keys (              -- which event a step is that may be told again, or by somebody else
    session INTEGER NOT NULL,
    key     INTEGER NOT NULL,         -- 64 bits of a hash of the step's native identity
    event   INTEGER NOT NULL,         -- of _events
    teller  INTEGER NOT NULL,         -- rank of the best source that told it, 0 the best
    PRIMARY KEY (session, key)
) WITHOUT ROWID, STRICT;

CREATE TABLE _usage (             -- tokens of one call of a model
    event              INTEGER PRIMARY KEY REFERENCES _events (id),
    session            INTEGER NOT NULL REFERENCES _sessions (id),
    key                INTEGER NOT NULL,  -- as in _keys: the same call copied into another session has it again
    model              TEXT,
    input_tokens       INTEGER NOT NULL,  -- cache included
    output_tokens      INTEGER NOT NULL,  -- reasoning included
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    cost_usd           REAL,              -- NULL: unknown
    cost_source        TEXT,              -- agent, or the price table it was computed from
    partial            INTEGER NOT NULL,  -- the agent wrote down less than it used
    copied             INTEGER NOT NULL   -- 1: counted already, in the session it was copied from; 2: taken back
) STRICT;
CREATE INDEX _usage_session ON _usage (session);
CREATE INDEX _usage_key ON _usage (key);
CREATE INDEX _usage_copied ON _usage (session) WHERE copied = 1;

CREATE TABLE _file_activity (     -- what a session did to a file; kept in the transaction that adds the events
    session       INTEGER NOT NULL REFERENCES _sessions (id),
    file_path     TEXT NOT NULL,
    reads         INTEGER NOT NULL,
    writes        INTEGER NOT NULL,
    edits         INTEGER NOT NULL,
    deletes       INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    PRIMARY KEY (session, file_path)
) WITHOUT ROWID, STRICT;

CREATE TABLE _tool_output (       -- where the output of a tool call lies in the session's stream "tool"
    event      INTEGER PRIMARY KEY REFERENCES _events (id),
    session    INTEGER NOT NULL,
    line_first INTEGER NOT NULL,
    lines      INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    digest     INTEGER NOT NULL       -- 64 bits: whether it is told again as it was
) STRICT;
CREATE INDEX _tool_output_line ON _tool_output (session, line_first);

CREATE TABLE _findings (          -- what the rules found in the text of a step: it goes when the text changes
    step  INTEGER NOT NULL,           -- of _events, and so is
    event INTEGER NOT NULL,
    PRIMARY KEY (step, event)
) WITHOUT ROWID, STRICT;

CREATE TABLE _histories (         -- files in which agents keep their sessions: how far each was read, and its bytes
    id          INTEGER PRIMARY KEY,
    path        TEXT NOT NULL,        -- absolute; one session of a database: path#its id
    reader      TEXT NOT NULL,        -- module that reads it
    generation  INTEGER NOT NULL DEFAULT 1,  -- of a path whose file was cut, rotated or replaced
    current     INTEGER NOT NULL DEFAULT 1,
    session     INTEGER REFERENCES _sessions (id),  -- the first it told of
    inode       INTEGER NOT NULL DEFAULT 0,
    size        INTEGER NOT NULL DEFAULT 0,
    modified_at INTEGER NOT NULL DEFAULT 0,
    mark        TEXT NOT NULL DEFAULT '',    -- of a database session: changes when it does
    read_bytes  INTEGER NOT NULL DEFAULT 0,  -- parsed up to here
    kept_bytes  INTEGER NOT NULL DEFAULT 0,  -- archived up to here; more than was parsed while it is told again
    tail        BLOB NOT NULL DEFAULT x'',   -- digest of the last bytes before that: tells growth from replacement
    edition     INTEGER NOT NULL DEFAULT 0,  -- of a file that is written whole: which masks in the vault are its
    unknown_lines INTEGER NOT NULL DEFAULT 0,
    unknown_json TEXT,                       -- kind → [count, sample]
    trouble     TEXT,                        -- why it could not be read to its end
    keeps_until INTEGER,                     -- ns, when the agent will delete it
    gone_at     INTEGER,                     -- ns, when it was found deleted
    UNIQUE (path, generation)
) STRICT;
CREATE INDEX _histories_session ON _histories (session);

CREATE TABLE _history_sessions (  -- a file may tell of several sessions, a session lie in several files
    history INTEGER NOT NULL REFERENCES _histories (id),
    session INTEGER NOT NULL REFERENCES _sessions (id),
    unknown_lines INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0,       -- ns, of the latest it says of it, whether or not that is a step
    PRIMARY KEY (session, history)
) WITHOUT ROWID, STRICT;

CREATE TABLE _blobs (             -- parts of histories, secrets masked; each content once
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,      -- of the bytes as they were
    bytes  INTEGER NOT NULL,
    after  INTEGER REFERENCES _blobs (id),  -- what is before it in its zstd stream; NULL: the stream begins with it
    data   BLOB NOT NULL              -- zstd, flushed at its end
) STRICT;
CREATE INDEX _blobs_after ON _blobs (after) WHERE after IS NOT NULL;

CREATE TABLE _history_parts (     -- a history is the sequence of its parts
    history INTEGER NOT NULL REFERENCES _histories (id),
    number  INTEGER NOT NULL,
    blob    INTEGER NOT NULL REFERENCES _blobs (id),
    PRIMARY KEY (history, number)
) WITHOUT ROWID, STRICT;
CREATE INDEX _history_parts_blob ON _history_parts (blob);

CREATE VIEW _kind_counts AS       -- the totals with what is not in them yet, which is never much
SELECT kind, sum(count) AS count, min(first_at) AS first_at, max(last_at) AS last_at
FROM (
    SELECT kind, count, first_at, last_at FROM _kind_totals
    UNION ALL
    SELECT kind, count(*), min(at), max(at) FROM _events
    WHERE id > coalesce((SELECT value FROM _counters WHERE name = 'counted'), 0) GROUP BY kind
)
GROUP BY kind;

-- Public views ---------------------------------------------------------------------------------------------------

CREATE VIEW schema_version AS
SELECT version, strftime('%Y-%m-%dT%H:%M:%SZ', applied_at / 1000000000, 'unixepoch') AS applied_at, name AS description
FROM _versions;

CREATE VIEW sessions AS
SELECT s.session_id AS id, s.copilot_session_id, s.project_dir, s.task_file,
    strftime('%Y-%m-%dT%H:%M:%S', s.started_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', s.started_at / 1000000 % 1000) AS spawned_at,
    s.spawned_by, s.status, s.importance, s.pid,
    strftime('%Y-%m-%dT%H:%M:%S', s.ended_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', s.ended_at / 1000000 % 1000) AS ended_at,
    s.exit_code, a.name AS agent, s.title, s.branch, s.model, s.parent_id, s.workflow_id,
    s.prompts, s.replies, s.tool_calls, s.tool_errors, s.rejections, s.commands, s.files_touched, s.lines,
    s.extractions, s.unknown_lines, s.input_tokens, s.output_tokens, s.cache_read_tokens, s.cache_write_tokens,
    s.reasoning_tokens, s.cost_usd, s.events, s.errors, s.environment, s.command, s.host,
    (s.ended_at - s.started_at) / 1000000.0 AS duration_ms, s.output_bytes, s.lost_bytes, s.metadata_json
FROM _sessions s JOIN _agents a ON a.id = s.agent;

CREATE VIEW process_sessions AS
SELECT s.id, a.name AS agent_name, s.session_id, s.environment,
    strftime('%Y-%m-%dT%H:%M:%S', s.started_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', s.started_at / 1000000 % 1000) AS started_at,
    strftime('%Y-%m-%dT%H:%M:%S', s.ended_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', s.ended_at / 1000000 % 1000) AS ended_at,
    s.exit_code, s.lines AS total_lines_processed, s.extractions AS total_extraction_events,
    s.feedbacks AS total_feedback_outcomes,
    NULL AS stdout_log_path,  -- output is kept in this file, not in logs beside it
    NULL AS stderr_log_path,
    s.extraction_config_version, s.environment_config_version
FROM _sessions s JOIN _agents a ON a.id = s.agent;

CREATE VIEW extraction_events AS
SELECT e.id, a.name AS agent_name, s.session_id,
    strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000) AS timestamp,
    k.event_type, k.pattern, e.matched_value, e.original_line, e.line_number, e.metadata_json,
    nullif(k.code_block_language, '') AS code_block_language, k.risk_level, k.auto_confirmable
FROM _events e JOIN _kinds k ON k.id = e.kind JOIN _agents a ON a.id = k.agent JOIN _sessions s ON s.id = e.session
WHERE k.pattern <> '';

CREATE VIEW events AS
SELECT e.id, s.session_id,
    strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000) AS timestamp,
    k.event_type, t.tool_name, t.tool_call_id, t.file_path, t.operation, t.command, t.command_category, t.exit_code,
    t.duration_ms, t.status, t.content, nullif(k.source, '') AS source,
    CASE typeof(t.arguments) WHEN 'text' THEN json_set(e.metadata_json, '$.input' || t.arguments, t.command)
        ELSE e.metadata_json END AS metadata_json,  -- long texts of `input` are cut
    e.seq,
    nullif(k.pattern, '') AS pattern, e.matched_value, e.original_line, e.line_number,
    nullif(k.risk_level, '') AS risk_level,
    CASE WHEN k.pattern <> '' THEN k.auto_confirmable END AS auto_confirmable,
    nullif(k.code_block_language, '') AS code_block_language
FROM _events e JOIN _kinds k ON k.id = e.kind JOIN _sessions s ON s.id = e.session LEFT JOIN _steps t ON t.event = e.id;

CREATE VIEW process_state_changes AS
SELECT e.id, s.session_id,
    strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000) AS timestamp,
    t.content AS state, t.exit_code, e.metadata_json
FROM _events e JOIN _kinds k ON k.id = e.kind JOIN _sessions s ON s.id = e.session JOIN _steps t ON t.event = e.id
WHERE k.event_type = 'state';

CREATE VIEW code_sightings AS
SELECT b.digest, a.name AS agent_name, s.session_id,
    strftime('%Y-%m-%dT%H:%M:%S', g.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', g.at / 1000000 % 1000) AS timestamp,
    b.language, g.line_start, g.line_end, g.context_json
FROM _sightings g JOIN _code_blocks b ON b.id = g.block JOIN _sessions s ON s.id = g.session
    JOIN _agents a ON a.id = s.agent;

CREATE VIEW code_blocks AS
SELECT b.id, a.name AS agent_name, s.session_id,
    strftime('%Y-%m-%dT%H:%M:%S', g.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', g.at / 1000000 % 1000) AS timestamp,
    b.language, b.content, g.line_start, g.line_end, g.context_json, b.parseable, b.digest
FROM _code_blocks b
    JOIN _sightings g ON g.id = (SELECT min(f.id) FROM _sightings f WHERE f.block = b.id)
    JOIN _sessions s ON s.id = g.session JOIN _agents a ON a.id = s.agent;

CREATE VIEW file_activity AS
SELECT s.session_id, f.file_path, f.reads + f.writes + f.edits + f.deletes AS total_operations,
    f.reads, f.writes, f.edits,
    strftime('%Y-%m-%dT%H:%M:%S', f.last_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', f.last_at / 1000000 % 1000) AS last_modified
FROM _file_activity f JOIN _sessions s ON s.id = f.session;

CREATE VIEW usage AS
SELECT u.event AS event_id, s.session_id, a.name AS agent,
    strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000) AS timestamp,
    u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, u.reasoning_tokens,
    u.cost_usd, u.cost_source, u.partial, u.copied, s.project_dir
FROM _usage u JOIN _events e ON e.id = u.event JOIN _sessions s ON s.id = u.session JOIN _agents a ON a.id = s.agent;

CREATE VIEW histories AS
SELECT h.id, s.session_id, h.path, h.reader, h.generation, h.kept_bytes AS bytes,
    (SELECT sum(length(b.data)) FROM _history_parts p JOIN _blobs b ON b.id = p.blob WHERE p.history = h.id)
        AS archived_bytes,
    h.unknown_lines, h.trouble,
    strftime('%Y-%m-%dT%H:%M:%S', h.modified_at / 1000000000, 'unixepoch')
        || printf('.%03dZ', h.modified_at / 1000000 % 1000) AS modified_at,
    strftime('%Y-%m-%dT%H:%M:%SZ', h.keeps_until / 1000000000, 'unixepoch') AS keeps_until,
    strftime('%Y-%m-%dT%H:%M:%SZ', h.gone_at / 1000000000, 'unixepoch') AS gone_at
FROM _histories h LEFT JOIN _sessions s ON s.id = h.session;

CREATE VIEW command_stats AS
SELECT s.session_id, t.command_category, count(*) AS count, avg(t.duration_ms) AS avg_duration,
    min(strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000)) AS first_execution,
    max(strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', e.at / 1000000 % 1000)) AS last_execution
FROM _steps t JOIN _events e ON e.id = t.event JOIN _kinds k ON k.id = e.kind JOIN _sessions s ON s.id = e.session
WHERE k.event_type = 'command'
GROUP BY s.session_id, t.command_category;

CREATE VIEW feedback AS
SELECT f.id, s.session_id, f.event AS event_id,
    strftime('%Y-%m-%dT%H:%M:%S', f.at / 1000000000, 'unixepoch')
        || printf('.%03dZ', f.at / 1000000 % 1000) AS timestamp,
    f.outcome, f.note
FROM _feedback f JOIN _sessions s ON s.id = f.session;

-- The ledger: what was proved, decided, remembered and measured, in tables that anybody may write to. ---------------
-- Public names and columns; rows from any SQLite client are welcome. What is written through Tachograph is sealed in
-- _ledger besides; `tachograph audit verify` tells which rows were not.

CREATE TABLE _schema_metadata (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO _schema_metadata (key, value) VALUES
    ('schema_name', 'tachograph'), ('schema_version', '2'), ('receipt_format', '1'), ('ledger_format', '1');

-- Vocabularies: the words a column may have. More are added with `tachograph db vocabulary add`.
CREATE TABLE _operations (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _operations (word) VALUES
    ('validation'), ('generation'), ('normalization'), ('extraction'), ('emission'), ('canonicalization'), ('receipt'), ('dry_run'), ('watch'), ('session');
CREATE TABLE _receipt_statuses (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _receipt_statuses (word) VALUES
    ('passed'), ('failed'), ('partial'), ('cancelled'), ('success'), ('error');
CREATE TABLE _audit_statuses (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _audit_statuses (word) VALUES
    ('started'), ('completed'), ('failed'), ('skipped'), ('retry');
CREATE TABLE _workflow_statuses (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _workflow_statuses (word) VALUES
    ('running'), ('completed'), ('failed'), ('cancelled');
CREATE TABLE _collision_types (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _collision_types (word) VALUES
    ('file_conflict'), ('memory_conflict'), ('semantic_overlap'), ('structural_overlap');
CREATE TABLE _collision_severities (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _collision_severities (word) VALUES
    ('info'), ('warning'), ('critical');
CREATE TABLE _stages (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _stages (word) VALUES
    ('μ₁_normalize'), ('μ₂_extract'), ('μ₃_emit'), ('μ₄_canonicalize'), ('μ₅_receipt');
CREATE TABLE _stage_statuses (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _stage_statuses (word) VALUES
    ('passed'), ('failed');
CREATE TABLE _slo_severities (word TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
INSERT INTO _slo_severities (word) VALUES
    ('warning'), ('critical');

CREATE TABLE receipts (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id     TEXT NOT NULL UNIQUE,
    agent_id         TEXT NOT NULL,
    agent_type       TEXT,
    operation        TEXT NOT NULL DEFAULT 'receipt' REFERENCES _operations (word),
    status           TEXT NOT NULL REFERENCES _receipt_statuses (word),
    timestamp        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    created_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    manifest_hash    TEXT,
    ontology_hash    TEXT,
    files_generated  INTEGER,
    files_modified   INTEGER,
    duration_ms      INTEGER NOT NULL DEFAULT 0,
    receipt_json     TEXT CHECK (receipt_json IS NULL OR json_valid(receipt_json)),
    error_message    TEXT,
    environment      TEXT,
    receipt_id       TEXT UNIQUE,   -- SHA-256 of the canonical JSON in receipt_json; NULL in rows written past us
    determinism_hash TEXT,          -- SHA-256 over inputs and outputs only: equal for two runs that did the same
    session_id       TEXT           -- of sessions, when the execution was recorded
);
CREATE INDEX idx_receipts_agent_timestamp ON receipts (agent_id, timestamp DESC);
CREATE INDEX idx_receipts_execution_id ON receipts (execution_id);
CREATE INDEX idx_receipts_timestamp ON receipts (timestamp DESC);
CREATE INDEX idx_receipts_status ON receipts (status, created_at DESC);
CREATE INDEX idx_receipts_created_at ON receipts (created_at DESC);
CREATE INDEX idx_receipts_session_id ON receipts (session_id);
CREATE INDEX idx_receipts_determinism_hash ON receipts (determinism_hash);

CREATE TABLE receipts_archive (     -- where old receipts may be put aside; still verified there
    id               INTEGER PRIMARY KEY,
    execution_id     TEXT NOT NULL,
    agent_id         TEXT NOT NULL,
    agent_type       TEXT,
    operation        TEXT NOT NULL,
    status           TEXT NOT NULL,
    timestamp        TEXT NOT NULL,
    created_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    manifest_hash    TEXT,
    ontology_hash    TEXT,
    files_generated  INTEGER,
    files_modified   INTEGER,
    duration_ms      INTEGER NOT NULL,
    receipt_json     TEXT,
    error_message    TEXT,
    environment      TEXT,
    receipt_id       TEXT,   -- SHA-256 of the canonical JSON in receipt_json; NULL in rows written past us
    determinism_hash TEXT,          -- SHA-256 over inputs and outputs only: equal for two runs that did the same
    session_id       TEXT           -- of sessions, when the execution was recorded
);

CREATE TABLE agent_memory (         -- the current memory of an agent; every version of it is below
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    memory_id         TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
    agent_id          TEXT NOT NULL UNIQUE,
    agent_type        TEXT,
    memory_json       TEXT NOT NULL CHECK (json_valid(memory_json)),
    collision_history TEXT CHECK (collision_history IS NULL OR json_valid(collision_history)),
    retry_count       INTEGER DEFAULT 0,
    last_error        TEXT,
    version           INTEGER DEFAULT 1,
    last_updated      DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    session_id        TEXT,             -- the session that wrote this version
    source            TEXT              -- through which door: cli, python, mcp, http; NULL: past us
);
CREATE INDEX idx_agent_memory_agent_id ON agent_memory (agent_id);
CREATE INDEX idx_agent_memory_updated_at ON agent_memory (updated_at DESC);
CREATE INDEX idx_agent_memory_agent_type ON agent_memory (agent_type);

CREATE TABLE agent_memory_versions ( -- never changed; memory_json NULL: deleted with this version
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id    TEXT NOT NULL,
    version     INTEGER NOT NULL,
    agent_type  TEXT,
    memory_json TEXT,
    session_id  TEXT,
    source      TEXT,
    timestamp   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (agent_id, version)
);

CREATE TRIGGER _agent_memory_added AFTER INSERT ON agent_memory
BEGIN
    UPDATE agent_memory
    SET version = max(coalesce(NEW.version, 1), 1 + coalesce(
        (SELECT max(v.version) FROM agent_memory_versions v WHERE v.agent_id = NEW.agent_id), 0))
    WHERE id = NEW.id;
    INSERT INTO agent_memory_versions (agent_id, version, agent_type, memory_json, session_id, source)
    SELECT agent_id, version, agent_type, memory_json, session_id, source FROM agent_memory WHERE id = NEW.id;
END;
-- Who does not say anew through which door a change comes is somebody who came past us.
CREATE TRIGGER _agent_memory_changed AFTER UPDATE OF memory_json, agent_id ON agent_memory
WHEN NEW.memory_json IS NOT OLD.memory_json OR NEW.version IS NOT OLD.version OR NEW.agent_id IS NOT OLD.agent_id
BEGIN
    UPDATE agent_memory
    SET version = max(coalesce(NEW.version, 1), 1 + coalesce(OLD.version, 0), 1 + coalesce(
            (SELECT max(v.version) FROM agent_memory_versions v WHERE v.agent_id = NEW.agent_id), 0)),
        session_id = iif(NEW.source IS OLD.source AND NEW.session_id IS OLD.session_id, NULL, NEW.session_id),
        source = iif(NEW.source IS OLD.source AND NEW.session_id IS OLD.session_id, NULL, NEW.source),
        updated_at = CURRENT_TIMESTAMP, last_updated = CURRENT_TIMESTAMP
    WHERE id = NEW.id;
    INSERT INTO agent_memory_versions (agent_id, version, agent_type, memory_json, session_id, source)
    SELECT agent_id, version, agent_type, memory_json, session_id, source FROM agent_memory WHERE id = NEW.id;
    INSERT INTO agent_memory_versions (agent_id, version, agent_type)
    SELECT OLD.agent_id, 1 + max(v.version), OLD.agent_type FROM agent_memory_versions v
    WHERE v.agent_id = OLD.agent_id AND NEW.agent_id IS NOT OLD.agent_id
    HAVING count(*) > 0;
END;
CREATE TRIGGER _agent_memory_deleted AFTER DELETE ON agent_memory
BEGIN
    INSERT INTO agent_memory_versions (agent_id, version, agent_type, memory_json)
    VALUES (OLD.agent_id, 1 + coalesce(
        (SELECT max(v.version) FROM agent_memory_versions v WHERE v.agent_id = OLD.agent_id), OLD.version),
        OLD.agent_type, NULL);
END;

CREATE TABLE audit_log (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    audit_id       TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
    timestamp      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    agent_id       TEXT NOT NULL,
    operation      TEXT NOT NULL,
    operation_type TEXT,
    status         TEXT NOT NULL REFERENCES _audit_statuses (word),
    duration_ms    INTEGER,
    details        TEXT,
    error_message  TEXT,
    context_json   TEXT CHECK (context_json IS NULL OR json_valid(context_json)),
    created_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    execution_id   TEXT               -- of receipts, when the entry belongs to an execution
);
CREATE INDEX idx_audit_log_timestamp ON audit_log (timestamp DESC);
CREATE INDEX idx_audit_log_agent_id ON audit_log (agent_id, timestamp DESC);
CREATE INDEX idx_audit_log_status ON audit_log (status, created_at DESC);
CREATE INDEX idx_audit_log_operation ON audit_log (operation, timestamp DESC);
CREATE INDEX idx_audit_log_execution_id ON audit_log (execution_id) WHERE execution_id IS NOT NULL;

CREATE TABLE workflow_sessions (    -- several sessions with one aim; sessions.workflow_id names it
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id            TEXT NOT NULL UNIQUE,
    start_time            TIMESTAMP NOT NULL,
    end_time              TIMESTAMP,
    status                TEXT NOT NULL REFERENCES _workflow_statuses (word),
    agent_count           INTEGER NOT NULL,
    total_duration_ms     INTEGER,
    successful_operations INTEGER DEFAULT 0,
    failed_operations     INTEGER DEFAULT 0,
    context_json          TEXT CHECK (context_json IS NULL OR json_valid(context_json)),
    created_at            TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    title                 TEXT,
    project_dir           TEXT,         -- repository root its sessions share
    opened_by             TEXT          -- user, or tachograph: a second session became active in the same place
);
CREATE INDEX idx_workflow_sessions_session_id ON workflow_sessions (session_id);
CREATE INDEX idx_workflow_sessions_status ON workflow_sessions (status, created_at DESC);
CREATE INDEX idx_workflow_sessions_created_at ON workflow_sessions (created_at DESC);

CREATE TABLE collision_detection (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id     TEXT NOT NULL REFERENCES workflow_sessions (session_id) ON DELETE RESTRICT,
    agent_id_1     TEXT NOT NULL,
    agent_id_2     TEXT NOT NULL,
    collision_type TEXT NOT NULL REFERENCES _collision_types (word),
    description    TEXT NOT NULL,
    resolution     TEXT,
    severity       TEXT NOT NULL REFERENCES _collision_severities (word),
    timestamp      TEXT NOT NULL,
    created_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    session_id_1   TEXT,                -- of sessions: whose event came first
    session_id_2   TEXT,
    event_id_1     INTEGER,             -- of events
    event_id_2     INTEGER,
    subject        TEXT,                -- the path, symbol, block digest or memory they collided on
    overlap_json   TEXT CHECK (overlap_json IS NULL OR json_valid(overlap_json)),
    resolved_at    TEXT
);
CREATE INDEX idx_collision_detection_session_id ON collision_detection (session_id, timestamp DESC);
CREATE INDEX idx_collision_detection_agents ON collision_detection (agent_id_1, agent_id_2);
CREATE INDEX idx_collision_detection_severity ON collision_detection (severity, created_at DESC);
CREATE UNIQUE INDEX _collision_detection_once ON collision_detection (event_id_1, event_id_2, collision_type, subject);
CREATE INDEX _collision_detection_subject ON collision_detection (subject, timestamp);

CREATE TABLE pipeline_metrics (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id      TEXT NOT NULL REFERENCES receipts (execution_id) ON DELETE RESTRICT,
    stage             TEXT NOT NULL REFERENCES _stages (word),
    duration_ms       INTEGER NOT NULL,
    input_size_bytes  INTEGER,
    output_size_bytes INTEGER,
    status            TEXT NOT NULL REFERENCES _stage_statuses (word),
    error_message     TEXT,
    timestamp         TEXT NOT NULL,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_pipeline_metrics_execution_id ON pipeline_metrics (execution_id);
CREATE INDEX idx_pipeline_metrics_stage ON pipeline_metrics (stage, duration_ms DESC);
CREATE INDEX idx_pipeline_metrics_timestamp ON pipeline_metrics (timestamp DESC);

CREATE TABLE slo_violations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id TEXT NOT NULL REFERENCES receipts (execution_id) ON DELETE RESTRICT,
    metric       TEXT NOT NULL,
    target_value REAL NOT NULL,
    actual_value REAL NOT NULL,
    severity     TEXT NOT NULL REFERENCES _slo_severities (word),
    description  TEXT,
    timestamp    TEXT NOT NULL,
    created_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    objective    TEXT,                  -- name of the [[slo]] in config.toml
    event_id     INTEGER                -- of events: the one that missed it
);
CREATE INDEX idx_slo_violations_execution_id ON slo_violations (execution_id);
CREATE INDEX idx_slo_violations_metric ON slo_violations (metric, created_at DESC);
CREATE INDEX idx_slo_violations_severity ON slo_violations (severity, created_at DESC);

-- success and error are other words for passed and failed.
CREATE TRIGGER _receipts_status_added AFTER INSERT ON receipts WHEN NEW.status IN ('success', 'error')
BEGIN
    UPDATE receipts SET status = iif(NEW.status = 'success', 'passed', 'failed') WHERE id = NEW.id;
END;
CREATE TRIGGER _receipts_status_changed AFTER UPDATE OF status ON receipts WHEN NEW.status IN ('success', 'error')
BEGIN
    UPDATE receipts SET status = iif(NEW.status = 'success', 'passed', 'failed') WHERE id = NEW.id;
END;

-- A time without a zone, as SQLite writes it, is UTC, and stored as all others are: lists are sorted by it as text.
CREATE TRIGGER _receipts_time_added AFTER INSERT ON receipts
WHEN NEW.timestamp NOT GLOB '*T*Z' AND NEW.timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE receipts SET timestamp = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp), NEW.timestamp) WHERE id = NEW.id;
END;
CREATE TRIGGER _audit_log_time_added AFTER INSERT ON audit_log
WHEN NEW.timestamp NOT GLOB '*T*Z' AND NEW.timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE audit_log SET timestamp = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp), NEW.timestamp) WHERE id = NEW.id;
END;
CREATE TRIGGER _workflow_sessions_time_added AFTER INSERT ON workflow_sessions
WHEN NEW.start_time NOT GLOB '*T*Z' AND NEW.start_time GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE workflow_sessions SET start_time = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.start_time), NEW.start_time) WHERE id = NEW.id;
END;
CREATE TRIGGER _collision_detection_time_added AFTER INSERT ON collision_detection
WHEN NEW.timestamp NOT GLOB '*T*Z' AND NEW.timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE collision_detection SET timestamp = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp), NEW.timestamp) WHERE id = NEW.id;
END;
CREATE TRIGGER _pipeline_metrics_time_added AFTER INSERT ON pipeline_metrics
WHEN NEW.timestamp NOT GLOB '*T*Z' AND NEW.timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE pipeline_metrics SET timestamp = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp), NEW.timestamp) WHERE id = NEW.id;
END;
CREATE TRIGGER _slo_violations_time_added AFTER INSERT ON slo_violations
WHEN NEW.timestamp NOT GLOB '*T*Z' AND NEW.timestamp GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
BEGIN
    UPDATE slo_violations SET timestamp = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.timestamp), NEW.timestamp) WHERE id = NEW.id;
END;

-- A word nobody knows is refused by foreign key where the client has them on, and by these where it has not.
CREATE TRIGGER _receipts_operation_word_added BEFORE INSERT ON receipts
WHEN NEW.operation NOT IN (SELECT word FROM _operations)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: receipts.operation is a word that _operations does not know');
END;
CREATE TRIGGER _receipts_operation_word_changed BEFORE UPDATE OF operation ON receipts
WHEN NEW.operation NOT IN (SELECT word FROM _operations)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: receipts.operation is a word that _operations does not know');
END;
CREATE TRIGGER _receipts_status_word_added BEFORE INSERT ON receipts
WHEN NEW.status NOT IN (SELECT word FROM _receipt_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: receipts.status is a word that _receipt_statuses does not know');
END;
CREATE TRIGGER _receipts_status_word_changed BEFORE UPDATE OF status ON receipts
WHEN NEW.status NOT IN (SELECT word FROM _receipt_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: receipts.status is a word that _receipt_statuses does not know');
END;
CREATE TRIGGER _audit_log_status_word_added BEFORE INSERT ON audit_log
WHEN NEW.status NOT IN (SELECT word FROM _audit_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: audit_log.status is a word that _audit_statuses does not know');
END;
CREATE TRIGGER _audit_log_status_word_changed BEFORE UPDATE OF status ON audit_log
WHEN NEW.status NOT IN (SELECT word FROM _audit_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: audit_log.status is a word that _audit_statuses does not know');
END;
CREATE TRIGGER _workflow_sessions_status_word_added BEFORE INSERT ON workflow_sessions
WHEN NEW.status NOT IN (SELECT word FROM _workflow_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: workflow_sessions.status is a word that _workflow_statuses does not know');
END;
CREATE TRIGGER _workflow_sessions_status_word_changed BEFORE UPDATE OF status ON workflow_sessions
WHEN NEW.status NOT IN (SELECT word FROM _workflow_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: workflow_sessions.status is a word that _workflow_statuses does not know');
END;
CREATE TRIGGER _collision_detection_collision_type_word_added BEFORE INSERT ON collision_detection
WHEN NEW.collision_type NOT IN (SELECT word FROM _collision_types)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: collision_detection.collision_type is a word that _collision_types does not know');
END;
CREATE TRIGGER _collision_detection_collision_type_word_changed BEFORE UPDATE OF collision_type ON collision_detection
WHEN NEW.collision_type NOT IN (SELECT word FROM _collision_types)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: collision_detection.collision_type is a word that _collision_types does not know');
END;
CREATE TRIGGER _collision_detection_severity_word_added BEFORE INSERT ON collision_detection
WHEN NEW.severity NOT IN (SELECT word FROM _collision_severities)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: collision_detection.severity is a word that _collision_severities does not know');
END;
CREATE TRIGGER _collision_detection_severity_word_changed BEFORE UPDATE OF severity ON collision_detection
WHEN NEW.severity NOT IN (SELECT word FROM _collision_severities)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: collision_detection.severity is a word that _collision_severities does not know');
END;
CREATE TRIGGER _pipeline_metrics_stage_word_added BEFORE INSERT ON pipeline_metrics
WHEN NEW.stage NOT IN (SELECT word FROM _stages)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: pipeline_metrics.stage is a word that _stages does not know');
END;
CREATE TRIGGER _pipeline_metrics_stage_word_changed BEFORE UPDATE OF stage ON pipeline_metrics
WHEN NEW.stage NOT IN (SELECT word FROM _stages)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: pipeline_metrics.stage is a word that _stages does not know');
END;
CREATE TRIGGER _pipeline_metrics_status_word_added BEFORE INSERT ON pipeline_metrics
WHEN NEW.status NOT IN (SELECT word FROM _stage_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: pipeline_metrics.status is a word that _stage_statuses does not know');
END;
CREATE TRIGGER _pipeline_metrics_status_word_changed BEFORE UPDATE OF status ON pipeline_metrics
WHEN NEW.status NOT IN (SELECT word FROM _stage_statuses)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: pipeline_metrics.status is a word that _stage_statuses does not know');
END;
CREATE TRIGGER _slo_violations_severity_word_added BEFORE INSERT ON slo_violations
WHEN NEW.severity NOT IN (SELECT word FROM _slo_severities)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: slo_violations.severity is a word that _slo_severities does not know');
END;
CREATE TRIGGER _slo_violations_severity_word_changed BEFORE UPDATE OF severity ON slo_violations
WHEN NEW.severity NOT IN (SELECT word FROM _slo_severities)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: slo_violations.severity is a word that _slo_severities does not know');
END;

CREATE TABLE _ledger (              -- one chain over everything that was sealed; docs/ledger.md describes it byte by byte
    number INTEGER PRIMARY KEY,         -- 1, 2, 3 … without a gap
    at     INTEGER NOT NULL,            -- ns
    name   TEXT NOT NULL,               -- the table
    row    INTEGER NOT NULL,            -- its id there; told again: the row was changed on purpose
    digest BLOB NOT NULL,               -- SHA-256 of the row's canonical JSON
    gone   INTEGER NOT NULL,            -- 1: a tombstone, the row was removed on purpose
    hash   BLOB NOT NULL                -- SHA-256 of the hash before it and this entry
) STRICT;
CREATE INDEX _ledger_row ON _ledger (name, row, number);

CREATE TABLE _unsealed (            -- sessions that have changed since their last seal
    session INTEGER PRIMARY KEY,
    changes INTEGER NOT NULL            -- how many transactions did that: what is sealed meanwhile is not the newest
) STRICT;
INSERT INTO _unsealed (session, changes) SELECT id, 1 FROM _sessions;

-- What collisions are found by: not public, made again from the events at any time.
CREATE TABLE _touches (             -- who changed which file when; prompts and code blocks under names of their own
    path  TEXT NOT NULL,                -- whole path, normalised; prompt:DIGEST, block:DIGEST
    at    INTEGER NOT NULL,
    event INTEGER NOT NULL,             -- of _events
    what  TEXT NOT NULL,                -- write, edit, create, delete, move; prompt, block
    PRIMARY KEY (path, at, event, what)
) WITHOUT ROWID, STRICT;

CREATE TABLE _presence (            -- which sessions did something in a repository in which quarter of an hour
    root    TEXT NOT NULL,
    slot    INTEGER NOT NULL,           -- time in units of 15 minutes
    session INTEGER NOT NULL,           -- of _sessions
    PRIMARY KEY (root, slot, session)
) WITHOUT ROWID, STRICT;
CREATE INDEX _sessions_workflow ON _sessions (workflow_id) WHERE workflow_id IS NOT NULL;
CREATE INDEX _sessions_parent ON _sessions (parent_id) WHERE parent_id IS NOT NULL;

CREATE VIEW recent_executions AS
SELECT r.id, r.execution_id, r.agent_id, r.operation, r.status, r.timestamp, r.duration_ms, r.files_generated,
    r.files_modified, r.error_message, r.environment, r.created_at,
    (SELECT count(*) FROM audit_log a WHERE a.execution_id = r.execution_id)
    + (SELECT count(*) FROM audit_log a     -- entries that name no execution: those of its agent while it ran
        WHERE a.agent_id = r.agent_id AND a.execution_id IS NULL
        AND a.timestamp >= strftime('%Y-%m-%dT%H:%M:%f', r.timestamp, '-' || (1 + r.duration_ms / 1000) || ' seconds')
        AND a.timestamp <= strftime('%Y-%m-%dT%H:%M:%fZ', r.timestamp, '+' || (1 + r.duration_ms / 1000) || ' seconds')) AS audit_entries,
    (SELECT count(*) FROM slo_violations v WHERE v.execution_id = r.execution_id) AS slo_violations
FROM receipts r
ORDER BY r.timestamp DESC, r.id DESC
LIMIT 100;

CREATE VIEW agent_performance_summary AS
SELECT agent_id, count(*) AS total_executions,
    sum(status = 'passed') AS successful_executions, sum(status = 'failed') AS failed_executions,
    avg(duration_ms) AS avg_duration_ms, min(duration_ms) AS min_duration_ms, max(duration_ms) AS max_duration_ms,
    coalesce(sum(files_generated), 0) AS total_files_generated, max(timestamp) AS last_execution
FROM receipts
GROUP BY agent_id;

CREATE VIEW pipeline_stage_performance AS
SELECT stage, count(*) AS execution_count,
    avg(duration_ms) AS avg_duration_ms, min(duration_ms) AS min_duration_ms, max(duration_ms) AS max_duration_ms,
    sum(status = 'passed') AS passed_count, sum(status = 'failed') AS failed_count
FROM pipeline_metrics
GROUP BY stage;

CREATE TABLE _changes (             -- what changed that was there before; old entries go
    number INTEGER PRIMARY KEY,         -- 1, 2, 3 … in the order of transactions, without a gap
    what   INTEGER NOT NULL,            -- 0 an event was changed or removed, 1 a session is new or changed, 2 it ended, 3 a collision, 4 it was deleted
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

CREATE TABLE _deleted_histories (   -- files whose sessions were deleted: not imported again before somebody names them
    path TEXT PRIMARY KEY,              -- as in _histories
    at   INTEGER NOT NULL               -- ns
) WITHOUT ROWID, STRICT;
