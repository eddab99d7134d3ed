"""`tachograph clean`: sessions that somebody names, or what is old, go; what cannot go says why and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tachograph
from tests.cli import histories, recordings
from tests.cli.conftest import Ask, Recorded
from tests.cli.histories import CHILD, FIRST, OTHER, SECOND


@pytest.fixture
def files(tmp_path: Path, call: Ask) -> dict[str, Path]:
    """Histories imported into a home of their own; session → its file."""
    written = histories.write(tmp_path / "h")
    assert call("import", str(tmp_path / "h")).code == 0
    return written


def ids(call: Ask) -> set[str]:
    return {row["id"] for row in call("sessions", "--json", "--limit", "100").json}


def test_a_session_goes_with_those_it_started(files: dict[str, Path], call: Ask) -> None:
    asked = call("clean", FIRST[:8], "--dry-run")
    assert (asked.code, asked.out) == (0, "")
    for text in (FIRST, CHILD, "2 sessions with 2 archived files", f"stays, as it is the agent's own: {files[FIRST]}"):
        assert text in asked.err
    assert ids(call) == set(files), "a dry run changes nothing"
    done = call("clean", FIRST[:8], "--yes")
    assert done.code == 0 and "✓ deleted 2 sessions" in done.err
    assert ids(call) == {SECOND, OTHER}
    assert files[FIRST].exists()
    assert call("search", "clean up and document").rows == []
    assert call("audit", "verify").code == 0
    assert FIRST in call("audit", "list", "--json").out, "that it was deleted is noted"


def test_it_comes_back_when_its_file_is_named(files: dict[str, Path], call: Ask) -> None:
    call("clean", FIRST, "--yes")
    folder = str(files[FIRST].parents[2])
    again = call("import", folder)
    assert "2 files left alone, as their sessions were deleted" in again.out
    assert ids(call) == {SECOND, OTHER}
    call("import", str(files[FIRST]))
    assert ids(call) == {FIRST, SECOND, OTHER}


def test_a_recording_of_a_terminal_goes(recorded: Recorded, call: Ask, home: Path) -> None:
    assert call("search", "undefined").rows
    assert call("clean", recorded.bad, "--yes").code == 0
    assert ids(call) == {recorded.good}
    assert call("search", "undefined").rows == []
    assert [row["execution_id"] for row in call("receipt", "list", "--json").json] == [recorded.good]
    for path in home.rglob("*"):
        if path.is_file():
            assert b"undefined index 31" not in path.read_bytes(), path


def test_what_still_runs_stays(home: Path, call: Ask) -> None:
    journal, _ = recordings.begin(recordings.GOOD._replace(exit_code=None))
    refused = call("clean", "last", "--yes")
    assert refused.code == 4
    assert f"not over yet: {journal.session_id}" in refused.err and "wait for the end" in refused.err
    assert ids(call) == {journal.session_id}
    journal.close()


def test_sessions_of_one_file_go_together(tmp_path: Path, call: Ask) -> None:
    history = tmp_path / "p" / ".aider.chat.history.md"
    history.parent.mkdir()
    recording = Path(__file__).parents[1] / "histories" / "aider" / "chat.history.md"
    history.write_bytes(recording.read_bytes())
    os.utime(history, (1_780_000_000, 1_780_000_000))
    call("import", str(history))
    name, *others = sorted(ids(call))
    refused = call("clean", name, "--yes")
    assert (
        refused.code == 4 and f"{history} also tells of {others[0]}" in refused.err and "name them, too" in refused.err
    )
    assert ids(call) == {name, *others}
    assert call("clean", name, *others, "--yes").code == 0
    assert ids(call) == set()


def test_old_sessions_go_when_asked_to(files: dict[str, Path], recorded: Recorded, call: Ask) -> None:
    """Those of the histories are of long ago, the recordings some hours old."""
    assert "session" not in call("clean", "--keep", "0d", "--dry-run").err, "recordings stay unless it is said"
    assert ", 4 sessions" in call("clean", "--sessions", "--keep", "2d", "--dry-run").err
    assert ids(call) == {*files, recorded.good, recorded.bad}
    done = call("clean", "--sessions", "--keep", "2d", "--yes")
    assert done.code == 0 and "4 sessions" in done.err
    assert ids(call) == {recorded.good, recorded.bad}
    assert call("db", "check").code == 0
    assert "0 sessions" in call("clean", "--sessions", "--keep", "2d").err, "nothing is asked when nothing goes"


def test_the_oldest_go_until_it_is_small_enough(files: dict[str, Path], recorded: Recorded, call: Ask) -> None:
    assert "1 TB wanted: 0 sessions" in call("clean", "--max-size", "1T").err.replace("1.0", "1")
    asked = call("clean", "--max-size", "10kB", "--dry-run")
    assert "6 sessions" in asked.err and ids(call) == {*files, recorded.good, recorded.bad}
    with tachograph.open() as store:
        oldest = store.deleting.plan_of_size(store.deleting.used() - 1)[0].sessions
        size = store.deleting.used() - 20_000
    assert [one.id for one in oldest] == [CHILD, FIRST]
    assert call("clean", "--max-size", str(size), "--yes").code == 0
    left = ids(call)
    assert left < {*files, recorded.good, recorded.bad} and {recorded.good, recorded.bad} <= left
    with tachograph.open() as store:
        assert store.deleting.used() <= size
    done = call("clean", "--max-size", "1kB", "--yes")
    assert done.code == 0 and ids(call) == set()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("clean", "nobody", "--yes"), 3, "nobody"),
        (("clean", "last", "--keep", "3d"), 2, "--keep with --sessions, or --max-size"),
        (("clean", "last", "--sessions"), 2, "--keep with --sessions, or --max-size"),
        (("clean", "--keep", "3d", "--max-size", "1GB"), 2, "--keep with --sessions, or --max-size"),
        (("clean", "--max-size", "much"), 2, "write 2GB"),
        (("clean", "--sessions", "--keep", "never"), 2, "write 90d"),
        (("clean", "last"), 2, "--yes"),
    ],
)
def test_what_makes_no_sense_is_refused(
    words: tuple[str, ...], code: int, text: str, recorded: Recorded, call: Ask
) -> None:
    refused = call(*words)
    assert refused.code == code and text in refused.err
    assert ids(call) == {recorded.good, recorded.bad}
