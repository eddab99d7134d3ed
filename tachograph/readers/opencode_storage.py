"""OpenCode's histories before 1.2: one small JSON file for each session, message and part, below `storage`.

    session/<project>/<session>.json    message/<session>/<message>.json    part/<message>/<part>.json

A part does not say whether it belongs to a prompt or to a reply, so a session is read whole, from its own file: as with
the database, `document` puts together what `opencode export` would print.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tachograph.readers import opencode_export
from tachograph.readers.json_lines import objects
from tachograph.readers.opencode import data_folder
from tachograph.readers.reading import Place, Shape
from tachograph.readers.values import count, table, text

name = "opencode"
shape = Shape.DATABASE
parse = opencode_export.parse
_KINDS = {"session", "message", "part"}
_LARGEST = 64 * 1024 * 1024  # bytes of one file; a larger one is told as unreadable


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """The files of the sessions; the others belong to them."""
    return [Place(os.path.join(data_folder(home, environment), "storage"), ("session/*/*.json",))]


def detect(head: bytes, path: str) -> bool:
    """A session, message or part by its fields, in a folder of that name."""
    kind = _kind(path)
    if kind is None or not head.lstrip().startswith(b"{"):
        return False
    if kind == "session":
        return b'"id"' in head and (b'"projectID"' in head or b'"directory"' in head)
    if kind == "message":
        return b'"sessionID"' in head and b'"role"' in head
    return b'"id"' in head and b'"type"' in head


def _kind(path: str) -> str | None:
    folder = os.path.dirname(os.path.dirname(path))
    for candidate in (os.path.basename(folder), os.path.basename(os.path.dirname(path))):
        if candidate in _KINDS:
            return candidate
    return None


def sessions(path: str) -> dict[str, str]:
    """The session of a session file, with the number of its files, how long they are and when one was last written.
    Nothing for the file of a message or part."""
    if _kind(path) != "session":
        return {}
    info = _object(path)
    native = text(info.get("id"))
    if native is None:
        raise OSError(f"{path}: is no session of OpenCode")
    found = [os.stat(path), *(os.stat(file) for file in _files(path, native))]
    latest = max(entry.st_mtime_ns for entry in found)
    return {native: f"{len(found)} {sum(entry.st_size for entry in found)} {latest}"}


def document(path: str, session_id: str) -> bytes:
    """The session as `opencode export` gives it: messages by time, parts by the names of their files."""
    info = _object(path)
    if info.get("id") != session_id:
        raise KeyError(session_id)
    messages = []
    root = _root(path)
    flat = [_object(file) for file in _listed(os.path.join(root, "part"))]
    for file in _listed(os.path.join(root, "message", _plain(session_id))):
        message = _object(file)
        native = text(message.get("id")) or ""
        parts = [_object(part) for part in _listed(os.path.join(root, "part", _plain(native)))]
        parts += [part for part in flat if native and part.get("messageID") == native]
        messages.append({"info": message, "parts": parts})
    messages.sort(key=lambda message: count(table(table(message["info"]).get("time")).get("created")))
    return msgspec.json.encode({"info": info, "messages": messages})


def _files(path: str, native: str) -> Iterator[str]:
    root = _root(path)
    for file in _listed(os.path.join(root, "message", _plain(native))):
        yield file
        yield from _listed(os.path.join(root, "part", _plain(os.path.basename(file).removesuffix(".json"))))


def _root(path: str) -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(path)))


def _plain(native: str) -> str:
    """An id as the name of a folder; one that leads elsewhere names nothing."""
    return native if native and os.path.basename(native) == native and native not in (".", "..") else "\x00"


def _listed(folder: str) -> list[str]:
    """Plain JSON files of a folder, by name; none when there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if entry.name.endswith(".json") and _is_plain(entry)]
    except (OSError, ValueError):
        return []
    return sorted(found)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)


def _object(path: str) -> dict[str, Any]:
    """What a file holds; an object that says so when it is no JSON, or too much."""
    if os.path.getsize(path) > _LARGEST:
        return {"type": "too large"}
    with open(path, "rb") as file:
        found = objects(file.read())[0]
    return found[0] if len(found) == 1 else {"type": "not JSON"}
