"""The ledger: a seal for every row of the public tables that was written through Tachograph, in one chain.

A seal is made in the transaction that writes the row; the head of the chain is signed just before and just after the
commit. A row that is changed on purpose is sealed again, one that is removed on purpose leaves a tombstone. Rows
written past us have no seal: `verify` lists them and claims nothing of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from tachograph import clock
from tachograph.errors import BadRecord, StoreError
from tachograph.proof.chain import BEGINNING, Entry, holds, link
from tachograph.proof.checking import check
from tachograph.proof.heads import BEGUN, DONE, Head, Heads
from tachograph.proof.report import Problem, Report, Unsealed
from tachograph.proof.signing import Verifier, existing_signer
from tachograph.store import queries, sealed_rows, session_digests
from tachograph.store.writer import Writer

_sql = queries.load("ledger")
SEALED = sealed_rows.SEALED
SESSIONS = "sessions"  # sealed as a whole: see store/seals.py


class Ledger:
    """`store.ledger`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection
        self.heads = Heads(writer.path)

    def seal(self, table: str, rows: Iterable[int]) -> None:
        """Seal rows as they are now; inside the transaction that wrote or changed them.

        Raises BadRecord when one has no canonical JSON (an integer beyond 2^53, half a character).
        """
        digests = []
        for row in rows:
            digest = sealed_rows.digest(self._connection, table, row)
            if digest is None:
                raise BadRecord(f"{table} has no row {row} to seal")
            digests.append((row, digest))
        self._append(table, digests, gone=0)

    def seal_digest(self, name: str, row: int, digest: bytes) -> None:
        """Seal what has a digest of another kind; nothing is added when it is sealed as that already."""
        last = self._connection.execute(_sql.last_of_row, (name, row)).fetchone()
        if last is None or last[1] or last[0] != digest:
            self._append(name, [(row, digest)], gone=0)

    def bury(self, table: str, rows: Iterable[int]) -> None:
        """Leave tombstones for sealed rows that are about to be removed on purpose; others need none."""
        found = []
        for row in rows:
            last = self._connection.execute(_sql.last_of_row, (table, row)).fetchone()
            if last is not None and not last[1]:
                found.append((row, last[0]))
        self._append(table, found, gone=1)

    def restored(self, reason: str) -> None:
        """Say in the heads that the store was put back to what it holds now; what was signed beyond that is void."""
        number, hash = self._last()
        self.heads.append(number, hash, reason)

    def begin(self) -> None:
        """Sign the empty chain, so that no heads at all is never honest."""
        self.heads.append(0, BEGINNING)

    def entries(self, *, after: int = 0) -> Iterator[tuple[int, int, str, int, bytes, int, bytes]]:
        """All seals in order, each the fields of an Entry."""
        for number, at, name, row, digest, gone, hash in self._connection.execute(_sql.entries, (after,)):
            yield number, at, _decoded(name), row, digest, gone, hash

    def row(self, table: str, row: int) -> dict[str, object] | None:
        """What is sealed of a row: names and values as they stand in the table; None when it is gone."""
        return sealed_rows.row(self._connection, table, row)

    def seal_of(self, table: str, row: int) -> tuple[Entry | None, Problem | None]:
        """The newest seal of a row, None when it has none, and what is wrong with it; `verify` asks about the rest."""
        found = self._connection.execute(_sql.seal_of, (table, row)).fetchone()
        if found is None:
            return None, None
        entry = Entry(*found)
        before = self._connection.execute(_sql.hash_of, (entry.number - 1,)).get
        if not holds(BEGINNING if entry.number == 1 else bytes(before or b""), entry):
            return entry, Problem("broken_chain", entry.number, table, row, f"entry {entry.number} was changed")
        if entry.gone or not sealed_rows.fits(self._connection, table, row, entry.digest):
            return entry, Problem("changed", entry.number, table, row, f"{table} {row} is not what was sealed")
        return entry, None

    def reach(self) -> tuple[int, int]:
        """How far the chain goes, and how far it is signed or announced: numbers of entries. Raises StoreError."""
        number, _ = self._last()  # first: what is written meanwhile is signed later
        return number, max((head.number for head in self.heads.read()), default=0)

    def verify(self, key: Verifier | None = None, elsewhere: Sequence[Head] = ()) -> Report:
        """Compare every row with its seal, the seals with each other, the chain with its signed heads.

        `key`: whose signatures count; without one that of this installation, and without that none is checked.
        `elsewhere`: heads that were kept outside of this machine, or at least of this folder.
        """
        key = key or existing_signer(self.heads.config)
        own = self.heads.read()  # what was signed by now is in what is read below
        with self._reading():
            self._last()
            chain = check(self.entries(), own, key, self.heads.read(), elsewhere)
            problems = list(chain.problems)
            rows = tombstones = 0
            unsealed = []
            for table in SEALED:
                compared, gone, wrong, never = self._compare(table)
                rows, tombstones = rows + compared, tombstones + gone
                problems += wrong
                unsealed += never
            compared, gone, wrong, past, waiting = self._sessions()
            rows, tombstones = rows + compared, tombstones + gone
            problems += [*wrong, *self._memories()]
            unsealed += past
            problems.sort(key=lambda problem: (problem.number is None, problem.number or 0))
            return Report(
                chain.entries, rows, tombstones, len({*own, *elsewhere}), chain.unanchored, chain.signed_at,
                key.key_id if key else None, chain.restored, problems, unsealed, waiting,
            )  # fmt: skip

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """One state of the database for all questions."""
        if self._connection.in_transaction:
            yield
            return
        with self._connection:
            yield

    def _compare(self, table: str) -> tuple[int, int, list[Problem], list[Unsealed]]:
        """Rows compared, tombstones among them, what is wrong, what was never sealed."""
        wrong: list[Problem] = []
        tombstones = 0
        comparison = sealed_rows.Comparison(self._connection, table)
        for number, row, digest, gone, there in comparison.suspects():
            tombstones += gone
            if gone and there:
                text = f"{table} {row} was removed, and is there again"
                wrong.append(Problem("changed", number, table, row, text))
            elif not there and not gone and not sealed_rows.archived(self._connection, table, row, digest):
                wrong.append(Problem("missing", number, table, row, f"{table} {row} is missing"))
            elif there and not gone and not sealed_rows.fits(self._connection, table, row, digest):
                text = f"{table} {row} is not what was sealed"
                wrong.append(Problem("changed", number, table, row, text))
        never = comparison.without_seal()
        return comparison.rows, tombstones, wrong, [Unsealed(table, len(never), never[:100])] if never else []

    def _memories(self) -> list[Problem]:
        """Memories that are not what their newest version says: only with its triggers switched off can that be."""
        return [
            Problem(
                "changed", None, "agent_memory", row, f"the memory of {agent!r} is not what its newest version says"
            )
            for row, agent in self._connection.execute(_sql.memories)
        ]

    def _sessions(self) -> tuple[int, int, list[Problem], list[Unsealed], Unsealed | None]:
        """The same for sessions; besides, those that were written past us, and those that wait for their next seal."""
        wrong: list[Problem] = []
        rows = tombstones = 0
        past, waiting = list[int](), list[int]()
        for row, waits in self._connection.execute(_sql.sessions_never_sealed):
            (waiting if waits else past).append(row)
        for number, row, digest, gone, there, waits in self._connection.execute(_sql.newest_of_sessions).fetchall():
            rows += 1
            tombstones += gone
            if gone and there:
                wrong.append(
                    Problem("changed", number, SESSIONS, row, f"session {row} was removed, and is there again")
                )
            elif not gone and not there:
                wrong.append(Problem("missing", number, SESSIONS, row, f"session {row} is missing"))
            elif not gone and waits:
                waiting.append(row)
            elif not gone and session_digests.digest(self._connection, row) != digest:
                text = f"session {row} ({self._name(row)}) is not what was sealed: its row, its events or its output"
                wrong.append(Problem("changed", number, SESSIONS, row, text))
        return rows, tombstones, wrong, [_listed(past)] if past else [], _listed(waiting) if waiting else None

    def _name(self, session: int) -> str:
        return str(self._connection.execute(_sql.session_name, (session,)).get)

    def _last(self) -> tuple[int, bytes]:
        found = self._connection.execute(_sql.last).fetchone()
        return (0, BEGINNING) if found is None else (int(found[0]), bytes(found[1]))

    def _append(self, table: str, digests: Sequence[tuple[int, bytes]], gone: int) -> None:
        if not digests:
            return
        number, previous = self._last()
        if number == 0:
            with contextlib.suppress(OSError, StoreError):
                self.begin()
        added = []
        for row, digest in digests:
            number, at = number + 1, clock.now()
            previous = link(previous, number, at, table, row, digest, gone)
            added.append((number, at, table, row, digest, gone, previous))
        self._connection.executemany(_sql.add, added)
        self._writer.before_commit("head", lambda: self._sign(BEGUN))
        self._writer.after_commit("head", lambda: self._sign(DONE))

    def _sign(self, phase: str) -> None:
        """Before the commit and after it: an entry that nobody announced was put in, a head that came true and is not
        there any more was cut off. A head that cannot be written stops nobody; `verify` shows it."""
        with contextlib.suppress(OSError, StoreError):
            self.heads.append(*self._last(), phase=phase)


def _listed(sessions: list[int]) -> Unsealed:
    return Unsealed(SESSIONS, len(sessions), sorted(sessions)[:100])


@lru_cache(64)
def _decoded(name: bytes) -> str:
    """What somebody made no text of is told all the same."""
    return name.decode(errors="replace")
