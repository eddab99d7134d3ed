"""`tachograph tail`: the last lines a session printed, and the next ones as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import click

from tachograph import clock
from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.command import Whole, command, pass_app, session_argument
from tachograph.formats import as_json, human, sanitise
from tachograph.formats.sanitise import painted
from tachograph.records import Line, Session

_STREAMS = ("stdout", "stderr")
_AT_ONCE = 5000


class Printed(NamedTuple):
    stream: str
    line: Line


@command("tail")
@session_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the session ends.")
@click.option("-n", "--lines", type=Whole(0, 1_000_000), default=20, help="How many lines (20).")
@click.option("--numbers", is_flag=True, help="Number the lines.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="One JSON object a line.")
@pass_app
def cli(app: App, session: str, follow: bool, lines: int, numbers: bool, as_jsonl: bool) -> None:
    """Print the last lines of SESSION as clean text."""
    found = app.store().sessions.resolve(session)
    last = _last(app, found, lines)
    writer = _Writer(app, found, numbers, as_jsonl)
    if follow and not found.ended_at:
        _follow(app, found, last, writer)
        return
    writer.write(last)
    if not last:
        app.aside(f"{found.id} has printed nothing; tachograph show {found.id} tells how it went")
    elif follow:
        app.aside(f"{found.id} has ended: {found.status}")


class _Writer:
    def __init__(self, app: App, session: Session, numbers: bool, as_jsonl: bool) -> None:
        self._app, self._session, self._numbers, self._as_jsonl = app, session, numbers, as_jsonl

    def write(self, lines: Iterable[Printed]) -> None:
        for printed in lines:
            sys.stdout.write(self._json(printed) if self._as_jsonl else self._text(printed))
        sys.stdout.flush()

    def _text(self, printed: Printed) -> str:
        text = sanitise.terminal(printed.line.text)
        if printed.stream == "stderr" and self._app.colour:
            text = painted(text, draw.RED, True)
        label = f"{printed.line.number:>6} │ " if self._numbers else ""
        return painted(label, draw.DIM, self._app.colour) + text + "\n"

    def _json(self, printed: Printed) -> str:
        row = {
            "session_id": self._session.id,
            "stream": printed.stream,
            "line_number": printed.line.number,
            "timestamp": clock.iso(printed.line.at),
            "text": printed.line.text,
        }
        return as_json.value(row) + "\n"


def _last(app: App, session: Session, most: int) -> list[Printed]:
    """The last lines of both streams, in the order they came."""
    output = app.store().output
    found = _merged({stream: output.tail(session.id, most, stream) for stream in _STREAMS})
    return found[-most:] if most else []


def _merged(streams: Mapping[str, Sequence[Line]]) -> list[Printed]:
    """By time; the lines of one stream stay in their order, also where the clock was set back meanwhile."""
    found = []
    for stream, lines in streams.items():
        times = accumulate((line.at for line in lines), max)
        found += [(at, Printed(stream, line)) for at, line in zip(times, lines, strict=True)]
    return [printed for _, printed in sorted(found, key=lambda each: each[0])]


def _follow(app: App, session: Session, last: list[Printed], writer: _Writer) -> None:
    """Write complete lines as they come; one that stays unfinished for two looks is written as it stands."""
    follower = _Follower(app, session, last)
    writer.write(follower.settled(last))
    for _ in app.looks():
        ended = app.store().sessions.get(session.id)
        writer.write(follower.next(final=ended.ended_at is not None))
        if ended.ended_at is not None:
            break
    took = human.took(draw.duration(ended, app.now))
    app.aside(f"{draw.mark(ended.status).text} {ended.status} after {took}, exit {ended.exit_code}")


class _Follower:
    """How far each stream was written. Its newest line may still grow: it waits until the next one has begun, or is
    written as it stands once two looks in a row find it the same (a prompt that waits for an answer)."""

    def __init__(self, app: App, session: Session, last: list[Printed]) -> None:
        self._app, self._session = app, session
        self._next = {stream: self._begin(stream, last) for stream in _STREAMS}
        self._open: dict[str, set[tuple[int, str]]] = {stream: set() for stream in _STREAMS}
        self._shown: dict[str, set[tuple[int, str]]] = {stream: set() for stream in _STREAMS}

    def _begin(self, stream: str, last: list[Printed]) -> int:
        """The newest of the lines asked for; without any, what comes after all there is."""
        given = [printed.line.number for printed in last if printed.stream == stream]
        newest = [line.number + 1 for line in self._app.store().output.tail(self._session.id, 1, stream)]
        return max(given or newest or [1])

    def settled(self, last: list[Printed]) -> list[Printed]:
        """Of the first lines, those that cannot change any more: all but each stream's newest."""
        return [printed for printed in last if printed.line.number < self._next[printed.stream]]

    def next(self, final: bool) -> list[Printed]:
        return _merged({stream: self._of(stream, final) for stream in _STREAMS})

    def _of(self, stream: str, final: bool) -> list[Line]:
        ready: list[Line] = []
        while lines := self._app.store().output.lines(
            self._session.id, self._next[stream], self._next[stream] + _AT_ONCE, stream
        ):
            newest = lines[-1].number
            ready += [line for line in lines if (line.number, line.text) not in self._shown[stream]]
            if final:
                self._next[stream] = newest + 1
                continue
            growing = {(line.number, line.text) for line in lines if line.number == newest}
            if growing == self._open[stream]:
                self._shown[stream] = growing
            else:
                ready = [line for line in ready if line.number < newest]
            self._open[stream], self._next[stream] = growing, newest
            break
        return ready
