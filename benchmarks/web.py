"""The page of a session in a browser: one of a thousand events and one of many, opened in turns, and in agentsview,
too; then zooming, panning, leaping anywhere in its list and to other moments. Times are of the page's own clock,
JavaScript alone where it says so.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import agentsview, browser, installing, long_session, seeking
from benchmarks.live import served
from benchmarks.measure import Row, spread
from tachograph import clock, paths
from tachograph.extract.rules import load
from tachograph.ingest import sample
from tachograph.ingest.opening import open_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHORT = 1_000
_TERMINAL = "demo-claude-01"  # of the sample
_THEIRS = -1  # among what is opened, the long one in agentsview
_NAME = "00000000-0000-4000-8000-{:012}"
_FOUND = (
    "() => document.querySelector('[role=row][aria-selected=true] .words.failed')?.textContent && performance.now()"
)
_WHEEL = """async () => {
    const frame = () => new Promise(requestAnimationFrame), took = [];
    const lanes = [...document.querySelectorAll('.hand')].at(-1), { left, top, width } = lanes.getBoundingClientRect();
    const at = { clientX: left + width * 0.42, clientY: top + 60, bubbles: true, cancelable: true };
    for (let n = 0; n < 120; n++) {
        const turned = n % 60 < 30 ? { deltaY: n < 60 ? -40 : 40 } : { deltaX: 60 };
        const callback = window.requestAnimationFrame;
        let spent = 0;
        window.requestAnimationFrame = (draw) => callback((now) => {
            const from = performance.now();
            draw(now);
            spent += performance.now() - from;
        });
        const from = performance.now();
        lanes.dispatchEvent(new WheelEvent('wheel', { ...at, ...turned }));
        await Promise.resolve();
        spent += performance.now() - from;
        window.requestAnimationFrame = callback;
        await frame(); await frame();
        took.push(spent);
    }
    return took;
}"""
_LEAP = """async () => {
    const list = document.querySelector('[role=treegrid]'), frame = () => new Promise(requestAnimationFrame), took = [];
    const { top } = list.getBoundingClientRect();
    for (let n = 1, place = 7; n <= 60; n++) {
        place = (place * 16807) % 2147483647;
        const from = performance.now();
        list.scrollTop = (place / 2147483647) * (list.scrollHeight - list.clientHeight);
        do await frame();
        while (!document.elementFromPoint(300, top + 90)?.closest('[role=row]') && performance.now() - from < 5000);
        took.push(performance.now() - from);
    }
    return took;
}"""


def rows(rounds: int, events: int) -> list[Row]:
    """The table's lines; in a scratch home."""
    if browser.PROGRAM is None:
        installing.missing.append("web: there is no Chromium")
        return []
    known = os.environ.get("TACHOGRAPH_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TACHOGRAPH_HOME"] = str(Path(folder, "ours"))
        try:
            home = Path(folder, "home")
            for count in (SHORT, events):
                long_session.write(home, _NAME.format(count), count)
            command = [sys.executable, "-m", "tachograph", "import", "claude"]
            subprocess.run(command, env={**os.environ, "HOME": str(home)}, check=True, capture_output=True)
            with open_store() as store:
                sample.fill(store, load()[0], paths.places(), clock.now(), long=SHORT)
            return _measured(rounds, events, home)
        finally:
            os.environ.pop("TACHOGRAPH_HOME")
            if known is not None:
                os.environ["TACHOGRAPH_HOME"] = known


def _measured(rounds: int, events: int, home: Path) -> list[Row]:
    peer = installing.optional("agentsview", installing.agentsview)
    with ExitStack() as stack:
        _, port, token = stack.enter_context(served())
        chromium = stack.enter_context(browser.opened())
        path = f"http://127.0.0.1:{port}/sessions/"
        asked = {SHORT: (path + _NAME.format(SHORT), _FOUND), events: (path + _NAME.format(events), _FOUND)}
        if peer:
            theirs = stack.enter_context(agentsview.served(peer, home))
            asked[_THEIRS] = (f"{theirs}/sessions/{_NAME.format(events)}", agentsview.FOUND)
        opened: dict[int, list[float]] = {one: [] for one in asked}
        for number in range(rounds + 1):
            for one, (address, found) in asked.items():
                with _page(chromium, token) as page:
                    page.goto(address, wait_until="commit")
                    took = page.wait_for_function(found, timeout=60_000).json_value()
                    if number:  # what servers read when they are asked for the first time is not the page's
                        opened[one].append(took)
        with _page(chromium, token) as page:
            page.goto(asked[events][0])
            page.get_by_text("failure 1 of").wait_for(timeout=60_000)
            drawn, leapt = page.evaluate(_WHEEL), page.evaluate(_LEAP)
            sought, _ = seeking.measured(page)
        with _page(chromium, token) as page:
            page.set_viewport_size({"width": 1440, "height": 900})  # from which on there is room for the terminal
            page.goto(path + _TERMINAL)
            page.locator("[aria-label=Terminal][aria-busy=false]").wait_for(timeout=60_000)
            both, apart = seeking.measured(page)
    what = f"web: a session of {events} events"
    return [
        _compared(f"{what}, link to the failed line", f"{SHORT} events", opened[events], opened[SHORT], 1.6),
        *(
            [_compared(f"{what}, link to what is useful", "agentsview", opened[events], opened[_THEIRS], 0.5)]
            if peer
            else []
        ),
        _spelled(f"{what}, JavaScript a frame of zooming and panning, p50 / p95", drawn, 8, "p50 ≤ 3, p95 ≤ 8 ms", 3),
        _spelled(f"{what}, a leap in the list to its line, p50 / p95", leapt, 100, "p95 ≤ 100 ms"),
        _spelled(f"{what}, another moment in all panes, p50 / p95", sought, 100, "p95 ≤ 100 ms"),
        _spelled("web: the same beside a terminal, p50 / p95", both, 100, "p95 ≤ 100 ms"),
        Row("web: frames between terminal and list", f"{max(apart)}", bar="≤ 1", holds=max(apart) <= 1),
    ]


@contextmanager
def _page(chromium: Browser, token: str) -> Iterator[Page]:
    """One of a browser that knows nothing yet."""
    context = chromium.new_context(extra_http_headers={"authorization": f"Bearer {token}"})
    yield context.new_page()
    context.close()


def _compared(what: str, against: str, ours: list[float], theirs: list[float], most: float) -> Row:
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    sides = [f"{statistics.median(side):.0f} ms" for side in (ours, theirs)]
    holds = statistics.median(ratios) <= most
    return Row(what, sides[0], against, sides[1], wall=spread(ratios), bar=f"≤ {most:g} × wall", holds=holds)


def _spelled(what: str, took: Any, most: float, bar: str, middle: float = float("inf")) -> Row:
    half, slow = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
    return Row(what, f"{half:.1f} / {slow:.1f} ms", bar=bar, holds=half <= middle and slow <= most)
