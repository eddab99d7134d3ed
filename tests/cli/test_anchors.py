"""`audit anchor`: heads that are kept elsewhere outlive what is done to those beside the database."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Ask


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["config", "user.name", "a"], ["config", "user.email", "a@example.org"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    subprocess.run(["git", "-C", folder, *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    return folder


def put_back(home: Path, copy: Path) -> None:
    """Everything as it was when `copy` was made: database, heads and key, so that nothing here shows it."""
    shutil.rmtree(home)
    shutil.copytree(copy, home)


@pytest.mark.parametrize("where", ["--git", "--file"])
def test_a_head_kept_elsewhere_shows_what_is_missing(
    call: Ask, home: Path, repository: Path, tmp_path: Path, where: str
) -> None:
    place = str(repository if where == "--git" else tmp_path / "elsewhere")
    compared = ("audit", "verify", "--git" if where == "--git" else "--heads", place)
    assert call("audit", "add", "a", "b", "completed").code == 0
    shutil.copytree(home, tmp_path / "copy")
    for _ in range(2):
        answer = call("audit", "anchor", where, place)
        assert answer.code == 0, answer.err
    assert call(*compared).code == 0
    assert call("audit", "list", "--agent", "tachograph", "--json").json[0]["operation"] == "anchor"
    put_back(home, tmp_path / "copy")
    assert call("audit", "verify").code == 0, "whoever has everything can put everything back"
    answer = call(*compared, "--json")
    assert answer.code == 5
    assert {problem["kind"] for problem in answer.json["problems"]} == {"missing_tail"}
    for _ in range(2):
        assert call("audit", "add", "somebody", "else", "completed").code == 0
    answer = call(*compared, "--json")
    assert answer.code == 5
    assert "rewritten" in {problem["kind"] for problem in answer.json["problems"]}


def test_wrong_places_are_named(call: Ask, home: Path, repository: Path, tmp_path: Path) -> None:
    assert call("audit", "anchor", "--file", str(tmp_path / "elsewhere")).code == 3, "nothing was recorded yet"
    assert call("audit", "add", "a", "b", "completed").code == 0
    nowhere = call("audit", "anchor")
    assert (nowhere.code, "--git" in nowhere.err) == (2, True)
    no_repository = call("audit", "anchor", "--git", str(tmp_path))
    assert (no_repository.code, "git: " in no_repository.err) == (4, True)
    no_folder = call("audit", "anchor", "--file", str(tmp_path / "no" / "file"))
    assert (no_folder.code, "cannot write" in no_folder.err) == (4, True)
    assert call("audit", "verify", "--heads", str(tmp_path / "no")).code == 3
    empty = call("audit", "verify", "--git", str(repository))
    assert (empty.code, "no head was anchored there" in empty.err) == (3, True)
