"""Every history of every agent that the tests have comes out of the archive as it went in."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.ingest.machine import HISTORIES, Machine, machine
from tests.originals import compared

NO_HISTORIES = {"hooks", "otlp", "SOURCES.md", "opencode.sql"}  # messages, and what is about the others


def _copied(one: Machine) -> list[Path]:
    shutil.copytree(HISTORIES, one.home, dirs_exist_ok=True)
    found = (path for path in one.home.rglob("*") if path.is_file())
    return sorted(path for path in found if NO_HISTORIES.isdisjoint(path.relative_to(one.home).parts))


def test_every_history_comes_back_byte_for_byte_after_its_agent_has_deleted_it() -> None:
    with machine() as one:
        files = _copied(one)
        one.look()
        found = compared(one.store, files)
        assert (found.differing, found.without) == ([], [])
        assert len(found.same) == len(files) > 40
        before = {path: path.read_bytes() for path in files}
        files[0].write_bytes(before[files[0]] + b"\n")
        assert compared(one.store, files).differing == [str(files[0])]
        shutil.rmtree(one.home)
        one.home.mkdir()
        one.restart()
        one.look()
        for path, data in before.items():
            assert one.original(path) == data
