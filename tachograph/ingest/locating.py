"""Which file and which repository is meant, whatever a session calls them."""

from __future__ import annotations

import os
import posixpath
from functools import lru_cache

from tachograph.store import files


def whole(project: str | None, path: str) -> str:
    """A whole path as text, with slashes only; `..` and `.` resolved."""
    return files.whole((project or "").replace("\\", "/"), path.replace("\\", "/"))


@lru_cache(maxsize=50_000)
def real(path: str) -> str:
    """Without symbolic links, as far as the folders are there; what can be no path of this system stays as it is."""
    try:
        return os.path.realpath(path) if path.startswith("/") else path
    except (OSError, ValueError):
        return path


@lru_cache(maxsize=5_000)
def repository(folder: str | None) -> str | None:
    """The root of the repository or worktree around a folder; the folder where there is none. None: no folder."""
    if not folder or not folder.startswith("/") or folder.rstrip("/") == "":
        return folder or None
    here = start = real(folder)
    while here not in ("", "/"):
        if os.path.lexists(os.path.join(here, ".git")):
            return here
        here = os.path.dirname(here)
    return start


def around(path: str) -> list[str]:
    """A path and the folders it is in, from within."""
    found = [path]
    while (above := posixpath.dirname(found[-1])) not in ("", "/", ".", found[-1]) and len(found) < 40:
        found.append(above)
    return found
