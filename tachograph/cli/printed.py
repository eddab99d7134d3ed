"""What a session printed, on its way to stdout: as clean lines, with its colours, or byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tachograph.cli.app import App
from tachograph.errors import NotFound
from tachograph.formats import sanitise
from tachograph.records import Session

_AT_ONCE = 2000  # lines


def raw(app: App, session: Session, stream: str | None) -> None:
    """The recorded bytes (secrets masked), stdout and stderr in the order they came."""
    for chunk in app.store().output.chunks(session.id, stream):
        if stream or chunk.stream != "input":
            sys.stdout.buffer.write(chunk.data)
    sys.stdout.flush()


def clean(app: App, session: Session, first: int | None, last: int | None, stream: str | None) -> None:
    """Readable lines `first` to `last` of a stream: of the one that has any when none is named."""
    chosen = stream or _speaking(app, session)
    if app.recorded_colour and not (first or last):
        app.write(_coloured(app, session, chosen))
        return
    number, end = first or 1, last or sys.maxsize
    while number <= end:
        lines = app.store().output.lines(session.id, number, min(end, number + _AT_ONCE - 1), chosen)
        if not lines:
            break
        app.write(sanitise.terminal(line.text) + "\n" for line in lines)
        number = max(lines[-1].number + 1, number + _AT_ONCE)
    if number == (first or 1) and first:
        raise NotFound(
            f"{session.id} has no line {first}" + (f" on {chosen}" if stream else ""),
            f"tachograph tail {session.id} shows its last lines with --numbers",
        )


def _speaking(app: App, session: Session) -> str:
    """stdout, unless only stderr has anything."""
    for stream in ("stdout", "stderr"):
        if next(app.store().output.chunks(session.id, stream), None) is not None:
            return stream
    return "stdout"


def _coloured(app: App, session: Session, stream: str) -> Iterator[str]:
    """Lines with their colours and nothing else of their escapes; of an overwritten line the last state."""
    rest = b""
    for chunk in app.store().output.chunks(session.id, stream):
        *lines, rest = (rest + chunk.data).split(b"\n")
        yield from (_kept(line) + "\n" for line in lines)
    if rest:
        yield _kept(rest) + "\n"


def _kept(line: bytes) -> str:
    shown = line.rstrip(b"\r").rsplit(b"\r", 1)[-1]
    return sanitise.terminal(shown.decode(errors="replace"), colour=True)
