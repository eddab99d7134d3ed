"""`tachograph import`: what agents wrote about themselves, into the store."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from tachograph import clock
from tachograph.cli.app import App
from tachograph.cli.command import command, pass_app
from tachograph.formats import human

if TYPE_CHECKING:
    from tachograph.ingest.histories import Report


@command("import")
@click.argument("words", metavar="[AGENT|PATH]…", nargs=-1)
@click.option("--reparse", is_flag=True, help="Read again what is archived: for readers that have learned.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@pass_app
def cli(app: App, words: tuple[str, ...], reparse: bool, as_json: bool) -> int:
    """Import the histories that agents keep: of all agents, of one, or the files and folders you name.

    What did not change since is not read again. The files themselves are kept too, compressed and word for word, so
    that they outlive the agent's own clean-up: tachograph export SESSION --as original gives one back.
    """
    from tachograph.ingest import importing

    app.make_folders()
    begun = clock.monotonic()
    complaints: list[str] = []
    store = app.new_store()
    progress = _Progress(app)
    if reparse:
        report = importing.reparse(store, app.places, words, progress)
    else:
        wanted = importing.candidates(words, os.path.expanduser("~"), os.environ)
        report = importing.import_all(store, app.places, wanted, progress, complaints)
    progress.clear()
    seconds = (clock.monotonic() - begun) / 1e9
    if as_json:
        app.value({**report._asdict(), "sessions": len(report.sessions), "seconds": round(seconds, 3)})
    else:
        app.line(_summary(report, seconds))
    for complaint in complaints[:5]:
        app.warn(f"  {complaint}")
    if len(complaints) > 5:
        app.warn(f"  and {len(complaints) - 5} more; tachograph doctor lists them")
    if not as_json:
        app.hint("tachograph sessions lists them; tachograph search WORDS looks inside")
    return 1 if report.failed and not report.sessions else 0


def _summary(report: Report, seconds: float) -> str:
    if not report.files:
        return "no histories found; name a file or a folder, or see tachograph import --help"
    unchanged = report.files - report.parsed - report.unread - report.failed - report.deleted
    parts = [f"{len(report.sessions)} sessions from {report.parsed} files ({human.size(report.bytes)})"]
    if unchanged > 0:
        parts.append(f"{unchanged} files unchanged")
    if report.unread:
        parts.append(f"{report.unread} files that no reader knows")
    if report.deleted:
        parts.append(f"{report.deleted} files left alone, as their sessions were deleted")
    if report.failed:
        parts.append(f"{report.failed} files could not be read")
    return f"{', '.join(parts)}; {seconds:.1f} s"


class _Progress:
    """One line on stderr that is written over; only for people."""

    def __init__(self, app: App) -> None:
        self._shown = sys.stderr.isatty()
        self._at = 0

    def __call__(self, done: int, total: int, report: Report) -> None:
        present = clock.monotonic()
        if self._shown and present - self._at > clock.SECOND // 10:
            self._at = present
            sys.stderr.write(f"\r\x1b[K{done} of {total} files, {human.size(report.bytes)}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._at:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
