"""Nobody is shut out: every page, in both themes and at three widths, looked at by axe-core."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import AXE, Open
from tests.e2e.test_pages import PAGES

WIDTHS = (1440, 800, 390)
LOOK = """rules => axe.run({ resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) })
    .then(found => found.violations.map(one => [one.id, one.nodes[0].html]))"""
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that see a difference between the themes
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Lines that are not as high as what stands in them.
CUT = """[...document.querySelectorAll('main :is(li, [role=row], h2, button)')]
    .filter(one => one.scrollHeight > one.clientHeight + 3 && one.clientHeight)
    .map(one => [one.outerHTML.slice(0, 80), one.scrollHeight, one.clientHeight])"""


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_shut_out(visit: Open, path: str) -> None:
    page = visit(path)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.reload()
        shown(page)
        page.evaluate(AXE.read_text())
        for scheme, rules in (("light", None), ("dark", COLOURS)):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found += [(width, scheme, *one) for one in page.evaluate(LOOK, rules)]
        found += [(width, "wider than the window by", page.evaluate(WIDER))] if page.evaluate(WIDER) > 0 else []
    assert found == []


@pytest.mark.parametrize(
    "path", ("/", "/sessions/demo-copilot-02", "/live", "/insights?since=all", "/workflows/release-2.4")
)
def test_letters_of_twice_the_size_have_room(visit: Open, path: str) -> None:
    page = visit(path, width=1440)
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    page.reload()
    shown(page)
    expect(page.locator("main")).to_have_css("font-size", "28px")
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate(CUT) == []


def shown(page: Page) -> None:
    """All that it asks for is there."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(re.compile("(Loading|Looking|Searching) …"))
