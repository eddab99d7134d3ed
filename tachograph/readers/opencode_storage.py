"""OpenCode's histories before 1.2: one small JSON file for each session, message and part, below `storage`.

    session/<project>/<session>.json    message/<session>/<message>.json    part/<message>/<part>.json

A part does not say whether it belongs to a prompt or to a reply, so a session is read whole, from its own file:
`document` is a bundle of all files that belong to it, and `parse` puts them together as `opencode export` would.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import escape, glob
from typing import Any

from tachograph.readers import bundle, opencode_export
from tachograph.readers.bundle import Bundled
from tachograph.readers.json_lines import objects
from tachograph.readers.opencode import data_folder
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.values import count, table, text
from tachograph.records import Fact

name = "opencode"
shape = Shape.FOLDER
_KINDS = {"session", "message", "part"}
_BESIDE = ("todo", "session_diff", "session_share")  # folders with a file for each session that says no more of it


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
    """The session of a session file, with a mark that changes with any of its files. Nothing for the file of a message
    or part."""
    if _kind(path) != "session":
        return {}
    native = text(_object(path).get("id"))
    if native is None:
        raise OSError(f"{path}: is no session of OpenCode")
    return {native: bundle.mark([*_files(path, native), path])}


def document(path: str, session_id: str) -> bytes:
    """The bundle of a session's files, its own as the last: it changes with every message. Raises OSError, KeyError
    for another session."""
    if _object(path).get("id") != session_id:
        raise KeyError(session_id)
    files = list(_files(path, session_id))
    flat = _listed(os.path.join(_root(path), "part"))
    messages = {name for file in files for name in _names(file)} if flat else ()
    flat = [file for file in flat if _object(file).get("messageID") in messages]
    return bundle.read([*files, *flat, path], os.path.dirname(os.path.abspath(path)))


def speaker(path: str) -> str | None:
    """The session file that a message or part belongs to."""
    folder, kind = os.path.dirname(path), _kind(path)
    storage = os.path.dirname(os.path.dirname(folder))
    if kind == "part":
        whose = glob(os.path.join(escape(storage), "message", "*", f"{escape(os.path.basename(folder))}.json"))
        folder = os.path.dirname(whose[0]) if whose else ""
    elif kind != "message":
        return None
    session = escape(os.path.basename(folder))
    found = glob(os.path.join(escape(storage), "session", "*", f"{session}.json")) if session else []
    return found[0] if found else None


def parse(origin: Origin) -> _Parser:
    """For a document as `document` makes it."""
    return _Parser()


class _Parser:
    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of one session: messages by time, parts by the names of their files."""
        info: dict[str, Any] = {}
        messages: list[dict[str, Any]] = []
        parts: dict[object, list[tuple[str, dict[str, Any]]]] = {}  # by the name of their message
        for file in bundle.bundled(data):
            folders = file.name.split("/")
            kind = next((word for word in folders if word in _KINDS), "session")
            if kind == "message":
                messages.append(_told(file))
            elif kind == "part":
                part = _told(file)
                whose = folders[-2] if folders[-2] != "part" else part.get("messageID")
                parts.setdefault(whose if isinstance(whose, str) else "", []).append((file.name, part))
            elif len(folders) == 1:
                info = _told(file)
        found = [{"info": one, "parts": _sorted(parts.get(text(one.get("id")) or "", ()))} for one in messages]
        found.sort(key=lambda message: count(table(table(message["info"]).get("time")).get("created")))
        return opencode_export.session_facts({"info": info, "messages": found}) if info else ()

    def finish(self) -> Iterable[Fact]:
        """Nothing is left open."""
        return ()


def _sorted(parts: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [part for _, part in sorted(parts, key=lambda one: one[0])]


def _told(file: Bundled) -> dict[str, Any]:
    """What a file holds; an object that says so when it is no JSON, or too much."""
    if file.left_out:
        return {"type": "too large"}
    found = objects(file.data)[0]
    return found[0] if len(found) == 1 else {"type": "not JSON"}


def _files(path: str, native: str) -> Iterator[str]:
    """Messages, each with its parts, then what is kept of the session elsewhere."""
    root = _root(path)
    for file in _listed(os.path.join(root, "message", _plain(native))):
        yield file
        folders = (os.path.join(root, "part", _plain(name)) for name in _names(file))
        yield from next(filter(None, map(_listed, folders)), ())
    for folder in _BESIDE:
        yield from (file for file in [os.path.join(root, folder, f"{_plain(native)}.json")] if _is_plain(file))


def _names(file: str) -> Iterator[str]:
    """What the parts of a message may call it: the name of its file, or its id should that be another."""
    yield os.path.basename(file).removesuffix(".json")
    yield text(_object(file).get("id")) or ""


def _root(path: str) -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(path)))


def _plain(native: str) -> str:
    """An id as the name of a folder; one that leads elsewhere names nothing."""
    return native if native and os.path.basename(native) == native and native not in (".", "..") else "\x00"


def _listed(folder: str) -> list[str]:
    return bundle.plain_files(folder, ".json")


def _is_plain(path: str) -> bool:
    return "\x00" not in path and os.path.isfile(path) and not os.path.islink(path)


def _object(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return _told(Bundled(path, file.read(bundle.FILE_MAX), 0))
