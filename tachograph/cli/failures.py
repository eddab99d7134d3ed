"""`tachograph failures`: errors and failed sessions, equal ones counted together."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph import clock
from tachograph.cli import draw, faults
from tachograph.cli.app import App
from tachograph.cli.command import Listing, command, listing_options, pass_app, session_filter
from tachograph.cli.faults import Fault, Group
from tachograph.cli.listing import Field, Shape, emit
from tachograph.formats import human
from tachograph.formats.rows import Row
from tachograph.records import Extraction

_COLUMNS = (
    *("kind", "pattern", "message", "cases", "sessions", "agents", "first", "last", "session_id", "event_id"),
    "signature",
)


@command("failures")
@session_filter
@listing_options
@pass_app
def cli(app: App, listing: Listing, session: str | None) -> None:
    """List what went wrong, the most frequent first. Messages that differ in numbers, ids or folders are one."""
    found = _findings(app, listing, session)
    groups = faults.grouped([*(_of_finding(finding) for finding in found), *_sessions(app, listing, session)])
    if emit(app, listing, groups[: listing.fetch], _shape(app), _empty(session)):
        app.hint("tachograph search MESSAGE shows each case; tachograph show SESSION --failed")
    if len(found) == faults.SCANNED_MAX:
        app.say(f"counted over the latest {human.number(len(found))} findings; --since narrows it", "2")


def _findings(app: App, listing: Listing, session: str | None) -> list[Extraction]:
    store = app.store()
    return list(
        store.extractions.list(
            agent=listing.agent,
            type="error",
            session=store.sessions.resolve(session).id if session else None,
            since=listing.since,
            until=listing.until,
            limit=faults.SCANNED_MAX,
        )
    )


def _of_finding(finding: Extraction) -> Fault:
    message = draw.event_text(finding)
    return Fault("error", finding.pattern, message, finding.agent_name, finding.session_id, finding.at, finding.id)


def _sessions(app: App, listing: Listing, session: str | None) -> Iterator[Fault]:
    """Every session that failed, as a fault of its command."""
    if session:
        return
    for status in ("failed", "interrupted"):
        for found in app.store().sessions.list(
            agent=listing.agent, since=listing.since, until=listing.until, status=status, limit=faults.SCANNED_MAX
        ):
            ended = f"exit {found.exit_code}" if found.exit_code is not None else found.status
            message = f"{ended}: {draw.named(found) or found.agent}"
            yield Fault("session", "", message, found.agent, found.id, found.ended_at or found.started_at, None)


def _row(group: Group) -> Row:
    row = group._asdict()
    row["agents"] = list(group.agents)
    row["first"], row["last"] = clock.iso(group.first), clock.iso(group.last)
    row["signature"] = faults.likeness(group)
    return row


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
    return Shape("failure", _COLUMNS, fields, _row)


def _message(group: Group) -> str:
    return group.message if group.cases == 1 else faults.likeness(group)


def _empty(session: str | None) -> str:
    if session:
        return f"no errors were found in {session}; tachograph show {session} tells how it ended"
    return "nothing failed; tachograph sessions lists what was recorded"
