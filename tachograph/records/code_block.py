"""A block of code an agent printed: stored once, every place it was seen kept."""

from __future__ import annotations

import msgspec


class CodeBlock(msgspec.Struct, frozen=True):
    """The columns of the SQL view `code_blocks`: the block and the first place it was seen."""

    agent_name: str
    session_id: str
    content: str
    language: str | None = None
    line_start: int | None = None  # line of the opening fence, from 1
    line_end: int | None = None  # line of the closing fence
    context: dict[str, object] | None = None  # column context_json
    parseable: bool | None = None  # None: no parser at hand for this language
    digest: str = ""  # SHA-256 hex over the normalised content
    at: int = 0  # ns; column timestamp
    id: int = 0


class Sighting(msgspec.Struct, frozen=True):
    """One place where a code block appeared; view `code_sightings`."""

    digest: str
    agent_name: str
    session_id: str
    line_start: int | None
    line_end: int | None
    at: int
