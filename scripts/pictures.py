"""Take the pictures of the web app for the docs: seven pages of the sample data, on light and on dark paper.

`make pictures` runs it, with the Chromium of the system. The sample is the same every time but for its dates, so what
else differs from one time to the next is the app.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tachograph import clock, keys, paths
from tachograph.extract.rules import load
from tachograph.ingest import sample
from tachograph.ingest.opening import open_store
from tachograph.serve import entry
from tachograph.serve.run import Background

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 800
# Name of the picture, address, and what is pressed when the page is there.
PAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("sessions", "/", ()),
    ("session", "/sessions/demo-copilot-02", ("e", "e")),
    ("terminal", "/sessions/demo-claude-01?tab=terminal", ("e",)),
    ("live", "/live", ()),
    ("insights", "/insights?since=30d", ()),
    ("workflow", "/workflows/{workflow}", ()),
    ("audit", "/audit", ()),
)


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium was found: install it, then again: make pictures", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["TACHOGRAPH_HOME"] = home
        places = paths.places()
        sample.configure(places)
        with open_store() as store:
            sample.fill(store, load()[0], places, clock.now())
            workflow = store.workflows.list(opened_by="tachograph")[0].session_id
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with Background(places, 0) as server:
            for scheme in ("light", "dark"):
                take(browser, entry.link(keys.opening(places), f"http://127.0.0.1:{server.port}"), scheme, workflow)
        browser.close()
    return 0


def take(browser: Browser, link: str, scheme: str, workflow: str) -> None:
    """All pages in one colour scheme; `link` lets the browser in, `workflow` is the id of one with collisions."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="UTC", locale="en-GB", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto(link)
    base = link.partition("/?")[0]
    for name, path, pressed in PAGES:
        page.goto(base + path.format(workflow=workflow))
        _settle(page)
        for key in pressed:
            page.keyboard.press(key)
        _settle(page)
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
    context.close()


def _settle(page: Page) -> None:
    """Until the page has asked for all it shows, and has drawn it."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(re.compile("(Loading|Looking|Searching) …"))
    page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))"
    )


if __name__ == "__main__":
    sys.exit(main())
