"""Branch, commit and dirtiness as git itself would tell them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tachograph.capture.git import Dirtiness, head
from tests.capture.conftest import piped, wrapped
from tests.capture.recorded import Recorded


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.com")
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout.strip()


def expected(folder: Path) -> dict[str, str | None]:
    branch = git(folder, "branch", "--show-current") or None
    return {
        "root": git(folder, "rev-parse", "--show-toplevel"),
        "branch": branch,
        "commit": git(folder, "rev-parse", "HEAD"),
    }


def test_a_branch(repo: Path) -> None:
    assert head(str(repo)) == expected(repo)


def test_from_a_folder_inside(repo: Path) -> None:
    (repo / "a" / "b").mkdir(parents=True)
    assert head(str(repo / "a" / "b")) == expected(repo)


def test_packed_references(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "feature/x")
    git(repo, "tag", "-a", "v1", "-m", "v1")
    git(repo, "pack-refs", "--all")
    assert not (repo / ".git" / "refs" / "heads" / "feature").exists()
    assert head(str(repo)) == expected(repo)


def test_detached(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    found = head(str(repo))
    assert found == expected(repo)
    assert found["branch"] is None


def test_a_work_tree_of_its_own(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "second")
    assert head(str(tmp_path / "tree")) == expected(tmp_path / "tree")
    git(repo, "pack-refs", "--all")
    assert head(str(tmp_path / "tree")) == expected(tmp_path / "tree")


def test_a_submodule(repo: Path, tmp_path: Path) -> None:
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "inner")
    assert head(str(repo / "inner")) == expected(repo / "inner")


def test_nothing_committed_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "start")
    assert head(str(tmp_path)) == {"root": str(tmp_path), "branch": "start", "commit": None}


def test_no_repository(tmp_path: Path) -> None:
    assert head(str(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"ref: ", b"ref: refs/heads/" + b"x" * 5000, b"gitdir: /"])
def test_broken_repositories(repo: Path, content: bytes) -> None:
    (repo / ".git" / "HEAD").write_bytes(content)
    found = head(str(repo))
    assert found is not None
    assert found["commit"] is None
    shutil.rmtree(repo / ".git")
    (repo / ".git").write_bytes(content)
    assert head(str(repo)) is None or content == b"gitdir: /"


def test_dirtiness(repo: Path) -> None:
    assert Dirtiness(str(repo), ()).collect(20) is False
    (repo / "new").write_text("")
    asked = Dirtiness(str(repo), ())
    assert asked.collect(20) is True
    assert asked.took > 0


def test_dirtiness_without_an_answer(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Dirtiness(str(tmp_path / "nowhere"), ()).collect(20) is None
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    assert Dirtiness(str(repo), ()).collect(20) is None
    (tools / "git").write_text("#!/bin/sh\nexec /bin/sleep 100\n")
    (tools / "git").chmod(0o755)
    asked = Dirtiness(str(repo), ())
    assert asked.collect(0.05) is None
    assert asked.took == 0


def test_a_run_knows_git_before_and_after(repo: Path, recorded: Recorded) -> None:
    index = (repo / ".git" / "index").read_bytes() if (repo / ".git" / "index").exists() else b""
    before = expected(repo)
    for _ in range(20):  # git has a moment for each answer, which on a machine that does much else may be too little
        # Long enough for git's first answer, which comes while the command runs.
        done = piped(wrapped("sh", "-c", "sleep 0.5; git checkout -q -b new; echo x > file"), cwd=repo)
        assert done.returncode == 0
        assert recorded.header["git"] == before
        end = recorded.end
        if None not in (end["git_start_dirty"], end["git"]["dirty"]):
            break
        recorded.path.unlink()
        git(repo, "checkout", "-q", "main")
        git(repo, "branch", "-q", "-D", "new")
        (repo / "file").unlink()
    assert end["git_start_dirty"] is False
    assert end["git"] == {**before, "branch": "new", "dirty": True}
    now = (repo / ".git" / "index").read_bytes() if (repo / ".git" / "index").exists() else b""
    assert index == now


def test_a_slow_git_keeps_nobody_waiting(repo: Path, recorded: Recorded, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text("#!/bin/sh\nexec sleep 100\n")
    (tools / "git").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    assert piped(wrapped("true"), cwd=repo, env={**os.environ, "PATH": path}).returncode == 0
    assert recorded.end["git_start_dirty"] is None
    assert recorded.end["git"]["dirty"] is None
