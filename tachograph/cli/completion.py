"""`tachograph completion SHELL`: the line or file that makes TAB work."""

from __future__ import annotations

from typing import Any

import click

from tachograph.cli.app import App
from tachograph.cli.command import choice, command, pass_app

_INSTALL = {
    "bash": 'add to ~/.bashrc:   eval "$(tachograph completion bash)"',
    "zsh": 'add to ~/.zshrc:   eval "$(tachograph completion zsh)"',
    "fish": "tachograph completion fish > ~/.config/fish/completions/tachograph.fish",
}


@command("completion")
@click.argument("shell", type=choice(*_INSTALL))
@pass_app
def cli(app: App, shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from tachograph.cli.main import PROGRAM, VARIABLE, tree

    kind = get_completion_class(shell)
    if kind is None:  # cannot be: the argument allows only shells that click knows
        raise click.UsageError(f"{shell} is not supported")
    app.write([_script(kind(tree(), {}, PROGRAM, VARIABLE))])
    app.hint(_INSTALL[shell])


def _script(shell: Any) -> str:
    """The script alone: click's bash class asks bash for its version first, and bash need not be here."""
    return str(shell.source_template % shell.source_vars())
