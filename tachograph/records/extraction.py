"""One thing found in a line of output: an error, a test result, a prompt waiting for a human."""

from __future__ import annotations

import msgspec

RISK_LEVELS = ("low", "medium", "high")


class Extraction(msgspec.Struct, frozen=True, gc=False):
    """The columns of the SQL view `extraction_events`; `at` is its `timestamp`."""

    agent_name: str
    session_id: str
    event_type: str
    pattern: str  # name of the rule that found it
    matched_value: str | None = None
    original_line: str | None = None  # the whole line, or all lines of a traceback
    line_number: int | None = None  # counted from 1, per output stream
    metadata: dict[str, object] | None = None  # column metadata_json: captured fields, severity, stream
    code_block_language: str | None = None
    risk_level: str = "low"
    auto_confirmable: bool = False
    at: int = 0  # ns; 0 when adding means now
    id: int = 0  # order of arrival; given by the store
    source: str = ""  # wrapper: found in recorded output; in the view `events` only
