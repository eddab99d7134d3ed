"""A question before something that cannot be undone."""

from __future__ import annotations

import sys

import click

from tachograph.cli.app import App
from tachograph.errors import UsageError


def agreed(app: App, question: str, yes: bool) -> bool:
    """`yes`: it was answered already. Raises UsageError, which names the flag, when there is nobody to ask."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nothing was done: there is nobody to ask", "--yes does it without asking")
    sys.stdout.flush()
    answer = click.confirm(question, default=False, err=True)
    if not answer:
        app.say("nothing was done")
    return answer
