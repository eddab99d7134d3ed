-- What deleting sessions asks for; and rows that other programs write stand as all others do.
CREATE TABLE _deleted_histories (   -- files whose sessions were deleted: not imported again before somebody names them
    path TEXT PRIMARY KEY,              -- as in _histories
    at   INTEGER NOT NULL               -- ns
) WITHOUT ROWID, STRICT;

-- A memory that another program gives another name ends under the old one.
DROP TRIGGER _agent_memory_changed;
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
