"""`run` as the help page and completion know it. The command itself lives in `run`, which starts without click."""

from __future__ import annotations

import click

from tachograph.cli.app import App
from tachograph.cli.command import Command, pass_app


@click.command(
    "run",
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    add_help_option=False,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[--] COMMAND…")
@pass_app
def cli(app: App, words: tuple[str, ...]) -> int:
    """Run a command and record what it does; exits with its code."""
    from tachograph.cli import run

    return run.main([*(["--db", app.database] if app.database else []), *words])
