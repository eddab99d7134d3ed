"""`tachograph db`: the database file itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from tachograph import clock
from tachograph.cli import draw, old_names
from tachograph.cli.app import App
from tachograph.cli.command import Group, Listed, Whole, choice, form_options, pass_app
from tachograph.cli.listing import Field, Shape, emit
from tachograph.cli.vocabulary import vocabulary
from tachograph.errors import UsageError
from tachograph.formats import human
from tachograph.formats.rows import Row, with_times

DAMAGED = 5  # exit code
PERIODS = ("last-24-hours", "last-7-days", "last-30-days", "last-90-days")


@click.group("db", cls=Group)
def cli() -> None:
    """The database file: where it is, how big, whether it is sound, and SQL over it."""


@cli.command("path")
@pass_app
def path(app: App) -> None:
    """Print where the database is."""
    app.line(app.places.database)


@cli.command("info")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@pass_app
def info(app: App, as_json: bool) -> None:
    """Sizes, versions, settings and totals."""
    from tachograph.ingest.catch_up import status

    store = app.store_as_it_is()
    facts: Row = {**store.info(), **with_times(store.stats())}
    waiting = status(app.places)
    facts |= {"journals": waiting.journals, "live": waiting.live, "importer_running": waiting.importer_running}
    if as_json:
        app.value(facts)
        return
    draw.facts(app, facts)


@cli.command("check")
@click.option("--quick", is_flag=True, help="Leave out the comparison of indexes and totals with the rows.")
@pass_app
def check(app: App, quick: bool) -> int:
    """See whether the file is sound: pages, references, full-text index, totals. Exits with 5 when it is not."""
    store = app.store_as_it_is() if quick else app.existing_store()  # the index can only be checked by a writer
    problems = store.check(quick=quick)
    for problem in problems:
        app.line(f"✗ {problem}", draw.RED)
    if problems:
        app.say(f"{human.plural(len(problems), 'problem')} in {app.places.database}; restore a backup, or keep a copy")
        return DAMAGED
    app.done(f"{app.places.database} is sound")
    return 0


@cli.command("vacuum")
@pass_app
def vacuum(app: App) -> None:
    """Give unused space back to the disk. Needs room for a copy meanwhile."""
    store = app.store()
    before = app.database_size()
    store.vacuum()
    app.done(f"{human.size(before)} → {human.size(app.database_size())}")


@cli.command("migrate")
@pass_app
def migrate(app: App) -> None:
    """Bring the schema up to date. Every command that opens the database does it too."""
    app.done(f"schema version {app.store(fresh=False).info()['schema_version']}")


@cli.command("test")
@pass_app
def test(app: App) -> int:
    """Try everything the store can do on a scratch copy that is removed afterwards."""
    from tachograph.cli.selftest import steps

    failed = 0
    for name, error in steps():
        app.line(f"{'✗' if error else '✓'} {name}" + (f": {error}" if error else ""), draw.RED if error else draw.GREEN)
        failed += error is not None
    if failed:
        app.wrong(f"{human.plural(failed, 'step')} failed")
        return 1
    app.done("the store works")
    return 0


@cli.command("stats")
@pass_app
def stats(app: App) -> None:
    """Count receipts, agents and audit entries, as JSON."""
    app.value(app.store().analytics.stats())


@cli.command("analytics")
@click.argument("agent", default="%", metavar="[AGENT]")
@click.argument("period", default=PERIODS[1], metavar="[PERIOD]", type=choice(*PERIODS))
@pass_app
def analytics(app: App, agent: str, period: str) -> None:
    """What agents that fit AGENT did within PERIOD, and how their executions ended, as JSON.

    AGENT is a glob, all without it; PERIOD is last-24-hours, last-7-days (which it is without), last-30-days or
    last-90-days.
    """
    app.value(app.store().analytics.report(agent, period))


@cli.command("sql")
@click.argument("query")
@click.option("--timeout", metavar="TIME", help="Longest time it may take (config: sql.timeout).")
@click.option("--rows", type=Whole(1, 10_000_000), help="Most rows (config: sql.rows).")
@form_options
@pass_app
def sql(app: App, query: str, timeout: str | None, rows: int | None, listed: Listed) -> None:
    """Run one reading statement over the public tables and views; - reads it from stdin, .tables lists them."""
    text = sys.stdin.read() if query == "-" else query
    limit = _nanoseconds(timeout) if timeout else app.config.get("sql.timeout")
    most = rows or app.config.get("sql.rows")
    table = app.store().sql(text, timeout_ms=max(1, limit // clock.MILLISECOND), rows_max=most)
    if not table.columns:
        raise UsageError("there is no statement in it", "tachograph db sql .tables lists the tables and views")
    names = _unique(table.columns)
    shape = Shape("row", names, [Field(name, name, stretch=True) for name in names], lambda row: row)
    emit(app, listed, [dict(zip(names, row, strict=True)) for row in table.rows], shape, "no rows")
    if table.truncated:
        app.warn(f"cut off after {human.plural(len(table.rows), 'row')}: --rows allows more")


def _nanoseconds(text: str) -> int:
    try:
        return clock.parse_duration(text)
    except ValueError:
        raise UsageError(f"--timeout {text} is not a time", "write 500ms, 5s or 1m") from None


def _unique(names: Sequence[str]) -> list[str]:
    """Two columns of one name would be one field of a JSON object: the second becomes `name:2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return unique


for command in (vocabulary, *old_names.commands()):
    cli.add_command(command)
