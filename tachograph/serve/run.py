"""Listening: a socket on the loopback, and uvicorn on it, in whatever thread and loop the caller has.

Another address only when it is asked for; besides, a socket that is a file, for who may enter the folder it lies in.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import ipaddress
import os
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import uvicorn

from tachograph.errors import Refused, UsageError
from tachograph.paths import Places, make_folder
from tachograph.regexes import regex
from tachograph.serve.advice import Advisor
from tachograph.serve.advice import listen as listen_for_hooks
from tachograph.serve.app import make_app
from tachograph.serve.guard import Guard
from tachograph.serve.protocol import Requests, Sockets
from tachograph.serve.reading import Reading
from tachograph.serve.sink import Sink

PORT = 8151
ADDRESS = "127.0.0.1"


class _Server(uvicorn.Server):
    """Signals are the business of whoever has the main thread; `ready` is called once it answers."""

    ready: Callable[[], None] | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Once a second, for the date in the headers. uvicorn's looks ten times a second whether it is to end, which is
        most of what an idle server would do."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready and not self.should_exit:
            self.ready()


class Door(NamedTuple):
    """Where the server listens and what it is called there.

    `names`: host names, with a port where it is not ours (behind a proxy); `socket`: the path of one more to listen on.
    """

    port: int = PORT
    host: str = ADDRESS
    names: tuple[str, ...] = ()
    socket: str | None = None

    @property
    def wide(self) -> bool:
        """Can other machines reach it?"""
        return not ipaddress.ip_address(self.host).is_loopback


_NAME = regex(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?")
_FILES = 65536  # sockets and files that may be open at once, where the system lets us


def door(port: int, host: str | None, names: Sequence[str], path: str | None) -> Door:
    """The door as somebody asked for it. UsageError when an address is none, or a name could be none."""
    called = tuple(name.lower() for name in names)
    for name in called:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name} is no name of a host", "a name, or name:port: tachograph.example.net")
    address = "127.0.0.1" if host == "localhost" else host or ADDRESS
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise UsageError(
            f"--host takes an IP address of this machine, not {address}", "--host 192.168.1.5 --name tachograph.lan"
        ) from None
    return Door(port, address, called, os.path.abspath(path) if path else None)


def listen(port: int = PORT, host: str = ADDRESS) -> socket.socket:
    """A socket on `host`; port 0 is any free one. Raises Refused when the port is taken, UsageError for the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sees that it is TCP and turns off Nagle: or else every answer takes 40 ms.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or else a restart waits for a minute
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                f"port {port} is taken by another program",
                "if that is tachograph, tachograph serve --link prints a link to it; or take another --port N",
            ) from None
        if error.errno == errno.EACCES:
            raise Refused(f"port {port} is not open to you", "take one from 1024 on: --port N") from None
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise UsageError(f"{host} is no address of this machine", "ip address, or ifconfig, lists them") from None
        raise
    return found


def listen_at(path: str) -> socket.socket:
    """A socket that is a file, 0600, in a folder that only its owner may enter; what a killed server left is replaced.

    Raises Refused when the folder is open to others, or somebody listens there already; UsageError.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError("this system has no sockets that are files", "leave --socket out")
    if len(os.fsencode(path)) > 100:
        raise UsageError(f"{path} is too long for a socket", "a path has at most 100 bytes")
    _own_folder(os.path.dirname(path))
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_left(path)
        found.bind(path)
        os.chmod(path, 0o600)
        found.listen(1024)
    except BaseException:
        found.close()
        raise
    return found


def _own_folder(folder: str) -> None:
    """Made when it is not there; one that is there stays as it is, and has to be ours alone."""
    make_folder(folder)
    found = os.stat(folder)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Refused(f"{folder} is open to others", f"chmod 700 {folder}, or name a folder that is not there yet")


def _remove_left(path: str) -> None:
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise Refused(f"{path} is there and no socket", "name another path")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking, contextlib.suppress(OSError):
        asking.connect(path)
        raise Refused(f"somebody listens at {path} already", "name another path")
    os.unlink(path)


async def serve(
    app: Guard, port: int = PORT, *, sink: Sink, stop: asyncio.Event | None = None,
    ready: Callable[[int], None] | None = None, host: str = ADDRESS, path: str | None = None,
) -> None:  # fmt: skip
    """Answer until `stop` is set or the task is cancelled. `ready` gets the port once it does.

    Raises what `listen` and `listen_at` raise. The sink stays open: it is the caller's.
    """
    with contextlib.ExitStack() as closing:
        sockets = [closing.enter_context(contextlib.closing(listen(port, host)))]
        bound = int(sockets[0].getsockname()[1])
        if path:
            sockets.append(closing.enter_context(contextlib.closing(listen_at(path))))
            closing.callback(_unlink, path)
        _more_files()
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None, log_level="critical", access_log=False, server_header=False, proxy_headers=False,
                lifespan="off", http=Requests, ws=Sockets, ws_max_size=1 << 20, ws_per_message_deflate=False,
                timeout_keep_alive=30, timeout_graceful_shutdown=2,
            )
        )  # fmt: skip
        server.ready = (lambda: ready(bound)) if ready else None
        watching = asyncio.create_task(_until(stop, server, app))
        tending = asyncio.create_task(sink.tend())
        try:
            await server.serve(sockets)
        finally:
            watching.cancel()
            tending.cancel()
            _end(app)


def keep_time() -> None:
    """For a process that does nothing but serve, once it is ready to: replays and the live view are to be in time.

    Threads that answer questions give the loop its turn after a millisecond, not after five; and what is there now
    stays to the end, so nobody goes through it again and again to find what is not needed any more.
    """
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _more_files() -> None:
    """Every client that watches is an open file; many systems begin with a thousand and allow more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _until(stop: asyncio.Event | None, server: _Server, app: Guard) -> None:
    if stop is not None:
        await stop.wait()
        server.end()
        _end(app)


def _end(app: Guard) -> None:
    while app.at_end:
        app.at_end.pop()()


class Background:
    """The server in a thread of its own, for callers without a loop: `with Background(places, 0) as server`."""

    def __init__(self, places: Places, port: int = PORT, *, door: Door | None = None, read_only: bool = False) -> None:
        """`door` instead of a port on the loopback. Raises Refused or OSError when there is no usable token."""
        self._door = door or Door(port)
        self.port = self._door.port
        self.sink = Sink(places)
        self._places = places
        self.advisor = Advisor(places)
        self.reading = Reading(places, read_only=read_only)
        self.guard = make_app(places, self.sink, self.advisor, self.reading, names=self._door.names)
        self._answered = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="serve", daemon=True)

    def __enter__(self) -> Background:
        """Listening when it returns. Raises what `serve` raises."""
        self._thread.start()
        self._answered.wait()
        if self._error is not None:
            self.sink.close()
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self.sink.close()
        self.advisor.close()
        self.reading.close()

    def _run(self) -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            answering = asyncio.create_task(listen_for_hooks(self._places, self.advisor, self._stop))
            try:
                await serve(
                    self.guard, self.port, sink=self.sink, stop=self._stop, ready=self._ready,
                    host=self._door.host, path=self._door.socket,
                )  # fmt: skip
            finally:
                self._stop.set()
                await answering

        try:
            asyncio.run(main())
        except BaseException as error:
            self._error = error
        finally:
            self._answered.set()

    def _ready(self, port: int) -> None:
        self.port = port
        self._answered.set()
