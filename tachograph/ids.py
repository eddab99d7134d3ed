"""Names that Tachograph makes up: session ids, trace ids."""

from __future__ import annotations

import os

from tachograph import clock

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+@")


def agent_name(command: str) -> str:
    """`/usr/bin/codex` → `codex`; characters that would be awkward in an id or a file name become `-`."""
    base = os.path.basename(command.replace("\\", "/")).removesuffix(".exe")
    return "".join(c if c in _SAFE else "-" for c in base).strip("-.")[:64] or "command"


def session_id(agent: str, at: int, attempt: int = 1) -> str:
    """`codex`, ns → `codex-20261121-091402`; from the second attempt on with `-2`, `-3` …"""
    base = f"{agent_name(agent)}-{clock.compact(at)}"
    return base if attempt == 1 else f"{base}-{attempt}"


def traceparent(inherited: str | None) -> str:
    """A W3C trace context for the child: a new span in the trace we were started in, or a new trace."""
    parts = (inherited or "").split("-")
    known = len(parts) >= 4 and len(parts[1]) == 32 and parts[1].strip("0") != ""
    trace = parts[1] if known else os.urandom(16).hex()
    return f"00-{trace}-{os.urandom(8).hex()}-01"
