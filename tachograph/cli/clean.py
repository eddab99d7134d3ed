"""`tachograph clean`: what is old goes, or sessions that somebody names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from tachograph import clock
from tachograph.cli.app import App
from tachograph.cli.asking import agreed
from tachograph.cli.command import Session, command, pass_app
from tachograph.errors import Refused, UsageError
from tachograph.formats import human
from tachograph.ingest import journals
from tachograph.regexes import regex
from tachograph.store import Store
from tachograph.store.deleting import Plan

KEEP = "90d"
_LISTED = 10
_SIZE = regex(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)b?")


class Size(click.ParamType):  # type: ignore[type-arg]
    """`2GB`, `500 MB`, `1.5G`, as sizes are told → bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is no size: write 2GB or 500MB", param, ctx)
        return int(float(found[1]) * 1000 ** " kmgt".index(found[2] or " "))


@command("clean")
@click.argument("sessions", metavar="SESSION…", nargs=-1, type=Session())
@click.option("--sessions", "old", is_flag=True, help="Sessions that ended before that, too.")
@click.option("--keep", metavar="TIME", help=f"What is younger stays: 90d, 12w … ({KEEP})")
@click.option("--max-size", metavar="SIZE", type=Size(), help="The oldest sessions go, until it is no larger: 2GB …")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_app
def cli(
    app: App, sessions: tuple[str, ...], old: bool, keep: str | None, max_size: int | None, dry_run: bool, yes: bool
) -> None:
    """Delete the sessions you name, or old receipts and audit entries; give the space back to the disk.

    A session goes with those that it started: events, output, archived transcripts with their secrets, collisions, its
    receipt. What agents wrote themselves stays where it is, and is not imported again unless you name the file to
    tachograph import. Without SESSION, recordings stay unless you say --sessions or --max-size.

    What was sealed leaves tombstones: audit verify still holds.
    """
    if bool(sessions) + bool(old or keep) + (max_size is not None) > 1:
        raise UsageError("name sessions, or say how old or how large", "SESSION, --keep with --sessions, or --max-size")
    store = app.store()
    if sessions:
        _named(app, store, sessions, dry_run, yes)
    elif max_size is not None:
        _large(app, store, max_size, dry_run, yes)
    else:
        _old(app, store, app.now - _age(keep or KEEP), old, dry_run, yes)


def _named(app: App, store: Store, words: Sequence[str], dry_run: bool, yes: bool) -> None:
    plan = _plan(store, words)
    _tell(app, plan)
    if not dry_run and agreed(app, "Delete it?", yes):
        size = app.database_size()
        store.deleting.delete(plan)
        _done(app, store, _sessions(plan), size)


def _old(app: App, store: Store, before: int, sessions: bool, dry_run: bool, yes: bool) -> None:
    would = store.clean(before, dry_run=True)
    plan, left = store.deleting.plan_of_old(before) if sessions else (Plan((), (), {}), 0)
    app.say(f"older than {human.moment(before)}: {would}{f', {_sessions(plan)}' if sessions else ''}")
    _tell_left(app, left)
    if dry_run or not (any(would) or plan.sessions) or not agreed(app, "Delete them?", yes):
        return
    size, gone = app.database_size(), store.clean(before)
    store.deleting.delete(plan)
    _done(app, store, f"{gone}{f', {_sessions(plan)}' if sessions else ''}", size)


def _large(app: App, store: Store, most: int, dry_run: bool, yes: bool) -> None:
    """How much space a session takes is known when it is gone, so it is looked at again until it is enough."""
    plan, left = store.deleting.plan_of_size(most)
    app.say(f"{human.size(store.deleting.used())} in use, {human.size(most)} wanted: {_sessions(plan)}")
    _tell_left(app, left)
    if dry_run or not plan.sessions or not agreed(app, "Delete the oldest?", yes):
        return
    size, count = app.database_size(), 0
    while plan.sessions:
        store.deleting.delete(plan)
        count += len(plan.sessions)
        store.vacuum()
        plan, _ = store.deleting.plan_of_size(most)
    _done(app, store, human.plural(count, "session"), size)
    if store.deleting.used() > most:
        app.warn("what is left is not over, or holds together with what is not")


def _plan(store: Store, words: Sequence[str]) -> Plan:
    """What goes with some sessions. Raises NotFound, Refused."""
    plan = store.deleting.plan([store.sessions.resolve(word).id for word in words])
    running = [one.id for one in plan.sessions if not one.over]
    if running:
        raise Refused(f"not over yet: {', '.join(running[:_LISTED])}", "wait for the end, or stop what runs")
    for path, others in plan.others.items():
        more = f" and {len(others) - _LISTED} more" if len(others) > _LISTED else ""
        raise Refused(
            f"{path} also tells of {', '.join(others[:_LISTED])}{more}",
            "they go together or not at all: name them, too",
        )
    return plan


def _tell(app: App, plan: Plan) -> None:
    for one in plan.sessions[:_LISTED]:
        output = f", {human.size(one.bytes)} of output" if one.bytes else ""
        app.say(f"  {one.id}: {human.plural(one.events, 'event')}{output}")
    if len(plan.sessions) > _LISTED:
        app.say(f"  and {len(plan.sessions) - _LISTED} more")
    there = [one.path for one in plan.histories if os.path.exists(one.path.partition("#")[0])]
    app.say(f"{_sessions(plan)} with {human.plural(len(plan.histories), 'archived file')}")
    for path in there[:_LISTED]:
        app.say(f"  stays, as it is the agent's own: {path}")


def _tell_left(app: App, left: int) -> None:
    if left:
        app.say(f"  {human.plural(left, 'old session')} stays: what told of it tells of younger ones, too")


def _sessions(plan: Plan) -> str:
    return human.plural(len(plan.sessions), "session")


def _done(app: App, store: Store, gone: str, size: int) -> None:
    journals.remove_imported(app.places, store)
    store.vacuum()
    app.done(f"deleted {gone}")
    app.say(f"  {human.size(size)} → {human.size(app.database_size())}")


def _age(text: str) -> int:
    """`90d` or `90` (days) → ns."""
    try:
        age = clock.parse_duration(f"{text}d" if text.isdigit() else text)
    except ValueError:
        raise UsageError(f"--keep {text} is not a time", "write 90d, 12w or 36h") from None
    if age < 0:
        raise UsageError(f"--keep {text} lies in the future", "write 90d, 12w or 36h")
    return age
