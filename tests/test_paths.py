"""Where things live, whatever the environment says, and who may look inside."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.errors import Refused

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other platforms have folders of their own")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TACHOGRAPH_HOME", "TACHOGRAPH_DB", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_the_folders_of_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.places().database == str(tmp_path / ".local/share/tachograph/tachograph.db")
    assert paths.places().config == str(tmp_path / ".config/tachograph")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/settings")
    assert (paths.places().data, paths.places().config) == ("/data/tachograph", "/settings/tachograph")


@pytest.mark.parametrize("value", ["", "relative", "../up", "~/mine"])
def test_xdg_folders_that_are_not_absolute_are_ignored(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = paths.places().database, paths.places().config
    monkeypatch.setenv("XDG_DATA_HOME", value)
    monkeypatch.setenv("XDG_CONFIG_HOME", value)
    assert (paths.places().database, paths.places().config) == expected


def test_what_is_named_relatively_is_absolute_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", "here")
    assert paths.places().database == str(tmp_path / "here/tachograph.db")
    assert paths.places("other.db").journal == str(tmp_path / "other.db.journal")


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=oct)
def test_every_folder_that_is_made_is_ours_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert paths.data_folder(paths.places()) == ""
    finally:
        os.umask(before)
    for folder in (".local", ".local/share", ".local/share/tachograph"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700, folder


def test_a_folder_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir(0o755)
    (tmp_path / ".local").chmod(0o755)
    assert paths.data_folder(paths.places()) == ""
    assert stat.S_IMODE((tmp_path / ".local").stat().st_mode) == 0o755


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="file is not a folder"):
        paths.private_folder(str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError):
        paths.private_folder(str(tmp_path / "file/below"))
