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
