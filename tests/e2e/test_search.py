"""Search: found while it is typed, grouped by session, narrowed by what is in the address."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tachograph.ingest.opening import open_store
from tachograph.records import CodeBlock
from tests.e2e.conftest import Open


def test_hits_come_while_words_are_typed_and_lie_in_their_sessions(visit: Open) -> None:
    page = visit("/search")
    page.get_by_label("Words to search for").fill("pytest")
    expect(page.locator("a.hit").first).to_contain_text("pytest")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"\d+ hits in \d+ sessions"))
    assert page.url.endswith("/search?q=pytest")
    kind = page.get_by_role("group", name="Kind").get_by_role("button", name=re.compile("^command"))
    count = int(re.sub(r"\D", "", kind.inner_text()))
    kind.click()
    expect(page).to_have_url(re.compile("type=command"))
    expect(page.locator("a.hit", has_not_text="command")).to_have_count(0)
    assert count >= page.locator("a.hit").count()
    page.get_by_role("group", name="Agent").get_by_role("button", name=re.compile("^codex")).click()
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
    expect(page.get_by_text("Nothing was found:")).to_be_visible()


def test_code_is_found_by_its_words(visit: Open) -> None:
    with open_store() as store:
        session = store.sessions.list(limit=1)[0]
        block = CodeBlock(session.agent, session.id, "def seek_to(moment):\n    return moment\n", "python", 1, 2)
        store.code_blocks.add(block)
    page = visit("/search?q=seek_to+moment&show=code")
    expect(page.locator("article pre")).to_contain_text("def seek_to(moment)")
    expect(page.get_by_role("group", name="Language").get_by_role("button", name="python")).to_be_visible()
    page.get_by_label("Words to search for").fill("seek_to elsewhere")
    expect(page.get_by_text("No block of code has all these words.")).to_be_visible()
