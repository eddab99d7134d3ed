"""What tests of a session's page look at."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def chosen(page: Page) -> Locator:
    """The line under the play head."""
    return page.get_by_role("row", selected=True).first


def position(page: Page) -> str:
    """Where the play head is, as the page says it."""
    return page.locator(".transport .mono").inner_text().split(" of ")[0].strip()


def settled(page: Page) -> None:
    """All of the session is there, and the address says where we are."""
    expect(page.get_by_text(re.compile(r"turn \d+ of \d+"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"ev=\d+"))
