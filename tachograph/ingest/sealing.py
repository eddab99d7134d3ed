"""Sealing what has gone quiet: sessions are sealed, and those that are over get their receipt.

Runs when nothing else is to be done: digests are computed before the transaction, which only writes what still fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tachograph import clock
from tachograph.store import Store
from tachograph.store.seals import Waiting
from tachograph.store.session_digests import Content

if TYPE_CHECKING:  # imported when there is something to seal
    from tachograph.analyse.objectives import Verdict

QUIET = 60 * clock.SECOND  # a session that still changes is sealed when it pauses
_GROUP = 50  # sessions in one transaction
_LONG = clock.SECOND // 2  # of reading, and what was read is written


def seal_quiet(store: Store, *, stop: Callable[[], bool] = lambda: False, quiet: int = QUIET) -> int:
    """Seal what changed and is quiet now, the smallest sessions first, until `stop` says so. Returns how many.

    Raises StoreError.
    """
    sealed = 0
    while not stop():
        waiting = store.seals.waiting(clock.now() - quiet, _GROUP)
        if not waiting:
            break
        from tachograph.ingest import objectives

        verdicts = objectives.sessions_ended(store, [one.id for one in waiting if one.ended])
        if verdicts:
            waiting = store.seals.anew(waiting)  # what was missed is an event of its session: sealed with it
        done = _seal_some(store, waiting, verdicts, stop)
        sealed += done
        if not done:  # all of them have changed meanwhile, or we were told to stop
            break
    return sealed


def _seal_some(
    store: Store, waiting: Sequence[Waiting], verdicts: Mapping[str, list[Verdict]], stop: Callable[[], bool]
) -> int:
    begun, read = clock.monotonic(), list[tuple[Waiting, Content]]()
    for one in waiting:
        if read and (stop() or clock.monotonic() - begun > _LONG):
            break
        read.append((one, store.seals.content(one.session)))
    with store.transaction():
        return sum(_seal_one(store, one, content, verdicts.get(one.id, [])) for one, content in read)


def _seal_one(store: Store, one: Waiting, content: Content, verdicts: Sequence[Verdict]) -> bool:
    if not store.seals.seal(one, content):
        return False
    if one.ended:
        from tachograph.ingest import receipts

        receipts.renew(store, store.sessions.get(one.id), content, verdicts=verdicts)
    return True
