"""`tachograph serve`: the API over what is recorded, and nothing else."""

from __future__ import annotations

import asyncio

import click

from tachograph import keys
from tachograph.cli import opened
from tachograph.cli.app import App
from tachograph.cli.command import command, pass_app
from tachograph.errors import UsageError


@command("serve")
@opened.options
@click.option("--read-only", is_flag=True, help="Refuse everything that would add to the store or change it.")
@click.option("--link", "only_link", is_flag=True, help="Print a new link to the server that runs already, and end.")
@pass_app
def cli(
    app: App, port: int, host: str | None, names: tuple[str, ...], path: str | None, no_browser: bool,
    read_only: bool, only_link: bool,
) -> None:  # fmt: skip
    """Answer questions about what is recorded: the HTTP API, live streams, exports. Until you press Ctrl-C.

    Follows no agents: `tachograph up` does, and serves the same. A browser comes in by the link that is printed, a
    program with the token (`Authorization: Bearer …`) that lies in the data folder. Stopping or killing the server
    stops no recording.
    """
    from tachograph import daemon

    door = opened.door(app, port, host, names, path)
    if only_link:
        if port == 0:
            raise UsageError("a link needs the port of the server", "tachograph serve --link --port N")
        from tachograph.serve import entry

        app.line(entry.link(keys.opening(app.places), opened.address(door, port)))
        return
    if read_only:
        app.store_as_it_is()
    else:
        app.existing_store()  # made of an older version, it is upgraded or refused before anything is started
    app.close()

    def ready(bound: int) -> None:
        app.say(f"● serving {app.places.database}{', only to be read' if read_only else ''}")
        opened.greet(app, door, bound, browser=not no_browser)
        app.say("  Ctrl-C ends this, and no recording")

    asyncio.run(daemon.serve_only(app.places, door, read_only=read_only, ready=ready))
    app.say("✓ stopped")
