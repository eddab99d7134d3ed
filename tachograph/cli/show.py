"""`tachograph show`: one session on one page."""

from __future__ import annotations

import click

from tachograph.cli import faults, page, printed
from tachograph.cli.app import App
from tachograph.cli.command import choice, command, pass_app, session_argument
from tachograph.errors import UsageError
from tachograph.records import Session

FINDINGS = 6  # exit code
_FAULTS_SHOWN = 3
_FAULTS_MAX = 1000


@command("show")
@session_argument
@click.option("--failed", is_flag=True, help="Only what went wrong, all of it, with the lines around.")
@click.option("--output", is_flag=True, help="Print the output as clean text.")
@click.option("--from", "first", type=click.IntRange(min=1), metavar="LINE", help="With --output: from this line on.")
@click.option("--to", "last", type=click.IntRange(min=1), metavar="LINE", help="With --output: up to this line.")
@click.option("--stream", type=choice("stdout", "stderr", "input"), help="With --output, --raw: only this stream.")
@click.option("--raw", is_flag=True, help="Print the output byte for byte, control sequences included.")
@click.option("-C", "--context", type=click.IntRange(0, 50), default=1, help="Lines around a failure.")
@click.option("--exit-status", is_flag=True, help="Exit with 6 when the session failed or errors were found in it.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@pass_app
def cli(
    app: App,
    session: str,
    failed: bool,
    output: bool,
    first: int | None,
    last: int | None,
    stream: str | None,
    raw: bool,
    context: int,
    exit_status: bool,
    as_json: bool,
) -> int:
    """Show how a session went: its end, what failed, what was found, what recording it cost."""
    _check(output, raw, first, last, stream)
    found = app.store().sessions.resolve(session)
    if raw:
        printed.raw(app, found, stream)
    elif output:
        printed.clean(app, found, first, last, stream)
    elif as_json:
        app.value(page.facts(app, found, _FAULTS_MAX))
    elif failed:
        page.faults_section(app, found, None, context)
    else:
        page.draw_page(app, found, _FAULTS_SHOWN, context)
    return FINDINGS if exit_status and _went_wrong(app, found) else 0


def _check(output: bool, raw: bool, first: int | None, last: int | None, stream: str | None) -> None:
    if (first or last) and not output:
        raise UsageError("--from and --to choose lines of the output", "add --output")
    if first and last and first > last:
        raise UsageError("--from is after --to", "swap them")
    if stream and not (output or raw):
        raise UsageError("--stream chooses a stream of the output", "add --output or --raw")


def _went_wrong(app: App, session: Session) -> bool:
    ended_badly = session.status in ("failed", "interrupted") or bool(session.exit_code)
    return ended_badly or bool(faults.of_session(app.store(), session.id, 1))
