"""Without a terminal: stdout, stderr, stdin, exit code and broken pipes as without us."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.capture.conftest import piped, wrapped
from tests.capture.recorded import Recorded

NOISE = "import random, sys; sys.stdout.buffer.write(random.Random(3).randbytes(3_000_000))"
COMMANDS: dict[str, list[str]] = {
    "nothing": ["true"],
    "failure": ["false"],
    "both": ["sh", "-c", "echo out; echo err >&2; exit 9"],
    "no line end": ["printf", "x"],
    "noise": [sys.executable, "-c", NOISE],
    "a flood": ["seq", "1", "300000"],
    "signal": ["sh", "-c", "echo out; kill -INT $$"],
    "SIGKILL": ["sh", "-c", "kill -KILL $$"],
    "no terminal": ["sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none"],
    "own files": ["sh", "-c", "ls /dev/fd/ | wc -l"],
    "arguments": [sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "", "--", "-q", "é", "\udcff"],
    "default signals": [
        sys.executable,
        "-c",
        "print([line for line in open('/proc/self/status') if line.startswith(('SigIgn', 'SigBlk'))])",
    ],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("options", [("-q",), ("-q", "--pipe")])
def test_same_bytes_same_code(name: str, options: tuple[str, ...], recorded: Recorded) -> None:
    ours, bare = piped(wrapped(*COMMANDS[name], options=options)), piped(COMMANDS[name])
    assert ours.stdout == bare.stdout
    assert ours.stderr == bare.stderr
    assert ours.returncode == (128 - bare.returncode if bare.returncode < 0 else bare.returncode)
    assert recorded.bytes(b"O") == ours.stdout
    assert recorded.bytes(b"E") == ours.stderr
    assert recorded.header["terminal"] is False


def test_a_flood_from_a_hundred_megabytes(recorded: Recorded) -> None:
    command = shlex.join(wrapped("sh", "-c", "yes 0123456789 | head -c 100000000"))
    done = piped(["sh", "-c", f"{command} | cksum; yes 0123456789 | head -c 100000000 | cksum"])
    ours, bare = done.stdout.splitlines()
    assert ours == bare
    assert recorded.end["cost"]["bytes"] == 100_000_000
    assert recorded.end["cost"]["lost_bytes"] == 0
    assert recorded.end["cost"]["peak_rss_kb"] < 60_000


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["no-such-command"], 127, "no-such-command: command not found"),
        (["./missing"], 127, "./missing: No such file or directory"),
        (["./plain"], 126, "./plain: Permission denied"),
        (["./folder"], 126, "./folder: Is a directory"),
        ([""], 127, ": command not found"),
        (["./wrong"], 126, "./wrong: "),
    ],
)
@pytest.mark.parametrize("options", [(), ("--pipe",)])
def test_what_cannot_be_started(
    words: list[str], code: int, message: str, options: tuple[str, ...], recorded: Recorded, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("just text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "wrong").write_bytes(b"#!/no/such/interpreter\n")
    (tmp_path / "wrong").chmod(0o755)
    done = piped(wrapped(*words, options=options), cwd=tmp_path)
    bare = piped(["bash", "-c", shlex.join(words)], cwd=tmp_path)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == (bare.returncode if words != ["./wrong"] else done.returncode)
    assert done.returncode in (code, 127)
    assert lines[1].startswith(f"✗ {message}")
    assert all(line[0] in "●✓✗" for line in lines)
    assert recorded.states == ["started", "failed"]
    assert recorded.end["exit_code"] == done.returncode


def test_a_script_without_a_first_line_is_run_by_the_shell(recorded: Recorded, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo from the script: $1; exit 4\n")
    script.chmod(0o755)
    for options in (("-q",), ("-q", "--pipe")):
        done = piped(wrapped(str(script), "word", options=options))
        assert (done.returncode, done.stdout) == (4, b"from the script: word\n")


def test_stdin_is_the_command_s_own(recorded: Recorded) -> None:
    done = subprocess.run(wrapped("sh", "-c", "read one; echo got $one; cat"), input=b"1\n2\n", capture_output=True)
    assert done.stdout == b"got 1\n2\n"
    assert not recorded.bytes(b"I")


def test_stdin_can_be_recorded(recorded: Recorded) -> None:
    done = subprocess.run(
        wrapped("wc", "-c", options=("-q", "--record-input")), input=b"x" * 500_000, capture_output=True
    )
    assert done.stdout.strip() == b"500000"
    assert recorded.bytes(b"I") == b"x" * 500_000


def test_order_between_the_streams_is_kept_where_it_shows(recorded: Recorded) -> None:
    """`2>&1`: with both going into one pipe, a reader sees the order in which they were written."""
    command = ["sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo err $n >&2; done"]
    both = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    ours = subprocess.run(wrapped(*command), **both)  # type: ignore[call-overload]
    bare = subprocess.run(command, **both)  # type: ignore[call-overload]
    assert ours.stdout == bare.stdout
    assert recorded.bytes() == ours.stdout


def test_a_reader_that_leaves_ends_the_command(recorded: Recorded) -> None:
    command = shlex.join(wrapped("yes"))
    done = piped(["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"])
    assert done.stdout == b"y\n141\n"
    assert recorded.end["signal"] == signal.SIGPIPE


def test_a_reader_that_leaves_early_is_noticed_without_writing(recorded: Recorded, tmp_path: Path) -> None:
    """`tail -f` watches whether its reader is still there; it must be able to."""
    (tmp_path / "log").write_text("one\n")
    command = shlex.join(wrapped("tail", "-f", str(tmp_path / "log")))
    assert piped(["sh", "-c", f"{command} | head -1"]).stdout == b"one\n"


def test_a_slow_reader_slows_the_command_down(journals: Path, tmp_path: Path) -> None:
    """Nothing is hoarded: when nobody reads, the command has to wait."""
    written = tmp_path / "written"
    program = (
        "import os, sys\n"
        "for n in range(400):\n"
        "    os.write(1, b'x' * 65536)\n"
        "    open(sys.argv[1], 'w').write(str(n))\n"
    )
    wrapper = subprocess.Popen(wrapped(sys.executable, "-c", program, str(written)), stdout=subprocess.PIPE)
    try:
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 0.7:
            now = int(written.read_text() or 0) if written.exists() else -1
            if now != last or now < 0:
                last, since = now, time.monotonic()
            time.sleep(0.02)
        assert 0 <= last < 40
        assert wrapper.stdout
        assert len(wrapper.stdout.read()) == 400 * 65536
        assert wrapper.wait(30) == 0
    finally:
        wrapper.kill()
        wrapper.stdout and wrapper.stdout.close()


def test_what_is_left_running_keeps_its_streams(recorded: Recorded) -> None:
    """The wrapper ends with the command; what that left in the background goes on being heard, and recorded."""
    program = "(sleep 0.7; echo late; echo late error >&2) & echo early; exit 3"
    wrapper = subprocess.Popen(wrapped("sh", "-c", program), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert wrapper.stdout and wrapper.stderr
    assert wrapper.stdout.readline() == b"early\n"
    assert wrapper.wait(30) == 3
    assert recorded.states[-1] == "failed"
    assert wrapper.stdout.read() == b"late\n"
    assert wrapper.stderr.read() == b"late error\n"
    deadline = time.monotonic() + 90
    while recorded.live and time.monotonic() < deadline:
        time.sleep(0.02)
    assert recorded.end["exit_code"] == 3
    assert recorded.bytes() == b"early\nlate\n"
    wrapper.stdout.close()
    wrapper.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(number: signal.Signals, recorded: Recorded) -> None:
    program = (
        "import os, signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: (os.write(1, b'caught\\n'), sys.exit(5)))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(1)\n"
    )
    wrapper = subprocess.Popen(wrapped(sys.executable, "-c", program), stdout=subprocess.PIPE)
    assert wrapper.stdout
    assert wrapper.stdout.readline() == b"ready\n"
    wrapper.send_signal(number)
    assert wrapper.stdout.read() == b"caught\n"
    assert wrapper.wait(30) == 5
    wrapper.stdout.close()


def test_ignored_signals_stay_ignored(recorded: Recorded) -> None:
    words = shlex.join(wrapped("sh", "-c", "kill -HUP $$; kill -INT $$; echo alive"))
    assert piped(["sh", "-c", f"trap '' HUP INT; {words}"]).stdout == b"alive\n"


def test_a_full_disk_behind_stdout(recorded: Recorded) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(wrapped("seq", "1", "100000"), stdout=full, stderr=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 141
    assert recorded.bytes().startswith(b"1\n2\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str, recorded: Recorded) -> None:
    words = shlex.join(wrapped("sh", "-c", "exit 6"))
    assert piped(["sh", "-c", f"{words} {closed}"]).returncode == 6
    assert recorded.end["exit_code"] == 6


def test_what_the_command_finds_in_its_environment(recorded: Recorded) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    outer = {**os.environ, "TRACEPARENT": trace, "TACHOGRAPH_SESSION": "outer-1", "TACHOGRAPH_WORKFLOW": "nightly"}
    done = piped(wrapped("sh", "-c", "echo $TACHOGRAPH_SESSION $TRACEPARENT"), env=outer)
    session, inner = done.stdout.decode().split()
    header = recorded.header
    assert session == header["session_id"] == recorded.path.stem
    assert inner == header["traceparent"]
    assert inner.split("-")[1] == trace.split("-")[1]
    assert inner != trace
    assert header["parent_id"] == "outer-1"
    assert header["workflow_id"] == "nightly"


def test_nobody_else_can_read_the_recording(tmp_path: Path, home: Path) -> None:
    words = shlex.join(wrapped("true"))
    assert piped(["sh", "-c", f"umask 0; {words}"]).returncode == 0
    (path,) = (home / "journal").glob("*.journal")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == stat.S_IMODE((home / "journal").stat().st_mode) == 0o700
