"""One run of one agent, from its first sign of life to its last."""

from __future__ import annotations

import msgspec

SESSION_STATUSES = ("running", "waiting", "paused", "completed", "failed", "interrupted")


class Session(msgspec.Struct, frozen=True):
    """The columns of the SQL view `sessions` (its `spawned_at` is `started_at` here)."""

    id: str
    agent: str
    environment: str | None = None
    copilot_session_id: str | None = None
    project_dir: str | None = None
    task_file: str | None = None
    spawned_by: str | None = None
    status: str = "running"
    importance: str | None = None
    pid: int | None = None
    started_at: int = 0  # ns
    ended_at: int | None = None  # ns
    exit_code: int | None = None
    title: str | None = None
    command: str | None = None
    host: str | None = None
    branch: str | None = None
    model: str | None = None
    parent_id: str | None = None
    workflow_id: str | None = None
    prompts: int = 0
    replies: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    rejections: int = 0
    commands: int = 0
    files_touched: int = 0
    lines: int = 0
    extractions: int = 0
    feedbacks: int = 0  # process_sessions.total_feedback_outcomes
    unknown_lines: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float | None = None
    events: int = 0
    errors: int = 0  # extracted events of type error
    output_bytes: int = 0  # printed and kept; what was typed is beside it
    lost_bytes: int = 0  # what the recorder could not keep; 0 is the promise
    extraction_config_version: str | None = None
    environment_config_version: str | None = None
    metadata: dict[str, object] | None = None  # git before and after, terminal size, cost of the recording
