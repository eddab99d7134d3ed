"""When recording is impossible, or is cut off: the command never notices, and what is missing is known."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.ingest.catch_up import catch_up
from tachograph.ingest.opening import open_store
from tests.capture.conftest import piped, wrapped
from tests.capture.recorded import Recorded
from tests.capture.terminal import Terminal

CYCLES = int(os.environ.get("TACHOGRAPH_TEST_CYCLES", "6"))
MEGABYTES = ["sh", "-c", "yes 0123456789 | head -c 20000000; exit 3"]

Wrapper = Callable[..., "subprocess.CompletedProcess[bytes]"]


FILE_SYSTEMS = ["tmpfs", *(["ext2"] if shutil.which("mkfs.ext2") else [])]  # the second cannot allocate ahead


def mount(kind: str, folder: Path) -> bool:
    """A file system of 2 MB there; False when we may not."""
    if os.geteuid():
        return False
    words = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"]
    if kind == "ext2":
        image = folder.with_name("disk")
        with image.open("wb") as file:
            file.truncate(2 << 20)
        subprocess.check_call(["mkfs.ext2", "-q", "-F", image], stderr=subprocess.DEVNULL)
        words = ["-o", "loop", str(image)]
    return not subprocess.call(["mount", *words, folder], stderr=subprocess.DEVNULL)


@pytest.fixture(params=FILE_SYSTEMS)
def small_disk(request: pytest.FixtureRequest, home: Path) -> Iterator[Wrapper]:
    """Runs the wrapper with room for about 2 MB of journal: a real small disk where we may mount one, or else a limit
    on the size of files."""
    home.mkdir(mode=0o700)
    mounted = mount(request.param, home)

    def run(*command: str) -> subprocess.CompletedProcess[bytes]:
        words = shlex.join(wrapped(*command, options=()))
        return piped(["bash", "-c", words if mounted else f"ulimit -f 2000; {words}"])

    (home / "journal").mkdir(mode=0o700)
    importer = os.open(home / "journal" / "importer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(importer, fcntl.LOCK_EX)  # it would fill the disk with its database
    yield run
    os.close(importer)
    if mounted:
        subprocess.check_call(["umount", "-l", home])


def summary(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return [line for line in done.stderr.decode().splitlines() if line[:1] in "●✓✗"]


@pytest.mark.crash
def test_a_full_disk(small_disk: Wrapper, home: Path) -> None:
    done, bare = small_disk(*MEGABYTES), piped(MEGABYTES)
    assert done.stdout == bare.stdout
    assert done.returncode == bare.returncode == 3
    (lost,) = (line for line in summary(done) if "could not be recorded" in line)
    recorded = Recorded(home / "journal")
    kept = recorded.bytes()
    assert bare.stdout.startswith(kept)
    assert len(kept) < 4_000_000
    assert f"✗ {(len(bare.stdout) - len(kept)) / 1e6:.1f} MB" in lost
    assert not recorded.damage()
    assert recorded.states[-1] == "failed"
    assert recorded.end["exit_code"] == 3
    missing = len(bare.stdout) - len(kept)
    assert sum(gap["bytes"] for gap in recorded.facts(b"G")) == recorded.end["cost"]["lost_bytes"] == missing


@pytest.mark.crash
def test_a_loss_is_in_the_store(small_disk: Wrapper, home: Path, tmp_path: Path) -> None:
    done = small_disk(*MEGABYTES)
    roomy = tmp_path / "roomy"
    shutil.copytree(home / "journal", roomy / "journal")
    places = paths.places(str(roomy / paths.DATABASE))
    assert catch_up(places).complete
    with open_store(places.database) as store:
        (session,) = store.sessions.list()
        (gap,) = store.events.list(session=session.id, type="gap")
        assert session.lost_bytes == len(done.stdout) - session.output_bytes > 10_000_000
    assert (session.status, session.exit_code) == ("failed", 3)
    assert gap.content and gap.content.startswith(f"{session.lost_bytes} bytes were not recorded: ")


def fill(folder: Path) -> None:
    """Leave no room on that disk."""
    with contextlib.suppress(OSError), (folder / "full").open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    with contextlib.suppress(OSError), (folder / "full").open("ab", buffering=0) as file:
        while file.write(b"x"):
            pass


@pytest.mark.crash
def test_a_disk_that_is_full_already(small_disk: Wrapper, home: Path) -> None:
    """Who ran and how it ended is kept all the same, in room that an earlier run has put aside."""
    if not os.path.ismount(home):
        return  # what a limit on files leaves is known beforehand, and never nothing
    assert small_disk("true").returncode == 0
    fill(home)
    for _ in range(3):
        done = small_disk(*MEGABYTES)
        assert done.returncode == 3
    recorded = Recorded(home / "journal")
    full = [path for path in recorded.paths if path.name.startswith("sh-")]
    assert len(full) == 3
    for path in full:
        one = recorded.of(path)
        assert one.header["session_id"] == path.stem
        assert one.states == ["started", "running", "failed"]
        assert one.end["exit_code"] == 3
        assert one.facts(b"G")[0]["bytes"] > 10_000_000
        assert not one.damage()


@pytest.mark.crash
def test_a_disk_that_somebody_else_keeps_full(small_disk: Wrapper, home: Path) -> None:
    """The command itself fills the disk, and takes every byte that becomes free while it runs."""
    if not os.path.ismount(home):
        return
    program = (
        "import os, sys, time\n"
        "fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)\n"
        "def fill():\n"
        "    for size in (4096, 1):\n"
        "        try:\n"
        "            while os.write(fd, b'x' * size): pass\n"
        "        except OSError: pass\n"
        "os.write(1, b'y' * 1000)\n"
        "for n in range(300): fill(); os.write(1, b'z' * 1000); time.sleep(0.001)\n"
        "sys.exit(5)\n"
    )
    done = small_disk(sys.executable, "-c", program, str(home / "full"))
    assert done.returncode == 5
    recorded = Recorded(home / "journal")
    assert recorded.end["exit_code"] == 5
    assert recorded.end["cost"]["lost_bytes"] == 301_000 - len(recorded.bytes())


@pytest.mark.crash
def test_a_disk_that_has_room_again(small_disk: Wrapper, home: Path) -> None:
    """The recording goes on by itself, and knows its gap."""
    ballast = home / "ballast"
    ballast.write_bytes(b"")
    try:
        with ballast.open("wb") as file:
            file.write(b"x" * 1_800_000)
    except OSError:
        pass
    program = f"seq 1 200000; rm {shlex.quote(str(ballast))}; sleep 0.6; echo after; sleep 0.3; echo end"
    done = small_disk("sh", "-c", program)
    assert done.stdout.endswith(b"after\nend\n")
    recorded = Recorded(home / "journal")
    assert recorded.bytes().endswith(b"after\nend\n")
    assert recorded.end["cost"]["lost_bytes"] == len(done.stdout) - len(recorded.bytes())


BROKEN: dict[str, Callable[[Path], object]] = {
    "a file in the way": lambda home: home.write_text(""),
    "a file for a journal": lambda home: (home.mkdir(), (home / "journal").write_text("")),
    "a link to nowhere": lambda home: home.symlink_to("/proc/no/such/place"),
    "a folder nobody may write": lambda home: home.symlink_to("/proc"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_nowhere_to_record_to(way: str, home: Path) -> None:
    BROKEN[way](home)
    command = ["sh", "-c", "echo out; echo err >&2; exit 4"]
    done = piped(wrapped(*command, options=()))
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (4, b"out\n")
    assert "err" in lines
    assert lines[0].startswith("✗ cannot record yet (")
    assert any("could not be recorded" in line for line in lines)
    quiet = piped(wrapped(*command))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (4, b"out\n", b"err\n")


@pytest.mark.parametrize("run", ["terminal", "pipes"])
@pytest.mark.parametrize("files", [8, 11])
def test_without_descriptors_to_record_with_the_command_runs_all_the_same(run: str, files: int, home: Path) -> None:
    """As far as a limit leaves us able to start at all."""
    command = ["sh", "-c", "trap 'exit 4' TERM; grep SigBlk /proc/self/status; ls /proc/self/fd | wc -l; kill $$"]
    few = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"]
    told = "✗ cannot record (Too many open files); the command runs all the same\n"
    if run == "pipes":
        bare, ours = piped([*few, *command]), piped([*few, *wrapped(*command, options=())])
        assert (ours.returncode, ours.stdout) == (bare.returncode, bare.stdout)
        assert ours.stderr.decode().endswith(told)
    else:
        with Terminal([*few, *command]) as bare:
            code = bare.wait()
        with Terminal([*few, *wrapped(*command, options=())]) as ours:
            assert ours.wait() == code
            assert ours.shown.endswith(told.replace("\n", "\r\n").encode() + bare.shown)


def test_a_folder_of_the_user_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    done = piped(wrapped("true", options=("-q", "--db", str(folder / "my.db"))))
    assert done.returncode == 0
    assert folder.stat().st_mode & 0o777 == 0o755
    (journal,) = folder.glob("my.db.journal/*.journal")
    assert journal.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.crash
def test_a_killed_wrapper_has_recorded_what_was_seen(journals: Path) -> None:
    """SIGKILL at a random moment: every byte that reached the screen is in the journal. The command is hung up on."""
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    count = "i=0; while :; do i=$((i+1)); echo line $i; done"
    for cycle in range(CYCLES):
        recorded = Recorded(journals)
        with Terminal(wrapped("sh", "-c", count)) as terminal:
            terminal.see(b"line 1\r\n")
            child = recorded.facts(b"S")[-1]["pid"]
            until = time.monotonic() + moments.uniform(0, 0.1)
            terminal.until(lambda until=until: time.monotonic() > until)  # type: ignore[misc]
            os.kill(terminal.pid, signal.SIGKILL)
            assert terminal.wait() == -signal.SIGKILL
            kept = recorded.bytes()
            assert kept.startswith(terminal.shown), f"seed {seed}, cycle {cycle}"
            assert not recorded.live
            assert not [one for one in recorded.damage() if one.reason != "cut off"]
            terminal.until(lambda child=child: gone(child), "the end of the command")  # type: ignore[misc]
        recorded.path.unlink()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.crash
def test_a_killed_wrapper_behind_pipes(journals: Path) -> None:
    moments = random.Random(5)
    for _ in range(CYCLES):
        recorded = Recorded(journals)
        wrapper = subprocess.Popen(wrapped("seq", "1", "3000000"), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert wrapper.stdout
        seen = wrapper.stdout.read(moments.randrange(1, 2_000_000))
        wrapper.kill()
        seen += wrapper.stdout.read()
        wrapper.wait()
        wrapper.stdout.close()
        assert recorded.bytes().startswith(seen)
        recorded.path.unlink()


@pytest.mark.crash
def test_the_terminal_goes_away(recorded: Recorded) -> None:
    """Closing the window ends the command, and the recording says how."""
    terminal = Terminal(wrapped("sh", "-c", "echo ready; exec sleep 100"))
    terminal.see(b"ready")
    child = recorded.facts(b"S")[-1]["pid"]
    os.close(terminal.fd)
    os.waitpid(terminal.pid, 0)
    assert gone(child)
    assert recorded.states[-1] == "killed"
    assert recorded.end["signal"] == signal.SIGHUP


@pytest.mark.crash
def test_ten_at_once(journals: Path) -> None:
    program = "import os\nfor n in range(20000): os.write(1, b'%d line %d\\n' % (os.getppid(), n))"
    wrappers = [
        subprocess.Popen(wrapped(sys.executable, "-c", program), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(10)
    ]
    shown = {wrapper.pid: wrapper.communicate(timeout=100)[0] for wrapper in wrappers}
    assert all(wrapper.returncode == 0 for wrapper in wrappers)
    recorded = Recorded(journals)
    assert len(recorded.paths) == 10
    kept = {recorded.bytes(path=path) for path in recorded.paths}
    assert kept == set(shown.values())
    assert all(output.count(b"\n") == 20000 for output in kept)


@pytest.mark.crash
def test_a_stopped_importer_holds_nobody_up(journals: Path) -> None:
    """Somebody holds the importer's lock and does nothing (the fixture): recording does not care."""
    done = piped(wrapped("echo", "hi"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hi\n", b"")
    assert Recorded(journals).bytes() == b"hi\n"


def test_the_importer_is_started(home: Path, tmp_path: Path) -> None:
    assert piped(wrapped("echo", "hi")).returncode == 0
    lock = home / "journal" / "importer.lock"
    deadline = time.monotonic() + 90
    while not (lock.exists() and lock.read_bytes().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert int(lock.read_bytes()) > 0
