"""Listening: a socket on the loopback, and uvicorn on it, in whatever thread and loop the caller has."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from tachograph.errors import Refused
from tachograph.paths import Places
from tachograph.serve.advice import Advisor
from tachograph.serve.advice import listen as listen_for_hooks
from tachograph.serve.app import make_app
from tachograph.serve.guard import Guard
from tachograph.serve.reading import Reading
from tachograph.serve.sink import Sink

PORT = 8151
ADDRESS = "127.0.0.1"


class _Server(uvicorn.Server):
    """Signals are the business of whoever has the main thread; `ready` is called once it answers."""

    ready: Callable[[], None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready and not self.should_exit:
            self.ready()


def listen(port: int = PORT) -> socket.socket:
    """A socket on 127.0.0.1; port 0 is any free one. Raises Refused when the port is taken."""
    # With the protocol named, asyncio sees that it is TCP and turns off Nagle: or else every answer takes 40 ms.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or else a restart waits for a minute
        found.bind((ADDRESS, port))
        found.listen(128)
    except OSError as error:
        found.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise Refused(
                f"port {port} is taken by another program", "tachograph up --port N, and tachograph setup again"
            ) from None
        raise
    return found


async def serve(
    app: Guard, port: int = PORT, *, sink: Sink, stop: asyncio.Event | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:  # fmt: skip
    """Answer until `stop` is set or the task is cancelled. `ready` gets the port once it does.

    Raises Refused when the port is taken. The sink stays open: it is the caller's.
    """
    listener = listen(port)
    bound = int(listener.getsockname()[1])
    try:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="off",
                http="httptools", ws="websockets-sansio", timeout_graceful_shutdown=2,
            )
        )  # fmt: skip
        server.ready = (lambda: ready(bound)) if ready else None
        watching = asyncio.create_task(_until(stop, server))
        tending = asyncio.create_task(sink.tend())
        try:
            await server.serve([listener])
        finally:
            watching.cancel()
            tending.cancel()
    finally:
        listener.close()


async def _until(stop: asyncio.Event | None, server: _Server) -> None:
    if stop is not None:
        await stop.wait()
        server.should_exit = True


class Background:
    """The server in a thread of its own, for callers without a loop: `with Background(places, 0) as server`."""

    def __init__(self, places: Places, port: int = PORT) -> None:
        """Raises Refused or OSError when there is no usable token."""
        self.port = port
        self.sink = Sink(places)
        self._places = places
        self.advisor = Advisor(places)
        self.reading = Reading(places)
        self.guard = make_app(places, self.sink, self.advisor, self.reading)
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
                await serve(self.guard, self.port, sink=self.sink, stop=self._stop, ready=self._ready)
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
