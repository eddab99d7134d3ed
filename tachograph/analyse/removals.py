"""Files that a shell line takes away: `rm`, `rmdir`, `unlink`, `mv`, `git rm`, `git mv`. Nothing is run or expanded."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from tachograph.analyse.commands import commands_of

_DELETING = frozenset({"rm", "rmdir", "unlink"})
_UNKNOWN = "$*?[`{"  # what the shell would have put there, nobody knows


def removals(command: str, folder: str | None) -> list[tuple[str, str]]:
    """(`delete` or `move`, whole path) in order; `folder` is where the line begins. Paths that cannot be known are left
    out, and what follows a `cd` into such a one."""
    found: list[tuple[str, str]] = []
    for words in commands_of(command):
        if words[0] == "cd" and len(words) > 1:
            folder = _whole(folder, words[1])
            continue
        what, paths = _taken(words)
        for path in paths:
            whole = _whole(folder, path)
            if whole is not None:
                found.append((what, whole))
    return found


def _taken(words: Sequence[str]) -> tuple[str, list[str]]:
    if words[0] == "git" and len(words) > 1 and words[1] in ("rm", "mv"):
        if "--cached" in words:  # the file stays where it is
            return "delete", []
        words = words[1:]
    paths = _paths(words[1:])
    if words[0] in _DELETING:
        return "delete", paths
    if words[0] == "mv" and "-t" not in words and len(paths) > 1:
        return "move", paths[:-1]
    return "delete", []


def _paths(words: Sequence[str]) -> list[str]:
    """The words that are no options; after `--` all of them."""
    if "--" in words:
        at = words.index("--")
        return [*_paths(words[:at]), *words[at + 1 :]]
    return [word for word in words if word and not word.startswith("-")]


def _whole(folder: str | None, path: str) -> str | None:
    """None: it cannot be known. A path of another system is as it is."""
    if any(sign in path for sign in _UNKNOWN) or path.startswith("~"):
        return None
    if not path.startswith("/"):
        if not folder:
            return None
        path = f"{folder}/{path}"
    whole = posixpath.normpath(path)
    return None if whole in ("/", ".") else whole
