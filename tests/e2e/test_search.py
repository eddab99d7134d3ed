"""Search: found while it is typed, grouped by session, narrowed by what is in the address."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Open


def test_hits_come_while_words_are_typed_and_lie_in_their_sessions(visit: Open) -> None:
    page = visit("/search")
    page.get_by_label("Words to search for").fill("pytest")
    expect(page.locator("a.hit").first).to_contain_text("pytest")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"\d+ hits in \d+ sessions"))
    assert page.url.endswith("/search?q=pytest")
    page.get_by_label("Kind").select_option("command")
    expect(page.locator("a.hit", has_not_text="command")).to_have_count(0)
    page.get_by_label("Agent").select_option("codex")
    expect(page.locator("section h2 span", has_not_text="codex")).to_have_count(0)
    assert "agent=codex" in page.url


def test_hits_are_walked_by_keyboard_and_open_at_their_moment(visit: Open) -> None:
    page = visit("/search?q=pytest&type=command")
    expect(page.locator("a.hit").first).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("N")
    expect(page.locator("a.hit").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/sessions/.*ev=\d+"))
    expect(page.get_by_label("The chosen event")).to_contain_text("pytest")


def test_examples_are_one_click_and_nothing_found_says_so(visit: Open) -> None:
    page = visit("/search")
    page.get_by_role("link", name="permission denied").click()
    expect(page).to_have_url(re.compile("q=permission"))
    page.get_by_label("Words to search for").fill("zzqqxxyy")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()
