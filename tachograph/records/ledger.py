"""What was proved, decided, remembered and measured; the fields are the columns of the tables of the same names.

Times here are the ISO text of the tables, not ns: rows come from any SQLite client and are shown as they were written.
"""

from __future__ import annotations

import msgspec


class Receipt(msgspec.Struct, frozen=True):
    """Of `receipts`: how an execution ended."""

    execution_id: str
    agent_id: str
    operation: str
    status: str  # passed, failed, partial, cancelled
    timestamp: str
    duration_ms: int = 0
    agent_type: str | None = None
    manifest_hash: str | None = None
    ontology_hash: str | None = None
    files_generated: int | None = None
    files_modified: int | None = None
    receipt_json: str | None = None  # canonical JSON where it was written through us
    error_message: str | None = None
    environment: str | None = None
    receipt_id: str | None = None  # SHA-256 of receipt_json, hex
    determinism_hash: str | None = None  # SHA-256 of inputs and outputs only, hex
    session_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    id: int = 0


class Memory(msgspec.Struct, frozen=True):
    """Of `agent_memory` and `agent_memory_versions`: what an agent wants to know next time, in one of its versions."""

    agent_id: str
    version: int
    memory_json: str | None  # None: deleted with this version
    agent_type: str | None = None
    session_id: str | None = None  # which session wrote it
    source: str | None = None  # cli, python, mcp, http; None: written past us
    timestamp: str | None = None


class AuditEntry(msgspec.Struct, frozen=True):
    """Of `audit_log`: who did what, and how it ended."""

    agent_id: str
    operation: str
    status: str  # started, completed, failed, skipped, retry
    operation_type: str | None = None
    duration_ms: int | None = None
    details: str | None = None
    error_message: str | None = None
    context_json: str | None = None
    execution_id: str | None = None
    timestamp: str = ""
    audit_id: str = ""
    created_at: str | None = None
    id: int = 0


class Workflow(msgspec.Struct, frozen=True):
    """Of `workflow_sessions`: several sessions with one aim."""

    session_id: str  # the workflow's own id; sessions.workflow_id names it
    start_time: str
    status: str  # running, completed, failed, cancelled
    agent_count: int
    end_time: str | None = None
    total_duration_ms: int | None = None
    successful_operations: int | None = 0
    failed_operations: int | None = 0
    context_json: str | None = None
    title: str | None = None
    project_dir: str | None = None
    opened_by: str | None = None  # user or tachograph
    created_at: str | None = None
    id: int = 0


class Collision(msgspec.Struct, frozen=True):
    """Of `collision_detection`: two agents in each other's way."""

    session_id: str  # of the workflow
    agent_id_1: str
    agent_id_2: str
    collision_type: str  # file_conflict, memory_conflict, semantic_overlap, structural_overlap
    description: str
    severity: str  # info, warning, critical
    timestamp: str
    resolution: str | None = None
    session_id_1: str | None = None  # of sessions
    session_id_2: str | None = None
    event_id_1: int | None = None
    event_id_2: int | None = None
    subject: str | None = None  # path, symbol, digest of a block, agent_id of a memory
    overlap_json: str | None = None
    resolved_at: str | None = None
    created_at: str | None = None
    id: int = 0


class StageMetric(msgspec.Struct, frozen=True):
    """Of `pipeline_metrics`: one stage of one execution."""

    execution_id: str
    stage: str
    duration_ms: int
    status: str  # passed, failed
    input_size_bytes: int | None = None
    output_size_bytes: int | None = None
    error_message: str | None = None
    timestamp: str = ""
    created_at: str | None = None
    id: int = 0


class SloViolation(msgspec.Struct, frozen=True):
    """Of `slo_violations`: a target that was missed."""

    execution_id: str
    metric: str
    target_value: float
    actual_value: float
    severity: str  # warning, critical
    description: str | None = None
    timestamp: str = ""
    objective: str | None = None
    event_id: int | None = None
    created_at: str | None = None
    id: int = 0
