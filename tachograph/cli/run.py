"""`tachograph run`: wrap any command, record it, exit with its code.

Everything said goes to stderr, before and after the command, never while it runs. Options are parsed by hand: this is
the one command whose start-up every other program has to wait for.
"""

from __future__ import annotations

import gc
import os
import sys

from tachograph import clock, ids, paths
from tachograph.capture import facts
from tachograph.capture.plan import Plan
from tachograph.capture.tape import Tape
from tachograph.cli.streams import open_missing
from tachograph.errors import TachographError, UsageError
from tachograph.ingest.spawn import ensure_importer
from tachograph.journal.writer import Journal

if sys.platform == "win32":
    from tachograph.capture.windows import Recording
else:
    from tachograph.capture.record import Recording
    from tachograph.capture.signals import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tachograph.capture.plan import Ending

    Git = tuple[dict[str, object] | None, bool | None]

HELP = """\
Usage: tachograph run [OPTIONS] [--] COMMAND…

Run a command and record everything it prints. It behaves as without us: same
terminal, same signals, same exit code.

  --agent NAME     record under this name instead of the command's
  --title TEXT     what this run is about
  --pipe           no terminal for the command; stdout and stderr kept apart
  --record-input   record what is typed, too (passwords included)
  --quiet, -q      say nothing
  --db PATH        record into this database
  --help           show this

  tachograph run -- pytest -q
  tachograph run --agent nightly --pipe -- make test
"""
_HINT = "`tachograph run --help` shows how"
_SHORT = 2 * clock.SECOND  # until then the machine is left to the command, and reading commands import by themselves
_FRESH = clock.SECOND  # an importer started so lately need not be looked for again


class Options:
    """The words after `run`."""

    def __init__(self) -> None:
        self.agent: str | None = None
        self.title: str | None = None
        self.db: str | None = None
        self.pipe = False
        self.record_input = False
        self.quiet = False
        self.help = False
        self.command: list[str] = []


_VALUES = {"--agent": "agent", "--title": "title", "--db": "db"}
_FLAGS = {
    "--pipe": "pipe", "--record-input": "record_input", "--quiet": "quiet", "-q": "quiet",
    "--help": "help", "-h": "help",
}  # fmt: skip


def parse(words: list[str]) -> Options:
    """Options up to the first word that is none; the rest is the command. Raises UsageError."""
    options = Options()
    left = list(words)
    while left and left[0].startswith("-"):
        word = left.pop(0)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name in _VALUES:
            if not equals:
                if not left:
                    raise UsageError(f"{name} needs a value", _HINT)
                value = left.pop(0)
            setattr(options, _VALUES[name], value)
        elif word in _FLAGS:
            setattr(options, _FLAGS[word], True)
        else:
            raise UsageError(f"run knows no option {word}", f"{_HINT}; put -- before a command that begins with a dash")
    options.command = left
    if not left and not options.help:
        raise UsageError("no command to run", _HINT)
    return options


def main(words: list[str]) -> int:
    """Run and record; the exit code of the command, or 2 when `words` make no sense."""
    try:
        options = parse(words)
    except UsageError as error:
        _say(f"✗ {error}; {error.hint}")
        return error.exit_code
    if options.help:
        print(HELP, end="", flush=True)
        return 0
    missing, run = open_missing(), None
    mask = () if sys.platform == "win32" else signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        run = Run(options, missing)
        return run.run()
    except TachographError as error:
        _say(f"✗ {error}" + (f"; {error.hint}" if error.hint else ""))
        return error.exit_code
    except (OSError, OverflowError) as error:  # no more descriptors, or a clock that tells no time we could write down
        if sys.platform == "win32" or (run and run.started):
            raise
        if not options.quiet:
            reason = (isinstance(error, OSError) and error.strerror) or error
            _say(f"✗ cannot record ({reason}); the command runs all the same")
        return _unrecorded(options, missing, mask)


def _unrecorded(options: Options, missing: tuple[int, ...], mask: Iterable[int]) -> int:
    """Become the command, as if we had never been here; the exit code when it cannot be started."""
    from tachograph.capture.become import become
    from tachograph.capture.command import CannotStart, find

    try:
        become(find(options.command, os.environ, missing), {}, mask, -1)
    except CannotStart as problem:
        _say(f"✗ {problem}")
        return problem.exit_code


