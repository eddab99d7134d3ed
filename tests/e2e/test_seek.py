"""A leap leads to what playing shows: at a moment each pane of a session is what it is when one has played to there."""

from __future__ import annotations

import random
import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_terminal import text

ROUNDS = 4


def moment(page: Page) -> str | None:
    """That of the address, which follows at rest."""
    found = re.search(r"[?&]t=([\d.]+)", page.url)
    return found and found[1]


def panes(page: Page) -> dict[str, str]:
    """All that is on the clock."""
    picture = page.get_by_role("region", name="Timeline")
    return {
        "terminal": text(page),
        "row": page.get_by_role("row", selected=True).inner_text(),
        "event": page.get_by_label("The chosen event").locator("dl").inner_text(),
        "replay": page.get_by_role("group", name="Replay").inner_text(),
        "heads": str(picture.locator(".head").evaluate_all("heads => heads.map(head => head.style.left)")),
    }


def test_a_leap_leads_to_what_playing_shows(visit: Open) -> None:
    page = visit("/sessions/demo-claude-01?t=0.001", width=1440, height=900)
    expect(page.get_by_text(re.compile(r"turn \d+ of \d+"))).to_be_visible()
    page.get_by_label("Speed").select_option("20")
    page.get_by_role("button", name="Play").focus()
    time = page.locator(".transport .mono")
    played = []
    for number in range(ROUNDS):
        before, shown = moment(page), time.inner_text().split(" of ")[0]
        page.get_by_role("button", name="Play").click()
        expect(time).not_to_contain_text(f"{shown} of")
        expect(page.get_by_role("row", selected=True)).to_be_visible()
        if number % 2:
            page.keyboard.press("e")  # on from a failure
        page.get_by_role("button", name="Pause").click()
        page.wait_for_function("before => new URLSearchParams(location.search).get('t') !== before", arg=before)
        played.append((page.url, panes(page)))
    assert len({str(state) for _, state in played}) == ROUNDS
    random.Random(5).shuffle(played)
    for address, state in played:
        page.goto(address)
        expect(page.get_by_text(re.compile(r"turn \d+ of \d+"))).to_be_visible()
        page.get_by_label("Speed").select_option("20")
        assert panes(page) == state
