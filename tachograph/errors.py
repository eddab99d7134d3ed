"""What can go wrong, as a family tree. Nothing here does any work.

    TachographError            1  failed
    ├── UsageError             2  the words of the call are off
    ├── NotFound               3  no such session, event, rule, file
    ├── Refused                4  locked by another process, or not allowed
    │   └── TooSlow            4  a question took longer than it may
    ├── VerificationFailed     5  a record is not what it was
    └── StoreError             1  the database file cannot be used
        ├── StoreBusy          4  still locked after every retry
        ├── StoreDamaged       5  not a database, or a damaged one
        └── StoreTooNew        1  written by a later version

Every error carries a `hint`: the next thing to do, as a command where there is one. The number is the exit code
of the command line.
"""

from __future__ import annotations


class TachographError(Exception):
    """`str(error)` says what happened; `error.hint` says what to do next ("" when there is nothing to add)."""

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(TachographError):
    exit_code = 2
    code = "usage"


class NotFound(TachographError):
    exit_code = 3
    code = "not_found"


class Refused(TachographError):
    exit_code = 4
    code = "refused"


class TooSlow(Refused):
    """A question was given up: it took longer than it may."""

    code = "too_slow"


class VerificationFailed(TachographError):
    exit_code = 5
    code = "verification_failed"


class StoreError(TachographError):
    code = "store"


class StoreBusy(StoreError):
    exit_code = 4
    code = "busy"


class StoreDamaged(StoreError):
    exit_code = 5
    code = "damaged"


class StoreTooNew(StoreError):
    code = "too_new"


class BadRecord(UsageError):
    """A row that cannot be stored; nothing of its batch was written."""

    code = "bad_record"
