"""What a reader says of a session: facts about it, its steps one by one, its output, and what it did not understand.

A step is told by key: the same key in the same session is the same step, told again or told by somebody else. What a
later telling leaves out (None) stays as it was.
"""

from __future__ import annotations

import msgspec

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call of a model, in five parts: input holds both cache parts, output holds reasoning."""

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float | None = None  # as the agent says it; None: it does not
    partial: bool = False  # the agent wrote down a placeholder: the true figures are larger
    cost_source: str | None = None  # agent, or the price table that ingest computed the cost from


class Step(msgspec.Struct, frozen=True, gc=False):
    """One prompt, reply, thought, tool call, command, file operation, usage, state or marker of a session."""

    key: str  # native identity: "call:<tool call id>" for a tool call, so that every source names it alike
    event_type: str  # of EVENT_TYPES
    at: int = 0  # ns; 0: the source has no time for it, the step takes the time of the one before
    tool_name: str | None = None  # as the agent calls it
    tool_call_id: str | None = None
    file_path: str | None = None  # as the agent gives it; ingest makes it relative to the project
    operation: str | None = None  # read, write, edit, delete
    command: str | None = None
    exit_code: int | None = None
    duration_ms: float | None = None
    status: str | None = None  # ok, error, rejected, interrupted, unknown
    content: str | None = None  # the text; for a tool call what it returned
    metadata: dict[str, object] | None = None  # input of the call, lines added and removed, model, parent …
    usage: Usage | None = None
    command_category: str | None = None  # given by ingest
    made_as: str | None = None  # of usage: names the call of the model where a copy has another key; None: the key does


class SessionFacts(msgspec.Struct, frozen=True):
    """What is known of a session; None: not known here. Steps that follow belong to it."""

    id: str  # the agent's own id
    agent: str | None = None  # None: the reader's name
    project_dir: str | None = None
    title: str | None = None
    model: str | None = None
    branch: str | None = None
    parent_id: str | None = None  # of the session that started this one
    version: str | None = None  # of the agent
    status: str | None = None  # when the source says how it ended; else ingest judges by the last writing
    exit_code: int | None = None
    started_at: int | None = None  # ns
    last_at: int | None = None  # ns, the latest time seen in any record, also of records that make no step
    cost_usd: float | None = None  # of the whole session, when the agent only says that
    usage: Usage | None = None  # of the whole session, when the agent only says that
    metadata: dict[str, object] | None = None
    printed: bool | None = None  # the agent printed this of a run; its own history, where there is one, knows more


class Unknown(msgspec.Struct, frozen=True):
    """A line that no reader of today understands: counted and shown; the archive has its bytes."""

    kind: str  # its type, or "not JSON", "JSON but no object"
    sample: str | None = None  # its first 200 characters


class OutputPiece(msgspec.Struct, frozen=True, gc=False):
    """What a terminal or a log showed at one moment. Pieces follow each other and may be cut anywhere."""

    stream: str  # stdout (also a terminal's only stream), stderr, input
    at: int  # ns; 0: the source has no time for it
    data: bytes  # as it was: escape sequences kept, line ends too


class Retracted(msgspec.Struct, frozen=True):
    """The agent took steps back (a rewind): they stay, and no longer count."""

    keys: tuple[str, ...]


Fact = SessionFacts | Step | OutputPiece | Unknown | Retracted
