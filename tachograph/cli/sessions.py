"""`tachograph sessions`: what was recorded, newest first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase

import click

from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.command import Listing, choice, command, listing_options, pass_app
from tachograph.cli.listing import Field, Shape, emit
from tachograph.formats import human
from tachograph.formats.rows import columns
from tachograph.formats.table import Cell
from tachograph.records import SESSION_STATUSES, Session

_ENDED_BADLY = ("failed", "interrupted")


@command("sessions")
@click.option("--status", type=choice(*SESSION_STATUSES), help="Only sessions of this status.")
@click.option("--failed", is_flag=True, help="Only those that failed or were interrupted.")
@click.option("--active", is_flag=True, help="Only those that have not ended.")
@click.option("--project", metavar="GLOB", help="Only those started in such a folder (its name or its path).")
@listing_options
@pass_app
def cli(app: App, listing: Listing, status: str | None, failed: bool, active: bool, project: str | None) -> None:
    """List recorded sessions, newest first."""
    picked = failed or project
    found: Sequence[Session] = app.store().sessions.list(
        agent=listing.agent,
        since=listing.since,
        until=listing.until,
        status=status,
        active=True if active else None,
        limit=None if picked else listing.fetch,
    )
    if failed:
        found = [session for session in found if session.status in _ENDED_BADLY]
    if project:
        found = [session for session in found if _in_project(session, project)]
    filtered = bool(picked or status or active or listing.agent or listing.since or listing.until)
    if emit(app, listing, found[: listing.fetch], _shape(app), _empty(filtered)):
        app.hint("tachograph show ID tells more; --failed, --since 7d, --agent GLOB, --json")


def _shape(app: App) -> Shape:
    def errors(session: Session) -> Cell:
        return Cell(str(session.errors), draw.RED if session.errors else "")

    fields = [
        Field("", " ", lambda session: draw.mark(session.status)),
        Field("id", "ID"),
        Field("agent", "AGENT", stretch=True, spare=2),
        Field("project_dir", "PROJECT", lambda session: _folder(session.project_dir), stretch=True, spare=1),
        Field("status"),
        Field("spawned_at", "WHEN", lambda session: app.when(session.started_at)),
        Field("duration_ms", "TOOK", lambda session: human.took(draw.duration(session, app.now)), right=True),
        Field("exit_code"),
        Field("events", "EVENTS", right=True, spare=3),
        Field("errors", "ERRORS", errors, right=True),
        Field("cost_usd", "COST", lambda session: _money(session.cost_usd), right=True),
        Field("title"),
        Field("command", "COMMAND", draw.named, stretch=True),
    ]
    return Shape("session", columns(Session), fields)


def _folder(path: str | None) -> str:
    return os.path.basename((path or "").rstrip("/"))


def _money(dollars: float | None) -> str:
    return "" if dollars is None else f"{dollars:.2f}"


def _empty(filtered: bool) -> str:
    return "no session fits; tachograph sessions without filters lists them all" if filtered else draw.NOTHING_YET


def _in_project(session: Session, pattern: str) -> bool:
    place = (session.project_dir or "").rstrip("/")
    return any(fnmatchcase(name, pattern.replace("%", "*")) for name in (place, os.path.basename(place)))
