"""Every session gets a receipt when it is over; two runs that did the same have the same determinism hash."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tachograph as package
from tachograph import clock, paths
from tachograph.ingest.catch_up import catch_up
from tachograph.ingest.evidence import collect
from tachograph.ingest.sealing import seal_quiet
from tachograph.records import Receipt
from tests.conftest import Run
from tests.ingest.machine import HISTORIES, machine

SCRIPT = "sort words.txt > sorted.txt; wc -l < words.txt; pwd"
Ran = Callable[[Path], dict[str, Any]]


@pytest.fixture
def ran(tachograph: Run) -> Ran:
    """Runs the script in a folder; its receipt."""

    def run(folder: Path, script: str = SCRIPT) -> dict[str, Any]:
        done = tachograph("run", "--quiet", "--", "sh", "-c", script, cwd=folder)
        assert done.returncode == 0, done.stderr
        return receipt_of_last()

    return run


def receipt_of_last() -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while True:
        catch_up(paths.places())
        with package.open() as store:
            last = store.sessions.resolve("last")
            found = store.receipts.list(session=last.id)
            assert store.ledger.verify().sound
        if found:
            return {**json.loads(found[0].receipt_json or ""), "row": found[0]}
        assert time.monotonic() < deadline, "no receipt was made"


def project(folder: Path, words: str = "b\na\n", *, git: bool = False) -> Path:
    folder.mkdir(parents=True)
    (folder / "words.txt").write_text(words)
    if git:
        name = ("-c", "user.name=a", "-c", "user.email=a@b")
        for command in (("init", "-q"), ("add", "."), (*name, "commit", "-qm", "first")):
            subprocess.run(["git", "-C", str(folder), *command], check=True)
    age = time.time() - 3600
    os.utime(folder / "words.txt", (age, age))
    while time.time_ns() - (folder / "words.txt").stat().st_ctime_ns < 50_000_000:
        time.sleep(0.01)  # a file that is as young as the command could be its work
    return folder


@pytest.mark.parametrize("git", [False, True])
def test_the_same_command_in_two_folders_is_the_same(ran: Ran, tmp_path: Path, git: bool) -> None:
    one = ran(project(tmp_path / "one", git=git))
    two = ran(project(tmp_path / "another" / "place", git=git))
    other = ran(project(tmp_path / "three", "b\na \n", git=git))
    assert one["determinism_hash"] == two["determinism_hash"] != other["determinism_hash"], (one, two)
    assert one["row"].receipt_id != two["row"].receipt_id
    digest = hashlib.sha256(b"a\nb\n").hexdigest()
    assert one["outputs"]["files"] == [{"path": "sorted.txt", "sha256": digest}]
    assert [file["path"] for file in one["inputs"]["files"]] == ["words.txt"]
    assert one["files"] == [
        {"path": "sorted.txt", "sha256": digest, "bytes": 4, "what": "generated" if git else "written"}
    ]
    assert (one["row"].files_generated, one["row"].files_modified) == ((1, 0) if git else (0, 1))
    assert (one["git"]["start"] is not None) == git
    assert one["exit_code"] == 0 and one["row"].status == "passed" and one["row"].operation == "session"


def test_what_git_has_is_modified(ran: Ran, tmp_path: Path) -> None:
    folder = project(tmp_path / "one", git=True)
    found = ran(folder, "echo c >> words.txt; mkdir -p ignored; echo x > ignored/x; echo ignored > .gitignore")  # type: ignore[call-arg]
    assert {one["path"]: one["what"] for one in found["files"]} == {".gitignore": "generated", "words.txt": "modified"}


def test_what_failed_and_what_it_printed(ran: Ran, tachograph: Run, tmp_path: Path) -> None:
    folder = project(tmp_path / "one")
    assert tachograph("run", "--quiet", "--", "sh", "-c", "echo no >&2; exit 3", cwd=folder).returncode == 3
    found = receipt_of_last()
    assert (found["row"].status, found["exit_code"]) == ("failed", 3)
    assert found["outputs"]["exit_code"] == 3
    assert set(found["streams"].values()) == {hashlib.sha256(b"no\n").hexdigest()}


def test_a_file_that_was_handed_in_counts(ran: Ran, tmp_path: Path) -> None:
    folder, given = project(tmp_path / "one"), tmp_path / "given"
    hashes = []
    for text in ("a\n", "b\n", "a\n"):
        given.write_text(text)
        while time.time_ns() - given.stat().st_ctime_ns < 50_000_000:
            time.sleep(0.01)  # as above
        with given.open("rb") as stdin:
            done = subprocess.run(
                [sys.executable, "-m", "tachograph", "run", "--quiet", "--", "true"],
                stdin=stdin,
                cwd=folder,
                check=True,
            )
        found = receipt_of_last()
        assert done.returncode == 0 and found["inputs"]["stdin"] == hashlib.sha256(text.encode()).hexdigest()
        hashes.append(found["determinism_hash"])
    assert hashes[0] == hashes[2] != hashes[1]


def test_files_are_told_apart_by_when_they_changed(tmp_path: Path) -> None:
    folder = project(tmp_path / "one")
    began = clock.now()
    before = collect(str(folder), False, began, began, "/nowhere")
    assert [(one.path, one.what) for one in before.files] == [("words.txt", "input")] and not before.missing
    (folder / "later.txt").write_text("x")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.js").write_text("x")
    written = collect(str(folder), False, began, clock.now() + clock.SECOND, "/nowhere")
    assert [(one.path, one.what) for one in written.files] == [("later.txt", "written"), ("words.txt", "input")]
    after = collect(str(folder), False, began - 2 * clock.SECOND, began - clock.SECOND, "/nowhere")
    assert "changed after the end" in after.missing


def test_a_large_project_is_looked_at_in_part_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path / "one")
    (folder / "more.txt").write_text("x")
    monkeypatch.setattr("tachograph.ingest.evidence.FILES_MAX", 1)
    found = collect(str(folder), False, clock.now(), clock.now(), "/nowhere")
    assert len(found.files) == 1 and "larger than 1 files" in found.missing
    assert collect(str(tmp_path / "gone"), False, 0, 1, "/nowhere").missing == "its folder is not here"
    assert collect("/", False, 0, 1, "/nowhere").missing == "it ran outside of a project"


def test_our_own_files_are_none_of_its_business(tmp_path: Path) -> None:
    folder = project(tmp_path / "one")
    for name in ("data/tachograph.db", "data/journal/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    found = collect(str(folder), False, clock.now(), clock.now() + clock.SECOND, str(folder / "data"))
    assert [one.path for one in found.files] == ["words.txt"]


@pytest.mark.parametrize(
    "name", ["claude/messy.jsonl", "codex/exec-stream.jsonl", "claude/d11bd8b2-2747-47c9-a282-b2d31464ce2e.jsonl"]
)
def test_an_imported_session_gets_one_that_grows_with_it(tmp_path: Path, name: str) -> None:
    data = (HISTORIES / name).read_bytes()
    half = data[: data.index(b"\n", len(data) // 2) + 1]
    with machine(tmp_path / "m") as at:
        path = at.put(name, half)
        at.take(path)
        assert at.store.ledger.verify().sound
        seal_quiet(at.store, quiet=0)
        first = sound(at.store)
        at.put(name, data)
        at.take(path)
        assert at.store.ledger.verify().sound, "what grows is no alarm"
        seal_quiet(at.store, quiet=0)
        second = sound(at.store)
        assert {one.session_id for one in first} <= {one.session_id for one in second}
        assert [one.receipt_id for one in first] != [one.receipt_id for one in second]
        at.look()
        assert seal_quiet(at.store, quiet=0) == 0, "nothing changed"


def sound(store: package.Store) -> list[Receipt]:
    report = store.ledger.verify()
    assert report.sound and report.waiting is None and not report.unsealed, report
    ended = {one.id for one in store.sessions.list(active=False, limit=None)}
    found = list(store.receipts.list(limit=None))
    assert {one.session_id for one in found} == ended and ended
    for one in found:
        assert one.session_id is not None
        body = json.loads(one.receipt_json or "")
        content = store.seals.content(store.sessions.number(one.session_id))
        assert body["events"] == {"count": content.events, "head": content.events_hash}
        assert body["counts"]["tool_calls"] == store.sessions.get(one.session_id).tool_calls
    return found
