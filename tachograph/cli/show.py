"""`tachograph show`: one session on one page."""

from __future__ import annotations

import click

from tachograph.cli import one_event, page, printed, talk
from tachograph.cli.app import App
from tachograph.cli.command import Whole, choice, command, pass_app, session_argument
from tachograph.errors import UsageError
from tachograph.recall import failures, sessions
from tachograph.records import Session

FINDINGS = 6  # exit code
_FAULTS_SHOWN = 3
_FAULTS_MAX = 1000


@command("show")
@session_argument
@click.option("--failed", is_flag=True, help="Only what went wrong, all of it, with the lines around.")
@click.option("--turn", type=Whole(min=1), metavar="N", help="Only this turn: what was said, done, returned.")
@click.option("--full", is_flag=True, help="Every turn with all that was said and returned; with --turn only that one.")
@click.option("--event", type=Whole(min=1), metavar="ID", help="Only this event, with all that is known of it.")
@click.option("--output", is_flag=True, help="Print the output as clean text.")
@click.option("--from", "first", type=Whole(min=1), metavar="LINE", help="With --output: from this line on.")
@click.option("--to", "last", type=Whole(min=1), metavar="LINE", help="With --output: up to this line.")
@click.option("--stream", type=choice("stdout", "stderr", "input"), help="With --output, --raw: only this stream.")
@click.option("--raw", is_flag=True, help="Print the output byte for byte, control sequences included.")
@click.option("-C", "--context", type=Whole(0, 50), default=1, help="Lines around a failure.")
@click.option("--exit-status", is_flag=True, help="Exit with 6 when the session failed or errors were found in it.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@pass_app
def cli(
    app: App,
    session: str,
    failed: bool,
    turn: int | None,
    full: bool,
    event: int | None,
    output: bool,
    first: int | None,
    last: int | None,
    stream: str | None,
    raw: bool,
    context: int,
    exit_status: bool,
    as_json: bool,
) -> int:
    """Show how a session went: its end, its turns, what failed, what was found, what it cost."""
    _check(output, raw, first, last, stream)
    if event is not None:
        _event(app, event, as_json)
        return 0
    found = app.store().sessions.resolve(session)
    if raw:
        printed.raw(app, found, stream)
    elif output:
        printed.clean(app, found, first, last, stream)
    elif turn is not None or full:
        _turns(app, found, turn, full, as_json)
    elif as_json:
        app.value(sessions.facts(app.store(), found, _FAULTS_MAX))
    elif failed:
        page.faults_section(app, found, None, context)
    else:
        page.draw_page(app, found, _FAULTS_SHOWN, context)
    return FINDINGS if exit_status and _went_wrong(app, found) else 0


def _event(app: App, number: int, as_json: bool) -> None:
    if as_json:
        app.value(sessions.event_row(app.store(), app.store().events.get(number)))
    else:
        one_event.draw_event(app, number)


def _turns(app: App, session: Session, number: int | None, full: bool, as_json: bool) -> None:
    """One turn, or all of them."""
    turns = app.store().turns.list(session.id)
    if number is not None and number > len(turns):
        app.store().turns.events(session.id, number)  # which says that there is none
    chosen = turns if number is None else [turns[number - 1]]
    if as_json:
        store = app.store()
        rows = [{**sessions.turn_row(turn), "events": sessions.turn_events(store, session, turn)} for turn in chosen]
        app.value({**sessions.facts(app.store(), session, _FAULTS_MAX), "turns": rows} if number is None else rows[0])
        return
    for place, turn in enumerate(chosen):
        if place:
            app.line()
        talk.draw_turn(app, session, turn, len(turns), full)


def _check(output: bool, raw: bool, first: int | None, last: int | None, stream: str | None) -> None:
    if (first or last) and not output:
        raise UsageError("--from and --to choose lines of the output", "add --output")
    if first and last and first > last:
        raise UsageError("--from is after --to", "swap them")
    if stream and not (output or raw):
        raise UsageError("--stream chooses a stream of the output", "add --output or --raw")


def _went_wrong(app: App, session: Session) -> bool:
    ended_badly = session.status in ("failed", "interrupted") or bool(session.exit_code)
    return ended_badly or bool(failures.of_session(app.store(), session.id, 1))
