"""Listening, and the token that is made for it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph import keys, paths
from tachograph.errors import Refused
from tachograph.serve.run import Background, listen


def test_a_port_that_is_taken(home: Path) -> None:
    with listen(0) as taken, pytest.raises(Refused, match="taken"):
        Background(paths.places(), taken.getsockname()[1]).__enter__()


def test_the_token_is_made_once_and_private(home: Path) -> None:
    before = os.umask(0)
    try:
        token = keys.opening(paths.places())
    finally:
        os.umask(before)
    path = home / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == token == keys.opening(paths.places())
    assert len(token) > 40
    assert [entry.name for entry in home.iterdir()] == ["token"]


def test_ten_at_once_agree_on_the_token(home: Path) -> None:
    code = "from tachograph import keys, paths; print(keys.opening(paths.places()))"
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(10)]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


def test_a_token_of_ones_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_TOKEN", "correct-horse-battery-staple")
    assert keys.opening(paths.places()) == "correct-horse-battery-staple"
    assert not home.exists()


@pytest.mark.parametrize("token", ["", "short", "with a space in it", "öffnen-öffnen-öffnen"])
def test_a_file_that_holds_no_token(home: Path, token: str) -> None:
    home.mkdir(mode=0o700)
    (home / "token").write_text(token)
    (home / "token").chmod(0o600)
    with pytest.raises(Refused, match="holds no token"):
        keys.opening(paths.places())


def test_a_token_that_others_may_read_is_not_used(home: Path) -> None:
    keys.opening(paths.places())
    (home / "token").chmod(0o644)
    with pytest.raises(Refused, match="open to others"):
        keys.opening(paths.places())


def test_a_token_that_is_a_link(home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_text("x" * 40)
    (home / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        keys.opening(paths.places())


def test_nothing_leads_from_the_sending_token_to_the_other(home: Path) -> None:
    token = keys.opening(paths.places())
    sending = keys.sending(token)
    assert token not in sending
    assert sending != keys.sending(token + "x")
    assert keys.same(sending, keys.sending(token))
