"""Files as the folders they lie in: what was done in each, and in everything below it. Pure."""

from __future__ import annotations

import heapq
import posixpath
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CHILDREN_MAX = 60  # of one folder that are told by themselves; what is done least is one rest
NODES_MAX = 400


class Touched(NamedTuple):
    """What was done to one file, by its whole path. Lines are None when nobody said how many; `last_at` in ns."""

    path: str
    operations: int
    reads: int
    changes: int
    failed: int
    lines_added: int | None
    lines_removed: int | None
    sessions: frozenset[str]
    agents: frozenset[str]
    last_at: int


class Node(NamedTuple):
    """A folder with all that is below it, a file, or the `rest` of a folder: the many in which little was done.

    `parent` is the path of the folder that it is told in, "" for the one that was asked for.
    """

    path: str
    parent: str
    name: str
    kind: str  # folder, file, rest
    files: int
    touched: Touched


def tree(files: Iterable[Touched], inside: str = "", depth: int = 2) -> list[Node]:
    """A folder and so many levels below it, parents before their children, of each the busiest first.

    `inside` is the folder, "" for where all files have in common. Folders with nothing but one folder in them are one
    step: `src/main/java`. The busiest folders are opened first, until there are about NODES_MAX nodes.
    """
    found = list(files)
    root = inside.rstrip("/") or _common([one.path for one in found])
    below = [one for one in found if _is_in(one.path, root)]
    if not below:
        return []
    nodes = [Node(root, "", root or "/", "folder", _count(below), _sum(root, below))]
    waiting = [(0, root, 0, below)]
    while waiting and len(nodes) < NODES_MAX:
        _, folder, level, members = heapq.heappop(waiting)
        for node, inner in _children(folder, members):
            nodes.append(node)
            if node.kind == "folder" and level + 1 < depth:
                heapq.heappush(waiting, (-node.touched.operations, node.path, level + 1, inner))
    return nodes


def _children(folder: str, files: list[Touched]) -> Iterator[tuple[Node, list[Touched]]]:
    """What is in a folder, each with the files that are in it."""
    parts: dict[str, list[Touched]] = {}
    for one in files:
        first = one.path[len(folder) :].lstrip("/").split("/", 1)[0] or "."  # a folder that was read itself
        parts.setdefault(f"{folder}/{first}" if folder or one.path.startswith("/") else first, []).append(one)
    ordered = sorted(parts.items(), key=lambda part: (-sum(one.operations for one in part[1]), part[0]))
    for path, members in ordered[:CHILDREN_MAX]:
        yield _node(path, folder, members), members
    rest = [one for _, members in ordered[CHILDREN_MAX:] for one in members]
    if rest:
        name = f"{len(ordered) - CHILDREN_MAX} more"
        yield Node(f"{folder}/…", folder, name, "rest", _count(rest), _sum(f"{folder}/…", rest)), rest


def _node(path: str, folder: str, members: list[Touched]) -> Node:
    if all(one.path in (path, folder) for one in members):
        return Node(path, folder, path.rsplit("/", 1)[-1], "file", 1, _sum(path, members))
    whole = path if any(one.path == path for one in members) else _common([one.path for one in members])
    name = whole[len(folder) :].lstrip("/")
    return Node(whole, folder, name, "folder", _count(members), _sum(whole, members))


def _common(paths: list[str]) -> str:
    """The deepest folder that all files are in."""
    folders = [posixpath.dirname(path) for path in paths]
    if not folders or len({path.startswith("/") for path in folders}) > 1:
        return ""
    return posixpath.commonpath(folders).rstrip("/")


def _is_in(path: str, root: str) -> bool:
    return not root or path == root or path.startswith(f"{root}/")


def _count(files: list[Touched]) -> int:
    return len({one.path for one in files})


def _sum(path: str, files: list[Touched]) -> Touched:
    added = [one.lines_added for one in files if one.lines_added is not None]
    removed = [one.lines_removed for one in files if one.lines_removed is not None]
    return Touched(
        path,
        sum(one.operations for one in files),
        sum(one.reads for one in files),
        sum(one.changes for one in files),
        sum(one.failed for one in files),
        sum(added) if added else None,
        sum(removed) if removed else None,
        frozenset().union(*(one.sessions for one in files)),
        frozenset().union(*(one.agents for one in files)),
        max(one.last_at for one in files),
    )
