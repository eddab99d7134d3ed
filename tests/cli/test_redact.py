"""`redact`: what was recorded by mistake is gone, everything else is there, and what could bring it back is named."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest

from tests.cli import histories
from tests.cli.conftest import Ask
from tests.cli.live import Live
from tests.conftest import Run

SECRET = "Kuh-zwirn/7é"
STARS = "*" * len(SECRET.encode())
NEEDLE = "needle in the haystack"  # in what `histories` tell


def left(folder: Path, text: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if text.encode() in path.read_bytes()]


def test_a_password_that_was_printed_goes_from_everything(tachograph: Run, call: Ask, home: Path) -> None:
    program = f"echo 'open with {SECRET}'; echo 'error: {SECRET} is wrong' >&2; exit 3"
    tachograph("run", "--pipe", "--", "sh", "-c", program)
    found = call("redact", "--dry-run", "--json", input=SECRET + "\n")
    assert found.code == 6 and {row["place"] for row in found.json} >= {"sessions", "events", "output", "receipts"}
    assert SECRET in call("search", "open").out, "a dry run changes nothing"

    done = call("redact", "--yes", input=SECRET + "\n")
    assert done.code == 0 and "0 places left in" in done.err
    for said in (found, done):
        assert SECRET not in said.out + said.err
    assert not left(home, "zwirn") and not left(home, SECRET)
    assert f"open with {STARS}" in call("search", "open").out and "nothing found" in call("search", "zwirn").err
    assert call("audit", "verify", "--strict").code == 0 and call("receipt", "verify", "last").code == 0
    assert call("db", "check").code == 0
    (entry,) = call("audit", "list", "--json").json
    assert (entry["operation"], entry["status"]) == ("redact", "completed")
    assert " places in 1 session: " in entry["details"]

    again = call("redact", "--yes", input=SECRET)
    assert again.code == 0 and "it stands nowhere in the database" in again.err and "0 places left" in again.err
    assert len(call("audit", "list", "--json").json) == 1


def test_files_of_agents_are_named_and_grow_on(call: Ask, home: Path, tmp_path: Path) -> None:
    file = histories.write(tmp_path / "h")[histories.FIRST]
    assert call("import", str(tmp_path / "h")).code == 0
    done = call("redact", "--yes", input=NEEDLE)
    assert done.code == 6 and str(file) in done.err and "0 places left" in done.err
    before = call("sessions", "--json").json

    original = file.read_bytes()
    with file.open("ab") as more:
        more.write(histories.transcript(histories.FIRST, [histories.user("go on")], "more", later=100))
    assert call("import", str(tmp_path / "h")).code == 0
    assert call("redact", "--dry-run", input=NEEDLE).out.count("\n") <= 1, "it did not come back"
    stars = original.replace(NEEDLE.encode(), b"*" * len(NEEDLE))
    assert call("export", str(file), "--as", "original", "-o", str(tmp_path / "kept")).code == 0
    assert (tmp_path / "kept").read_bytes() == stars + file.read_bytes()[len(original) :]

    after = {row["id"]: row for row in call("sessions", "--json").json}
    assert after[histories.FIRST]["prompts"] == next(r["prompts"] for r in before if r["id"] == histories.FIRST) + 1
    counted = call("stats", "--json").json
    assert call("import", "--reparse").code == 0 and call("stats", "--json").json == counted
    for one in (tmp_path / "h").rglob("*.jsonl"):
        one.write_bytes(one.read_bytes().replace(NEEDLE.encode(), b"*" * len(NEEDLE)))
    assert call("import", str(tmp_path / "h")).code == 0 and call("stats", "--json").json == counted
    assert call("redact", "--dry-run", input=NEEDLE).code == 0


def test_a_recording_that_runs_is_named_and_done_after_its_end(live: Live, call: Ask, home: Path) -> None:
    live.say(f"the password is {SECRET}\n")
    assert live.run.stdout is not None and SECRET in live.run.stdout.readline()
    done = call("redact", "--yes", input=SECRET)
    assert done.code == 6 and "recordings that are not over" in done.err and ".journal" in done.err
    live.end()
    assert call("redact", "--yes", input=SECRET).code == 0 and not left(home, "zwirn")
    assert f"the password is {STARS}" in call("show", "last", "--output").out


def test_it_is_asked_for_without_showing_it(tachograph: Run, home: Path) -> None:
    tachograph("run", "--pipe", "--", "echo", SECRET)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "tachograph", "redact"])
    shown = b""
    for asked, answer in ((b"Text to remove:", SECRET), (b"[y/N]:", "y")):
        while asked not in shown:
            shown += os.read(terminal, 4096)
        os.write(terminal, answer.encode() + b"\n")
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"zwirn" not in shown and b"0 places left" in shown and not left(home, "zwirn")


def test_nobody_to_ask_is_refused_and_nothing_is_changed(tachograph: Run, call: Ask, home: Path) -> None:
    tachograph("run", "--pipe", "--", "echo", SECRET)
    assert call("redact", input=SECRET).code == 2 and SECRET in call("search", "zwirn").out


@pytest.mark.parametrize("text", ["", "abc\n", "12345"])
def test_what_is_no_secret_is_refused(call: Ask, text: str) -> None:
    assert call("redact", "--yes", input=text).code == 2
