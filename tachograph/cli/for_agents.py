"""`hook` as the help page and completion know it. The command itself lives in `hook`, which starts without click."""

from __future__ import annotations

import click

from tachograph.cli.app import App
from tachograph.cli.command import Command, pass_app


@click.command(
    "hook",
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    add_help_option=False,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="AGENT [EVENT [MESSAGE]]")
@pass_app
def cli(app: App, words: tuple[str, ...]) -> int:
    """Keep a message of an agent, from stdin. For agents: prints nothing, and exits with 0 whatever happens."""
    from tachograph.cli import hook

    return hook.main([*(["--db", app.database] if app.database else []), *words])
