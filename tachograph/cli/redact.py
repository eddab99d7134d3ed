"""`tachograph redact`: a secret that was recorded goes from everything."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from tachograph.cli.app import App
from tachograph.cli.asking import agreed
from tachograph.cli.command import Listed, command, form_options, pass_app
from tachograph.cli.listing import Field, Shape, emit
from tachograph.errors import UsageError
from tachograph.extract.sought import Sought
from tachograph.formats import human
from tachograph.ingest import redacting
from tachograph.ingest.redacting import Left
from tachograph.store import Store
from tachograph.store.redacting import Found

FAILED, FINDINGS = 5, 6  # exit codes
_SHOWN = 20  # files that are named
_PLACES = Shape(
    "place",
    ("session_id", "place", "count"),
    (Field("session_id", "SESSION", stretch=True), Field("place", "PLACE"), Field("count", "COUNT", right=True)),
    dict,
    recorded=False,
)


@command("redact")
@click.option("--dry-run", is_flag=True, help="Only say where it stands, and how often.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@form_options
@pass_app
def cli(app: App, dry_run: bool, yes: bool, listed: Listed) -> int:
    """Remove a secret from everything that was recorded, and prove that it is gone.

    The text is asked for without showing it, or read from stdin: tachograph redact --yes < FILE. Every byte of it
    becomes a star, in sessions, events, output, archived histories, receipts, memory and audit log; then the index and
    free space are cleared, and all files are searched for it.

    Exits with 6 where it still stands in files of agents or in a recording that runs (with --dry-run: where it stands
    at all), with 5 where something is left in files of ours.
    """
    text = Sought(_asked_for())
    store = app.store()
    found = redacting.find(store, text)
    if found.total or listed.form != "table":
        emit(app, listed, _rows(store, found, text), _PLACES, "")
    else:
        app.say("it stands nowhere in the database")
    if dry_run:
        if found.refusal:
            app.warn(found.refusal)
        left = redacting.elsewhere(store, app.places, text)
        _tell_elsewhere(app, left, text)
        return FINDINGS if found.total or _elsewhere(left) else 0
    store.redacting.refuse(found)
    if found.total and not agreed(app, f"Write over {human.plural(found.total, 'place')}?", yes):
        return 0
    left = redacting.redact(store, app.places, text, found)
    return _tell_left(app, left, text)


def _asked_for() -> str:
    """Neither in the history of a shell nor in a list of processes, nor on the screen."""
    if sys.stdin.isatty():
        return str(click.prompt("Text to remove", hide_input=True, err=True))
    data = sys.stdin.buffer.read()
    try:
        return data.decode().replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        raise UsageError("what stdin holds is not UTF-8", "give the text as it was typed or printed") from None


def _rows(store: Store, found: Found, text: Sought) -> list[dict[str, object]]:
    names = store.redacting.names(found)
    rows = [
        {"session_id": _clean(names.get(session or 0, ""), text), "place": place, "count": count}
        for (session, place), count in found.places.items()
    ]
    return sorted(rows, key=lambda row: (str(row["session_id"]), str(row["place"])))


def _tell_left(app: App, left: Left, text: Sought) -> int:
    _tell_elsewhere(app, left, text)
    remaining = left.store + sum(left.ours.values())
    told = f"{human.plural(remaining, 'place')} left in {human.plural(left.files, 'file')}"
    if remaining:
        app.wrong(told)
        _name(app, left.ours, text)
        app.say("  stop `tachograph up` and whatever else has the database open, then do it again;")
        app.say("  in other capital letters it is another text, whose words the index has in small: remove it, too")
        return FAILED
    app.done(told)
    return FINDINGS if _elsewhere(left) else 0


def _elsewhere(left: Left) -> bool:
    return bool(left.journals or left.copies or left.agents)


def _tell_elsewhere(app: App, left: Left, text: Sought) -> None:
    """What brings it back."""
    if left.journals:
        app.warn("it stands in recordings that are not over, or not imported; do it again after their end:")
        _name(app, left.journals, text)
    if left.copies:
        app.warn("it stands in copies of the database; delete them, or do it again with --db:")
        _name(app, left.copies, text)
    if left.agents:
        app.warn("it still stands in files that agents have written, which come in again when they are written anew:")
        _name(app, left.agents, text)
        app.say("  remove it there, best by as many stars, and do it again")


def _name(app: App, paths: Iterable[str], text: Sought) -> None:
    listed = list(paths)
    for path in listed[:_SHOWN]:
        app.say(f"  {_clean(path, text)}")
    if len(listed) > _SHOWN:
        app.say(f"  and {human.plural(len(listed) - _SHOWN, 'file')} more")


def _clean(words: str, text: Sought) -> str:
    """A name or path as it may be shown: it may be what holds the text."""
    return text.unsaid(words.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
