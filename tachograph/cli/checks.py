"""What `doctor` looks at. Each check is a generator of findings; one that fails is a finding itself."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

import tachograph
from tachograph.cli import rulefile
from tachograph.cli.app import App
from tachograph.cli.check import BAD, NOTE, OK, Check
from tachograph.cli.history_checks import histories
from tachograph.cli.mounts import network_kind
from tachograph.errors import NotFound
from tachograph.formats import human
from tachograph.ingest import journals, spawn
from tachograph.ingest.catch_up import status
from tachograph.journal.lock import is_live

_ROOM_LOW, _ROOM_NONE = 500_000_000, 20_000_000  # bytes
_PRAGMAS = {"journal_mode": "wal"}  # the others belong to a connection, not to the file
_RECORDS_SHOWN = 3


def everything(app: App) -> Iterator[Check]:
    looks = (
        _versions,
        _folders,
        _disk,
        _network,
        _settings,
        _rules,
        _agents,
        _journals,
        _database,
        histories,
        _sending,
    )
    for look in looks:
        yield from _safely(look, app)


def _safely(look: Callable[[App], Iterator[Check]], app: App) -> Iterator[Check]:
    try:
        yield from look(app)
    except Exception as error:  # whatever is broken, the other checks are wanted all the more
        yield Check(look.__name__.strip("_"), BAD, str(error), getattr(error, "hint", ""))


def _versions(app: App) -> Iterator[Check]:
    import apsw

    from tachograph.store.connection import SQLITE_SAFE

    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check("version", OK, f"Tachograph {tachograph.__version__}, {python}")
    linked = apsw.sqlite_lib_version()
    safe = tuple(int(part) for part in linked.split(".")[:3]) >= SQLITE_SAFE
    least = ".".join(map(str, SQLITE_SAFE))
    fix = "" if safe else "pip install --upgrade apsw-sqlite3mc"
    text = f"SQLite {linked}" if safe else f"SQLite {linked} can damage a database that two processes write to"
    yield Check("sqlite", OK if safe else BAD, text, fix and f"{fix} (at least {least})")


def _folders(app: App) -> Iterator[Check]:
    places = app.places
    yield from _private("data", places.data, 0o700)
    yield from _private("journal", places.journal, 0o700)
    yield from _private("database", places.database, 0o600)
    for tail in ("-wal", "-shm"):
        if os.path.exists(places.database + tail):
            yield from (check for check in _private("database", places.database + tail, 0o600) if check.state != OK)
    if os.path.abspath(places.config) != os.path.abspath(places.data):
        yield Check("config", OK, places.config)


def _private(name: str, path: str, mode: int) -> Iterator[Check]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        yield Check(name, OK, f"{path} (not made yet)")
        return
    except OSError as error:
        yield Check(name, BAD, f"{path}: {error.strerror}", "set TACHOGRAPH_HOME to a folder of your own")
        return
    folder = mode == 0o700
    if stat.S_ISDIR(found.st_mode) != folder:
        yield Check(name, BAD, f"{path} is not a {'folder' if folder else 'file'}", "move it away")
    elif sys.platform != "win32" and found.st_uid != os.geteuid():
        yield Check(name, BAD, f"{path} belongs to another user", "chown it, or set TACHOGRAPH_HOME elsewhere")
    elif sys.platform != "win32" and found.st_mode & 0o077:
        open_to = stat.filemode(found.st_mode)
        yield Check(name, BAD, f"{path} is open to others ({open_to})", f"chmod {mode:o} {path}")
    elif not os.access(path, os.R_OK | os.W_OK | (os.X_OK if folder else 0)):
        yield Check(name, BAD, f"{path} cannot be written to", f"chmod u+rw{'x' if folder else ''} {path}")
    else:
        yield Check(name, OK, path)


def _disk(app: App) -> Iterator[Check]:
    free = shutil.disk_usage(_existing(app.places.data)).free
    if free < _ROOM_NONE:
        yield Check("disk", BAD, f"only {human.size(free)} free", "make room; recordings wait in memory meanwhile")
    elif free < _ROOM_LOW:
        yield Check("disk", NOTE, f"{human.size(free)} free", "make room before a long recording")
    else:
        yield Check("disk", OK, f"{human.size(free)} free")


def _network(app: App) -> Iterator[Check]:
    kind = network_kind(_existing(app.places.data))
    if kind:
        fix = "set TACHOGRAPH_HOME to a folder on a local disk; move the data there while nothing records"
        yield Check(
            "network", NOTE, f"{app.places.data} lies on {kind}: SQLite files get damaged on network disks", fix
        )


def _existing(path: str) -> str:
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def _settings(app: App) -> Iterator[Check]:
    problems = [*app.config.problems(), *objective_problems(app)]
    for problem in problems:
        yield Check("config", BAD, problem, "tachograph config edit")
    if not problems:
        exists = os.path.exists(app.config.path)
        yield Check("config", OK, app.config.path if exists else f"{app.config.path} (defaults, no file)")


def objective_problems(app: App) -> list[str]:
    """What is wrong with the objectives of config.toml, a sentence each."""
    from tachograph.ingest.objectives import configured

    return [f"{app.config.path}:{one.line}: {one.name or 'slo'}: {one.reason}" for one in configured(app.places)[1]]


def _rules(app: App) -> Iterator[Check]:
    path = rulefile.path(app)
    rules, problems = rulefile.load(path)
    for problem in problems:
        where = f"{path}:{problem.line}"
        yield Check(
            "rules", BAD, f"{where}: {problem.rule or 'rule'}: {problem.reason}", "the others work; edit that line"
        )
    if not problems:
        yield Check("rules", OK, f"{len(rules)} rules, version {rules.version}")


def _agents(app: App) -> Iterator[Check]:
    from tachograph.cli import agent_checks

    yield from agent_checks.findings(app)


def _sending(app: App) -> Iterator[Check]:
    from tachograph.cli import export_checks

    yield from export_checks.findings(app)


def _journals(app: App) -> Iterator[Check]:
    found = status(app.places)
    live = human.plural(found.live, "session") + " being recorded"
    importer = f"importer at work (process {found.importer_pid})" if found.importer_running else "importer resting"
    waiting = _not_imported(app)
    text = f"{live}; {human.plural(waiting, 'journal')} to import, {human.size(found.backlog_bytes)}; {importer}"
    stuck = waiting > 0 and not found.importer_running and found.oldest_at is not None
    old = stuck and app.now - (found.oldest_at or 0) > 60_000_000_000
    yield Check(
        "journals",
        NOTE if old else OK,
        text,
        "tachograph sessions imports them and says what is in the way" if old else "",
    )
    yield from _complaints(os.path.join(app.places.journal, spawn.LOG))


def _not_imported(app: App) -> int:
    """Finished journals with something the store has not: those that are imported are kept a moment longer."""
    sizes = journals.sizes(app.places)
    finished = [name for name in sizes if not is_live(os.path.join(app.places.journal, name))]
    if not finished or not os.path.exists(app.places.database):
        return len(finished)
    position = app.store_as_it_is().sources.position
    return sum(position(name) < sizes[name] for name in finished)


def _complaints(path: str) -> Iterator[Check]:
    """The last line of what the importer had to say; it writes only when something is wrong."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file.read()[-20_000:].splitlines() if line.strip()]
    except OSError:
        return
    if lines:
        yield Check("importer", NOTE, f"it said: {lines[-1]}", f"all of it: {path}; remove the file when it is settled")


