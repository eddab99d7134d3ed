"""Signed heads of the chain, in a file outside the database: what makes a cut tail and a rewritten chain show.

`heads.log` is one JSON object a line, appended by one `write`: `{"at","hash","key","number","phase","reason",
"signature"}`. The signature is ed25519 over the canonical JSON of the other six. Each commit has two: `begun` just
before it and `done` just after it, so that whoever is killed between them has announced what is there.
A head with a `reason` begins anew: what was signed before and lies beyond its number is void (a restored copy).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import msgspec

from tachograph import clock, paths
from tachograph.errors import StoreError
from tachograph.proof.canonical import canonical_row
from tachograph.proof.signing import Signer, Verifier, signer

BEGUN, DONE = "begun", "done"


class Head(NamedTuple):
    """How far the chain reached at some time, or was about to, as signed then."""

    number: int
    hash: str  # hex
    at: str  # ISO
    key: str  # id of the signing key
    reason: str  # "" but where the chain was put back
    signature: str  # hex
    phase: str = DONE

    def signed_by(self, key: Verifier) -> bool:
        try:
            signature = bytes.fromhex(self.signature)
        except ValueError:
            return False
        return key.verify(signature, _message(self.number, self.hash, self.at, self.key, self.reason, self.phase))


class Heads:
    """The heads of one database. Nothing is made before the first one is signed."""

    def __init__(self, database: str) -> None:
        where = paths.places(database)
        name = os.path.basename(where.database)
        self.path = os.path.join(where.data, "heads.log" if name == paths.DATABASE else f"{name}.heads.log")
        self.config = where.config
        self._signer: Signer | None = None

    def append(self, number: int, hash: bytes, reason: str = "", phase: str = DONE) -> None:
        """Sign how far the chain reaches. Raises StoreError when there is no key and none can be made, OSError."""
        self._signer = self._signer or signer(self.config)
        at = clock.iso(clock.now())
        fields = {
            "at": at, "hash": hash.hex(), "key": self._signer.key_id, "number": number, "phase": phase,
            "reason": reason,
        }  # fmt: skip
        fields["signature"] = self._signer.sign(canonical_row(fields)).hex()
        flags = os.O_CREAT | os.O_APPEND | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.path, flags, 0o600)
        try:
            end = os.lseek(handle, 0, os.SEEK_END)
            torn = end > 0 and _last_byte(handle, end) != b"\n"  # somebody was killed while writing the line before
            os.write(handle, (b"\n" if torn else b"") + canonical_row(fields) + b"\n")
        finally:
            os.close(handle)

    def read(self) -> Sequence[Head]:
        """All heads, oldest first; lines that are none are left out: a head that cannot be read proves nothing.
        Raises StoreError when something else than a file of our own lies there."""
        return heads_of(self._lines())

    def newest(self) -> bytes | None:
        """The line of the newest head that is done, to be kept somewhere else; None when nothing was signed yet. Raises
        StoreError as `read` does."""
        lines = [line.strip() for line in self._lines()]
        done = (line for line in reversed(lines) if (head := _head(line)) is not None and head.phase == DONE)
        return next(done, None)

    def _lines(self) -> Sequence[bytes]:
        """Never a link's, a pipe's or a device's, where reading might not end: those are not written to either."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            with open(self.path, "rb", opener=lambda path, _: os.open(path, flags)) as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return file.readlines()
                problem = "it is not a file"
        except FileNotFoundError:
            return []
        except OSError as error:
            problem = error.strerror or "it cannot be opened"
        hint = "move it away, put the file of signed heads back; or say why it is gone: tachograph audit restored"
        raise StoreError(f"cannot read {self.path} ({problem})", hint)


def heads_of(lines: Iterable[bytes]) -> Sequence[Head]:
    """The heads among some lines, in their order."""
    return [head for line in lines if (head := _head(line)) is not None]


def _last_byte(handle: int, end: int) -> bytes:
    os.lseek(handle, end - 1, os.SEEK_SET)
    return os.read(handle, 1)


def _message(number: int, hash: str, at: str, key: str, reason: str, phase: str) -> bytes:
    return canonical_row({"at": at, "hash": hash, "key": key, "number": number, "phase": phase, "reason": reason})


class _Line(msgspec.Struct):
    number: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]  # what canonical JSON has
    hash: str
    at: str
    key: str
    signature: str
    reason: str
    phase: str


def _head(line: bytes) -> Head | None:
    try:
        found = msgspec.json.decode(line, type=_Line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return Head(found.number, found.hash, found.at, found.key, found.reason, found.signature, found.phase)
