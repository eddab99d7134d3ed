"""`tachograph restore`: a copy of everything becomes the database again."""

from __future__ import annotations

import os
from typing import cast

import click

from tachograph.cli.app import App
from tachograph.cli.asking import agreed
from tachograph.cli.command import command, pass_app
from tachograph.formats import human
from tachograph.store import Store


@command("restore")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_app
def cli(app: App, folder: str, yes: bool) -> None:
    """Put a copy that tachograph backup made in the place of the database.

    It is looked through first, and is not changed itself. What is there now is kept in a folder beside it, which is
    named at the end; the signed heads say that a copy was put back. Refused while another program has the database
    open.
    """
    from tachograph.ingest import putting_back
    from tachograph.ingest.opening import open_store

    source = putting_back.find(folder)
    with putting_back.prepared(app.places, source) as fresh:
        with open_store(fresh, readonly=True) as copy:
            app.say(f"{source}: {_held(copy)}")
        if os.path.exists(app.places.database):
            app.say(f"it takes the place of {app.places.database}, {human.size(os.path.getsize(app.places.database))}")
        if not agreed(app, "Put it back?", yes):
            return
        app.close()
        aside = putting_back.put_back(app.places, fresh, f"put back from {source}")
    app.done(f"{app.places.database} is what it was then")
    if aside:
        app.say(f"  what was there lies in {aside}; delete that when you need it no more")


def _held(store: Store) -> str:
    sessions, events = (cast(int, store.stats()[name]) for name in ("sessions", "events"))
    last = store.arrivals.now().event
    counts = f"{human.plural(sessions, 'session')}, {human.plural(events, 'event')}"
    return f"{counts}, up to event {last:,}" if last else counts
