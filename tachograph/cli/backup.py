"""`tachograph backup`: a copy of everything, or the ledger as files that anything can read."""

from __future__ import annotations

import os
import time
from typing import cast

import click

from tachograph import clock
from tachograph.cli.app import App
from tachograph.cli.command import command, pass_app
from tachograph.cli.recorder import noted
from tachograph.cli.saving import save
from tachograph.errors import Refused, StoreDamaged
from tachograph.formats import as_json, human
from tachograph.ingest.opening import open_store
from tachograph.paths import make_folder
from tachograph.store.dumping import TABLES

FOLDER = "tachograph-backup"


@command("backup")
@click.argument("folder", metavar="[DIR]", default=FOLDER, type=click.Path(file_okay=False))
@click.option("--json-dump", is_flag=True, help="Only receipts, memory and audit log, as JSON, a file each.")
@click.option("--force", is_flag=True, help="--json-dump: write over an older one in DIR.")
@pass_app
def cli(app: App, folder: str, json_dump: bool, force: bool) -> None:
    """Copy everything that was recorded into a new folder in DIR, and see that the copy is sound.

    It is as of one moment, and made while recorders write. What was masked comes with it, in a file of its own: keep
    it as private as the original. tachograph restore puts it back; with --db every command reads it where it is.

    --json-dump writes receipts.json, agent_memory.json and audit_log.json instead. Every column is in them as it is
    stored: a JSON column is text, so that what was sealed can be checked again.
    """
    if json_dump:
        _dump(app, folder, force)
        return
    begun = clock.monotonic()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(app.now // clock.SECOND))
    made = app.store().copy(os.path.join(folder, f"tachograph-{stamp}"))
    place = os.path.dirname(made)
    with open_store(made, readonly=True) as copy:
        problems = copy.check()
        sessions, events = (cast(int, copy.stats()[name]) for name in ("sessions", "events"))
    if problems:
        hint = "tachograph db check looks at the original; an older copy may be sound"
        raise StoreDamaged(f"{place} is as damaged as what it is a copy of: {problems[0]}", hint)
    noted(app, "backup", f"everything into {os.path.abspath(place)}")
    size = sum(entry.stat().st_size for entry in os.scandir(place))
    counts = f"{human.plural(sessions, 'session')}, {human.plural(events, 'event')}"
    app.done(f"{place}  {human.size(size)}, {counts}, sound  {(clock.monotonic() - begun) / clock.SECOND:.1f} s")
    app.hint(f"tachograph sessions --db {made} reads it; tachograph restore {place} puts it back")


def _dump(app: App, folder: str, force: bool) -> None:
    store = app.store()
    there = [name for name in TABLES if os.path.lexists(os.path.join(folder, f"{name}.json"))]
    if there and not force:
        raise Refused(f"{os.path.join(folder, there[0])}.json is there already", "--force writes over it")
    make_folder(folder)
    size = 0
    with store.snapshot():
        for name in TABLES:
            pieces = (piece.encode() for piece in as_json.array(store.dump(name)))
            size += save(os.path.join(folder, f"{name}.json"), pieces, force=True)
    noted(app, "backup", f"receipts, memory and audit log as JSON into {os.path.abspath(folder)}")
    app.done(f"{', '.join(f'{os.path.join(folder, name)}.json' for name in TABLES)}  {human.size(size)}")
