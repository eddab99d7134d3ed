"""`tachograph reset`: an empty database."""

from __future__ import annotations

import os
from typing import cast

import click

from tachograph.cli.app import App
from tachograph.cli.asking import agreed
from tachograph.cli.command import command, pass_app
from tachograph.errors import NotFound, TachographError
from tachograph.formats import human


@command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_app
def cli(app: App, yes: bool) -> None:
    """Delete everything that was recorded, and begin with an empty database.

    Settings, rules and keys stay, the agents' own histories, too. What is still being recorded goes into the new
    database as a whole; the signed heads say that it was reset.
    """
    database = app.places.database
    if not os.path.exists(database):
        raise NotFound(f"there is no database at {database}", "there is nothing to reset")
    held = _held(app)
    app.warn(f"this deletes {database} ({held}); it cannot be undone")
    app.say("  tachograph backup DIR makes a copy first")
    if not agreed(app, "Delete all of it?", yes):
        return
    app.close()
    from tachograph.ingest.resetting import reset

    waiting = reset(app.places, held)
    app.done(f"{database} is empty")
    if waiting:
        app.say(f"  {human.plural(waiting, 'recording')} will be imported into it")


def _held(app: App) -> str:
    """What is in it, as far as it can be read."""
    size = human.size(os.path.getsize(app.places.database))
    try:
        store = app.store_as_it_is()
        facts, sessions = store.analytics.stats(), cast(int, store.stats()["sessions"])
    except TachographError:
        return f"{size}, which cannot be read"
    counts = (
        human.plural(sessions, "session"),
        human.plural(facts["receipts_total"], "receipt"),
        human.plural(facts["audit_entries"], "audit entry", "audit entries"),
    )
    return f"{size}: {', '.join(counts)}"
