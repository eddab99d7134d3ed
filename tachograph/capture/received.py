"""What agents send us of their own accord, hooks and OTLP, as bodies of journal records; how such a journal is called.

Bodies are kept as they came: nobody looks into them before an agent has its answer.

    K  {"agent":…,"event":…,"session":…,"body":…}     `body` is what the agent sent, JSON if all is well
    T  {"signal":…,"encoding":…}\n…                    the rest is the exported message, decompressed

`session` is the id of the wrapped run that the agent is part of, null outside of one; `workflow`, of its workflow, is
there when the agent was started with one.
"""

from __future__ import annotations

from tachograph import clock, ids
from tachograph.capture.compact_json import dumps

HOOK = b"K"
TELEMETRY = b"T"
BODY_MAX = 15 << 20  # bytes of one message; a journal record holds little more

# Parts of the names of hooks around the use of a tool: what has none of them is no business of who warns.
AROUND_TOOLS = (b"ToolUse", b"eforeTool", b"fterTool")
BEFORE_TOOLS = (b"reToolUse", b"eforeTool")  # the agent waits for an answer
ANSWERS = "answers.sock"  # in the data folder: where whoever serves answers hooks
ASKED_MAX = 2 << 20  # bytes of a message that is asked about

_PREFIX = "received-"
_FRACTION = 9  # digits of a second in a name


def journal_name(sender: str, at: int, pid: int) -> str:
    """The name of a journal (without suffix) for what `sender` sends from `at` (ns) on: sorts by time per sender."""
    return f"{_PREFIX}{ids.agent_name(sender)}-{clock.compact(at)}-{at % clock.SECOND:0{_FRACTION}d}-{pid}"


def is_received(name: str) -> bool:
    """Whether a journal of that name holds what agents sent; no session can be called like that."""
    parts = name.split("-")
    return name.startswith(_PREFIX) and len(parts) > 4 and len(parts[-2]) == _FRACTION and parts[-2].isdecimal()


def hook(agent: str, event: str | None, session: str | None, body: bytes, workflow: str | None = None) -> bytes:
    """The body of a K record. A message too large to keep leaves its size: {"oversize": bytes}."""
    about = {"agent": agent, "event": event, "session": session}
    head = dumps({**about, "workflow": workflow} if workflow else about)[:-1]
    if len(body) > BODY_MAX:
        body = b'{"oversize":%d}' % len(body)
    return b'%s,"body":%s}' % (head.encode(), body.strip() or b"null")


def telemetry(signal: str, encoding: str, body: bytes) -> bytes:
    """The body of a T record. `signal` is logs, metrics or traces; `encoding` json or protobuf."""
    return dumps({"signal": signal, "encoding": encoding}).encode() + b"\n" + body
