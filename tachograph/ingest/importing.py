"""Importing histories on demand: all of this machine, one agent's, or files that somebody names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tachograph import clock
from tachograph.errors import NotFound, Refused
from tachograph.ingest import discover, spawn
from tachograph.ingest.discover import RUNNING, Candidate
from tachograph.ingest.histories import LOCK, Histories, Report
from tachograph.ingest.sealing import seal_quiet
from tachograph.paths import Places
from tachograph.readers.reading import Shape
from tachograph.readers.registry import MODULES, UNREAD, reader
from tachograph.store import Store
from tachograph.store.histories import History

if TYPE_CHECKING:  # imported when there is something to read: `histories`
    from tachograph.extract.rules import Rules
    from tachograph.ingest.ahead import Ahead

GROUP = 4 << 20  # bytes of files that share a transaction
Progress = Callable[[int, int, Report], None]  # files done, files in all, what they came to


def candidates(words: Sequence[str], home: str, environment: Mapping[str, str]) -> list[Candidate]:
    """What `words` name: nothing (all agents), names of agents, files and folders. Newest first.

    Raises NotFound for a word that is none of them.
    """
    if not words:
        return discover.on_this_machine(home, environment)
    found: dict[str, Candidate] = {}
    for word in words:
        if word in discover.agents() and not os.path.exists(word):
            listed = discover.on_this_machine(home, environment, word)
        elif os.path.exists(word):
            listed = discover.below(os.path.abspath(word))
        else:
            known = ", ".join(discover.agents())
            raise NotFound(f"{word!r} is neither a file nor an agent", f"agents with a reader: {known}")
        found |= {one.path: one for one in listed}
    return sorted(found.values(), key=lambda one: -one.modified_at)


def import_all(
    store: Store, places: Places, wanted: Sequence[Candidate], progress: Progress, complaints: list[str]
) -> Report:
    """Import what changed of `wanted`. Raises Refused when another process does it, StoreError."""
    with _alone(places):
        histories = Histories(store, partial(_rules, places))
        total, wanted = _restored(store, wanted, complaints)
        histories.allow(wanted)
        histories.refresh(wanted)
        todo = [one._replace(final=True) for one in histories.changed(wanted)]
        deleted = store.histories.deleted()
        total += Report(files=len(wanted) - len(todo), deleted=sum(one.name in deleted for one in wanted))
        done = 0
        for group in groups(_read(todo, histories)):
            small = sum(candidate.size for candidate, _ in group) <= GROUP  # a larger one commits as it is read
            with store.transaction() if small else contextlib.nullcontext():
                for candidate, ahead in group:
                    total += histories.take(candidate, ahead)
                    done += 1
                    progress(done, len(todo), total)
        store.histories.settle(clock.now() - RUNNING)
        store.workflows.settle()
        seal_quiet(store)
        complaints += histories.complaints
        return total


def _rules(places: Places) -> Rules:
    from tachograph.ingest.own_rules import load_rules

    return load_rules(places)


def _restored(store: Store, wanted: Sequence[Candidate], complaints: list[str]) -> tuple[Report, Sequence[Candidate]]:
    """What we exported ourselves goes in as it was; the others are left. No agent has such files in its places."""
    if all(one.modules for one in wanted):
        return Report(), wanted
    from tachograph.ingest import restoring

    return restoring.take(store, wanted, complaints)


def _read(todo: Sequence[Candidate], histories: Histories) -> Iterator[tuple[Candidate, Ahead | None]]:
    if todo:
        from tachograph.ingest.ahead import read_ahead

        yield from read_ahead(todo, lambda one: not histories.knows(one))


def groups(wanted: Iterable[tuple[Candidate, Ahead | None]]) -> Iterator[list[tuple[Candidate, Ahead | None]]]:
    """Small files share a transaction: committing costs more than reading them."""
    group: list[tuple[Candidate, Ahead | None]] = []
    size = 0
    for one in wanted:
        if group and size + one[0].size > GROUP:
            yield group
            group, size = [], 0
        group.append(one)
        size += one[0].size
        if size > GROUP:  # the parts of a large file are not waited for
            yield group
            group, size = [], 0
    if group:
        yield group


def reparse(store: Store, places: Places, words: Sequence[str], progress: Progress) -> Report:
    """Run today's readers over what is archived. Steps told again change where they lie; nothing is doubled.

    `words`: agents or paths of files as they were; none: everything. Raises NotFound when that is nothing, Refused when
    another process imports histories.
    """
    agents = set(words) & set(discover.agents())
    files = {os.path.abspath(word) for word in words if word not in agents}
    chosen = [
        one
        for one in store.histories.all()
        if (one.reader in MODULES or one.reader == UNREAD)
        and (not words or reader(one.reader).name in agents or not files.isdisjoint((one.path, _file(one.path))))
        and one.kept_bytes
    ]
    if words and not chosen:
        raise NotFound(f"nothing is archived of {', '.join(words)}", "`tachograph import` archives what agents wrote")
    with _alone(places):
        rules = _rules(places)
        total = Report()
        for number, one in enumerate(chosen, 1):
            total += _reparsed(store, rules, one)
            progress(number, len(chosen), total)
        return total


def _file(path: str) -> str:
    """The file that a session of a database is in."""
    return path.rpartition("#")[0]


def _reparsed(store: Store, rules: Rules, history: History) -> Report:
    module = history.reader or _known_by_now(store, history)
    if module is None:
        return Report(1, unread=1)
    from tachograph.ingest.history_import import HistoryImport

    item = HistoryImport(store, rules, history.path, module, history)
    item.read_archive()
    return Report(1, 1, history.kept_bytes, sessions=frozenset(item.sessions))


def _known_by_now(store: Store, history: History) -> str | None:
    """Who reads what nobody could when it was archived."""
    from tachograph.ingest.whose import beginning_of

    module = beginning_of(store.histories.read(history.id, masked=True), history.path).module
    return None if module is None or reader(module).shape in (Shape.DATABASE, Shape.FOLDER) else module


@contextlib.contextmanager
def _alone(places: Places) -> Iterator[None]:
    lock = spawn.take_lock(places, LOCK)
    if lock is None:
        raise Refused("another process imports histories", "`tachograph up` does it all the time; try again later")
    try:
        yield
    finally:
        os.close(lock)


class Original(NamedTuple):
    """A file that told of a session. `secrets` were masked in it and come back unless asked otherwise."""

    path: str
    size: int  # bytes, as it was
    secrets: int
    read: Callable[[], Iterator[bytes]]


def originals(store: Store, session_id: str, *, masked: bool = False) -> list[Original]:
    """The files that told of a session, as they were, in a fixed order. Raises NotFound when there is none."""
    found = [one for one in store.histories.of_session(session_id) if one.kept_bytes]
    found += store.histories.beside(store.sessions.get(session_id).copilot_session_id or session_id)
    if not found:
        raise NotFound(
            f"{session_id} has no history of its agent's own", "only sessions that were imported have one to export"
        )
    return [file for one in found for file in _originals(store, one, masked)]


def archived(store: Store, path: str, *, masked: bool = False) -> list[Original]:
    """One file of an agent's by its path, whatever it is; empty when it is not kept."""
    found = store.histories.get(os.path.abspath(path))
    return _originals(store, found, masked) if found is not None and found.kept_bytes >= found.size >= 0 else []


def _originals(store: Store, one: History, masked: bool) -> list[Original]:
    """A file, or those of a folder by path."""
    if one.reader in MODULES and reader(one.reader).shape is Shape.FOLDER and one.kept_bytes:
        from tachograph.ingest.bundles import Folder

        folder = Folder(store, one, masked=masked)
        secrets = folder.secrets
        return [
            Original(path, size, secrets[path], partial(folder.read, path)) for path, size in folder.paths().items()
        ]
    secret = len(store.histories.vault.of(one.id, one.edition))
    return [Original(one.path, one.kept_bytes, secret, partial(store.histories.read, one.id, masked=masked))]
