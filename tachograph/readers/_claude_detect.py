"""Whether a file is a transcript of Claude Code: by its first records, whatever it is called."""

from __future__ import annotations

import msgspec

from tachograph.readers._claude_session import is_subagent_file
from tachograph.readers.values import Object, table

_decode = msgspec.json.Decoder().decode
_LINES = 60  # of the head are looked at
_OWN = {  # record types that no other agent writes, with one field each
    "queue-operation": "operation",
    "file-history-snapshot": "snapshot",
    "file-history-delta": "messageId",
    "summary": "leafUuid",
    "progress": "parentToolUseID",
    "attachment": "attachment",
    "permission-mode": "permissionMode",
    "mode": "sessionId",
    "last-prompt": "lastPrompt",
    "custom-title": "customTitle",
    "agent-name": "agentName",
    "ai-title": "aiTitle",
    "pr-link": "prUrl",
    "worktree-state": "worktreeSession",
    "cost-state": "totalCostUSD",
    "api-request": "requestDigest",
    "api-request-shape": "shapeHash",
    "api-request-blob": "hash",
    "atis-latch": "atis",
    "bridge-session": "bridgeSessionId",
    "teleported-from": "remoteSessionId",
}


def detect(head: bytes, path: str) -> bool:
    """Content decides; only the small file beside a subagent's transcript must also be named like one."""
    if is_subagent_file(path):
        return b'"agentType"' in head
    for line in head.split(b"\n", _LINES)[:_LINES]:
        try:
            record = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if _begins_like_one(line):
                return True
            continue
        verdict = _verdict(record) if isinstance(record, dict) else None
        if verdict is not None:
            return verdict
    return False


def _begins_like_one(line: bytes) -> bool:
    """A line that is longer than the head, or damaged: the fields come in one order."""
    start = line[:400]
    return start.startswith(b'{"parentUuid"') and b'"isSidechain"' in start


def _verdict(record: Object) -> bool | None:
    """None: this record could be anybody's."""
    kind = record.get("type")
    if not isinstance(kind, str):
        return None
    if kind in ("user", "assistant"):
        message = table(record.get("message"))
        return False if "parts" in message else True if "content" in message else None
    if kind == "system":
        return _system(record)
    if kind == "result":
        return True if "session_id" in record and "num_turns" in record and "subtype" in record else None
    field = _OWN.get(kind)
    if field:
        return True if field in record else None
    return False if "payload" in record or "." in kind else None


def _system(record: Object) -> bool | None:
    """Other agents print a stream of the same shape; only this one gives its version in it."""
    if record.get("subtype") == "init":
        return "claude_code_version" in record or ("permissionMode" in record and "apiKeySource" in record)
    return True if "isSidechain" in record and "sessionId" in record else None
