CREATE TABLE extraction_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_name TEXT NOT NULL,
    session_id TEXT NOT NULL,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    event_type TEXT NOT NULL,
    pattern TEXT NOT NULL,
    matched_value TEXT,
    original_line TEXT,
    line_number INTEGER,
    metadata_json TEXT,
    code_block_language TEXT,
    risk_level TEXT,
    auto_confirmable BOOLEAN DEFAULT 0
);
CREATE INDEX idx_agent_session ON extraction_events(agent_name, session_id);
CREATE INDEX idx_type_pattern ON extraction_events(event_type, pattern);
CREATE INDEX idx_timestamp ON extraction_events(timestamp);
CREATE INDEX idx_risk_level ON extraction_events(risk_level);
