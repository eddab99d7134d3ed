"""`tachograph failures`: errors and failed sessions, equal ones counted together."""

from __future__ import annotations

from tachograph.analyse.faults import Group, likeness
from tachograph.cli.app import App
from tachograph.cli.command import Listing, command, listing_options, pass_app, session_filter
from tachograph.cli.listing import Field, Shape, emit
from tachograph.formats import human
from tachograph.recall import failures


@command("failures")
@session_filter
@listing_options
@pass_app
def cli(app: App, listing: Listing, session: str | None) -> None:
    """List what went wrong, the most frequent first. Messages that differ in numbers, ids or folders are one."""
    store = app.store()
    named = store.sessions.resolve(session).id if session else None
    found = failures.failures(store, agent=listing.agent, session=named, since=listing.since, until=listing.until)
    if emit(app, listing, found.groups[: listing.fetch], _shape(app), _empty(session)):
        app.hint("tachograph search MESSAGE shows each case; tachograph show SESSION --failed")
    if found.cut:
        app.say(f"counted over the latest {human.number(found.scanned)} findings; --since narrows it", "2")


def _shape(app: App) -> Shape:
    fields = [
        Field("cases", "CASES", right=True),
        Field("sessions", "SESSIONS", right=True),
        Field("last", "LAST", lambda group: app.when(group.last)),
        Field("kind"),
        Field("pattern", "RULE", lambda group: group.pattern or "(session)", stretch=True),
        Field("session_id"),
        Field("message", "MESSAGE", _message, stretch=True),
    ]
    return Shape("failure", failures.COLUMNS, fields, failures.row)


def _message(group: Group) -> str:
    return group.message if group.cases == 1 else likeness(group)


def _empty(session: str | None) -> str:
    if session:
        return f"no errors were found in {session}; tachograph show {session} tells how it ended"
    return "nothing failed; tachograph sessions lists what was recorded"
