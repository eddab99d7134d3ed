"""Gemini CLI: hooks and telemetry in its settings.json, as of 0.61.0, which trusts no folder until its user says so.

The hooks around the model are left out: each would hand over the whole conversation.
"""

from __future__ import annotations

import os

from tachograph.capture.setup import hook_groups, json_text
from tachograph.capture.setup.change import Edit, Plan
from tachograph.capture.setup.ways import in_json
from tachograph.capture.setup.world import World

NAME = "gemini"
PROGRAM = "gemini"
TELEMETRY = False  # its history says as much, and with telemetry it complains on stderr, about us and in general
ways = in_json
_EVENTS = ("SessionStart", "SessionEnd", "BeforeAgent", "AfterAgent", "BeforeTool", "AfterTool", "Notification")
_MILLISECONDS = 5000


def path(world: World) -> str:
    return os.path.join(world.path("GEMINI_CLI_HOME"), ".gemini", "settings.json")


def plan(world: World) -> Plan:
    """What would be written. Raises Refused."""
    file = path(world)
    before = world.read(file)
    text = hook_groups.readable(before, file)
    hook = {"name": "tachograph", "type": "command", "command": world.hook(NAME), "timeout": _MILLISECONDS}
    text = hook_groups.add(text, [(event, hook) for event in _EVENTS])
    left = []
    if world.telemetry:
        if json_text.find(text, ("telemetry",)) is not None:
            left.append(f"telemetry is set up already in {file}: left as it is")
        else:
            text = json_text.put(text, ("telemetry",), _telemetry(world))
    return Plan([Edit(file, before, text)], left)


def traps(world: World) -> list[str]:
    """What keeps hooks from running, as sentences. Raises Refused."""
    file = path(world)
    text = hook_groups.readable(world.read(file), file)
    found = []
    if _is(text, False, "hooksConfig", "enabled"):
        found.append(f"hooksConfig.enabled is false in {file}: no hook runs")
    if not _is(text, False, "security", "folderTrust", "enabled") and not _trusts(world, os.getcwd()):
        found.append(f"{os.getcwd()} is not a folder that gemini trusts, and there no hook runs: start it there once")
    return found


def without_ours(text: str, world: World) -> str:
    """The settings without our parts, however they were edited since."""
    text = hook_groups.discard(text)
    node = json_text.find(text, ("telemetry", "otlpEndpoint"))
    return json_text.remove(text, ("telemetry",)) if node is not None and "tacho-send-" in str(node.value) else text


def _is(text: str, value: object, *path: str) -> bool:
    node = json_text.find(text, path)
    return node is not None and node.value is value


def _trusts(world: World, folder: str) -> bool:
    """Whether its user said so of a folder or one above it; of several the longest name counts."""
    said = world.environment.get("GEMINI_CLI_TRUST_WORKSPACE")
    if said in ("true", "false"):
        return said == "true"
    text = world.read(os.path.join(os.path.dirname(path(world)), "trustedFolders.json"))
    try:
        rules = json_text.parse(text or "{}").value
    except json_text.NotJson:
        return False
    fitting = [(len(name), level) for name, level in _rules(rules) if _is_in(folder, name, level)]
    return max(fitting)[1] != "DO_NOT_TRUST" if fitting else False


def _rules(found: object) -> list[tuple[str, str]]:
    return [(name, str(level)) for name, level in found.items()] if isinstance(found, dict) else []


def _is_in(folder: str, name: str, level: str) -> bool:
    root = os.path.realpath(os.path.dirname(name) if level == "TRUST_PARENT" else name)
    return os.path.commonpath([root, os.path.realpath(folder)]) == root


def _telemetry(world: World) -> dict[str, object]:
    return {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": world.secret_url,
        "otlpProtocol": "http",
        "logPrompts": True,
        "traces": True,
    }
