"""`tachograph up`: import history, follow the agents, take what they send."""

from __future__ import annotations

import asyncio
import os
import shutil

import click

from tachograph import paths
from tachograph.cli.app import App
from tachograph.cli.command import command, pass_app
from tachograph.errors import NotFound, StoreError
from tachograph.formats import human


@command("up")
@click.option("--port", type=click.IntRange(0, 65535), default=8151, show_default=True, help="Where to listen.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--tmux", is_flag=True, help="Record the panes of tmux in which an agent runs, as long as it does.")
@pass_app
def cli(app: App, port: int, no_browser: bool, tmux: bool) -> None:
    """Import the history of every agent on this machine, newest first, and follow it until you press Ctrl-C.

    Hooks and OpenTelemetry of agents are received on the loopback (tachograph setup AGENT connects them).
    """
    from tachograph import daemon
    from tachograph.ingest import discover

    if tmux and not shutil.which("tmux"):
        raise NotFound("tmux is not installed", "there is no program tmux on the PATH")
    wrong = paths.data_folder(app.places)
    if wrong:
        raise StoreError(f"{app.places.data}: {wrong}", "set TACHOGRAPH_HOME to a folder of your own")
    paths.private_folder(app.places.journal)
    app.new_store().close()  # made, upgraded or refused before anything is started
    found = discover.on_this_machine(os.path.expanduser("~"), os.environ)

    def ready(bound: int) -> None:
        app.say(f"● following {_what(len(found), sum(one.size for one in found))}")
        if tmux:
            app.say("● following the panes of tmux in which agents run")
        app.say(f"● listening on http://127.0.0.1:{bound} for hooks and OpenTelemetry")
        app.say("  tachograph sessions lists what is there already; Ctrl-C ends this, and nothing is lost by that")

    asyncio.run(daemon.run(app.places, port, tmux=tmux, say=lambda text: app.say(f"✗ {text}", "33"), ready=ready))
    app.say("✓ stopped")


def _what(files: int, size: int) -> str:
    if not files:
        return "agents' histories: there are none yet on this machine, they are found as soon as an agent writes one"
    return f"{human.plural(files, 'file')} of agents' histories ({human.size(size)})"
