"""`tachograph up`: one process follows the agents' histories, one tmux if asked for, one answers on the loopback and
sends on what it was told to.
`tachograph serve` is the last of them alone.

They meet only at the store: when one of them ends, the others go on, and it is started again. Until told to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tachograph.config import FILE, Config
from tachograph.errors import Refused
from tachograph.ingest import masking, spawn
from tachograph.ingest.histories import LOCK
from tachograph.ingest.news import News
from tachograph.ingest.opening import open_store
from tachograph.journal.room import keep_ballast
from tachograph.maintain.otlp_export import Exporter
from tachograph.maintain.otlp_settings import is_own
from tachograph.paths import Places
from tachograph.serve import advice
from tachograph.serve.advice import Advisor
from tachograph.serve.app import make_app
from tachograph.serve.reading import Reading
from tachograph.serve.run import Door, keep_time, serve
from tachograph.serve.sink import Sink

FOLLOWER = ("tachograph.ingest.follow", "follow.log")  # of histories: the module that is run, where it complains
PANES = ("tachograph.ingest.panes", "tmux.log")  # of tmux
AGAIN = 2.0  # seconds between two starts of a follower that ends


Say = Callable[[str], None]
Ready = Callable[[int], None]


async def run(places: Places, door: Door, *, tmux: bool, say: Say, ready: Ready) -> None:
    """Follow and serve until SIGINT or SIGTERM. Raises Refused when another one runs or the port is taken."""
    lock = spawn.take_lock(places, LOCK)
    if lock is None:
        raise Refused(
            "another process follows the histories already (tachograph up, or an import)",
            "stop it first, or go on using it",
        )
    os.close(lock)
    stop = _stopping()
    advisor = Advisor(places)
    followers = [FOLLOWER, PANES] if tmux else [FOLLOWER]
    beside = [
        *(_follow(places, *follower, stop, say) for follower in followers),
        _tell_news(places, stop, say),
        advice.listen(places, advisor, stop),
        _send_on(places, door, stop, say),
    ]
    await _answer(places, door, advisor, beside, stop=stop, ready=ready)


async def serve_only(places: Places, door: Door, *, read_only: bool, ready: Ready) -> None:
    """Serve until SIGINT or SIGTERM, and follow nobody. Raises Refused when the port is taken."""
    await _answer(places, door, Advisor(places), [], stop=_stopping(), ready=ready, read_only=read_only)


def _stopping() -> asyncio.Event:
    """Set when the process is asked to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _answer(
    places: Places, door: Door, advisor: Advisor, beside: Sequence[Coroutine[Any, Any, None]], *,
    stop: asyncio.Event, ready: Ready, read_only: bool = False,
) -> None:  # fmt: skip
    """The server, and what runs beside it, until `stop`."""
    sink, reading = Sink(places), Reading(places, read_only=read_only)
    running = [asyncio.create_task(one) for one in beside]
    if not read_only:
        keep_ballast(places.journal)  # for recorders that will find the disk full, the first one, too
        running.append(asyncio.create_task(_keep_importing(places, stop)))
    try:
        app = make_app(places, sink, advisor, reading, names=door.names)
        keep_time()
        await serve(app, door.port, sink=sink, stop=stop, ready=ready, host=door.host, path=door.socket)
    finally:
        stop.set()
        await asyncio.gather(*running)
        sink.close()
        advisor.close()
        reading.close()


async def _follow(places: Places, module: str, log: str, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """A follower, started again when it ends by itself."""
    while not stop.is_set():
        child = await _start(places, module, log)
        ended = asyncio.create_task(child.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        code = await ended
        if not stop.is_set():
            say(f"{module} ended (exit code {code}; {os.path.join(places.journal, log)}); starting it again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN)
        stopped.cancel()


async def _start(places: Places, module: str, log: str) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "TACHOGRAPH_DB": places.database,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    environment.pop("TACHOGRAPH_SESSION", None)
    output = os.open(os.path.join(places.journal, log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", module,
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(output)


async def _keep_importing(places: Places, stop: asyncio.Event) -> None:
    """An importer whenever there are journals: those of recorders that could not start one, and our own."""
    from tachograph.ingest import journals

    while not stop.is_set():
        if journals.names(places):
            spawn.ensure_importer(places)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)


async def _send_on(places: Places, door: Door, stop: asyncio.Event, say: Say) -> None:
    """Sessions to the receiver of `[otlp_export]`, where there is one: in a thread that nobody waits for."""
    told = threading.Event()
    exporter = Exporter(
        lambda: Config(os.path.join(places.config, FILE)),
        lambda: open_store(places.database),
        masking.record,
        own=lambda url: is_own(url, door.port),
    )
    thread = threading.Thread(target=exporter.run, args=(told, say), name="send", daemon=True)
    thread.start()
    await stop.wait()
    told.set()
    await asyncio.to_thread(thread.join, 0.5)  # a receiver that does not answer holds nobody up


async def _tell_news(places: Places, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Collisions, as they are found."""
    news = News(places)
    while not stop.is_set():
        collisions, more = await asyncio.to_thread(news.collisions)
        for one in collisions:
            if one.severity != "info":
                say(f"collision {one.id}, {one.severity}: {one.description}")
        if more:
            say(f"and {more} more collisions: tachograph collisions lists them")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)
    news.close()
