"""`tachograph events`: what happened, in one session or in all."""

from __future__ import annotations

from typing import Any

import click

from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.command import Listing, choice, command, listing_options, pass_app, session_filter
from tachograph.cli.listing import Field, Shape, emit
from tachograph.errors import UsageError
from tachograph.formats import gist, human
from tachograph.formats.rows import columns
from tachograph.recall.events import events
from tachograph.records import EVENT_TYPES, RISK_LEVELS, Event, Session
from tachograph.store.arrivals import Filter

_STATUSES = ("ok", "error", "rejected", "interrupted", "unknown")


@command("events")
@click.option("--type", "event_type", metavar="TYPE", help="error, warning, test_result, state, marker, url, …")
@click.option("--pattern", metavar="RULE", help="Only what this rule found.")
@click.option("--risk", type=choice(*RISK_LEVELS), help="Only this risk.")
@click.option("--status", type=choice(*_STATUSES), help="Only steps that ended so.")
@click.option("--tool", metavar="GLOB", help="Only calls of such tools.")
@click.option("--category", metavar="NAME", help="Only commands of this category: test, git, build, …")
@click.option("--path", metavar="GLOB", help="Only calls that touched such files.")
@click.option("--failed", is_flag=True, help="As --type error.")
@click.option("--reverse", "-r", is_flag=True, help="The other way round.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes: of SESSION until it ends.")
@session_filter
@listing_options
@pass_app
def cli(
    app: App,
    listing: Listing,
    session: str | None,
    event_type: str | None,
    pattern: str | None,
    risk: str | None,
    status: str | None,
    tool: str | None,
    category: str | None,
    path: str | None,
    failed: bool,
    reverse: bool,
    follow: bool,
) -> None:
    """List what happened: of SESSION in its order, of all sessions newest first.

    Of long results a list has the beginning; tachograph show --event ID has all. With --follow the last 10 and what
    comes, oldest first; a call is told again when its result is there.
    """
    if follow and (tool or category or path or reverse or listing.form in ("json", "csv")):
        raise UsageError(
            "--follow takes --type, --pattern, --risk, --status, --agent and --jsonl", "leave the others out"
        )
    store = app.store()
    chosen = store.sessions.resolve(session) if session else None
    event_type = "error" if failed else event_type
    common = {**listing.chosen, "session": chosen.id if chosen else None, "type": event_type, "status": status}
    if follow:
        _follow(app, listing, chosen, common, pattern, risk)
        return
    if (tool or category or path) and (pattern or risk or event_type):
        raise UsageError("--tool, --category and --path pick calls", "leave --type, --failed, --pattern, --risk out")
    if (pattern or risk) and status:
        raise UsageError("only steps have a status, only findings a rule and a risk", "leave --status out")
    found = events(
        store, **common, calls={"tool": tool, "category": category, "path": path},
        findings={"pattern": pattern, "risk": risk}, ascending=bool(chosen) is not reverse, limit=listing.fetch,
    )  # fmt: skip
    if emit(app, listing, found, _shape(app, chosen), _empty(chosen, event_type)):
        app.hint("tachograph show --event ID tells all of it; also --tool, --category, --path")


def _follow(
    app: App, listing: Listing, session: Session | None, common: dict[str, Any], pattern: str | None, risk: str | None
) -> None:
    from tachograph.cli.event_follow import follow

    def takes(event: Event) -> bool:
        told = ((pattern, event.pattern), (risk, event.risk_level), (common["status"], event.status))
        return all(wanted in (None, given) for wanted, given in told)

    kind = common["type"]
    wanted = Filter(session.id if session else None, listing.agent, frozenset({kind}) if kind else None)
    newest = app.store().events.list(**common, ascending=False, limit=10)
    follow(app, [event for event in reversed(newest) if takes(event)], wanted, takes, session, listing.form)


def _shape(app: App, session: Session | None) -> Shape:
    def when(event: Event) -> str:
        return human.offset(event.at - session.started_at) if session else app.when(event.at)

    fields = [
        Field("id", "ID", right=True),
        Field(
            *("session_id", "" if session else "SESSION", lambda event: draw.short_id(app, event.session_id)),
            stretch=True,
            spare=2,
        ),
        Field("timestamp", "AT" if session else "WHEN", when, right=bool(session), spare=1),
        Field("event_type", "TYPE", draw.event_type),
        Field("pattern", "RULE", stretch=True, spare=3),
        Field("risk_level", "RISK", draw.risk, spare=5),
        Field("tool_name", "TOOL", spare=6),
        Field("status"),
        Field("line_number", "LINE", right=True, spare=4),
        Field("matched_value"),
        Field("command"),
        Field("content", "WHAT", gist.of_event, stretch=True, least=20),
    ]
    return Shape("event", columns(Event), fields)


def _empty(session: Session | None, event_type: str | None) -> str:
    if event_type and event_type not in EVENT_TYPES and "." not in event_type:
        return f'no type is called "{event_type}"; there are {", ".join(EVENT_TYPES)}'
    if session and not event_type:
        return f"no events in {session.id} fit; tachograph tail {session.id} shows its output"
    return "no events fit; tachograph stats --by type counts what there is"
