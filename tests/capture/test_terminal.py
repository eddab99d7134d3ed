"""On a terminal, a recorded program looks exactly as it does without us."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.journal.reader import read
from tests.capture.conftest import REFERENCES, reference, wrapped
from tests.capture.recorded import Recorded
from tests.capture.terminal import Terminal

PRINT_BYTES = "import sys; w = sys.stdout.buffer; w.write({}); w.flush()"
PROGRAMS: dict[str, list[str]] = {
    "nothing": ["true"],
    "a line": ["echo", "hello"],
    "no line end": ["printf", "no end"],
    "both streams": ["sh", "-c", "echo out; echo err >&2; echo out"],
    "every byte": [sys.executable, "-c", PRINT_BYTES.format("bytes(range(256)) * 300")],
    "invalid utf-8": [sys.executable, "-c", PRINT_BYTES.format("b'\\xff\\xfe caf\\xc3\\xa9 \\xc3\\n' * 50")],
    "noise": [
        sys.executable,
        "-c",
        "import random, sys; r = random.Random(7); sys.stdout.buffer.write(r.randbytes(400_000))",
    ],
    "colours": ["ls", "--color=always", "-C", "/usr/bin"],
    "modes": ["stty", "-a"],
    "no echo": ["sh", "-c", "stty -echo; stty -a; stty echo"],
    "size": ["stty", "size"],
    "a flood": ["seq", "1", "60000"],
    "long lines": ["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"],
    "failure": ["sh", "-c", "echo no; exit 3"],
    "by signal": ["sh", "-c", "echo bye; kill -TERM $$"],
    "by SIGKILL": ["sh", "-c", "echo bye; kill -KILL $$"],
    "input": ["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo all terminals"],
    "own files": ["sh", "-c", "ls /dev/fd/ | wc -l"],
}


def show(argv: list[str], **more: object) -> tuple[int, bytes]:
    with Terminal(argv, **more) as terminal:  # type: ignore[arg-type]
        return terminal.wait(), terminal.shown


def as_shell(code: int) -> int:
    """What a shell makes of an exit code or a signal."""
    return 128 - code if code < 0 else code


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", REFERENCES)
def test_same_bytes_same_code(name: str, kind: str, recorded: Recorded) -> None:
    code, shown = show(wrapped(*PROGRAMS[name]))
    expected_code, expected = show(reference(kind, *PROGRAMS[name]))
    assert shown == expected
    assert code == as_shell(expected_code)
    assert recorded.bytes() == shown
    assert not recorded.damage()
    assert recorded.end["cost"]["bytes"] == len(shown)


def dialogues() -> dict[str, tuple[list[str], list[tuple[bytes, bytes]]]]:
    """Full-screen programs: (wait for this, then type that) until they end."""
    found = {
        "less": (["less", "lines"], [(b"line 20", b" "), (b"line 40", b"G"), (b"(END)", b"q")]),
        "vim": (
            ["vim", "-u", "NONE", "-i", "NONE", "-n", "lines"],
            [(b"line 3", b"dd"), (b"line 24", b":q!\r")],
        ),
        "top": (["top", "-d", "60"], [(b"PID", b"q")]),
        "cat": (
            ["sh", "-c", "echo ready; cat"],
            [(b"ready\r\n", b"typed\r"), (b"typed\r\ntyped\r\n", b"\x04")],
        ),
    }
    return {name: talk for name, talk in found.items() if shutil.which(name)}


def talk(argv: list[str], script: list[tuple[bytes, bytes]], folder: Path) -> bytes:
    with Terminal(argv, cwd=folder, env={"LESSHISTFILE": "-"}) as terminal:
        for expected, keys in script:
            seen = len(terminal.shown)
            terminal.until(lambda expected=expected: expected in terminal.shown, repr(expected))  # type: ignore[misc]
            terminal.settle()
            assert len(terminal.shown) >= seen
            terminal.type(keys)
        assert terminal.wait() == 0
        return terminal.shown


@pytest.mark.parametrize("name", dialogues())
def test_full_screen_programs(name: str, recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("".join(f"line {n}\n" for n in range(1, 200)))
    argv, script = dialogues()[name]
    shown = talk(wrapped(*argv), script, tmp_path)
    assert recorded.bytes() == shown
    if name != "top":  # which shows another moment each time
        assert shown == talk(argv, script, tmp_path)


def test_git_log_in_colour(recorded: Recorded, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    git("init", "-q")
    for n in range(30):
        git(
            *("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", f"No. {n}"),
        )
    command = ["git", "log", "--color=always", "--stat"]
    pages = {"env": {"GIT_PAGER": "cat"}, "cwd": tmp_path}
    assert show(wrapped(*command), **pages) == show(command, **pages)
    assert recorded.header["git"]["branch"]


@pytest.mark.parametrize("kind", REFERENCES)
def test_git_log_in_its_pager(kind: str, recorded: Recorded, tmp_path: Path) -> None:
    words = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for n in range(40):
        subprocess.run([*words, "commit", "-q", "--allow-empty", "-m", f"No. {n}"], check=True)
    command = ["git", "-c", "core.pager=less -R -X", "log", "--color"]
    script = [(b"No. 38", b" "), (b"No. 33", b"/No. 20\r"), (b"No. 20", b"q")]
    shown = talk(wrapped(*command), script, tmp_path)
    assert shown == talk(reference(kind, *command), script, tmp_path)
    assert recorded.bytes() == shown
    assert b"\x1b[33mcommit " in shown


TESTS = "import pytest\n@pytest.mark.parametrize('n', range(30))\ndef test_it(n): assert n != 7\n"


def without_times(shown: bytes) -> bytes:
    return re.sub(rb"\d+\.\d+s|\d+ ?ms|={3,}", b"", shown)


@pytest.mark.parametrize("kind", REFERENCES)
def test_pytest_on_a_terminal(kind: str, recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "test_it.py"]
    code, shown = show(wrapped(*command), cwd=tmp_path)
    expected_code, expected = show(reference(kind, *command), cwd=tmp_path)
    assert code == as_shell(expected_code) == 1
    assert without_times(shown) == without_times(expected)
    assert b"\x1b[31mFAILED\x1b[0m" in shown  # it saw a terminal
    assert recorded.bytes() == shown


@pytest.mark.parametrize("kind", REFERENCES)
def test_npm_on_a_terminal(kind: str, recorded: Recorded, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        return
    (tmp_path / "package.json").write_text('{"name": "it", "version": "1.0.0", "scripts": {"go": "stty size; exit 7"}}')
    command = ["npm", "run", "go", "--no-update-notifier", "--no-progress"]  # spinners turn with the time it takes
    here = {"cwd": tmp_path, "env": {"HOME": str(tmp_path), "NO_UPDATE_NOTIFIER": "1"}}
    code, shown = show(wrapped(*command), **here)
    expected_code, expected = show(reference(kind, *command), **here)
    assert code == as_shell(expected_code) == 7
    assert shown == expected
    assert b"24 80" in shown
    assert recorded.bytes() == shown


def digest(argv: list[str]) -> tuple[int, int, str]:
    """Exit code, number and hash of the bytes of something long."""
    sum_, size = hashlib.sha256(), 0
    with Terminal(argv) as terminal:
        while True:
            try:
                data = os.read(terminal.fd, 1 << 16)
            except OSError:
                break
            sum_.update(data)
            size += len(data)
        terminal.ended = True
        return terminal.wait(), size, sum_.hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("kind", REFERENCES)
def test_a_hundred_megabytes(kind: str, recorded: Recorded) -> None:
    noise = "openssl enc -aes-128-ctr -nosalt -pass pass:x -in /dev/zero 2>/dev/null"
    for megabytes, source in ((100, f"yes {'0123456789' * 7}"), (20, noise)):
        command = ["sh", "-c", f"{source} | head -c {megabytes}000000"]
        ours = digest(wrapped(*command))
        assert ours == digest(reference(kind, *command))
        assert ours[1] > megabytes * 1_000_000
        kept = hashlib.sha256()
        batch_at = sequence = 0
        while True:
            batch = read(str(recorded.path), batch_at, sequence, finished=True)
            for record in batch.records:
                kept.update(record.body if record.kind == b"O" else b"")
            batch_at, sequence = batch.offset, batch.sequence
            assert not batch.damage
            if batch.done:
                break
        assert kept.hexdigest() == ours[2]
        recorded.path.unlink()


@pytest.mark.parametrize("key", [b"\x03", b"\x1c"])
@pytest.mark.parametrize("kind", REFERENCES)
def test_keys_that_end_a_program(key: bytes, kind: str, recorded: Recorded) -> None:
    """Ctrl-C and Ctrl-\\, with their echo."""
    command = ["sh", "-c", "ulimit -c 0; echo ready; exec sleep 100"]

    def ended(argv: list[str]) -> tuple[int, bytes]:
        with Terminal(argv) as terminal:
            terminal.see(b"ready\r\n")
            terminal.settle()
            terminal.type(key)
            return as_shell(terminal.wait()), terminal.shown

    assert ended(wrapped(*command)) == ended(reference(kind, *command))
    assert recorded.states[-1] == "killed"


def test_output_that_is_held_up_by_key(recorded: Recorded) -> None:
    """Ctrl-S and Ctrl-Q: the program waits meanwhile, and nothing is lost."""
    with Terminal(wrapped("sh", "-c", "echo ready; read go; seq 1 20000")) as terminal:
        terminal.see(b"ready\r\n")
        terminal.type(b"\x13\r")
        terminal.settle()
        assert b"\n1\r\n" not in terminal.shown
        terminal.type(b"\x11")
        assert terminal.wait() == 0
    # The echo of the key comes before, between or after: the system decides.
    lines = [line for line in terminal.shown.split(b"\r\n") if line not in (b"", b"ready")]
    assert lines == [b"%d" % n for n in range(1, 20_001)]
    assert recorded.bytes() == terminal.shown


def test_a_long_paste(recorded: Recorded) -> None:
    """More than the terminal holds at once, while the program is in no hurry to read."""
    text = b"".join(b"%06d " % n for n in range(30_000))
    program = f"stty raw -echo; echo ready; sleep 0.3; head -c {len(text)} | cksum"
    with Terminal(wrapped("sh", "-c", program)) as terminal:
        terminal.see(b"ready")
        os.set_blocking(terminal.fd, False)
        left = text
        while left:
            terminal.until(lambda: bool(select.select([], [terminal.fd], [], 0.1)[1]), "room for keys")
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(terminal.fd, left) :]
        os.set_blocking(terminal.fd, True)
        assert terminal.wait() == 0
    expected = subprocess.run(["cksum"], input=text, capture_output=True).stdout
    assert expected.split()[:2] == terminal.shown.split()[1:3]


@pytest.mark.parametrize("kind", REFERENCES)
def test_resize_while_running(kind: str, recorded: Recorded) -> None:
    command = ["sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"]

    def resized(argv: list[str]) -> bytes:
        with Terminal(argv, columns=80, rows=24) as terminal:
            terminal.see(b"ready")
            terminal.resize(132, 50)
            assert terminal.wait() == 0
            return terminal.shown

    assert resized(wrapped(*command)) == resized(reference(kind, *command))
    assert recorded.facts(b"R") == [{"columns": 132, "rows": 50}]
    assert (recorded.header["columns"], recorded.header["rows"]) == (80, 24)


def test_the_terminal_is_as_it_was_afterwards(journals: Path) -> None:
    around = 'stty -ixon; stty -a; "$@"; stty -a'
    with Terminal(["sh", "-c", around, "sh", *wrapped("stty", "raw", "-echo")]) as terminal:
        assert terminal.wait() == 0
    half = len(terminal.shown) // 2
    assert terminal.shown[:half] == terminal.shown[half:]
    assert b"-ixon" in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_a_signal_to_the_wrapper_is_one_to_the_program(number: int, recorded: Recorded) -> None:
    around = 'stty -a; echo up; "$@"; echo "code $?"; stty -a'
    with Terminal(["sh", "-c", around, "sh", *wrapped("sh", "-c", "echo ready; exec sleep 100")]) as terminal:
        terminal.see(b"ready")
        os.kill(recorded.header["pid"], number)
        assert terminal.wait() == 0
    before, _, rest = terminal.shown.partition(b"up\r\n")
    assert f"code {128 + number}".encode() in rest
    assert rest.endswith(before)
    assert recorded.states == ["started", "running", "killed"]
    assert recorded.end["signal"] == number


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ({0: "in"}, b"stdout stderr"),
        ({2: "err"}, b"stdin stdout"),
        ({0: "in", 2: "err"}, b"stdout"),
    ],
)
def test_only_what_was_a_terminal_is_one(
    redirect: dict[int, str], expected: bytes, recorded: Recorded, tmp_path: Path
) -> None:
    """`echo y | run …` and `run … 2>file`: every stream is of the kind it would be without us."""
    command = [
        "sh",
        "-c",
        "test -t 0 && printf 'stdin '; test -t 1 && printf 'stdout '; test -t 2 && printf 'stderr '; cat; echo e >&2",
    ]
    (tmp_path / "in").write_text("piped in\n")

    def run(argv: list[str]) -> tuple[bytes, str]:
        (tmp_path / "err").write_text("")
        streams = {n: os.open(tmp_path / name, os.O_RDONLY if n == 0 else os.O_WRONLY) for n, name in redirect.items()}
        with Terminal(argv, streams=streams) as terminal:
            if 0 not in redirect:
                terminal.see(b"stdout")
                terminal.type(b"\x04")
            assert terminal.wait() == 0
            for fd in streams.values():
                os.close(fd)
            return terminal.shown, (tmp_path / "err").read_text()

    shown, errors = run(wrapped(*command))
    assert (shown, errors) == run(command)
    assert shown.startswith(expected)
    assert recorded.bytes() == shown
    assert recorded.bytes(b"E").decode() == errors


def test_a_program_may_close_and_reopen_its_terminal(recorded: Recorded) -> None:
    command = ["sh", "-c", "exec <&- >&- 2>&-; sleep 0.3; exec </dev/tty >/dev/tty; echo back"]
    assert show(wrapped(*command)) == (0, b"back\r\n")
    assert recorded.bytes() == b"back\r\n"


def test_what_is_typed_is_not_recorded(recorded: Recorded) -> None:
    with Terminal(wrapped("sh", "-c", "stty -echo; echo ready; read secret; stty echo")) as terminal:
        terminal.see(b"ready")
        terminal.type(b"hunter2\r")
        assert terminal.wait() == 0
    assert b"hunter2" not in recorded.path.read_bytes()
    assert not recorded.bytes(b"I")


def test_what_is_typed_is_recorded_when_asked_for(recorded: Recorded) -> None:
    with Terminal(wrapped("sh", "-c", "echo ready; read answer", options=("-q", "--record-input"))) as terminal:
        terminal.see(b"ready")
        terminal.type(b"yes\r")
        assert terminal.wait() == 0
    assert recorded.bytes(b"I") == b"yes\r"
    assert recorded.header["record_input"] is True


def test_background_processes_do_not_keep_us(recorded: Recorded) -> None:
    command = ["sh", "-c", "sleep 300 & echo $!; exit 5"]
    with Terminal(wrapped(*command)) as terminal:
        assert terminal.wait() == 5
        left = int(terminal.shown)
    assert recorded.states[-1] == "failed"
    os.kill(left, 0)  # it lives on: nobody hung up on it
    os.kill(left, 15)


def test_lines_before_and_after_only(journals: Path) -> None:
    code, shown = show(wrapped("printf", "x\\n", options=()))
    lines = shown.decode().split("\r\n")
    assert code == 0
    assert [line[:1] for line in lines] == ["●", "x", "✓", "✓", ""]
