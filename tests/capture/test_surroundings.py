"""The same bytes and the same exit code wherever the wrapper is started: odd environments, folders and streams."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.conftest import piped, wrapped
from tests.capture.recorded import Recorded
from tests.capture.terminal import Terminal

# A program that shows where it is: its terminal, its streams, its environment, its limits.
LOOK = (
    "tty; stty -a 2>&1; test -t 1 && echo out; test -t 2 && echo err; pwd; ulimit -a; umask; "
    "/bin/grep -e SigBlk -e SigIgn /proc/self/status; "
    "env | grep -v -e ^TACHOGRAPH_SESSION= -e ^TRACEPARENT= -e ^_= | sort; exit 3"
)
AROUND: dict[str, list[str]] = {
    "SHELL is dash": ["env", "SHELL=/bin/sh"],
    "no SHELL": ["env", "-u", "SHELL"],
    "SHELL is nonsense": ["env", "SHELL=/no/such/shell"],
    "TERM is dumb": ["env", "TERM=dumb"],
    "no TERM": ["env", "-u", "TERM"],
    "no HOME": ["env", "-u", "HOME"],
    "no PATH": ["env", "-u", "PATH"],
    "plain locale": ["env", "LC_ALL=C", "LANG=C"],
    "no locale it knows": ["env", "LC_ALL=xx_XX.UTF-8"],
    "odd bytes": ["env", b"ODD=\xff\xfe caf\xe9".decode("utf-8", "surrogateescape")],
    "lower priority": ["nice", "-n", "5"],
    "an umask": ["sh", "-c", 'umask 077; exec "$@"', "sh"],
    "limits": ["sh", "-c", 'ulimit -n 64; ulimit -s 1024; exec "$@"', "sh"],
    "signals ignored": ["sh", "-c", "trap '' HUP INT USR1 TSTP WINCH CHLD; exec \"$@\"", "sh"],
    "a signal blocked": ["env", "--block-signal=USR2"],
    "Python told to be odd": ["env", "PYTHONOPTIMIZE=2", "PYTHONUTF8=0", "PYTHONUNBUFFERED=1", "PYTHONWARNINGS=error"],
}


def run_in_terminal(argv: list[str], **more: object) -> tuple[int, bytes]:
    with Terminal(argv, **more) as terminal:  # type: ignore[arg-type]
        return terminal.wait(), terminal.shown


def run_in_pipes(argv: list[str], **more: object) -> tuple[int, bytes]:
    done = piped(argv, **more)
    return done.returncode, done.stdout + done.stderr


RUNS: dict[str, Callable[..., tuple[int, bytes]]] = {"terminal": run_in_terminal, "pipes": run_in_pipes}


def without_names(shown: bytes) -> list[bytes]:
    """Which of all terminals it got is no difference."""
    return [line for line in shown.splitlines() if not line.startswith(b"/dev/pts/")]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", AROUND)
def test_wherever_it_is_started(name: str, run: str, recorded: Recorded, tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", LOOK]
    ours = RUNS[run]([*AROUND[name], *wrapped(*command)], cwd=tmp_path)
    bare = RUNS[run]([*AROUND[name], *command], cwd=tmp_path)
    assert without_names(ours[1]) == without_names(bare[1])
    assert ours[0] == bare[0] == 3
    assert recorded.bytes() + recorded.bytes(b"E") == ours[1]
    assert recorded.end["exit_code"] == 3


@pytest.mark.parametrize("run", RUNS)
def test_in_a_folder_that_is_gone(run: str, recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    around = ["sh", "-c", 'cd gone; rmdir ../gone; exec "$@"', "sh"]
    command = ["sh", "-c", "echo here; ls; cat ../gone; exit 4"]
    ours = RUNS[run]([*around, *wrapped(*command)], cwd=tmp_path)
    (tmp_path / "gone").mkdir()
    assert ours == RUNS[run]([*around, *command], cwd=tmp_path)
    assert recorded.header["cwd"] is None


CLOSED = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("closed", CLOSED)
def test_streams_that_are_closed_stay_closed(closed: str, run: str, recorded: Recorded, tmp_path: Path) -> None:
    """The command finds what it would find without us, no /dev/null in its place."""
    look = f"for n in 0 1 2; do test -e /proc/$$/fd/$n && echo $n; done > {shlex.quote(str(tmp_path))}/found; exit 5"
    command = ["sh", "-c", f"{look}"]

    def found(argv: list[str]) -> tuple[int, bytes, str]:
        code, shown = RUNS[run](["sh", "-c", f"{shlex.join(argv)} {closed}"])
        return code, shown, (tmp_path / "found").read_text()

    assert found(wrapped(*command)) == found(command)
    assert recorded.end["exit_code"] == 5


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("words", [["no-such-command"], ["./plain"], ["./folder"], ["/no/such/place"], ["./broken"]])
def test_what_cannot_be_started(words: list[str], run: str, recorded: Recorded, tmp_path: Path) -> None:
    """126 and 127 as any shell has them."""
    (tmp_path / "plain").write_text("just text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken").symlink_to("nowhere")
    code, shown = RUNS[run](wrapped(*words), cwd=tmp_path)
    assert code == RUNS[run](["sh", "-c", shlex.join(words)], cwd=tmp_path)[0]
    assert shown.startswith(f"✗ {words[0]}: ".encode())
    assert recorded.end["exit_code"] == code
    assert recorded.states == ["started", "failed"]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGALRM])
def test_a_command_that_is_killed(number: signal.Signals, run: str, recorded: Recorded) -> None:
    """From outside, by its own number."""
    program = (
        "import os, resource, signal, sys\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "child = os.getpid()\n"
        "if not os.fork():\n"
        "    os.setsid()\n"
        f"    os.kill(child, {int(number)})\n"
        "    os._exit(0)\n"
        "while True: signal.pause()\n"
    )
    code, _ = RUNS[run](wrapped(sys.executable, "-c", program))
    assert code == 128 + number
    assert recorded.end["signal"] == number
    assert recorded.states[-1] == "killed"


@pytest.mark.parametrize("run", RUNS)
def test_modules_that_lie_around_are_none_of_ours(run: str, home: Path, tmp_path: Path) -> None:
    """A project may have a `select.py`; with `python -m` it would be ours, and the importer's."""
    trap = f"open({str(tmp_path / 'caught')!r}, 'a').write(__name__ + ' ')\n"
    for name in ("select", "resource", "fcntl", "zlib", "termios", "json", "signal", "apsw", "msgspec", "re2"):
        (tmp_path / f"{name}.py").write_text(trap)
    assert RUNS[run](wrapped("echo", "hi"), cwd=tmp_path)[0] == 0
    deadline = time.monotonic() + 90
    while list((home / "journal").glob("*.journal")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (home / "tachograph.db").exists()
    assert (home / "journal" / "importer.log").read_text() == ""
    assert not (tmp_path / "caught").exists()


@pytest.mark.parametrize("run", RUNS)
def test_files_that_are_handed_down(run: str, recorded: Recorded, tmp_path: Path) -> None:
    """As a job server of make is: by number."""
    (tmp_path / "in").write_text("from three\n")
    around = ["bash", "-c", 'exec 3< in 9> out; exec "$@"', "bash"]
    command = ["sh", "-c", "cat <&3; echo to nine >&9; ls /proc/self/fd | wc -l"]
    ours = RUNS[run]([*around, *wrapped(*command)], cwd=tmp_path)
    assert (tmp_path / "out").read_text() == "to nine\n"
    assert ours == RUNS[run]([*around, *command], cwd=tmp_path)


@pytest.mark.parametrize("run", RUNS)
def test_under_a_time_limit(run: str, recorded: Recorded) -> None:
    assert RUNS[run](["timeout", "1", *wrapped("sh", "-c", "echo up; exec sleep 100")])[0] == 124
    assert recorded.end["signal"] == signal.SIGTERM


@pytest.mark.parametrize("run", RUNS)
def test_a_recording_inside_a_recording(run: str, journals: Path) -> None:
    code, shown = RUNS[run](wrapped(*wrapped("sh", "-c", "echo in; exit 3")))
    assert (code, shown.split()) == (3, [b"in"])
    inner, outer = sorted(map(Recorded(journals).of, Recorded(journals).paths), key=lambda one: len(one.header["argv"]))
    assert inner.header["parent_id"] == outer.header["session_id"]
    assert inner.bytes() == outer.bytes() == shown


def test_with_hardly_any_environment(recorded: Recorded) -> None:
    """cron, containers: no controlling terminal, nobody above, nothing set."""
    few = {name: os.environ[name] for name in ("PATH", "TACHOGRAPH_HOME")}
    done = piped(wrapped("sh", "-c", "echo hi; exit 6"), start_new_session=True, env=few)
    assert (done.returncode, done.stdout, done.stderr) == (6, b"hi\n", b"")
    assert recorded.bytes() == b"hi\n"
