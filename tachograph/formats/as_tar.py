"""Files → one tar archive that depends on nothing but their names and bytes: no times, no owners, no disk order."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence

_BLOCK = 512
_RECORD = 10240

Member = tuple[str, Callable[[], Iterable[bytes]]]  # a name, and the bytes, which are asked for twice


def archive(members: Sequence[Member]) -> Iterator[bytes]:
    """The archive in pieces, members in the order given, readable by their owner only."""
    written = 0
    for name, read in members:
        info = tarfile.TarInfo(name)
        info.mode = 0o600
        info.size = sum(map(len, read()))
        header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        yield header
        yield from read()
        padding = -info.size % _BLOCK
        yield b"\0" * padding
        written += len(header) + info.size + padding
    end = 2 * _BLOCK
    yield b"\0" * (end + -(written + end) % _RECORD)


def names(paths: Sequence[str]) -> list[str]:
    """Names for files in an archive: what tells their paths apart; the same path once more gets a number."""
    folders = [os.path.dirname(path) for path in paths]
    common = os.path.commonpath(folders) if folders and all(map(os.path.isabs, folders)) else ""
    seen: dict[str, int] = {}
    named = []
    for path in paths:
        name = os.path.relpath(path, common) if common else path.lstrip("/")
        seen[name] = seen.get(name, 0) + 1
        named.append(f"{name}.{seen[name]}" if seen[name] > 1 else name)
    return named
