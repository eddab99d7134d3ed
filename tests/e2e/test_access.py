"""Nobody is shut out: every page, in both themes and at three widths, looked at by axe-core."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import AXE, Open
from tests.e2e.test_pages import PAGES

WIDTHS, SCHEMES = (1440, 800, 390), ("light", "dark")
LOOK = "axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_shut_out(visit: Open, path: str) -> None:
    page = visit(path)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.reload()
        shown(page)
        page.evaluate(AXE.read_text())
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found += [(width, scheme, *one) for one in page.evaluate(LOOK)]
        found += [(width, "wider than the window by", page.evaluate(WIDER))] if page.evaluate(WIDER) > 0 else []
    assert found == []


def shown(page: Page) -> None:
    """All that it asks for is there."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(re.compile("(Loading|Looking|Searching) …"))
