"""A disk that fails when it is told to, and remembers what was written and what was synced.

It stands between SQLite and the real files, so everything above it is the real thing. It offers no shared memory:
connections through it keep the file to themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import apsw

Fault = Callable[[str], Exception | None]
NAME = "tests-disk"
SECTOR = 512


class Disk:
    """What happened to the files: ("write", name, offset, bytes), ("truncate", name, size), ("sync", name)."""

    def __init__(self) -> None:
        self.fault: Fault = lambda _: None
        self.log: list[tuple[object, ...]] = []

    def act(self, what: str, *details: object) -> None:
        """Raises the error of this call, if it is to have one; otherwise it happened."""
        error = self.fault(what)
        if error is not None:
            raise error
        self.log.append((what, *details))


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        self.disk = disk
        self.name = os.path.basename(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        super().__init__("unix", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self.disk.act("read", self.name)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.act("write", self.name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.act("truncate", self.name, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.disk.act("sync", self.name)  # the real disk is not asked: what is lost is decided below


class _Files(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(NAME, "unix", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:
        return _File(self.disk, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        self.disk.act("delete", os.path.basename(name))
        super().xDelete(name, sync)


@contextmanager
def inserted() -> Iterator[Disk]:
    """Every connection opened meanwhile goes through the disk that is given."""
    disk = Disk()
    files = _Files(disk)

    def alone(connection: apsw.Connection) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()

    apsw.connection_hooks.append(alone)
    try:
        yield disk
    finally:
        apsw.connection_hooks.remove(alone)
        files.unregister()


def after_power_cut(log: list[tuple[object, ...]], random: Random) -> dict[str, bytes]:
    """The files as they may be found: what was synced is there; of the rest any part, in any order, torn at sectors."""
    synced: dict[str, bytearray] = {}
    waiting: dict[str, list[tuple[object, ...]]] = {}
    for act in log:
        what, name = str(act[0]), str(act[1])
        if what in {"write", "truncate"}:
            synced.setdefault(name, bytearray())
            waiting.setdefault(name, []).append(act)
        elif what == "sync":
            for each in waiting.pop(name, []):
                _apply(synced[name], each)
        elif what == "delete":
            synced.pop(name, None)
            waiting.pop(name, None)
    for name, acts in waiting.items():
        kept = random.choice([0.0, 0.3, 0.7, 1.0])
        for each in acts:
            if random.random() < kept:
                _apply(synced[name], _torn(each, random))
    return {name: bytes(data) for name, data in synced.items()}


def _apply(data: bytearray, act: tuple[object, ...]) -> None:
    if act[0] == "truncate":
        del data[int(act[2]) :]
        return
    offset, written = int(act[2]), act[3]
    data.extend(b"\0" * (offset - len(data)))
    data[offset : offset + len(written)] = written


def _torn(act: tuple[object, ...], random: Random) -> tuple[object, ...]:
    """Perhaps only the beginning of a write."""
    if act[0] != "write" or random.random() < 0.8:
        return act
    sectors = len(act[3]) // SECTOR
    return (*act[:3], act[3][: random.randint(0, sectors) * SECTOR])
