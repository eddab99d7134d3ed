"""The home of a user, for the tests of setting up agents: what lies where, and what is done to it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from tachograph.capture.setup import agents, json_text, record
from tachograph.capture.setup.agents import AGENTS
from tachograph.capture.setup.world import World

TOKEN = "tacho-send-0123456789"
FILES = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "copilot": ".copilot/hooks/tachograph.json",
    "opencode": ".config/opencode/plugins/tachograph.js",
}
THEIRS = {"type": "command", "command": "say done"}


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder, with its mode and bytes."""
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def set_up(agent: str, world: World) -> None:
    agents.apply(agents.prepare(AGENTS[agent], world), world)


def undo(agent: str, world: World) -> None:
    known = record.load(world.places, agent)
    agents.undo(AGENTS[agent], world, agents.taking_back(AGENTS[agent], world, known))


def settings(user: Path, agent: str) -> Any:
    return json_text.parse((user / FILES[agent]).read_text()).value


def given(user: Path, agent: str, text: str) -> Path:
    path = user / FILES[agent]
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    return path
