"""`tachograph code`: the code blocks that were printed, each content once."""

from __future__ import annotations

import click

from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.command import Listing, command, listing_options, pass_app, session_filter
from tachograph.cli.listing import Field, Shape, emit
from tachograph.errors import UsageError
from tachograph.formats import human, sanitise
from tachograph.formats.rows import columns, to_row
from tachograph.records import CodeBlock

_SHORT = 12


@command("code")
@click.option("--language", metavar="NAME", help="Only blocks of this language.")
@click.option(
    "--digest", metavar="DIGEST", help="Print the one block with this digest (its beginning is enough) or id."
)
@click.option("--raw", is_flag=True, help="With --digest: print it as recorded, control characters included.")
@session_filter
@listing_options
@pass_app
def cli(app: App, listing: Listing, session: str | None, language: str | None, digest: str | None, raw: bool) -> None:
    """List code blocks, newest first, or print one with --digest."""
    store = app.store()
    if digest is not None:
        _print(app, listing.form, digest, raw)
        return
    found = store.code_blocks.list(
        **listing.chosen, session=store.sessions.id_of(session), language=language, limit=listing.fetch
    )
    if emit(app, listing, found, _shape(app), "no code blocks fit; tachograph code without filters lists them all"):
        app.hint("tachograph code --digest DIGEST prints one")


def _print(app: App, form: str, digest: str, raw: bool) -> None:
    if not digest:
        raise UsageError("--digest is empty", "tachograph code lists the digests")
    block = app.store().code_blocks.get(digest)
    if form != "table":
        app.value(to_row(block))
        return
    text = block.content if raw else sanitise.terminal(block.content)
    if app.colour and not raw:
        text = _highlighted(text, block.language)
    app.write([text, "" if text.endswith("\n") else "\n"])
    for seen in app.store().code_blocks.sightings(block.digest):
        app.hint(f"seen in {seen.session_id}, line {seen.line_start}")


def _highlighted(code: str, language: str | None) -> str:
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console(force_terminal=True, color_system="standard", width=10_000, legacy_windows=False)
    with console.capture() as drawn:
        console.print(Syntax(code, language or "text", theme="ansi_dark", background_color="default"), soft_wrap=True)
    return "\n".join(line.rstrip() for line in drawn.get().splitlines()) + "\n"


def _shape(app: App) -> Shape:
    def parseable(block: CodeBlock) -> str:
        return {True: "yes", False: "no", None: ""}[block.parseable]

    def first_line(block: CodeBlock) -> str:
        return next((line for line in block.content.splitlines() if line.strip()), "")

    fields = [
        Field("id"),
        Field("digest", "DIGEST", lambda block: block.digest[:_SHORT]),
        Field("session_id", "SESSION", lambda block: draw.short_id(app, block.session_id), stretch=True),
        Field("agent_name"),
        Field("timestamp", "WHEN", lambda block: app.when(block.at), spare=3),
        Field("language", "LANGUAGE", stretch=True),
        Field("line_start"),
        Field("line_end"),
        Field("", "LINES", lambda block: human.number(block.content.count("\n") + 1), right=True, spare=1),
        Field("parseable", "PARSES", parseable, spare=2),
        Field("", "CODE", first_line, stretch=True, least=16),
    ]
    return Shape("block", columns(CodeBlock), fields)
