"""Copilot CLI: hooks in a file of our own, as of 1.0.102. Its telemetry is switched on by the environment alone."""

from __future__ import annotations

import json
import os

from tachograph.capture.setup.change import Edit, Plan
from tachograph.capture.setup.ways import in_json
from tachograph.capture.setup.world import World
from tachograph.errors import Refused

NAME = "copilot"
PROGRAM = "copilot"
TELEMETRY = False
ways = in_json
_EVENTS = (
    *("sessionStart", "sessionEnd", "userPromptSubmitted", "preToolUse", "postToolUse", "postToolUseFailure"),
    *("permissionRequest", "agentStop", "errorOccurred", "preCompact", "notification"),
)
_SECONDS = 5


def path(world: World) -> str:
    return os.path.join(world.path("COPILOT_HOME", ".copilot"), "hooks", "tachograph.json")


def plan(world: World) -> Plan:
    """What would be written. Raises Refused."""
    file = path(world)
    before = world.read(file)
    if before is not None:
        raise Refused(f"{file} is there already, and not by us", "move it away")
    kind = "powershell" if os.name == "nt" else "bash"
    hooks = {event: [{"type": "command", kind: world.hook(NAME, event), "timeoutSec": _SECONDS}] for event in _EVENTS}
    text = json.dumps({"version": 1, "hooks": hooks}, indent=2) + "\n"
    left = []
    if world.telemetry:
        left.append(
            "telemetry is switched on where it is started: "
            f"OTEL_EXPORTER_OTLP_ENDPOINT={world.secret_url} OTEL_EXPORTER_OTLP_PROTOCOL=http/json copilot"
        )
    return Plan([Edit(file, before, text)], left)


def traps(world: World) -> list[str]:
    """Nothing is known that keeps its hooks from running."""
    return []


def without_ours(text: str, world: World) -> str:
    """The file is ours, whatever was done to it."""
    return ""
