"""The receipt of a session, made by itself when it is over: what ran, what went in, what came out, how it ended.

A wrapped command is looked at just after its end (`evidence`); of an agent its own steps tell which files it changed.
When more becomes known of a session later, its receipt is made again; what was seen of the files then stays.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
from collections.abc import Sequence
from typing import Any

import msgspec

import tachograph
from tachograph import clock
from tachograph.analyse.objectives import Verdict
from tachograph.errors import BadRecord, NotFound
from tachograph.ingest.evidence import Evidence, elapsed_ms
from tachograph.ingest.header import TMUX
from tachograph.ingest.objectives import told
from tachograph.records import Session
from tachograph.store import Store
from tachograph.store.session_digests import Content

OPERATION = "session"
_STATUSES = {"completed": "passed", "failed": "failed", "interrupted": "cancelled"}
_COUNTS = (
    *("prompts", "replies", "tool_calls", "tool_errors", "rejections", "commands", "errors", "extractions", "lines"),
    *("output_bytes", "lost_bytes", "files_touched", "input_tokens", "output_tokens"),
)
_KEPT = ("files", "inputs", "outputs", "determinism", "files_missing", "streams")  # seen once, just after the end
_STREAM_BYTES = 256 << 20
_FILES_MAX = 1000
_HASHED_MAX = 4 << 20  # bytes of a file that an agent changed
PROJECT = "${PROJECT}"


def renew(
    store: Store,
    session: Session,
    content: Content,
    seen: Evidence | None = None,
    verdicts: Sequence[Verdict] = (),
) -> None:
    """Inside a transaction: the receipt of a session that is over, as everything known now makes it.

    `seen`: what was found in its project just now; None when nobody looked, or that was earlier. `verdicts`: objectives
    that were asked of it.
    """
    if session.ended_at is None:
        return
    before = _before(store, session.id)
    body = {**_facts(session), "events": {"count": content.events, "head": content.events_hash}}
    if verdicts:
        body["objectives"] = told(verdicts)
    if seen is not None:
        body |= _proved(store, session, seen)
    elif before and "streams" in before:
        body |= {name: before[name] for name in _KEPT if name in before}
    else:
        body |= _told(store, session)
    files = body.get("files", [])
    try:
        store.receipts.add(
            session.id, session.agent, OPERATION, _STATUSES.get(session.status, "partial"), receipt=body,
            duration_ms=elapsed_ms(session.started_at, session.ended_at), session_id=session.id,
            environment=session.environment, timestamp=session.ended_at, replace=True,
            files_generated=_count(files, "generated"), files_modified=_count(files, "modified", "written", "edited"),
        )  # fmt: skip
    except BadRecord:  # it holds a value that has no canonical form: a session without a receipt is better than none
        return


def _before(store: Store, session_id: str) -> dict[str, Any] | None:
    try:
        text = store.receipts.get(session_id).receipt_json
    except NotFound:
        return None
    found = msgspec.json.decode(text) if text else None
    return found if isinstance(found, dict) else None


def _facts(session: Session) -> dict[str, Any]:
    """What the session itself says; nothing is left out because it is empty but what has no value."""
    metadata: dict[str, Any] = session.metadata or {}
    facts = {
        "started_at": clock.iso(session.started_at), "ended_at": clock.iso(session.ended_at or 0),
        "exit_code": session.exit_code, "signal": metadata.get("signal"), "command": session.command,
        "project": session.project_dir, "branch": session.branch, "model": session.model,
        "parent_id": session.parent_id, "git": metadata.get("git"), "host": session.host,
        "recorder": {"name": "tachograph", "version": tachograph.__version__, "system": platform.platform()},
        "counts": {name: getattr(session, name) for name in _COUNTS},
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value is not None}


def _proved(store: Store, session: Session, seen: Evidence) -> dict[str, Any]:
    """A wrapped command: all files of its project, and a determinism hash where nothing stands against it."""
    files = [{"path": one.path, "sha256": one.sha256, "bytes": one.bytes, "what": one.what} for one in seen.files]
    changed = [one for one in files if one["what"] != "input"]
    missing = seen.missing
    streams = {}
    if session.output_bytes > _STREAM_BYTES:
        missing = missing or f"it printed more than {_STREAM_BYTES >> 20} MB"
    else:
        streams = {name: _stream(store, session.id, name, seen.root) for name in store.output.streams(session.id)}
    if session.lost_bytes:
        missing = missing or "not all of its output was recorded"
    proved: dict[str, Any] = {"files": changed, "streams": streams}
    if missing:
        return {**proved, "files_missing": missing, "determinism": f"no hash: {missing}"}
    stdin = streams.pop("input", None)
    proved["inputs"] = {
        "argv": _argv(session.command or "", seen.root), "cwd": _inside(_cwd(session), seen.root),
        "files": [{"path": one["path"], "sha256": one["sha256"]} for one in files if one["what"] == "input"],
        "stdin": seen.stdin or stdin,
    }  # fmt: skip
    proved["outputs"] = {
        "exit_code": session.exit_code, "files": [{"path": o["path"], "sha256": o["sha256"]} for o in changed],
        **{name: streams.get(name) for name in ("stdout", "stderr")},
    }  # fmt: skip
    return proved


def _told(store: Store, session: Session) -> dict[str, Any]:
    """A session whose agent told what it did: the files it changed, with digests of those nobody touched since."""
    files = list[dict[str, Any]]()
    for row in store.files.activity(session.id):
        if row["total_operations"] == row["reads"] or len(files) == _FILES_MAX:
            continue
        changed: dict[str, Any] = {"path": row["file_path"], "what": "edited" if row["edits"] else "written"}
        digest = _digest(session, str(row["file_path"]))
        files.append({**changed, "sha256": digest} if digest else changed)
    return {"files": files, "determinism": "no hash: what an agent reads and asks is not known to the byte"}


def _digest(session: Session, path: str) -> str | None:
    """Of a file as the session left it; None when it is not here, or was changed since."""
    full = path if os.path.isabs(path) else os.path.join(session.project_dir or "", path)
    try:
        stat = os.stat(full)
        if not os.path.isabs(full) or stat.st_size > _HASHED_MAX or not os.path.isfile(full):
            return None
        if not session.started_at <= stat.st_mtime_ns <= (session.ended_at or 0):
            return None
        with open(full, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _stream(store: Store, session_id: str, name: str, root: str | None) -> str:
    """SHA-256 of everything that was printed there; the project's own place does not count."""
    hash = hashlib.sha256()
    place = os.fsencode(root) if root and len(root) > 1 else None
    for chunk in store.output.chunks(session_id, name):
        hash.update(chunk.data.replace(place, PROJECT.encode()) if place else chunk.data)
    return hash.hexdigest()


def _argv(command: str, root: str | None) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = [command]
    return [word.replace(root, PROJECT) if root and len(root) > 1 else word for word in words]


def _cwd(session: Session) -> str | None:
    found = (session.metadata or {}).get("cwd")
    return found if isinstance(found, str) else None


def _inside(cwd: str | None, root: str | None) -> str | None:
    return None if cwd is None or root is None else os.path.relpath(cwd, root)


def _count(files: list[dict[str, Any]], *kinds: str) -> int:
    return sum(one.get("what") in kinds for one in files)


def stdin_of(session: Session) -> str | None:
    """The file that a wrapped command was given as standard input; None when it was none."""
    found = (session.metadata or {}).get("stdin")
    return found if isinstance(found, str) else None


def project_of(session: Session) -> tuple[str | None, bool]:
    """The folder to look at after a wrapped command, and whether it is a git repository."""
    metadata: dict[str, Any] = session.metadata or {}
    if TMUX in metadata.get("sources", ()):
        return None, False  # only watched, from some time after its begin
    root = ((metadata.get("git") or {}).get("start") or {}).get("root")
    return (root, True) if root else (_cwd(session), False)
