"""From the moment an event is recorded to the moment it is on a screen: eight tabs of one browser on the live page,
then on the page of the session that is being recorded. All eight believe that they are seen, as windows are.
Beside it, in the same run, a bare client that only reads the stream: what is above that is the browser's part.

The server, the writer and the browser are processes of their own on one machine, so both ends read one clock. An event
is on the screen when a line of the list shows it or one that came after it: in the tab in front in the frame after the
lines changed, in the others, which have no frames, when they changed.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import browser, installing
from benchmarks.live import served
from benchmarks.measure import Row

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

RATE = 200  # events a second
TABS = 8
_WRITER = """
import sys, time
import tachograph
from tachograph.records import Event

count, rate = int(sys.argv[1]), float(sys.argv[2])
with tachograph.open() as store:
    begun = time.monotonic()
    for number in range(count):
        at = time.time_ns()
        store.events.add(Event("bench-1", "reply", content=f"sent {number} {at // 1000}", at=at))
        time.sleep(max(0.0, begun + (number + 1) / rate - time.monotonic()))
"""
_WATCH = """([list, item, inFront]) => {
    window.seen = []; // [number of the newest event in sight, when it was seen (µs), when it was sent (µs)]
    let newest = -1;
    const look = () => {
        for (const line of document.querySelectorAll(`${list} ${item}`)) {
            const [, number, sent] = /sent (\\d+) (\\d+)/.exec(line.textContent) ?? [];
            if (number === undefined || Number(number) <= newest) continue;
            newest = Number(number);
            window.seen.push([newest, (performance.timeOrigin + performance.now()) * 1000, Number(sent)]);
        }
    };
    const watching = new MutationObserver(() => (inFront ? requestAnimationFrame(look) : look()));
    watching.observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true });
}"""


class Place(NamedTuple):
    """A page, its list and the lines of that, as selectors."""

    path: str
    list: str
    line: str


PLACES = {
    "live": Place("/live", '[aria-label="What happened last"]', "li"),
    "session": Place("/sessions/bench-1", "[role=treegrid]", "[role=row]"),
}


class Measured(NamedTuple):
    """`seen` in ms, those of all tabs; `read` by the bare client; processor time in percent of one core; `work` of
    a tab an event, in ms."""

    seen: list[float]
    read: list[float]
    browser: float
    server: float
    share: float  # of the events that came onto a screen
    work: float


def measured(seconds: float, place: Place) -> Measured:
    count = int(seconds * RATE)
    with served() as (pid, port, token), browser.opened() as opened:
        context = opened.new_context(extra_http_headers={"authorization": f"Bearer {token}"})
        tabs = [context.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(f"http://127.0.0.1:{port}{place.path}")
            tab.locator(place.list).wait_for()
            tab.evaluate(_WATCH, [place.list, place.line, tab is tabs[-1]])
        reader = Reader(port, token)
        asked = [context.new_cdp_session(tab) for tab in tabs]
        time.sleep(1)
        before, begun = (browser.browsers_cpu(), browser.cpu(pid), _worked(asked)), time.monotonic()
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(count), str(RATE)])
        while writer.poll() is None:
            tabs[0].wait_for_timeout(100)
        assert writer.returncode == 0
        took = time.monotonic() - begun
        used = (browser.browsers_cpu() - before[0], browser.cpu(pid) - before[1])
        work = 1000 * (_worked(asked) - before[2]) / (count * TABS)
        tabs[0].wait_for_timeout(2000)
        reader.close()
        seen = [latency for tab in tabs for latency in _of(tab.evaluate("window.seen"), count)]
        share = len(seen) / (count * TABS)
        return Measured(seen, reader.latencies, 100 * used[0] / took, 100 * used[1] / took, share, work)


def _worked(asked: list[CDPSession]) -> float:
    """Seconds that the tabs were busy since they were opened."""
    found = 0.0
    for one in asked:
        one.send("Performance.enable", {"timeDomain": "timeTicks"})
        metrics = {metric["name"]: metric["value"] for metric in one.send("Performance.getMetrics")["metrics"]}
        found += metrics["TaskDuration"]
    return found


class Reader(threading.Thread):
    """A client of the stream that does nothing with it."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.latencies: list[float] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.sendall(
            f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        self.start()

    def run(self) -> None:
        while piece := self._socket.recv(1 << 18):
            now = time.time_ns() // 1000
            self.latencies += [(now - int(sent)) / 1000 for sent in re.findall(rb'"content":"sent \d+ (\d+)"', piece)]

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self._socket.close()


def _of(seen: list[tuple[int, float, int]], count: int) -> list[float]:
    """ms for each event of one tab. Those between two that were seen came on the screen with the later; when they were
    sent lies evenly between."""
    found, before, sent_before = [], -1, seen[0][2] if seen else 0
    for number, at, sent in seen:
        for step in range(1, number - before + 1):
            began = sent_before + (sent - sent_before) * step / (number - before)
            found.append((at - began) / 1000)
        before, sent_before = number, sent
    return found[:count]


def rows(large: bool) -> list[Row]:
    """The table's lines; in a scratch home."""
    if browser.PROGRAM is None:
        installing.missing.append("screen: there is no Chromium")
        return []
    return [row for name, place in PLACES.items() for row in _rows(name, place, 20.0 if large else 5.0)]


def _rows(name: str, place: Place, seconds: float) -> list[Row]:
    known = os.environ.get("TACHOGRAPH_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TACHOGRAPH_HOME"] = folder
        try:
            found = measured(seconds, place)
        finally:
            os.environ.pop("TACHOGRAPH_HOME")
            if known is not None:
                os.environ["TACHOGRAPH_HOME"] = known
    seen, read = _spelled(found.seen), _spelled(found.read)
    what = f"screen: {name}, {RATE} events/s, {TABS} tabs"
    return [
        Row(
            f"{what}, recorded to seen, p50 / p95; against a bare client",
            seen,
            read,
            bar="p95 ≤ 300 ms",
            holds=_at(found.seen, 0.95) <= 300 and found.share == 1,
        ),
        Row(
            f"{what}, CPU of browser, server, of one core; work of a tab an event",
            f"{found.browser:.0f} %, {found.server:.0f} %; {found.work:.1f} ms",
        ),
    ]


def _spelled(latencies: list[float]) -> str:
    return f"{_at(latencies, 0.5):.0f} / {_at(latencies, 0.95):.0f} ms"


def _at(latencies: list[float], share: float) -> float:
    return sorted(latencies)[int(len(latencies) * share)]
