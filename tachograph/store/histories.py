"""The files in which agents keep their sessions: how far each was read, and its bytes, so that they outlive the file.

Bytes are kept in parts that end where a line ends and where its content says so: a resumed session that repeats its
parent shares the parent's parts. Only the last part of a file still grows. Secrets are masked; `vault` has them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

import zstandard

from tachograph.errors import BadRecord
from tachograph.records import Masked
from tachograph.store import queries
from tachograph.store.output import unpack
from tachograph.store.vault import Vault
from tachograph.store.writer import Writer

_sql = queries.load("histories")
PART_MIN, PART_MAX = 128 * 1024, 512 * 1024  # bytes
_CUT_MASK = 7  # a part ends at one line in eight, once it is long enough
_SETTABLE = frozenset(
    {
        *("session", "inode", "size", "modified_at", "mark", "read_bytes", "kept_bytes", "tail", "unknown_lines"),
        *("unknown_json", "trouble", "keeps_until", "gone_at", "reader"),
    }
)


class History(NamedTuple):
    """One file (or one session of a database) as it was last seen; times in ns, `session` a row number."""

    id: int
    path: str
    reader: str
    generation: int
    session: int | None
    inode: int
    size: int
    modified_at: int
    mark: str
    read_bytes: int
    kept_bytes: int
    tail: bytes
    edition: int
    unknown_lines: int
    unknown_json: str | None
    trouble: str | None
    keeps_until: int | None
    gone_at: int | None


class Expiring(NamedTuple):
    """What an agent does with its histories; `deleted_soon` of them before the time asked for."""

    agent: str
    deleted_soon: int
    deleted: int
    kept: int
    next_at: int | None


class Histories:
    """`store.histories`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._compress = zstandard.ZstdCompressor(level=2).compress
        self.vault = Vault(writer.path)
        writer.companions.append(self.vault)

    def current(self) -> dict[str, History]:
        """Path → the file as it was last seen."""
        return {row[1]: History(*row) for row in self._connection.execute(_sql.current)}

    def all(self) -> Sequence[History]:
        """Every generation of every file, the earlier before the later."""
        return [History(*row) for row in self._connection.execute(_sql.all)]

    def get(self, path: str) -> History | None:
        row = self._connection.execute(_sql.by_path, (path,)).fetchone()
        return row and History(*row)

    def of_session(self, session_id: str) -> Sequence[History]:
        """The files that told of a session, in a fixed order."""
        return [History(*row) for row in self._connection.execute(_sql.of_session, (session_id,))]

    def beside(self, native_id: str) -> Sequence[History]:
        """Files that tell of no session, kept whole, in a folder that is named like a session by its agent."""
        return [History(*row) for row in self._connection.execute(_sql.beside, (native_id,))]

    def begin(self, path: str, reader: str) -> History:
        """Inside a transaction: a file never seen; one known by that path becomes an earlier generation."""
        self._connection.execute(_sql.retire, (path,))
        number = self._connection.execute(_sql.begin, (path, reader)).get
        return History(*self._connection.execute(_sql.by_id, (number,)).fetchone())

    def save(self, history: int, **fields: object) -> None:
        """Inside a transaction: change the named fields. Raises BadRecord for one that is not a field."""
        unknown = set(fields) - _SETTABLE
        if unknown:
            raise BadRecord(f"a history has no field {', '.join(sorted(unknown))} that can be set")
        assignments = ", ".join(f"{name} = ?" for name in fields)
        self._connection.execute(_sql.save.format(assignments=assignments), (*fields.values(), history))

    def told(self, history: int, session: int, unknown_lines: int = 0, last_at: int = 0) -> None:
        """Inside a transaction: the file tells of that session (its row number), in part not understandably, up to a
        time in ns."""
        self._connection.execute(_sql.add_session, (history, session, unknown_lines, last_at))
        self._connection.execute(_sql.count_unknown, (session,))

    def sessions(self, history: int) -> Sequence[str]:
        """Ids of the sessions a file told of."""
        return [row[0] for row in self._connection.execute(_sql.sessions, (history,))]

    def latest(self, session: int) -> int:
        """The latest time, in ns, that files as they are now tell of a session (its row number); 0 when none does."""
        return int(self._connection.execute(_sql.latest, (session,)).get)

    def append(self, history: int, data: bytes, masks: Sequence[Masked] = ()) -> None:
        """Inside a transaction: more bytes of a file, masked; `masks` with offsets inside `data`."""
        if not data:
            return
        begin = int(self._connection.execute(_sql.archived, (history,)).get)
        edition = int(self._connection.execute(_sql.edition, (history,)).get)
        self.vault.append(history, edition, begin, [mask._replace(offset=begin + mask.offset) for mask in masks])
        self._add(history, data)

    def replace(self, history: int, data: bytes, masks: Sequence[Masked] = ()) -> None:
        """Inside a transaction: the file was written anew as `data`."""
        edition = int(self._connection.execute(_sql.edition, (history,)).get)
        self.vault.replace(history, edition, masks)
        self._connection.execute(_sql.next_edition, (history,))
        blobs = [row[0] for row in self._connection.execute(_sql.drop_parts, (history,)).fetchall()]
        self._add(history, data)
        self._drop(blobs)

    def cut(self, history: int, lines: int) -> None:
        """Inside a transaction: the last bytes of a file are to be read again: those with so many line ends in them,
        from where a line begins."""
        data, last = b"", None
        for number, _, packed in self._connection.execute(_sql.last_parts, (history,)):
            data, last = unpack(packed) + data, number
            if data.count(b"\n") > lines:
                break
        if last is None:
            return
        end = len(data)
        for _ in range(lines + 1):
            end = data.rfind(b"\n", 0, end)
            if end < 0:
                break
        blobs = [row[0] for row in self._connection.execute(_sql.drop_last_parts, (history, last)).fetchall()]
        self._add(history, data[: end + 1])
        self._drop(blobs)

    def _add(self, history: int, data: bytes) -> None:
        last = self._connection.execute(_sql.last_part, (history,)).fetchone()
        number, replaced = 0, []
        if last is not None:
            number, blob, packed = last
            before = unpack(packed)
            if _may_grow(before):
                data, replaced = before + data, [blob]
            else:
                number += 1
        for part in _parts(data):
            self._connection.execute(_sql.set_part, (history, number, self._blob(part)))
            number += 1
        self._drop(replaced)

    def _drop(self, blobs: Iterable[int]) -> None:
        """Contents that no file has any more."""
        self._connection.executemany(_sql.drop_blob, [(blob,) for blob in blobs])

    def read(self, history: int, *, masked: bool = False) -> Iterator[bytes]:
        """The bytes of a file, as they were unless `masked`. Raises StoreDamaged for a part that cannot be read."""
        edition = int(self._connection.execute(_sql.edition, (history,)).get or 0)
        masks = iter([] if masked else self.vault.of(history, edition))
        mask = next(masks, None)
        position, held = 0, b""
        for (blob,) in self._connection.execute(_sql.parts, (history,)).fetchall():
            data = held + unpack(self._connection.execute(_sql.data, (blob,)).get)
            out, done, held = [], 0, b""
            while mask is not None and mask.offset < position + len(data):
                begin = mask.offset - position
                if begin + mask.length > len(data):
                    held = data[begin:]
                    break
                out += [data[done:begin], mask.original]
                done = begin + mask.length
                mask = next(masks, None)
            end = len(data) - len(held)
            out.append(data[done:end])
            position += end
            yield b"".join(out)
        if held:
            yield held

    def unknown(self, limit: int = 100) -> Sequence[History]:
        """Files with lines nobody understands, or that could not be read to their end; most first."""
        return [History(*row) for row in self._connection.execute(_sql.unknown, (limit,))]

    def expiring(self, before: int) -> Sequence[Expiring]:
        """By agent: what it will delete before a time in ns, and what it has deleted."""
        return [Expiring(*row) for row in self._connection.execute(_sql.expiring, (before,))]

    def settle(self, before: int) -> Sequence[str]:
        """End the sessions whose histories were last written before a time in ns. Returns their ids."""
        with self._writer.transaction():
            over = self._connection.execute(_sql.settle, (before,)).fetchall()
            for _, number in over:
                self._writer.touch(number)
            return [name for name, _ in over]

    def totals(self) -> dict[str, int]:
        """Files, bytes of them, bytes they take in the store, lines nobody understands."""
        row = self._connection.execute(_sql.totals).fetchone()
        names = ("histories", "bytes", "archived_bytes", "unknown_lines")
        return {name: int(value or 0) for name, value in zip(names, row, strict=True)}

    def _blob(self, data: bytes) -> int:
        digest = blake2b(data, digest_size=16).digest()
        found = self._connection.execute(_sql.blob, (digest,)).get
        if found is None:
            found = self._connection.execute(_sql.add_blob, (digest, len(data), self._compress(data))).get
        return int(found)


def _may_grow(part: bytes) -> bool:
    """Whether a stored part is not complete: the same question `_parts` asks."""
    return len(part) < PART_MIN or (len(part) < PART_MAX and not _ends(part, len(part)))


def _parts(data: bytes) -> Iterator[bytes]:
    """Cut at the first line end past PART_MIN whose line says so, at PART_MAX at the latest."""
    begin = 0
    while len(data) - begin > PART_MIN:
        end = data.find(b"\n", begin + PART_MIN - 1) + 1
        while 0 < end <= begin + PART_MAX and not _ends(data, end):
            end = data.find(b"\n", end) + 1
        if end <= 0 or end > begin + PART_MAX:
            if len(data) - begin <= PART_MAX:
                break
            end = begin + PART_MAX
        yield data[begin:end]
        begin = end
    if begin < len(data):
        yield data[begin:]


def _ends(data: bytes, end: int) -> bool:
    """Whether a part may end here: the last bytes before a line end decide, so equal content is cut alike."""
    return data[end - 1 : end] == b"\n" and zlib.crc32(data[max(0, end - 256) : end]) & _CUT_MASK == 0
