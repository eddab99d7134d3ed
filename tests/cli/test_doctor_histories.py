"""`doctor` about the histories of agents: what was read, what not and why, what agents delete and that it is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph import clock
from tests.cli import histories
from tests.cli.conftest import Ask
from tests.cli.histories import CHILD, FIRST


@pytest.fixture
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Histories where their agent keeps them, not yet imported: FIRST goes in two days."""
    place = tmp_path / "me"
    monkeypatch.setenv("HOME", str(place))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    files = histories.write(place / ".claude")
    for session, path in files.items():
        age = 28 if session in (FIRST, CHILD) else 3
        os.utime(path, ns=(clock.now() - age * clock.DAY,) * 2)
    return files


def said(call: Ask) -> list[dict[str, Any]]:
    answer = call("doctor", "--json")
    assert answer.code == 0
    return [check for check in answer.json if check["name"] == "histories"]


def texts(call: Ask, state: str) -> list[str]:
    return [check["text"] for check in said(call) if check["state"] == state]


def test_nothing_is_said_where_there_are_none(call: Ask) -> None:
    assert said(call) == []


def test_histories_that_wait_are_counted_before_anything_was_recorded(agents: dict[str, Path], call: Ask) -> None:
    (check,) = said(call)
    assert (check["state"], check["text"], check["fix"]) == ("note", "3 files of agents to read", "tachograph import")


def test_what_was_read_by_agent(agents: dict[str, Path], call: Ask, tmp_path: Path) -> None:
    assert call("import", str(tmp_path / "me")).code == 0
    size = sum(path.stat().st_size for path in agents.values())
    assert texts(call, "ok")[0].startswith("claude: 3 sessions in 3 files, ")
    assert texts(call, "ok")[1].startswith("codex: 1 session in 1 file, ")
    with tachograph.open() as store:
        assert sum(stock.bytes for stock in store.keeping.stock()) == size


def test_unknown_lines_by_kind(agents: dict[str, Path], call: Ask) -> None:
    call("import", "claude")
    (text,) = texts(call, "note")
    assert text == "claude: 2 lines of an unknown kind, kept but not understood: mystery 2"
    with tachograph.open() as store:
        (strange,) = store.keeping.unknown()
    assert (strange.lines, strange.files) == (2, 1) and "riddle" in str(strange.sample)


def test_what_will_be_deleted_and_that_it_is_kept(agents: dict[str, Path], call: Ask) -> None:
    call("import", "claude")
    assert "2 sessions will be deleted by claude within 7 days; all 2 are kept here" in texts(call, "ok")
    with tachograph.open() as store, store.transaction():
        for one in store.histories.of_session(FIRST):
            store.histories.save(one.id, gone_at=clock.now())
    told = texts(call, "ok")
    assert "1 session will be deleted by claude within 7 days; it is kept here" in told
    assert "claude has deleted 1 session; it is kept here" in told


def test_what_is_not_here_whole_is_a_note(agents: dict[str, Path], call: Ask) -> None:
    call("import", "claude")
    with tachograph.open() as store, store.transaction():
        for one in store.histories.of_session(FIRST):
            store.histories.save(one.id, size=one.size + 1)
    assert "2 sessions will be deleted by claude within 7 days; 1 of 2 are kept here whole" in texts(call, "note")


def test_the_agents_own_setting_decides_when(agents: dict[str, Path], call: Ask, tmp_path: Path) -> None:
    (tmp_path / "me" / ".claude" / "settings.json").write_text('{"cleanupPeriodDays": 5}')
    call("import", "claude")
    assert "3 sessions will be deleted by claude within 7 days; all 3 are kept here" in texts(call, "ok")


def test_files_that_could_not_be_read_are_named_with_the_reason(call: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.bin").write_bytes(bytes(range(256)) * 4)
    call("import", str(folder))
    (check,) = [check for check in said(call) if check["state"] == "note"]
    assert check["text"].startswith("no agent's: 5 files not read: no reader knows this file: ")
    assert str(folder / "2.bin") in check["text"] and check["text"].endswith(" and 2 more")
    query = check["fix"].split('"')[1]
    assert len(call("db", "sql", query).rows) == 5


def test_files_that_are_new_or_have_grown(agents: dict[str, Path], call: Ask) -> None:
    call("import", "claude")
    with agents[FIRST].open("ab") as file:
        file.write(b'{"type":"mode"}\n')
    (agents[FIRST].parent / "cccccccc-1111-4222-8333-444444444444.jsonl").write_bytes(agents[FIRST].read_bytes())
    assert "files of agents that were not read yet: 1 new, 1 grown" in texts(call, "note")