class Run:
    """One recorded run, from naming it to its last line on the screen."""

    def __init__(self, options: Options, missing: tuple[int, ...]) -> None:
        self.started = False  # the command
        self._options = options
        self._missing = missing
        self._places = paths.places(options.db)
        self._began = clock.now()
        self._clock = clock.monotonic()
        self._agent = ids.agent_name(options.agent or options.command[0])
        trouble = paths.data_folder(self._places)
        names = (ids.session_id(self._agent, self._began, attempt) for attempt in range(1, sys.maxsize))
        self._journal = Journal.create(self._places.journal, names)
        self._journal.trouble = self._journal.trouble and (trouble or self._journal.trouble)
        self._tape = Tape(self._journal.append)
        self._importer_at = 0
        self._took = self._ended = 0  # ns, of the command alone

    def run(self) -> int:
        options = self._options
        environment = {
            **os.environ,
            "TACHOGRAPH_SESSION": self._journal.session_id,
            "TRACEPARENT": ids.traceparent(os.environ.get("TRACEPARENT")),
        }
        plan = Plan(
            options.command, environment, self._tape, self._tick, pipe=options.pipe, record_input=options.record_input,
            missing=self._missing,
        )  # fmt: skip
        recording = Recording(plan)
        self._began = clock.now()  # how long we took to get here is none of the command's time
        self._tape.header(
            facts.header(
                self._journal.session_id, self._agent, options.command, self._began, environment=environment,
                terminal=recording.terminal, size=recording.size, record_input=options.record_input,
                title=options.title, git=recording.git,
            )
        )  # fmt: skip
        self._announce()
        begun = clock.monotonic()
        ending = recording.run(self._started)
        self._took, self._ended = clock.monotonic() - begun, clock.now()
        if ending.message:
            _say(f"✗ {ending.message}")
        self._finish(recording, ending)
        return ending.exit_code

    def _started(self) -> None:
        self.started = True
        gc.freeze()  # what is there now stays to the end
        gc.enable()

    def _tick(self) -> bool:
        """Now and then while the command runs. True as long as something is left to be done."""
        self._journal.keep_synced()
        if clock.monotonic() - self._clock > _SHORT:
            self._look_for_importer()
        return not self._journal.flush() or not self._importer_at

    def _look_for_importer(self) -> None:
        now = clock.monotonic()
        if now - self._importer_at > _FRESH and ensure_importer(self._places):
            self._importer_at = now

    def _announce(self) -> None:
        if self._options.quiet:
            return
        if self._journal.trouble:
            _say(f"✗ cannot record yet ({self._journal.trouble}); the command runs all the same")
        else:
            _say(f"● recording {self._journal.session_id}")

    def _finish(self, recording: Recording, ending: Ending) -> None:
        after = recording.git_after()
        if recording.unfinished:
            self._leave_behind(recording, ending, after)
        else:
            self._end(ending, after, self._ended)
        if not self._options.quiet:
            self._sum_up(ending)

    def _leave_behind(self, recording: Recording, ending: Ending, after: Git) -> None:
        """The command is done and so are we; whoever it left running keeps a reader, and the recording a writer."""
        try:
            pid = os.fork()
        except OSError:
            self._end(ending, after, self._ended)
            return
        if pid:
            self._journal.sync()
            return
        try:
            self._journal.forked()
            recording.carry_on()
            self._end(ending, after, clock.now())
        finally:
            os._exit(0)

    def _end(self, ending: Ending, after: Git, at: int) -> None:
        """The last record, and everything safely on the disk. `at`: when all was over, in ns."""
        journal = self._journal
        journal.settle()
        git, dirty_before = after
        self._tape.end(
            {
                "exit_code": ending.exit_code,
                "signal": ending.signal,
                "ended_at": at,
                "took_ms": round(self._took / clock.MILLISECOND, 3),
                "git": git,
                "git_start_dirty": dirty_before,
                "cost": {
                    "cpu_ms": facts.cpu_ms(),
                    "wall_ms": round((clock.monotonic() - self._clock) / clock.MILLISECOND, 1),
                    "bytes": self._tape.bytes,
                    "records": journal.records,
                    "journal_bytes": journal.journal_bytes,
                    "lost_bytes": journal.lost_bytes + self._tape.lost_bytes,
                    "peak_rss_kb": facts.peak_rss_kb(),
                },
            }
        )
        self._look_for_importer()  # before we wait for the disk
        trouble = journal.trouble
        journal.close()
        journal.trouble = journal.trouble or trouble

    def _sum_up(self, ending: Ending) -> None:
        journal = self._journal
        lost = journal.lost_bytes + self._tape.lost_bytes
        mark = "✗" if ending.exit_code else "✓"
        recorded = _size(max(self._tape.bytes - lost, 0))
        parts = [_duration(self._took), f"exit {ending.exit_code}", f"{recorded} recorded"]
        _say(f"{mark} {' · '.join(parts)}")
        if lost or journal.lost_records:
            reason = journal.trouble or "the disk had no room for a while"
            _say(f"✗ {_size(lost)} could not be recorded: {reason}")
        if journal.sync_trouble:
            _say(f"✗ the disk did not confirm the recording: {journal.sync_trouble}")
        if journal.records:
            _say(f"✓ tachograph show {journal.session_id}")


def _say(line: str) -> None:
    try:
        os.write(2, f"{line}\n".encode())
    except OSError:
        pass  # nobody listens


def _duration(ns: int) -> str:
    seconds = ns / clock.SECOND
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("GB is the last unit")
