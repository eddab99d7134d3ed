"""`tachograph openapi`: the description of the HTTP API, for generators of clients; no server is needed."""

from __future__ import annotations

import json

import click

from tachograph.cli.app import App
from tachograph.cli.command import command, pass_app
from tachograph.cli.saving import save


@command("openapi")
@click.option("-o", "--output", metavar="FILE", help="Write it there instead of to stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@pass_app
def cli(app: App, output: str | None, force: bool) -> None:
    """Print the HTTP API as an OpenAPI 3.1 document, the same that a server gives at /api/openapi.json."""
    from tachograph.serve.app import description

    text = json.dumps(description(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        app.write([text])
    else:
        save(output, [text.encode()], force=force)
