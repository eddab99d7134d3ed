"""The Python door: extract from lines, and record a process, with a store or without one.

The command line does the same through `cli.run` and the importer; nothing here is needed by it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import count
from types import TracebackType
from typing import IO

from tachograph import clock, ids, paths
from tachograph.capture import facts, git
from tachograph.capture.tape import Tape
from tachograph.errors import StoreError, TachographError, UsageError
from tachograph.extract import rules as rulebook
from tachograph.extract.extractor import Extractor as LineExtractor
from tachograph.extract.found import Found
from tachograph.extract.redact import redact_text
from tachograph.ingest import spawn
from tachograph.ingest.catch_up import catch_up
from tachograph.ingest.findings import as_records
from tachograph.ingest.opening import open_store
from tachograph.journal.writer import Journal
from tachograph.records import CodeBlock, Extraction, Session
from tachograph.store import Store

BATCH_SIZE = 100  # findings: what is buffered is lost when the process is killed, so not more
FLUSH_AFTER = 5 * clock.SECOND


class Extractor:
    """Lines in, extractions out; stored in batches when a store was enabled, kept in `matches` in any case.

    Safe for several threads. A store that fails never stops extraction: what could not be written stays in the
    buffer and is tried again, `flush` says why.
    """

    def __init__(self, rules: str | None = None, *, agent: str = "python", session_id: str = "") -> None:
        """`rules` is TOML text on top of the shipped rules."""
        self.matches: list[Extraction] = []
        self.code_blocks: list[CodeBlock] = []
        self._agent, self._session_id = agent, session_id
        self._lines = LineExtractor(rulebook.load(rules or "")[0])
        self._number = 0
        self._store: Store | None = None
        self._batch_size = BATCH_SIZE
        self._buffer: list[Extraction] = []
        self._blocks: list[CodeBlock] = []
        self._flushed_at = clock.monotonic()
        self._warned = False
        self._lock = threading.RLock()

    def enable(self, store: Store, agent: str, session_id: str, *, batch_size: int = BATCH_SIZE) -> None:
        """From now on findings go into `store` too, under that agent and session."""
        with self._lock:
            self._store, self._agent, self._session_id = store, agent, session_id
            self._batch_size = batch_size

    def disable(self) -> None:
        """Write what is buffered and go on in memory only. Raises TachographError when it cannot be written."""
        with self._lock:
            self.flush()
            self._store = None

    def extract(self, line: str, line_number: int | None = None) -> list[Extraction]:
        """What one line (or several, with line ends) gives. A traceback comes out when its end is seen."""
        with self._lock:
            lines = redact_text(line)[0].split("\n")
            first = line_number or self._number + 1
            self._number = first + len(lines) - 1
            return self._keep(self._lines.feed(list(enumerate(lines, first))))

    def finish(self) -> list[Extraction]:
        """Nothing follows: what was still open comes out, and the buffer is written."""
        with self._lock:
            found = self._keep(self._lines.finish())
            self.flush()
            return found

    def flush(self) -> int:
        """Write the buffer; returns how many. Raises TachographError, and keeps everything for the next try."""
        with self._lock:
            count = len(self._buffer)
            self._flushed_at = clock.monotonic()
            if self._store is not None and (self._buffer or self._blocks):
                with self._store.transaction():
                    self._store.extractions.add_many(self._buffer)
                    for block in self._blocks:
                        self._store.code_blocks.add(block)
                self._buffer, self._blocks = [], []
            return count if self._store is not None else 0

    def clear(self) -> None:
        """Write the buffer, then forget `matches`."""
        with self._lock:
            self.flush()
            self.matches.clear()
            self.code_blocks.clear()

    @property
    def buffered(self) -> int:
        """Findings that wait to be written."""
        return len(self._buffer)

    def _keep(self, found: list[Found]) -> list[Extraction]:
        at = clock.now()
        extractions, blocks = as_records(
            [(one, at) for one in found],
            session_id=self._session_id,
            agent=self._agent,
        )
        self.matches += extractions
        self.code_blocks += blocks
        if self._store is not None:
            self._buffer += extractions
            self._blocks += blocks
            if len(self._buffer) >= self._batch_size or clock.monotonic() - self._flushed_at > FLUSH_AFTER:
                self._try_flush()
        return extractions

    def _try_flush(self) -> None:
        try:
            self.flush()
        except TachographError as error:
            if not self._warned:
                self._warned = True
                print(f"tachograph: {error}; findings are kept in memory and tried again", file=sys.stderr)

    def __enter__(self) -> Extractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()


class Recorder:
    """Runs a command and records it, as `tachograph run` does, from Python.

        with Recorder(["pytest", "-q"], agent="nightly") as recorder:
            code = recorder.wait()
        print(recorder.session().extractions)

    The command gets pipes, stdin is inherited. Recording never fails it: what could not be kept is counted. Who leaves
    the `with` has all of it in the store, unless the importer is busy with others for longer than a moment.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        agent: str | None = None,
        title: str | None = None,
        database: str | os.PathLike[str] | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
    ) -> None:
        """`on_output(stream, bytes)` hears everything after it was recorded; `database` is what `--db` names."""
        if not command:
            raise UsageError("no command to run", 'Recorder(["program", "argument"])')
        self.command = list(command)
        self.agent = ids.agent_name(agent or self.command[0])
        self.session_id = ""
        self.exit_code: int | None = None
        self._title, self._on_output = title, on_output
        self._places = paths.places(None if database is None else os.fspath(database))
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()  # the journal is written by one thread at a time

    def start(self) -> str:
        """Start the command; returns the session's id. Raises OSError when it cannot: that is recorded too."""
        began = clock.now()
        with contextlib.suppress(OSError, TachographError):
            paths.private_folder(self._places.journal)
        names = (ids.session_id(self.agent, began, attempt) for attempt in count(1))
        self._journal = Journal.create(self._places.journal, names)
        self._tape, self._began = Tape(self._journal.append), clock.monotonic()
        self.session_id = self._journal.session_id
        environment = {
            **os.environ,
            "TACHOGRAPH_SESSION": self.session_id,
            "TRACEPARENT": ids.traceparent(os.environ.get("TRACEPARENT")),
        }
        self._tape.header(
            facts.header(
                self.session_id, self.agent, self.command, began, environment=environment, terminal=False, size=None,
                record_input=False, title=self._title, git=git.head(os.getcwd()),
            )
        )  # fmt: skip
        self._tape.state("started")
        try:
            self._process = subprocess.Popen(
                self.command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            self._end(127 if isinstance(error, FileNotFoundError) else 126)
            raise
        self._tape.state("running", pid=self._process.pid)
        spawn.ensure_importer(self._places)
        for name, pipe, record in (
            ("stdout", self._process.stdout, self._tape.output),
            ("stderr", self._process.stderr, self._tape.error),
        ):
            thread = threading.Thread(target=self._pump, args=(name, pipe, record), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self.session_id

    def wait(self) -> int:
        """Until the command and its output have ended; returns the exit code, 128 + n after signal n."""
        if self.exit_code is None:
            for thread in self._threads:
                thread.join()
            status = self._process.wait()
            self._end(128 - status if status < 0 else status, -status if status < 0 else None)
        return int(self.exit_code or 0)

    def run(self) -> int:
        """`start` and `wait`."""
        self.start()
        return self.wait()

    def session(self) -> Session:
        """What the store has of it by now. Raises StoreError, NotFound."""
        catch_up(self._places)
        with open_store(self._places.database) as store:
            return store.sessions.get(self.session_id)

    def _pump(self, name: str, pipe: IO[bytes], record: Callable[[bytes], None]) -> None:
        while data := os.read(pipe.fileno(), 1 << 16):
            with self._lock:
                record(data)
            if self._on_output:
                self._on_output(name, data)
        pipe.close()

    def _end(self, exit_code: int, signal: int | None = None) -> None:
        self.exit_code = exit_code
        state = "killed" if signal else "failed" if exit_code else "completed"
        self._tape.state(state, exit_code=exit_code, **({"signal": signal} if signal else {}))
        self._journal.settle()
        cost = {
            "wall_ms": round((clock.monotonic() - self._began) / clock.MILLISECOND, 1),
            "bytes": self._tape.bytes,
            "records": self._journal.records,
            "journal_bytes": self._journal.journal_bytes,
            "lost_bytes": self._journal.lost_bytes + self._tape.lost_bytes,
        }
        self._tape.end({"exit_code": exit_code, "signal": signal, "git": git.head(os.getcwd()), "cost": cost})
        self._journal.close()
        spawn.ensure_importer(self._places)

    def __enter__(self) -> Recorder:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wait()
        with contextlib.suppress(StoreError):  # it stays in the journal, and comes in with the next import
            catch_up(self._places)
