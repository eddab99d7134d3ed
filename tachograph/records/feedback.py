"""What a person said of an event: was the finding right, was confirming it right."""

from __future__ import annotations

import msgspec


class Feedback(msgspec.Struct, frozen=True):
    event_id: int
    outcome: str  # correct, wrong, or a word of the user's own
    note: str | None = None
    session_id: str = ""
    at: int = 0  # ns
    id: int = 0
