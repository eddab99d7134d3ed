"""`tachograph hook AGENT [EVENT]`: what an agent calls at every step. Keeps what comes on stdin, and leaves.

Whatever happens here, the agent must not notice: the exit code is 0, nothing is printed but what `tachograph up` wants
it to know before it changes a file, and a disk that does not answer is left to a forked process. Few imports, for the
same reason. Agents are handed `python -I -S __main__.py hook` rather than the entry point: three times as fast (see
capture/setup).
"""

from __future__ import annotations

import os
import select
import sys

from tachograph import clock, paths
from tachograph.capture import received
from tachograph.cli import streams
from tachograph.ingest import spawn
from tachograph.journal import once

HELP = """\
Usage: tachograph hook [--db FILE] AGENT [EVENT [MESSAGE]]

For agents, not for people: keeps the message on stdin (or MESSAGE) in the
journal. Exits with 0 whatever happens, and prints nothing, unless another
agent just changed the file that this one is about to change.

`tachograph setup AGENT` has an agent call it.
"""
_PATIENCE = 0.4  # seconds: for a message to arrive in full, and for the disk to take it
_ADVICE = 0.1  # seconds that an answer may take, each step of the way
_FRESH = 20 * clock.SECOND  # an importer started so lately need not be started again: what comes later can wait
_PIECE = 1 << 16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main(words: list[str]) -> int:
    """Keep one message. Always 0."""
    try:
        _run(list(words))
    except Exception:  # noqa: S110  # nobody is there to be told, and the agent shall not be
        pass
    return 0


def _run(words: list[str]) -> None:
    database = None
    if words[:1] == ["--db"]:
        database = words[1]
        del words[:2]
    if not words or words[0] in ("--help", "-h"):
        print(HELP, end="", flush=True, file=sys.stdout if words else sys.stderr)
        return
    streams.open_missing()
    at = clock.now()
    agent, event, message = (*words, *(None, None))[:3]
    body = message.encode("utf-8", "surrogateescape") if message is not None else _message(0)
    session, workflow = os.environ.get("TACHOGRAPH_SESSION"), os.environ.get("TACHOGRAPH_WORKFLOW")
    record = received.hook(agent or "", event, session, body, workflow)

    def keep() -> None:
        places = paths.places(database)
        paths.data_folder(places)
        once.put(places.journal, received.journal_name(agent or "", at, os.getpid()), received.HOOK, at, record)
        _wake(places)

    _advise(database, event, record)
    if hasattr(os, "fork"):
        _in_time(keep)
    else:
        keep()


def _advise(database: str | None, event: str | None, record: bytes) -> None:
    """Tell `tachograph up`, if it runs, what the agent does to files; and the agent what it says to that."""
    if len(record) > received.ASKED_MAX or not any(part in record for part in received.AROUND_TOOLS):
        return
    path = os.path.join(paths.places(database).data, received.ANSWERS)
    if not os.path.exists(path):
        return
    import _socket  # socket, without what it takes to import

    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        server.settimeout(_ADVICE)
        server.connect(path)
        left = memoryview(record)
        while left:
            left = left[server.send(left) :]
        server.shutdown(_socket.SHUT_WR)
        pieces = []
        while any(part in record for part in received.BEFORE_TOOLS) and (piece := server.recv(_PIECE)):
            pieces.append(piece)
        os.write(1, b"".join(pieces))
    except OSError:  # nobody answers, or not in time
        pass
    finally:
        server.close()


def _message(fd: int) -> bytes:
    """Everything up to the end of input, or what is there when time is up."""
    deadline = clock.monotonic() + int(_PATIENCE * clock.SECOND)
    pieces, size = [], 0
    while size <= received.BODY_MAX:
        left = (deadline - clock.monotonic()) / clock.SECOND
        if os.name == "posix" and not select.select([fd], [], [], max(left, 0))[0]:
            break
        piece = os.read(fd, _PIECE)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _in_time(work: Callable[[], None]) -> None:
    """Do it in another process, which may hang at a disk that is frozen; we need not."""
    done, working = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):  # or else the agent would wait for us to close them
                os.dup2(null, number)
            work()
        finally:
            os._exit(0)
    os.close(working)
    if select.select([done], [], [], _PATIENCE)[0]:
        os.waitpid(child, 0)


def _wake(places: paths.Places) -> None:
    """See that somebody imports, now and then: nothing is lost while nobody does, and whoever looks imports first."""
    try:
        started = os.stat(os.path.join(places.journal, spawn.LOCK)).st_mtime_ns
    except OSError:
        started = 0
    if not 0 <= clock.now() - started < _FRESH:
        spawn.ensure_importer(places)
