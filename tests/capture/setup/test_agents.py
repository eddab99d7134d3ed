"""Setting up each agent, and taking it back: byte for byte, or, when the user has edited since, our parts alone."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path

import pytest

from tachograph.capture.setup import agents, change, json_text, record
from tachograph.capture.setup.agents import AGENTS
from tachograph.capture.setup.world import World
from tachograph.errors import Refused
from tests.capture.setup.home import FILES, THEIRS, TOKEN, given, set_up, settings, tree, undo

SHARED = ("claude", "codex", "gemini")  # they have one file for everybody's hooks
SETTINGS = [
    "",
    "\ufeff\r\n",
    "{}",
    "{}\n",
    '{"model":"x"}',
    '{\n  // mine\n  "model": "x", /* and yours */\n}\n',
    '{\r\n\t"model": "x"\r\n}',
    '\ufeff{\n    "model": "x",\n    "hooks": {}\n}',
    json.dumps({"hooks": {"Stop": [{"matcher": "", "hooks": [THEIRS]}]}}, indent=4),
    json.dumps({"hooks": {"Stop": [{"hooks": [THEIRS]}], "PreToolUse": []}, "z": 1}),
    '{\n  "hooks": {\n    "Stop": [\n      { "hooks": [{ "command": "say done" }] }, // last\n    ],\n  },\n}\n',
]


@pytest.mark.parametrize("agent", AGENTS)
def test_where_nothing_was_nothing_is_left(agent: str, user: Path, world: World, home: Path) -> None:
    set_up(agent, world)
    path = user / FILES[agent]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TOKEN in path.read_text() or agent in ("codex", "copilot", "gemini")
    undo(agent, world)
    assert tree(user) == {}
    assert not (home / "setup").exists()


@pytest.mark.parametrize("agent", SHARED)
@pytest.mark.parametrize("text", SETTINGS, ids=range(len(SETTINGS)))
def test_settings_come_back_byte_for_byte(agent: str, text: str, user: Path, world: World) -> None:
    path = given(user, agent, text)
    path.chmod(0o640)
    before = tree(user)
    set_up(agent, world)
    assert path.stat().st_mode & 0o777 == 0o640
    said = json_text.parse(text).value if text.strip("\ufeff\r\n") else {}
    kept = {k: v for k, v in said.items() if k != "hooks"}
    assert {k: v for k, v in settings(user, agent).items() if k in kept} == kept
    for comment in ("// mine", "/* and yours */", "// last"):
        assert (comment in text) == (comment in path.read_text())
    undo(agent, world)
    assert tree(user) == before


@pytest.mark.parametrize("agent", SHARED)
def test_others_hooks_stay_and_stand_first(agent: str, user: Path, world: World) -> None:
    event = "AfterAgent" if agent == "gemini" else "Stop"
    given(user, agent, json.dumps({"hooks": {event: [{"hooks": [THEIRS]}], "Other": [{"hooks": [THEIRS]}]}}))
    set_up(agent, world)
    hooks = settings(user, agent)["hooks"]
    assert hooks[event][0] == {"hooks": [THEIRS]}
    assert len(hooks[event]) == 2
    assert hooks["Other"] == [{"hooks": [THEIRS]}]


@pytest.mark.parametrize("agent", SHARED)
def test_what_the_user_edited_since_stays(agent: str, user: Path, world: World) -> None:
    path = given(user, agent, '{\n  "model": "x"\n}\n')
    set_up(agent, world)
    event = "AfterTool" if agent == "gemini" else "PreToolUse"
    edited = json_text.put(path.read_text(), ("later",), [1])
    edited = json_text.append(edited, ("hooks", event), {"hooks": [THEIRS]})
    node = json_text.find(edited, ("hooks", event))
    assert node
    inner = node.items[0]
    mixed = json_text.append(edited[inner.start : inner.end], ("hooks",), THEIRS)
    path.write_text(edited[: inner.start] + mixed + edited[inner.end :])
    undo(agent, world)
    assert settings(user, agent) == {
        "model": "x",
        "later": [1],
        "hooks": {event: [{"hooks": [THEIRS]}, {"hooks": [THEIRS]}]},
    }


@pytest.mark.parametrize("agent", SHARED)
def test_our_hooks_are_found_whatever_was_done_to_them(agent: str, user: Path, world: World) -> None:
    path = given(user, agent, "{}")
    set_up(agent, world)
    changed = settings(user, agent)
    for groups in changed["hooks"].values():
        groups[0]["hooks"][0]["timeout"] = 77
        groups[0]["matcher"] = "*"
    path.write_text(json.dumps(changed, indent=8))
    undo(agent, world)
    assert not path.exists() or settings(user, agent) == {}


@pytest.mark.parametrize("agent", AGENTS)
def test_twice_is_as_once(agent: str, user: Path, world: World) -> None:
    set_up(agent, world)
    before = tree(user)
    doing = agents.prepare(AGENTS[agent], world)
    assert agents.shown(doing) == []
    agents.apply(doing, world)
    assert tree(user) == before
    undo(agent, world)
    assert tree(user) == {}


@pytest.mark.parametrize("agent", AGENTS)
def test_another_port_replaces_the_first(agent: str, user: Path, world: World) -> None:
    set_up(agent, world._replace(port=1111))
    set_up(agent, world._replace(port=2222))
    text = (user / FILES[agent]).read_text()
    assert "1111" not in text
    undo(agent, world)
    assert tree(user) == {}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_file_that_is_gone_is_no_trouble(agent: str, user: Path, world: World) -> None:
    set_up(agent, world)
    (user / FILES[agent]).unlink()
    undo(agent, world)
    assert record.load(world.places, agent) is None


@pytest.mark.parametrize("agent", SHARED)
@pytest.mark.parametrize(
    "text", ["{broken", "[]", '{"hooks": 5}', '{"hooks": {"Stop": {}, "AfterAgent": {}}}', "\udcff"]
)
def test_what_is_broken_is_not_written_to(agent: str, text: str, user: Path, world: World) -> None:
    path = user / FILES[agent]
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refused):
        set_up(agent, world)
    assert path.read_bytes() == text.encode("utf-8", "surrogateescape")
    assert record.load(world.places, agent) is None


@pytest.mark.parametrize("agent", ("copilot", "opencode"))
def test_a_file_of_others_is_not_written_over(agent: str, user: Path, world: World) -> None:
    given(user, agent, "theirs")
    with pytest.raises(Refused, match="not by us"):
        set_up(agent, world)


def test_links_stay_links(user: Path, world: World, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text('{"a": 1}\n')
    path = user / FILES["claude"]
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    set_up("claude", world)
    assert path.is_symlink()
    assert "hooks" in json.loads(real.read_text())
    undo("claude", world)
    assert path.is_symlink()
    assert real.read_text() == '{"a": 1}\n'


def test_a_link_to_a_file_that_is_not_there_yet(user: Path, world: World) -> None:
    (user / "dotfiles").mkdir()
    path = user / FILES["claude"]
    path.parent.mkdir()
    path.symlink_to("../dotfiles/claude.json")
    before = tree(user)
    set_up("claude", world)
    assert "hooks" in json.loads((user / "dotfiles" / "claude.json").read_text())
    undo("claude", world)
    assert tree(user) == before
    assert path.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_of_a_file_stays(user: Path, world: World) -> None:
    path = given(user, "claude", "{}")
    os.chown(path, 1234, 2345)
    path.chmod(0o640)
    for change_it in (set_up, undo):
        change_it("claude", world)
        assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (1234, 2345, 0o640)


def test_a_file_that_may_not_be_written_to_is_left_alone(user: Path, world: World) -> None:
    path = given(user, "claude", "{}")
    path.chmod(0o444)
    before = tree(user)
    with pytest.raises(Refused, match="may not be written to"):
        set_up("claude", world)
    assert tree(user) == before and record.load(world.places, "claude") is None


def test_a_file_that_changes_under_our_hands_is_left_alone(user: Path, world: World) -> None:
    path = given(user, "claude", "{}")
    doing = agents.prepare(AGENTS["claude"], world)
    path.write_text('{"new": 1}')
    with pytest.raises(Refused, match="just now"):
        agents.apply(doing, world)
    assert path.read_text() == '{"new": 1}'


def test_claude_sends_over_http_but_for_the_start_and_the_end(user: Path, world: World) -> None:
    set_up("claude", world)
    hooks = settings(user, "claude")["hooks"]
    kinds = {event: groups[0]["hooks"][0]["type"] for event, groups in hooks.items()}
    assert {kinds.pop("SessionStart"), kinds.pop("SessionEnd")} == {"command"}
    assert "async" not in hooks["SessionEnd"][0]["hooks"][0]  # the agent would not wait for it, and end it
    assert set(kinds.values()) == {"http"}
    stop = hooks["Stop"][0]["hooks"][0]
    assert stop["url"] == "http://127.0.0.1:8151/api/ingest/hooks/claude"
    assert stop["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert (stop["onFailure"], stop["timeout"]) == ("continue", 0.1)


def test_claude_by_commands(user: Path, world: World) -> None:
    set_up("claude", world._replace(commands=True, telemetry=False))
    assert TOKEN not in (user / FILES["claude"]).read_text()
    undo("claude", world)
    assert tree(user) == {}


def program(folder: Path, name: str, says: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return f"{folder}:/bin:/usr/bin"


@pytest.mark.parametrize(
    ("says", "kind", "newest"),
    [
        ("2.1.329 (Claude Code)", "http", True),
        ("2.1.100", "http", False),
        ("2.0.9", "command", False),
        ("?", "http", True),
    ],
)
def test_an_old_claude_gets_what_it_knows(
    says: str, kind: str, newest: bool, user: Path, world: World, tmp_path: Path
) -> None:
    set_up("claude", world._replace(environment={"PATH": program(tmp_path, "claude", says)}))
    hooks = settings(user, "claude")["hooks"]
    assert hooks["Stop"][0]["hooks"][0]["type"] == kind
    assert ("PostModelSwitch" in hooks) == newest
    assert ("async" in hooks["SessionStart"][0]["hooks"][0]) == (kind == "http")


def test_telemetry_that_goes_elsewhere_is_left_alone(user: Path, world: World) -> None:
    given(user, "claude", '{"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://corp"}}')
    doing = agents.prepare(AGENTS["claude"], world)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in doing.plan.left[0]
    agents.apply(doing, world)
    assert settings(user, "claude")["env"] == {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://corp"}
    undo("claude", world)
    assert settings(user, "claude") == {"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://corp"}}


@pytest.mark.parametrize("agent", ["copilot", "opencode"])
def test_telemetry_that_no_file_switches_on_is_told(agent: str, world: World) -> None:
    assert agents.prepare(AGENTS[agent], world._replace(telemetry=False)).plan.left == []
    assert f"/i/{TOKEN} OTEL_" in agents.prepare(AGENTS[agent], world).plan.left[0]


CONFIGS = [
    "",
    "model = 'x'",
    "# mine\r\nmodel = 'x'\r\n[features]\r\nhooks = true\r\n",
    "[a]\nb = 1\n",
    "\ufeffa = 1\r\n",
]


@pytest.mark.parametrize("text", CONFIGS)
def test_the_other_file_of_codex(text: str, user: Path, world: World) -> None:
    path = user / ".codex" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    before = tree(user)
    set_up("codex", world)
    found = tomllib.loads(path.read_bytes().decode().removeprefix("\ufeff"))
    assert found["otel"]["exporter"]["otlp-http"]["endpoint"] == f"http://127.0.0.1:8151/i/{TOKEN}/v1/logs"
    assert {k: v for k, v in found.items() if k != "otel"} == tomllib.loads(text.removeprefix("\ufeff"))
    undo("codex", world)
    assert tree(user) == before


def test_the_other_file_of_codex_after_it_was_written_to(user: Path, world: World) -> None:
    path = user / ".codex" / "config.toml"
    path.parent.mkdir()
    path.write_text("\ufeff# mine\nmodel = 'x'\n")
    set_up("codex", world)
    path.write_text(path.read_text() + '\n[projects."/p"]\ntrust_level = "trusted" # yes\n')
    undo("codex", world)
    assert tomllib.loads(path.read_text().removeprefix("\ufeff")) == {
        "model": "x",
        "projects": {"/p": {"trust_level": "trusted"}},
    }
    assert path.read_text().startswith("\ufeff# mine")
    assert "# yes" in path.read_text()


@pytest.mark.parametrize(
    ("agent", "variable", "file"),
    [
        ("claude", "CLAUDE_CONFIG_DIR", "settings.json"),
        ("codex", "CODEX_HOME", "hooks.json"),
        ("gemini", "GEMINI_CLI_HOME", ".gemini/settings.json"),
        ("copilot", "COPILOT_HOME", "hooks/tachograph.json"),
        ("opencode", "XDG_CONFIG_HOME", "opencode/plugins/tachograph.js"),
    ],
)
def test_agents_that_live_elsewhere(
    agent: str, variable: str, file: str, user: Path, world: World, tmp_path: Path
) -> None:
    set_up(agent, world._replace(environment={variable: str(tmp_path / "elsewhere"), "PATH": ""}))
    assert (tmp_path / "elsewhere" / file).exists()
    assert tree(user) == {}


def test_the_command_names_the_database_when_the_user_did(world: World) -> None:
    assert "--db" not in world.hook("pi")
    line = world._replace(named=True).hook("pi", "Stop")
    assert f"--db {world.places.database} pi Stop || true" in line


def test_a_record_that_cannot_be_read_is_told(world: World, home: Path) -> None:
    set_up("claude", world)
    (home / "setup" / "claude.json").write_text("{")
    with pytest.raises(Refused, match=r"claude\.json"):
        agents.prepare(AGENTS["claude"], world)


def test_only_insertions_are_made() -> None:
    assert change.without("abXcdY", change.inserted("abcd", "abXcdY")) == "abcd"
    with pytest.raises(Exception, match="only insert"):
        change.inserted("abc", "ab")


def test_the_record_is_private(world: World, home: Path) -> None:
    before = os.umask(0)
    try:
        set_up("claude", world)
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "setup" / "claude.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "setup").stat().st_mode) == 0o700


def test_settings_that_are_broken_later_are_told(user: Path, world: World) -> None:
    set_up("claude", world)
    (user / FILES["claude"]).write_text("{")
    with pytest.raises(Refused, match="not JSON"):
        undo("claude", world)
    assert record.load(world.places, "claude") is not None
