"""From a key that leads to another moment of a session to the frame before which every pane shows it, and how many
frames lie between what is told of it and what the terminal showed then."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Ten moments are gone to slowly, to know what each pane shows there, then at random. A pane is right when it shows the
# same again. What is on the screen of a terminal counts where there is one.
_SEEK = """async () => {
    const frame = () => new Promise(requestAnimationFrame), rest = ms => new Promise(done => setTimeout(done, ms));
    const text = where => document.querySelector(where)?.textContent.trim();
    const heads = () => [...document.querySelectorAll('.head')].map(head => head.style.left).join();
    const told = () => ['.transport .mono', '[role=row][aria-selected=true]', '[aria-label="The chosen event"] dl']
        .map(text).join() + heads();
    const shown = () => text('[aria-label=Terminal] pre') ?? '';
    const go = key => dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const known = [], took = [], apart = [];
    for (let digit = 0; digit < 10; digit++) {
        go(String(digit));
        await rest(700);
        known.push([told(), shown()]);
    }
    for (let n = 0, some = 7, last = 9; n < 40; n++) {
        some = (some * 16807) % 2147483647;
        const digit = some % 10;
        if (digit === last) continue;
        last = digit;
        await rest(60);
        await frame();
        const from = performance.now();
        go(String(digit));
        const right = [0, 0]; // the frame before which it was so
        for (let count = 1; right.includes(0) && performance.now() - from < 5000; count++) {
            await frame();
            [told, shown].forEach((pane, n) => right[n] ||= pane() === known[digit][n] ? count : 0);
        }
        took.push(performance.now() - from);
        apart.push(Math.abs(right[0] - right[1]));
    }
    return [took, apart];
}"""


def measured(page: Page) -> tuple[list[float], list[int]]:
    """Of each leap on a page of a session that has been opened: ms, and frames between the panes."""
    took, apart = page.evaluate(_SEEK)
    return took, apart
