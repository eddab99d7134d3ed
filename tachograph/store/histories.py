"""The files in which agents keep their sessions: how far each was read, and its bytes, so that they outlive the file.

Bytes are kept in parts (`archive`): a resumed session that repeats its parent shares the parent's. Only the last part
of a file still grows. Secrets are masked; `vault` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from tachograph import clock
from tachograph.errors import BadRecord
from tachograph.records import Masked
from tachograph.store import archive, queries
from tachograph.store.vault import Vault
from tachograph.store.writer import Writer

_sql = queries.load("histories")
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


class Histories:
    """`store.histories`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection
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
        archive.drop(self._connection, blobs)

    def cut(self, history: int, lines: int) -> None:
        """Inside a transaction: the last bytes of a file are to be read again: those with so many line ends in them,
        from where a line begins."""
        data, last, contents = b"", None, archive.Reader(self._connection)
        for number, blob in self._connection.execute(_sql.last_parts, (history,)):
            data, last = contents.read(blob) + data, number
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
        archive.drop(self._connection, blobs)

    def _add(self, history: int, data: bytes) -> None:
        last = self._connection.execute(_sql.last_part, (history,)).fetchone()
        number, replaced = 0, []
        if last is not None:
            number, blob = last
            before = archive.Reader(self._connection).read(blob)
            if archive.may_grow(before):
                data, replaced = before + data, [blob]
            else:
                number += 1
        blobs = archive.add(self._connection, list(archive.parts(data)))
        self._connection.executemany(_sql.set_part, [(history, number + at, blob) for at, blob in enumerate(blobs)])
        archive.drop(self._connection, replaced)

    def delete(self, history: History) -> None:
        """Inside a transaction: a file's bytes and secrets go; it is not imported again before `allow`."""
        self.vault.forget(history.id)
        blobs = [row[0] for row in self._connection.execute(_sql.drop_parts, (history.id,)).fetchall()]
        archive.drop(self._connection, blobs)
        archive.detach(self._connection, blobs)
        for sql in (_sql.drop_told, _sql.drop):
            self._connection.execute(sql, (history.id,))
        self._connection.execute(_sql.add_deleted, (history.path, clock.now()))

    def deleted(self) -> Set[str]:
        """Paths of files that are not to be imported, as sessions that they told of were deleted."""
        return {path for (path,) in self._connection.execute(_sql.deleted)}

    def is_deleted(self, path: str) -> bool:
        return self._connection.execute(_sql.is_deleted, (path,)).get is not None

    def allow(self, path: str) -> bool:
        """A file, or every session of a database, may be imported again; False when it always could. A database is then
        read anew."""
        with self._writer.transaction():
            found = self._connection.execute(_sql.drop_deleted, (path,)).fetchall()
            if found:
                self._connection.execute(_sql.look_again, (path,))
        return bool(found)

    def read(self, history: int, *, masked: bool = False) -> Iterator[bytes]:
        """The bytes of a file, as they were unless `masked`. Raises StoreDamaged for a part that cannot be read."""
        edition = int(self._connection.execute(_sql.edition, (history,)).get or 0)
        masks = iter([] if masked else self.vault.of(history, edition))
        mask = next(masks, None)
        position, held, contents = 0, b"", archive.Reader(self._connection)
        for (blob,) in self._connection.execute(_sql.parts, (history,)).fetchall():
            data = held + contents.read(blob)
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

    def settle(self, before: int) -> Sequence[str]:
        """End the sessions whose histories were last written before a time in ns; a day later, where the user was asked
        for a permission. Returns their ids."""
        with self._writer.transaction():
            over = self._connection.execute(_sql.settle, (before, before - clock.DAY)).fetchall()
            for _, number in over:
                self._writer.touch(number)
            return [name for name, _ in over]
