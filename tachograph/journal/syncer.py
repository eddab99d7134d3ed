"""Has the disk confirm what was written, from a helper thread, so that the byte path never waits for a disk.

Works on a file descriptor somebody else owns; knows nothing of records.
"""

from __future__ import annotations

import _thread
import os
from time import sleep

EVERY = 1.0  # seconds between two syncs while there is news

_confirm = getattr(os, "fdatasync", os.fsync)


class Syncer:
    """`note(fd)` says there is news; nothing happens by itself until `start()`. `trouble` is the last error, or ""."""

    def __init__(self) -> None:
        self.pending = False  # news since the last sync began
        self.trouble = ""
        self._fd = -1
        self._started = False
        self._over = False
        self._wake = _thread.allocate_lock()
        self._wake.acquire()

    def start(self) -> None:
        """See that the helper runs. Not before the process has done its forking: threads do not survive a fork."""
        if self._started:
            return
        self._started = True
        _thread.start_new_thread(self._work, ())
        if self.pending:
            self._wake.release()

    def note(self, fd: int) -> None:
        """Something new is in `fd`. Cheap: one flag while a sync is due already."""
        if self.pending:
            return
        self._fd = fd
        self.pending = True
        if self._started:
            self._wake.release()

    def finish(self, fd: int, wait: float) -> bool:
        """Confirm everything now; False when the disk has not answered within `wait` seconds."""
        self._over = True
        if self._wake.locked():
            self._wake.release()  # so that the helper, if it waits, sees that it is over
        done = _thread.allocate_lock()
        done.acquire()

        def last() -> None:
            self.now(fd)
            done.release()

        _thread.start_new_thread(last, ())
        return done.acquire(timeout=wait)

    def now(self, fd: int) -> bool:
        """Confirm everything, in this thread, however long it takes. False when the disk refused."""
        self.pending = False
        try:
            _confirm(fd)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            return False
        return True

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            if self._over:
                return
            sleep(EVERY)
            if self._over:
                return
            self.now(self._fd)
