"""A session's life: when it started, paused, went on, ended."""

from __future__ import annotations

import msgspec

STATES = (
    "started",
    "running",
    "waiting",
    "paused",
    "resumed",
    "resized",
    "completed",
    "failed",
    "killed",
    "interrupted",
)


class StateChange(msgspec.Struct, frozen=True):
    """The columns of the SQL view `process_state_changes`."""

    session_id: str
    state: str
    exit_code: int | None = None
    metadata: dict[str, object] | None = None  # column metadata_json
    at: int = 0  # ns; column timestamp
    id: int = 0
