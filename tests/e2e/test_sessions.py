"""The list of sessions: what fits, in which order, however many there are."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tachograph import clock, keys, paths
from tachograph.ingest.opening import open_store
from tachograph.records import Session
from tachograph.serve import entry
from tachograph.serve.run import Background
from tests.e2e.conftest import Open


def titles(page: Page) -> list[str]:
    return page.locator("li .title").all_inner_texts()


def costs(page: Page) -> list[float]:
    return [float(one.replace("$", "").replace(",", "")) for one in page.locator("li .cost").all_inner_texts() if one]


def test_a_list_is_sorted_by_its_columns_and_says_so_in_its_address(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.get_by_role("listitem")).to_have_count(24)
    page.get_by_role("button", name="Cost").click()
    expect(page.get_by_role("heading", name="Most cost first")).to_be_visible()
    most = f"${max(costs(page)):.2f}"
    expect(page.locator("li .cost").first).to_have_text(most)  # the list came anew
    assert costs(page) == sorted(costs(page), reverse=True)
    assert "sort=cost" in page.url
    before = titles(page)
    page.reload()
    expect(page.get_by_role("listitem")).to_have_count(24)
    assert titles(page) == before


def test_columns_can_be_chosen(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.get_by_role("listitem")).to_have_count(24)
    page.get_by_text("Columns").click()
    page.get_by_label("Cost").uncheck()
    page.get_by_label("Model").check()
    expect(page.locator("li .cost")).to_have_count(0)
    assert "model" in page.url
    expect(page.get_by_role("group", name="Columns")).to_contain_text("Model")


def test_facets_say_what_they_lead_to(visit: Open) -> None:
    page = visit("/sessions")
    chip = page.get_by_role("group", name="Status").get_by_role("link", name="failed")
    expect(chip).to_have_text(re.compile(r"\d"))
    count = int(re.sub(r"\D", "", chip.inner_text()))
    chip.click()
    expect(page.get_by_role("listitem")).to_have_count(count)
    expect(chip).to_have_attribute("aria-current", "true")
    chip.click()
    expect(page.get_by_role("listitem")).to_have_count(24)


def test_rows_are_walked_and_opened_by_keyboard(visit: Open) -> None:
    page = visit("/sessions?agent=gemini")
    expect(page.get_by_role("listitem")).to_have_count(6)
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.get_by_role("listitem").nth(1).get_by_role("link").first
    expect(second).to_be_focused()
    address = second.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(str(address))))


def test_thousands_of_sessions_are_all_there_and_few_are_in_the_page(visit: Open) -> None:
    now = clock.now()
    with open_store() as store, store.transaction():
        for number in range(2500):
            at = now - (number + 1) * 3600 * clock.SECOND
            store.sessions.add(
                Session(f"many-{number}", "tin", title=f"Task {number}", started_at=at, ended_at=at, status="completed")
            )
    page = visit("/sessions?agent=tin")
    expect(page.get_by_text("All time: 2,500 sessions")).to_be_visible()
    expect(page.get_by_role("link", name="Task 0", exact=False).first).to_be_visible()
    last = page.get_by_role("link", name="Task 2499")
    deadline = time.monotonic() + 120
    while not last.count():
        assert time.monotonic() < deadline, "the end of the list does not come"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(50)
    expect(last).to_be_visible()
    assert page.get_by_role("listitem").count() < 150


def test_an_empty_store_says_what_to_do(visit: Open, tmp_path: Path, complaints: list[str]) -> None:
    page = visit("/sessions")
    empty = paths.places(str(tmp_path / "empty" / "tachograph.db"))
    paths.private_folder(tmp_path / "empty")
    open_store(empty.database).close()
    with Background(empty, 0) as server:
        page.goto(entry.link(keys.opening(empty), f"http://127.0.0.1:{server.port}"))
        expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()
        expect(page.get_by_text("tachograph import")).to_be_visible()
        expect(page.get_by_role("contentinfo")).to_contain_text("nothing recorded yet")
        page.context.close()
    complaints.clear()  # of the second server, which is another host