def _database(app: App) -> Iterator[Check]:
    try:
        store = app.store_as_it_is()
    except NotFound:
        yield Check("store", OK, "empty: the first recording makes it")
        return
    info: dict[str, Any] = store.info()
    totals: dict[str, Any] = store.stats()
    size = human.size(info["bytes"] + info["wal_bytes"])
    said = f"{human.plural(totals['sessions'], 'session')}, {human.plural(totals['events'], 'event')}"
    yield Check("store", OK, f"{said}, {size}, schema {info['schema_version']}")
    wrong = [f"{name} is {info[name]}" for name, wanted in _PRAGMAS.items() if str(info[name]) != str(wanted)]
    if wrong:
        yield Check("pragmas", NOTE, ", ".join(wrong), "tachograph db migrate opens it for writing and sets them")
    yield from _soundness(app)
    yield from _safely(_signatures, app)
    yield from _damage(app)
    if totals["lost_bytes"]:
        yield Check(
            "losses",
            NOTE,
            f"{human.size(totals['lost_bytes'])} of output could not be kept",
            "tachograph events --type gap",
        )


def _signatures(app: App) -> Iterator[Check]:
    """Nobody is stopped because the ledger cannot be signed, so it is said here."""
    from tachograph.proof.signing import existing_signer

    ledger = app.store_as_it_is().ledger
    key = existing_signer(ledger.heads.config)
    last, signed = ledger.reach()
    if signed < last:
        text = f"entries {signed + 1} to {last} of the ledger were never signed"
        yield Check("signatures", BAD, text, f"can {ledger.heads.path} be written? tachograph audit verify says more")
    elif key is not None:
        yield Check("signatures", OK, f"the ledger is signed with key {key.key_id}, up to entry {last}")


def _soundness(app: App) -> Iterator[Check]:
    problems = app.store_as_it_is().check(quick=True)
    for problem in problems[:_RECORDS_SHOWN]:
        yield Check("integrity", BAD, problem, "keep a copy of the file, then restore a backup")
    if not problems:
        yield Check("integrity", OK, "quick check passed; tachograph db check looks at everything")


def _damage(app: App) -> Iterator[Check]:
    records = app.store_as_it_is().sources.damage(limit=1000)
    if not records:
        return
    lost = sum(int(str(record["length"])) for record in records)
    yield Check("quarantine", NOTE, f"{human.plural(len(records), 'damaged record')} set aside, {human.size(lost)}")
    for record in records[:_RECORDS_SHOWN]:
        text = f"{record['session_id'] or record['journal']}: {record['reason']} at byte {record['offset']}"
        yield Check("quarantine", NOTE, text)
