"""Appends records to the journal of one session, and never lets the session notice when that goes wrong.

append() has returned, so the bytes are in the kernel: killing this process loses nothing of them. What cannot be
written waits in a bounded backlog (backlog.py) and is tried again. Knows nothing of terminals and databases.
"""

from __future__ import annotations

import errno
import os

from tachograph import clock
from tachograph.errors import Refused
from tachograph.journal import files, frame
from tachograph.journal.backlog import Backlog
from tachograph.journal.room import Ahead, spend_ballast
from tachograph.journal.syncer import Syncer

_PIECE = 1 << 20
_RETRY = clock.SECOND // 4
_LAST_SYNC = 1.0  # seconds close() waits for a disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Journal:
    """One append-only file. Made by `create`; used by one thread at a time.

    `session_id` is what it records under, `path` where. `trouble` is why records wait right now ("" when all is
    well). `records` and `journal_bytes` count what is in the file.
    """

    def __init__(self, folder: str, session_id: str) -> None:
        self.folder = folder
        self.session_id = session_id
        self.path = os.path.join(folder, session_id + files.SUFFIX)
        self.trouble = ""
        self.records = 0
        self.journal_bytes = 0
        self._fd = -1
        self._sequence = 0
        self._torn = False
        self._backlog = Backlog()
        self._retry_at = 0
        self._syncer = Syncer()
        self._ahead = Ahead()

    @classmethod
    def create(cls, folder: str, candidates: Iterable[str]) -> Journal:
        """A new journal under the first of `candidates` (session ids, best first) that is still free.

        Always returns one: when the folder cannot be used, records wait in memory and `trouble` says why.
        """
        for session_id in candidates:
            journal = cls(folder, session_id)
            try:
                journal._open()
            except FileExistsError:
                continue
            except (OSError, Refused) as error:
                # The child is told its session id now; by the time the folder can be used the name may be taken.
                journal = cls(folder, f"{session_id}-{os.getpid()}")
                journal._failed(error)
            return journal
        raise ValueError("no session id to record under")

    @property
    def lost_bytes(self) -> int:
        """Bytes of records that will never be written."""
        return self._backlog.lost_bytes

    @property
    def lost_records(self) -> int:
        return self._backlog.lost_records

    @property
    def sync_trouble(self) -> str:
        """Why the disk did not confirm what was written; "" when it did, or was not asked."""
        return self._syncer.trouble

    def append(self, kind: bytes, at: int, body: bytes | memoryview) -> None:
        """Write one record; `at` in ns. Trouble with the file never raises: the record waits or is counted as lost."""
        if len(body) > frame.BODY_MAX or self._fd < 0 or self._torn or self._backlog:
            self._append_slowly(kind, at, body)
        elif not self._write(kind, at, body):
            self._backlog.add(kind, at, body, self.trouble)

    def keep_synced(self) -> None:
        """From now on the disk confirms news once a second. Starts a thread once: not before the last fork."""
        self._syncer.start()

    def flush(self) -> bool:
        """Try to write out what waits, now. True when nothing waits any more."""
        self._retry_at = clock.monotonic() + _RETRY
        try:
            if self._fd < 0:
                self._open()
        except (OSError, Refused) as error:
            self._failed(error)
            return False
        if self._torn:
            self._untear()
        while self._backlog:
            if not self._write(*self._backlog.first()):
                return False
            self._backlog.drop_first()
        self.trouble = ""
        return True

    def sync(self) -> bool:
        """Write out what waits and have the disk confirm it, however long that takes. False when it did not."""
        return self.flush() and self._syncer.now(self._fd)

    def settle(self) -> None:
        """No more output is to come. What of it still waits is tried once more, or else becomes a gap, for which there
        is room on a full disk, too. After this `lost_bytes` is final."""
        if self.flush():
            return
        self._backlog.give_up_streams(self.trouble)
        while self._fd >= 0 and not self.flush() and spend_ballast(self.folder):
            pass

    def close(self) -> None:
        """One last try for what waits, a last sync (waited for at most a second), and the lock is given back."""
        self.settle()
        if self._fd < 0:
            self._backlog.give_up()
            return
        while not self.flush():
            self._backlog.skip_first()  # what is behind it may be shorter
        if not self._torn:
            self._ahead.give_back(self._fd, self.journal_bytes)
        if self._syncer.finish(self._fd, _LAST_SYNC):
            os.close(self._fd)  # or else the helper still needs it, and the end of the process closes it
        self._fd = -1

    def forked(self) -> None:
        """To be called in a forked process that carries on with this journal: helper threads stayed behind."""
        self._syncer = Syncer()

    def _open(self) -> None:
        self._fd = files.create(self.path)
        try:
            self._ahead.begin(self._fd, self.folder)
        except OSError:
            pass  # whoever writes first will learn why

    def _append_slowly(self, kind: bytes, at: int, body: bytes | memoryview) -> None:
        for start in range(0, max(len(body), 1), _PIECE):
            piece = body[start : start + _PIECE] if kind in frame.STREAMS else body
            self._backlog.add(kind, at, piece, self.trouble)
            if piece is body:
                break
        if not self.trouble or clock.monotonic() >= self._retry_at:
            self.flush()

    def _write(self, kind: bytes, at: int, body: bytes | memoryview) -> bool:
        """One frame, whole or not at all. Output leaves some room for what matters more."""
        head = frame.head(kind, at, body, self._sequence + 1)
        end = self.journal_bytes
        try:
            if kind in frame.STREAMS and end + len(head) + len(body) > self._ahead.streams_end:
                self._ahead.reach(self._fd, end, len(head) + len(body))
            written = files.write(self._fd, head, body)
        except OSError as error:
            self._failed(error)
            return False
        if written != len(head) + len(body):
            self._failed(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            self._untear()
            return False
        self._sequence += 1
        self.records += 1
        self.journal_bytes += written
        self._syncer.note(self._fd)
        return True

    def _untear(self) -> None:
        """A frame went in only in part: take it out, so that the file stays whole frames."""
        try:
            os.ftruncate(self._fd, self.journal_bytes)
            self._ahead.lost()
            self._torn = False
            return
        except OSError:
            pass
        # Not even that (an append-only file, a failing disk). On the next try leave the piece behind: readers step
        # over it, and what follows must not be cut away with it later.
        if self._torn:
            self.journal_bytes = os.lseek(self._fd, 0, os.SEEK_END)
        self._torn = not self._torn

    def _failed(self, error: OSError | Refused) -> None:
        self.trouble = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self._retry_at = clock.monotonic() + _RETRY
