"""The patch text of `apply_patch`, which several agents share: which files it touches, and by how many lines.

The grammar is that of codex-rs/apply-patch: `*** Begin Patch`, per file one of `*** Add|Update|Delete File: path`
(an update may name a `*** Move to: path` next) and lines that begin with `+`, `-` or a space, `*** End Patch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

BEGIN = "*** Begin Patch"
_END = "*** End Patch"
_MOVE = "*** Move to: "
_HEADERS = (("*** Add File: ", "write"), ("*** Update File: ", "edit"), ("*** Delete File: ", "delete"))


class FileChange(NamedTuple):
    """What a patch does to one file."""

    operation: str  # write, edit, delete
    path: str  # as the patch gives it
    added: int  # lines
    removed: int  # lines; of a deleted file the patch does not say
    moved_to: str | None = None


def file_changes(text: str) -> list[FileChange]:
    """The files of all patches in `text`, in order, a file as often as it is named. What stands around the patches
    (a shell line, a here-document) is left out; text without `*** Begin Patch` is read as if it were all patch."""
    found: list[FileChange] = []
    for patch in _patches(text):
        found.extend(_sections(patch))
    return found


def _patches(text: str) -> Iterator[str]:
    begin = text.find(BEGIN)
    if begin < 0:
        yield text
    while begin >= 0:
        start = begin + len(BEGIN)
        end = text.find("\n" + _END, start)
        yield text[start : end if end >= 0 else len(text)]
        begin = text.find(BEGIN, end) if end >= 0 else -1


def _sections(patch: str) -> Iterator[FileChange]:
    current: FileChange | None = None
    added = removed = 0
    for line in patch.split("\n"):
        if line.startswith("+"):
            added += 1
        elif line.startswith("-"):
            removed += 1
        elif line.startswith("*** ") or (current is None and line.lstrip().startswith("*** ")):
            named = _header(line.strip())
            if named is not None:
                if current is not None:
                    yield current._replace(added=added, removed=removed)
                current, added, removed = named, 0, 0
            elif current is not None and line.startswith(_MOVE):
                current = current._replace(moved_to=line[len(_MOVE) :].strip() or None)
    if current is not None:
        yield current._replace(added=added, removed=removed)


def _header(line: str) -> FileChange | None:
    for prefix, operation in _HEADERS:
        if line.startswith(prefix) and (path := line[len(prefix) :].strip()):
            return FileChange(operation, path, 0, 0)
    return None
