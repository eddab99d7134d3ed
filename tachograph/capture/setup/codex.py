"""Codex: hooks in hooks.json and telemetry in config.toml, as of 0.169.0.

The agent numbers hooks by their place and remembers by that number which of them its user trusts, so ours stand last.
"""

from __future__ import annotations

import os
from typing import Any

from tachograph.capture.setup import hook_groups, json_text
from tachograph.capture.setup.change import Edit, Plan
from tachograph.capture.setup.ways import in_json
from tachograph.capture.setup.world import World
from tachograph.errors import Refused
from tachograph.regexes import regex

NAME = "codex"
PROGRAM = "codex"
TELEMETRY = False  # it says little that hooks do not, and waits for us when it ends
ways = in_json
_ALL_SINCE = (0, 160)
_OLD = ("SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse", "Stop")
_ALL = (*_OLD, "SessionEnd", "Interrupt", "SubagentStart", "SubagentStop", "PreCompact")
_SECONDS = 3  # of more it warns its user, for hooks at an end
_MARK = "\ufeff"  # some editors write it in front; the agent reads past it, our parsers of TOML do not
_CAMEL = regex(r"(?<!^)(?=[A-Z])")


def folder(world: World) -> str:
    return world.path("CODEX_HOME", ".codex")


def paths(world: World) -> tuple[str, str]:
    """hooks.json and config.toml."""
    return os.path.join(folder(world), "hooks.json"), os.path.join(folder(world), "config.toml")


def plan(world: World) -> Plan:
    """What would be written. Raises Refused."""
    hooks_file, config_file = paths(world)
    before, config = world.read(hooks_file), world.read(config_file)
    settings = _parsed(config or "", config_file)
    version = world.version(PROGRAM)
    events = _ALL if version is None or version >= _ALL_SINCE else _OLD
    hook = {"type": "command", "command": world.hook(NAME), "timeout": _SECONDS}
    text = hook_groups.add(hook_groups.readable(before, hooks_file), [(event, hook) for event in events])
    edits, left = [Edit(hooks_file, before, text)], []
    if world.telemetry:
        if "otel" in settings:
            left.append(f"[otel] is set up already in {config_file}: left as it is")
        else:
            edits.append(Edit(config_file, config, _with_block(config or "", _block(world), config_file)))
    return Plan(edits, left)


def traps(world: World) -> list[str]:
    """What keeps hooks from running, as sentences. Raises Refused."""
    hooks_file, config_file = paths(world)
    settings = _parsed(world.read(config_file) or "", config_file)
    found = []
    if _table(settings.get("features")).get("hooks") is False:
        found.append(f"[features] hooks is false in {config_file}: no hook runs")
    states = _table(_table(settings.get("hooks")).get("state"))
    waiting = [name for name in _names(world.read(hooks_file), hooks_file) if not _trusted(states.get(name))]
    if waiting:
        found.append(
            f"{len(waiting)} hooks are not trusted yet: start codex, type /hooks, and trust those of tachograph"
        )
    return found


def without_ours(text: str, world: World) -> str:
    """hooks.json or config.toml without our parts, however they were edited since."""
    if text.lstrip().startswith("{"):
        return hook_groups.discard(text)
    return _without_telemetry(text)


def _block(world: World) -> str:
    endpoint = f"{world.secret_url}/v1/logs"
    return (
        "[otel]\n"
        "log_user_prompt = true\n"
        f'exporter = {{ otlp-http = {{ endpoint = "{endpoint}", protocol = "json" }} }}\n'
    )


def _with_block(text: str, block: str, path: str) -> str:
    """At the end: what stands above cannot be meant for a table that begins below it."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    found = text + gap + block.replace("\n", newline)
    _parsed(found, path)
    return found


def _without_telemetry(text: str) -> str:
    """Keys of [otel] that lead to us, and the table if nothing else is in it."""
    import tomlkit
    from tomlkit.exceptions import ParseError

    mark = text[: text.startswith(_MARK)]
    try:
        document = tomlkit.parse(text[len(mark) :])
    except ParseError:
        return text
    table = document.get("otel")
    if not isinstance(table, dict):
        return text
    ours = [name for name, value in table.items() if "/i/tacho-send-" in str(value)]
    if not ours:
        return text
    for name in ours:
        del table[name]
    if dict(table) in ({}, {"log_user_prompt": True}):
        del document["otel"]
    return mark + tomlkit.dumps(document)


def _names(text: str | None, path: str) -> list[str]:
    """What the agent calls our hooks where it remembers which are trusted: file, event, place of group and hook."""
    try:
        events = json_text.parse(text or "{}").value.get("hooks", {})
    except (json_text.NotJson, AttributeError):
        return []
    return [
        f"{path}:{_CAMEL.sub('_', event).lower()}:{group_at}:{hook_at}"
        for event, groups in (events.items() if isinstance(events, dict) else ())
        for group_at, group in enumerate(groups if isinstance(groups, list) else ())
        for hook_at, hook in enumerate(_table(group).get("hooks") or ())
        if hook_groups.is_ours(hook)
    ]


def _trusted(state: object) -> bool:
    kept = _table(state)
    return isinstance(kept.get("trusted_hash"), str) and kept.get("enabled") is not False


def _parsed(text: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text.removeprefix(_MARK))
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{path} is not TOML: {error}", "mend it first; nothing was written") from None


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
