"""Rows of answers: the columns of the SQL views, in their order, as OpenAPI describes them.

Rows are encoded as `formats.rows.to_row` gives them; these types say what is in them. A test holds the two equal. What
any SQLite client may have written into a JSON column can be anything.
"""

from __future__ import annotations

from typing import Any

import msgspec


class SessionRow(msgspec.Struct):
    """One run of one agent, from its first sign of life to its last."""

    id: str
    copilot_session_id: str | None
    project_dir: str | None
    task_file: str | None
    spawned_at: str | None
    spawned_by: str | None
    status: str
    importance: str | None
    pid: int | None
    ended_at: str | None
    exit_code: int | None
    agent: str
    title: str | None
    branch: str | None
    model: str | None
    parent_id: str | None
    workflow_id: str | None
    prompts: int
    replies: int
    tool_calls: int
    tool_errors: int
    rejections: int
    commands: int
    files_touched: int
    lines: int
    extractions: int
    unknown_lines: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    events: int
    errors: int
    environment: str | None
    command: str | None
    host: str | None
    duration_ms: float | None
    output_bytes: int
    lost_bytes: int
    metadata_json: Any


class EventRow(msgspec.Struct):
    """One step of a session, whatever told us about it."""

    id: int
    session_id: str
    timestamp: str | None
    event_type: str
    tool_name: str | None
    tool_call_id: str | None
    file_path: str | None
    operation: str | None
    command: str | None
    command_category: str | None
    exit_code: int | None
    duration_ms: float | None
    status: str | None
    content: str | None
    source: str | None
    metadata_json: Any
    seq: int
    pattern: str | None
    matched_value: str | None
    original_line: str | None
    line_number: int | None
    risk_level: str | None
    auto_confirmable: bool | None
    code_block_language: str | None


class ExtractionRow(msgspec.Struct):
    """One thing that a rule found."""

    id: int
    agent_name: str
    session_id: str
    timestamp: str | None
    event_type: str
    pattern: str
    matched_value: str | None
    original_line: str | None
    line_number: int | None
    metadata_json: Any
    code_block_language: str | None
    risk_level: str
    auto_confirmable: bool


class CodeBlockRow(msgspec.Struct):
    """A block of code and the first place it was seen."""

    id: int
    agent_name: str
    session_id: str
    timestamp: str | None
    language: str | None
    content: str
    line_start: int | None
    line_end: int | None
    context_json: Any
    parseable: bool | None
    digest: str


class StateChangeRow(msgspec.Struct):
    """A step in the life of a session: started, paused, completed …"""

    id: int
    session_id: str
    timestamp: str | None
    state: str
    exit_code: int | None
    metadata_json: Any


class FeedbackRow(msgspec.Struct):
    """What a person said of an event."""

    id: int
    session_id: str
    event_id: int
    timestamp: str | None
    outcome: str
    note: str | None


class ReceiptRow(msgspec.Struct):
    """How an execution ended; `receipt_id` is the SHA-256 of `receipt_json` as canonical JSON."""

    id: int
    execution_id: str
    agent_id: str
    agent_type: str | None
    operation: str
    status: str
    timestamp: str
    created_at: str | None
    updated_at: str | None
    manifest_hash: str | None
    ontology_hash: str | None
    files_generated: int | None
    files_modified: int | None
    duration_ms: int
    receipt_json: Any
    error_message: str | None
    environment: str | None
    receipt_id: str | None
    determinism_hash: str | None
    session_id: str | None


class AuditEntryRow(msgspec.Struct):
    """Who did what, and how it ended."""

    id: int
    audit_id: str
    timestamp: str
    agent_id: str
    operation: str
    operation_type: str | None
    status: str
    duration_ms: int | None
    details: str | None
    error_message: str | None
    context_json: Any
    created_at: str | None
    execution_id: str | None


class MemoryRow(msgspec.Struct):
    """What an agent wants to know next time, in one of its versions."""

    agent_id: str
    agent_type: str | None
    version: int
    memory_json: Any
    session_id: str | None
    source: str | None
    timestamp: str | None


class WorkflowRow(msgspec.Struct):
    """Several sessions with one aim."""

    id: int
    session_id: str
    start_time: str
    end_time: str | None
    status: str
    agent_count: int
    total_duration_ms: int | None
    successful_operations: int | None
    failed_operations: int | None
    context_json: Any
    created_at: str | None
    title: str | None
    project_dir: str | None
    opened_by: str | None


class CollisionRow(msgspec.Struct):
    """Two agents in each other's way."""

    id: int
    session_id: str
    agent_id_1: str
    agent_id_2: str
    collision_type: str
    description: str
    resolution: str | None
    severity: str
    timestamp: str
    created_at: str | None
    session_id_1: str | None
    session_id_2: str | None
    event_id_1: int | None
    event_id_2: int | None
    subject: str | None
    overlap_json: Any
    resolved_at: str | None


class StageMetricRow(msgspec.Struct):
    """One stage of one execution."""

    id: int
    execution_id: str
    stage: str
    duration_ms: int
    input_size_bytes: int | None
    output_size_bytes: int | None
    status: str
    error_message: str | None
    timestamp: str
    created_at: str | None


class SloViolationRow(msgspec.Struct):
    """A target that was missed."""

    id: int
    execution_id: str
    metric: str
    target_value: float
    actual_value: float
    severity: str
    description: str | None
    timestamp: str
    created_at: str | None
    objective: str | None
    event_id: int | None
