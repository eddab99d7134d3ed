"""`tachograph files`: what sessions did to files, as a list and as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from tachograph.cli import draw, heatmap
from tachograph.cli.app import App
from tachograph.cli.command import Listing, choice, command, listing_options, pass_app, session_filter
from tachograph.cli.listing import Field, Shape, emit
from tachograph.errors import UsageError
from tachograph.formats import human
from tachograph.formats.rows import Row
from tachograph.formats.table import Cell
from tachograph.ingest import touched
from tachograph.store.files import Heat, Used


@command("files")
@click.option("--path", metavar="GLOB", help="Only such files: *.py, src/*, or a file or folder by its name.")
@click.option("--changed", is_flag=True, help="Without those that were only read.")
@click.option("--heat", type=choice("turn", "day"), help="When each file was touched: by turn of SESSION, or by day.")
@session_filter
@listing_options
@pass_app
def cli(app: App, listing: Listing, session: str | None, path: str | None, changed: bool, heat: str | None) -> None:
    """List the files that agents read and changed, in one session or in all, the busiest first.

    Operations that failed or were refused are counted like the others, and once more as failed; lines are those of
    changes that happened. Sessions in different folders of a project meet in the whole path of a file. A call that
    was copied into another session (resumed, forked) counts once.
    """
    store = app.store()
    asked = {**listing.chosen, "session": store.sessions.id_of(session), "path": path}
    if heat:
        _heat(app, listing, heat, changed, asked)
        return
    found = store.files.used(**asked, changed=changed, limit=listing.fetch)
    collided = touched.collided(app.store(), asked["session"], asked["since"])
    if emit(app, listing, found, _shape(app, bool(session), collided), _empty(asked["session"], path, changed)):
        app.hint("also: --changed, --path GLOB, --heat day, SESSION --heat turn")


def _heat(app: App, listing: Listing, by: str, changed: bool, asked: dict[str, Any]) -> None:
    if by == "turn" and asked["session"] is None:
        raise UsageError(
            "turns are those of one session", "name it: tachograph files SESSION --heat turn; or --heat day"
        )
    found: Sequence[Heat] = app.store().files.heat(by, **asked)
    if changed:
        kept = {one[:2] for one in found if one.writes + one.edits + one.deletes}
        found = [one for one in found if one[:2] in kept]
    if listing.form == "table" and app.terminal and not listing.fields and found:
        last = app.store().turns.division(asked["session"]).count if by == "turn" else None
        collided = touched.collided(app.store(), asked["session"], asked["since"])
        marks = {one.file_path: count for one in found if (count := touched.count(collided, one))}
        heatmap.draw_map(app, found, by, last, listing.limit, marks)
        return
    columns = ("file_path", "project_dir", by, *touched.COUNTS)
    shape = Shape("row", columns, [Field(name, name) for name in columns], lambda one: _heat_row(one, columns))
    emit(app, listing, found, shape, _empty(asked["session"], asked["path"], changed))


def _heat_row(one: Heat, columns: Sequence[str]) -> Row:
    """The column `turn` or `day` is when."""
    return {name: getattr(one, name, one.when) for name in columns}


def _shape(app: App, one_session: bool, collided: dict[str, tuple[int, int]]) -> Shape:
    def count(name: str, title: str, spare: int = 0) -> Field:
        return Field(name, title, lambda used: _some(getattr(used, name)), right=True, spare=spare)

    everybody = ("", "") if one_session else ("SESSIONS", "AGENTS")
    fields = [
        Field("file_path", "FILE", lambda used: used.file_path, stretch=True, tail=True, least=30),
        Field("project_dir"),
        Field("total_operations"),
        count("reads", "READ"),
        count("writes", "WRITE"),
        count("edits", "EDIT"),
        count("deletes", "DELETE", 4),
        Field("failed", "FAILED", lambda used: Cell(_some(used.failed), draw.RED), right=True, spare=2),
        Field("lines_added", "LINES", _lines, right=True),
        Field("lines_removed"),
        Field("sessions", everybody[0], lambda used: human.number(len(used.session_ids)), right=True, spare=1),
        Field("agents", everybody[1], lambda used: ", ".join(used.agents), stretch=True, spare=3),
        Field("last_modified"),
        Field("last_change", "CHANGED", lambda used: app.when(used.last_change)),
        Field(
            "collisions",
            "COLLIDED" if collided else "",
            lambda used: Cell(_some(touched.count(collided, used)), draw.RED),
            right=True,
            spare=2,
        ),
    ]
    return Shape("file", touched.COLUMNS, fields, lambda used: touched.row(used, touched.count(collided, used)))


def _some(count: int) -> str:
    return human.number(count) if count else ""


def _lines(used: Used) -> str:
    if used.lines_added is None and used.lines_removed is None:
        return ""
    return f"+{used.lines_added or 0} −{used.lines_removed or 0}"


def _empty(session: str | None, path: str | None, changed: bool) -> str:
    if path or changed:
        return "no file fits; tachograph files without filters lists them all"
    if session:
        return f"{session} touched no files that are known; tachograph show {session} tells what it did"
    return "no files fit; tachograph import reads what agents wrote down"
