"""`tachograph hook`, as an agent calls it: everything is kept, nothing is noticed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph.journal import once
from tests.capture.recorded import Recorded

MAIN = str(Path(tachograph.__file__).with_name("__main__.py"))
ENTRIES = {
    "as an agent calls it": [sys.executable, "-I", "-S", MAIN, "hook"],
    "as a person would": [sys.executable, "-m", "tachograph", "hook"],
}
LAUNCH = ENTRIES["as an agent calls it"]
MESSAGE = b'{"session_id":"s1","hook_event_name":"PreToolUse"}'


def call(*words: str, message: bytes = MESSAGE, entry: list[str] = LAUNCH, **more: Any) -> None:
    done = subprocess.run([*entry, *words], input=message, capture_output=True, timeout=30, **more)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def kept(journals: Path) -> list[dict[str, Any]]:
    recorded = Recorded(journals)
    records = [record for path in recorded.paths for record in recorded.records(path)]
    assert {record.kind for record in records} <= {b"K"}
    return [json.loads(record.body) for record in records]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_message_is_kept(journals: Path, entry: list[str]) -> None:
    call("pi", "PreToolUse", entry=entry, env={**os.environ, "TACHOGRAPH_SESSION": "pi-1"})
    (found,) = kept(journals)
    assert found == {"agent": "pi", "event": "PreToolUse", "session": "pi-1", "body": json.loads(MESSAGE)}


def test_nothing_needs_to_be_there_before(home: Path, tmp_path: Path) -> None:
    call("pi", cwd=tmp_path)
    assert [path for path in (home / "journal").iterdir() if path.name.startswith("received-pi-")]


def test_messages_keep_their_order(journals: Path) -> None:
    for n in range(5):
        call("pi", message=b"%d" % n)
    assert [message["body"] for message in kept(journals)] == list(range(5))


def test_another_database(journals: Path, tmp_path: Path) -> None:
    call("--db", str(tmp_path / "other" / "x.db"), "pi")
    assert not kept(journals)
    assert len(list((tmp_path / "other" / "x.db.journal").glob("*.journal"))) == 1


def test_a_message_as_a_word(journals: Path) -> None:
    call("pi", "notify", '{"type":"done"}', message=b"")
    assert kept(journals)[0]["body"] == {"type": "done"}


@pytest.mark.parametrize("message", [b"", b"not JSON", b"\x00\xff", b"{" * 100_000, b"[1" * 500_000])
def test_whatever_comes_is_kept(journals: Path, message: bytes) -> None:
    call("pi", message=message)
    recorded = Recorded(journals)
    assert (message or b"null") in recorded.records()[0].body


def test_an_input_that_is_never_closed(journals: Path) -> None:
    with subprocess.Popen([*LAUNCH, "pi"], stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(MESSAGE)
        process.stdin.flush()
        assert process.wait(10) == 0
    assert kept(journals)[0]["body"] == json.loads(MESSAGE)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(journals: Path, closed: str) -> None:
    words = " ".join(f"'{word}'" for word in [*LAUNCH, "pi"])
    done = subprocess.run(["sh", "-c", f"{words} {closed}"], input=MESSAGE, timeout=30, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(kept(journals)) == 1


@pytest.mark.parametrize("words", [["--db"], ["--no-such-option", "x", "y", "z", "w"], ["../../evil", "x"], ["\udcff"]])
def test_words_that_make_no_sense(journals: Path, words: list[str]) -> None:
    call(*words)
    assert all(path.parent == journals for path in journals.parent.rglob("*.journal"))


def test_a_folder_that_cannot_be_used(home: Path) -> None:
    home.mkdir()
    (home / "journal").write_bytes(b"in the way")
    call("pi")


def test_a_full_disk_is_counted(journals: Path) -> None:
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *LAUNCH]
    call("pi", entry=limited, message=b'"' + b"x" * 100_000 + b'"')
    assert not kept(journals)
    assert once.lost(str(journals))[0] == 1


@pytest.mark.crash
def test_a_process_that_hangs_is_left_behind(journals: Path, tmp_path: Path) -> None:
    """The process that writes is stopped where it would write, which is all that a frozen disk does to it."""
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from tachograph.journal import once\n"
        "once.put = lambda *_: os.kill(os.getpid(), signal.SIGSTOP)\n"
        "from tachograph.cli.hook import main\n"
        "os._exit(main(['pi']))\n"
    )
    root = str(Path(tachograph.__file__).parent.parent)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        out, _ = process.communicate(MESSAGE, timeout=30)
        assert (process.returncode, out) == (0, b"")
    assert time.monotonic() - began < 20
    for child in _stopped(code):
        os.kill(child, signal.SIGKILL)


def _stopped(code: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if code.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_help_is_for_people(home: Path) -> None:
    done = subprocess.run([*LAUNCH, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: tachograph hook")


def asked(*words: str, message: bytes, entry: list[str] = LAUNCH) -> bytes:
    """What the agent is told."""
    done = subprocess.run([*entry, *words], input=message, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def edit(session: str, name: str) -> bytes:
    response = {"tool_response": "Success. Updated the following files:\nM a.py"} if name == "PostToolUse" else {}
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-a\n+b\n*** End Patch"
    message = {
        "session_id": session, "cwd": "/home/u/shop", "hook_event_name": name, "tool_name": "apply_patch",
        "tool_use_id": f"call_{session}", "tool_input": {"command": patch}, **response,
    }  # fmt: skip
    return json.dumps(message).encode()


@pytest.fixture
def up(home: Path) -> Iterator[subprocess.Popen[str]]:
    """`tachograph up`, answering."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tachograph", "up", "--port", "0", "--no-browser"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(home / "nobody")},
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if "listening" in line:
            break
    yield running
    running.terminate()
    running.communicate(timeout=30)


def test_the_second_of_two_agents_is_warned_before_its_write(up: subprocess.Popen[str], home: Path) -> None:
    assert asked("codex", message=edit("s1", "PreToolUse")) == b""
    assert asked("codex", message=edit("s1", "PostToolUse")) == b""
    deadline, answer = time.monotonic() + 20, b""
    while not answer and time.monotonic() < deadline:  # on a busy machine no answer in time is none
        asked("codex", message=edit("s1", "PostToolUse"))
        answer = asked("codex", message=edit("s2", "PreToolUse"))
    note = json.loads(answer)["hookSpecificOutput"]["additionalContext"]
    assert note.startswith("codex session s1 edited a.py ") and note.endswith(
        " ago: read it again before you change it."
    )
    up.terminate()
    up.wait(30)
    assert not (home / "answers.sock").exists()
    call("codex", message=edit("s2", "PreToolUse"))


def test_a_socket_that_nobody_answers_on_is_in_nobodys_way(journals: Path, home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home / "answers.sock"))
        call("codex", message=edit("s1", "PreToolUse"))
        dead.listen(8)
        call("codex", message=edit("s1", "PreToolUse"))
    assert len(kept(journals)) == 2
