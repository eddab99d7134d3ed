"""What keeps hooks that are set up from running: named, where it holds, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.capture.setup.agents import AGENTS
from tachograph.capture.setup.world import World
from tests.capture.setup.home import FILES, THEIRS, given, set_up, settings


def test_codex_knows_which_hooks_are_trusted(user: Path, world: World) -> None:
    given(user, "codex", json.dumps({"hooks": {"Stop": [{"hooks": [THEIRS]}]}}))
    set_up("codex", world)
    assert AGENTS["codex"].traps(world)[0].startswith("11 hooks are not trusted")
    file = user / FILES["codex"]
    states = []
    for event, groups in settings(user, "codex")["hooks"].items():
        words = "".join("_" + char.lower() if char.isupper() else char for char in event)[1:]
        states.append(f'[hooks.state."{file}:{words}:{len(groups) - 1}:0"]\ntrusted_hash = "x"\n')
    config = user / ".codex" / "config.toml"
    config.write_text(config.read_text() + "".join(states))
    assert AGENTS["codex"].traps(world) == []


def test_traps_of_claude(user: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the project one is in, too; what cannot be read says nothing."""
    monkeypatch.chdir(user)
    assert AGENTS["claude"].traps(world) == []
    given(user, "claude", '{"disableAllHooks": true, "env": {"OTEL_LOGS_EXPORTER": "otlp"}}')
    assert len(AGENTS["claude"].traps(world)) == 1
    project = user / "project" / ".claude"
    project.mkdir(parents=True)
    (project / "settings.json").write_text('{"env": {"OTEL_LOGS_EXPORTER": "otlp"}}')
    (project / "settings.local.json").write_text('{"disableAllHooks": true}')
    monkeypatch.chdir(project.parent)
    words = [(sentence.split()[0], "project" in sentence) for sentence in AGENTS["claude"].traps(world)]
    assert words == [("disableAllHooks", False), ("OTEL_LOGS_EXPORTER", True), ("disableAllHooks", True)]
    (project / "settings.json").write_bytes(b"\xff")
    (project / "settings.local.json").write_text('{"env": 5}')
    assert len(AGENTS["claude"].traps(world)) == 1


def test_gemini_runs_no_hooks_where_it_was_not_told_to(
    user: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = user / "work" / "project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    given(user, "gemini", '{"hooksConfig": {"enabled": false}}')
    assert [sentence.split()[0] for sentence in AGENTS["gemini"].traps(world)] == ["hooksConfig.enabled", str(project)]
    settings_file, trusted = user / FILES["gemini"], user / ".gemini" / "trustedFolders.json"
    settings_file.write_text("{}")
    for rules, traps in (
        ({str(project): "TRUST_FOLDER"}, 0),
        ({str(user): "TRUST_FOLDER"}, 0),
        ({str(user): "TRUST_FOLDER", str(project): "DO_NOT_TRUST"}, 1),
        ({str(user / "work" / "other"): "TRUST_PARENT"}, 0),
        ({str(user / "work" / "pro"): "TRUST_FOLDER"}, 1),
        ([1], 1),
    ):
        trusted.write_text(json.dumps(rules))
        assert len(AGENTS["gemini"].traps(world)) == traps, rules
    settings_file.write_text('{"security": {"folderTrust": {"enabled": false}}}')
    assert AGENTS["gemini"].traps(world) == []


def test_opencode_waits_for_what_it_fetches(user: Path, world: World) -> None:
    set_up("opencode", world)
    assert "fetches @opencode-ai/plugin" in AGENTS["opencode"].traps(world)[0]
    (user / ".config" / "opencode" / "node_modules" / "@opencode-ai" / "plugin").mkdir(parents=True)
    assert AGENTS["opencode"].traps(world) == []
