"""What setting up an agent would write: files as they are and as they would be. Writing them, and taking it back.

We only ever insert. What we inserted is known by where it lies as long as nobody else has written to the file; then
taking it out restores the file byte by byte. Otherwise the agent's own module finds our parts in it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from tachograph.errors import Refused, UsageError

Runs = list[tuple[int, int]]  # (start, length) in the text that was written


class Edit(NamedTuple):
    """One file. `before` is None when there is none; `after` is None when it shall go."""

    path: str
    before: str | None
    after: str | None
    private: bool = True  # 0600 when it is made


class Plan(NamedTuple):
    """`left` says, in sentences for the user, what is not touched and why."""

    edits: list[Edit]
    left: list[str] = []  # noqa: RUF012  # never changed


class Written(NamedTuple):
    """What was written to one file, and how to take it back while the file is as we left it."""

    path: str
    digest: str  # of the file as we left it
    runs: Runs
    made: bool  # there was no file
    folders: list[str]  # that were made for it, the innermost first


def read(path: str) -> str | None:
    """The text of a file; None when there is none. Refused when it is no text or cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"{path} cannot be read: {reason}", "look at the file; nothing was written") from None


def write(edit: Edit) -> Written:
    """Make it so. Refused when the file is another one by now, or cannot be written."""
    if read(edit.path) != edit.before:
        raise Refused(f"{edit.path} was changed by somebody else just now", "try again; nothing was written to it")
    assert edit.after is not None
    try:
        folders = _make_folders(os.path.dirname(edit.path))
        _replace(edit.path, edit.after, 0o600 if edit.private else 0o644)
    except OSError as error:
        raise Refused(
            f"{edit.path} cannot be written: {error.strerror}", "look at the folder's owner and mode"
        ) from None
    return Written(edit.path, digest(edit.after), inserted(edit.before or "", edit.after), edit.before is None, folders)


def undone(written: Written, find_ours: Callable[[str], str]) -> Edit | None:
    """The edit that takes it back; None when nothing of ours is there any more.

    `find_ours` gives a text without our parts, for a file that somebody else has changed since.
    """
    found = read(written.path)
    if found is None:
        return None
    if digest(found) == written.digest:
        left = without(found, written.runs)
        return Edit(written.path, found, None if written.made and not left.strip() else left)
    left = find_ours(found)
    if left == found:
        return None
    return Edit(written.path, found, None if written.made and left.strip() in ("", "{}") else left)


def take_back(edit: Edit, written: Written) -> None:
    """Write an edit of `undone`; folders that were made for the file go with it when they are empty."""
    if read(edit.path) != edit.before:
        raise Refused(f"{edit.path} was changed by somebody else just now", "try again")
    try:
        if edit.after is not None:
            _replace(edit.path, edit.after, 0o600)
            return
        os.unlink(os.path.realpath(edit.path))
    except OSError as error:
        raise Refused(
            f"{edit.path} cannot be written: {error.strerror}", "look at the folder's owner and mode"
        ) from None
    for folder in written.folders:
        try:
            os.rmdir(folder)
        except OSError:
            break


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def inserted(before: str, after: str) -> Runs:
    """Where in `after` stands what is not in `before`. Raises UsageError when something of `before` is missing."""
    runs: Runs = []
    position = 0
    for index, char in enumerate(after):
        if position < len(before) and before[position] == char:
            position += 1
        elif runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    if position != len(before):
        raise UsageError("an edit may only insert", "this is a mistake in Tachograph")
    return runs


def without(text: str, runs: Runs) -> str:
    """`text` without those runs."""
    pieces, position = [], 0
    for start, length in runs:
        pieces.append(text[position:start])
        position = start + length
    return "".join(pieces) + text[position:]


def _make_folders(path: str) -> list[str]:
    made = []
    while path and not os.path.isdir(path):
        made.append(path)
        path = os.path.dirname(path)
    for folder in reversed(made):
        os.mkdir(folder, 0o700)
    return made


def _replace(path: str, text: str, mode: int) -> None:
    """Beside it, then renamed: a reader sees the old file or the new one. Links stay links; mode and owner stay."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise Refused(f"{path} is not a file", "settings are kept in files; nothing was changed")
    owner = None
    try:
        found = os.stat(path)
        mode = stat.S_IMODE(found.st_mode)
        owner = found.st_uid, found.st_gid
        if not (mode & 0o222 and os.access(path, os.W_OK)):  # a new file in its place would need no leave
            raise Refused(f"{path} may not be written to", "chmod u+w allows it; nothing was changed")
    except FileNotFoundError:
        pass
    fresh = f"{path}.{os.getpid()}.tachograph"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if owner and owner != (os.stat(fresh).st_uid, os.stat(fresh).st_gid) and hasattr(os, "chown"):
            os.chown(fresh, *owner)  # as root, or in a folder that hands down its group
        os.chmod(fresh, mode)
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise
