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
STATUS_OF_STATE = {
    "started": "running", "running": "running", "resumed": "running", "waiting": "waiting", "paused": "paused",
    "completed": "completed", "failed": "failed", "killed": "failed", "interrupted": "interrupted",
}  # fmt: skip
"""What a session's status is after a change of state; the others leave it as it is."""


class StateChange(msgspec.Struct, frozen=True):
    """The columns of the SQL view `process_state_changes`."""

    session_id: str
    state: str
    exit_code: int | None = None
    metadata: dict[str, object] | None = None  # column metadata_json
    at: int = 0  # ns; column timestamp
    id: int = 0
