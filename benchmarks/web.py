"""The page of a session in a browser: one of a thousand events and one of many, opened in turns; then zooming, panning
and leaping anywhere in its list. Times are of the page's own clock, JavaScript alone where it says so.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import browser, installing, long_session
from benchmarks.live import served
from benchmarks.measure import Row, spread

SHORT = 1_000
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
            for count in (SHORT, events):
                long_session.write(Path(folder, "home"), _NAME.format(count), count)
            command = [sys.executable, "-m", "tachograph", "import", "claude"]
            subprocess.run(command, env={**os.environ, "HOME": f"{folder}/home"}, check=True, capture_output=True)
            return _measured(rounds, events)
        finally:
            os.environ.pop("TACHOGRAPH_HOME")
            if known is not None:
                os.environ["TACHOGRAPH_HOME"] = known


def _measured(rounds: int, events: int) -> list[Row]:
    opened: dict[int, list[float]] = {SHORT: [], events: []}
    with served() as (_, port, token), browser.opened() as chromium:
        for _ in range(rounds):
            for count, took in opened.items():
                context = chromium.new_context(extra_http_headers={"authorization": f"Bearer {token}"})
                page = context.new_page()
                page.goto(f"http://127.0.0.1:{port}/sessions/{_NAME.format(count)}", wait_until="commit")
                took.append(page.wait_for_function(_FOUND, timeout=60_000).json_value())
                if len(opened[events]) < rounds:
                    context.close()
        page.get_by_text("failure 1 of").wait_for(timeout=60_000)
        drawn, leapt = page.evaluate(_WHEEL), page.evaluate(_LEAP)
    ratios = [many / few for many, few in zip(opened[events], opened[SHORT], strict=True)]
    what = f"web: a session of {events} events"
    return [
        Row(
            f"{what}, link to the failed line",
            *(
                f"{statistics.median(opened[events]):.0f} ms",
                f"{SHORT} events",
                f"{statistics.median(opened[SHORT]):.0f} ms",
            ),
            wall=spread(ratios),
            bar="≤ 1.6 × wall",
            holds=statistics.median(ratios) <= 1.6,
        ),
        _spelled(f"{what}, JavaScript a frame of zooming and panning, p50 / p95", drawn, 8, "p50 ≤ 3, p95 ≤ 8 ms", 3),
        _spelled(f"{what}, a leap in the list to its line, p50 / p95", leapt, 100, "p95 ≤ 100 ms"),
    ]


def _spelled(what: str, took: Any, most: float, bar: str, middle: float = float("inf")) -> Row:
    half, slow = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
    return Row(what, f"{half:.1f} / {slow:.1f} ms", bar=bar, holds=half <= middle and slow <= most)
