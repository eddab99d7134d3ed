"""OpenCode: a plugin that passes its events on to us.

One file for OpenCode 1 (from 1.18.29 on, as of 1.18.33) and OpenCode 2 (as its sources have it): both read the same
folder, and each calls what is theirs.
"""

from __future__ import annotations

import json
import os

from tachograph.capture.setup.change import Edit, Plan
from tachograph.capture.setup.ways import in_plugin
from tachograph.capture.setup.world import World
from tachograph.errors import Refused

NAME = "opencode"
PROGRAM = "opencode"
TELEMETRY = False
ways = in_plugin
_PLUGIN = "opencode_plugin.js"
_FETCHED = "@opencode-ai/plugin"


def path(world: World) -> str:
    base = world.path("XDG_CONFIG_HOME", ".config")
    folder = world.environment.get("OPENCODE_CONFIG_DIR") or os.path.join(base, "opencode")
    return os.path.join(folder, "plugins", "tachograph.js")


def plan(world: World) -> Plan:
    """What would be written. Raises Refused."""
    file = path(world)
    before = world.read(file)
    if before is not None:
        raise Refused(f"{file} is there already, and not by us", "move it away")
    with open(os.path.join(os.path.dirname(__file__), _PLUGIN), encoding="utf-8") as source:
        text = source.read()
    values = {
        "ADDRESS": f"{world.url}/api/ingest/hooks/{NAME}",
        "AUTHORIZATION": world.bearer,
        "COMMAND": world.hook_words(NAME),
    }
    for name, value in values.items():
        text = text.replace(f'"{name}"', json.dumps(value))
    left = []
    if world.telemetry:
        left.append(
            'telemetry needs "experimental": {"openTelemetry": true} in opencode.json, and where it is started: '
            f"OTEL_EXPORTER_OTLP_ENDPOINT={world.secret_url} OTEL_EXPORTER_OTLP_PROTOCOL=http/json opencode"
        )
    return Plan([Edit(file, before, text)], left)


def traps(world: World) -> list[str]:
    """What delays our plugin, as sentences."""
    fetched = os.path.join(os.path.dirname(os.path.dirname(path(world))), "node_modules", _FETCHED)
    if os.path.isdir(fetched) or (world.version(PROGRAM) or (1,)) >= (2,):  # OpenCode 2 fetches nothing for a file
        return []
    return [
        f"before it loads any plugin, opencode fetches {_FETCHED} with npm: "
        "until that has worked once, each of its starts waits for it, without a network for more than a minute"
    ]


def without_ours(text: str, world: World) -> str:
    """The file is ours, whatever was done to it."""
    return ""
