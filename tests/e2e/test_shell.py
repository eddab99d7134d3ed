"""What is around every page: the bar, the line below, the keys that work everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tachograph import clock
from tachograph.ingest.opening import open_store
from tachograph.records import Event, Session
from tests.e2e.conftest import AXE, Open

REPO = Path(__file__).parents[2]


def test_every_key_is_in_the_manual() -> None:
    told = re.findall(r"\{ keys: '(.*?)', does: '(.*?)' \}", (REPO / "web/src/lib/keys.ts").read_text())
    manual = (REPO / "docs/web.md").read_text().partition("| key | does |")[2].partition("\n\n")[0]
    table = re.findall(r"^\| (.*?) \| (.*?) \|$", manual, re.MULTILINE)
    assert len(told) > 15
    assert table == told


def test_keys_are_shown_and_put_away_by_keyboard(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("?")
    overlay = page.get_by_role("dialog", name="Keys")
    expect(overlay).to_contain_text("play, pause")
    page.keyboard.press("t")  # not meant for the page below
    assert page.locator("html").get_attribute("data-theme") is None
    page.keyboard.press("Escape")
    expect(overlay).to_have_count(0)
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("width", [1100, 1280])
def test_no_page_in_the_bar_is_cut(visit: Open, width: int) -> None:
    page = visit("/sessions", width=width)
    pages = page.locator("nav.wide")
    expect(pages).to_contain_text("Settings")
    assert pages.evaluate("all => all.scrollWidth - all.clientWidth") == 0


def test_g_and_a_letter_lead_to_a_page(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile("/search$"))
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/sessions$"))


def test_a_few_letters_lead_to_a_session(visit: Open) -> None:
    page = visit("/sessions")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Go to")
    expect(box).to_be_focused()
    page.keyboard.type("dashboard copilot")
    expect(page.get_by_role("listbox", name="What fits").get_by_role("option").first).to_contain_text(
        "Why is the dashboard slow with 100k rows?"
    )
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sessions/demo-copilot-10"))


def test_what_is_recorded_and_how_much_there_is_shows_on_every_page(visit: Open) -> None:
    page = visit("/search")
    expect(page.get_by_role("link", name="2 recording")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("24 sessions")
    expect(page.get_by_role("contentinfo")).to_contain_text("on this machine only")
    twin = page.get_by_role("link", name="View as JSON").get_attribute("href")
    assert twin == "/api/query/search"


def test_a_page_has_a_twin_that_answers_the_same_question(visit: Open) -> None:
    page = visit("/sessions?agent=gemini")
    twin = page.get_by_role("link", name="View as JSON").get_attribute("href")
    told = page.evaluate("address => fetch(address).then(answer => answer.json())", twin)
    assert {one["agent"] for one in told["sessions"]} == {"gemini"}


def test_pages_are_in_the_menu_where_there_is_no_room(visit: Open) -> None:
    page = visit("/sessions", width=390)
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_hidden()
    page.locator("summary", has_text="Menu").click()
    page.get_by_role("link", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile("/search$"))
    expect(page.get_by_role("navigation", name="Pages, in the menu")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("key", ["?", "Control+k"])
def test_nobody_is_shut_out_of_what_lies_over_a_page(visit: Open, key: str, scheme: str) -> None:
    page = visit("/sessions", scheme=scheme)
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
    assert found == []


def began(name: str) -> None:
    with open_store() as store:
        store.sessions.add(Session(name, "codex", title=name, started_at=clock.now()))


def test_a_page_that_got_no_answer_asks_again_when_there_is_a_server(visit: Open, complaints: list[str]) -> None:
    page = visit("/live")
    expect(page.get_by_label("What happened last")).to_be_visible()
    page.route("**/api/query/**", lambda route: route.abort())
    page.get_by_role("link", name="Sessions", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    began("first")  # what happens has the line below the page ask
    expect(page.locator("footer")).to_contain_text("The server does not answer")
    page.unroute_all()
    began("second")
    expect(page.get_by_role("link", name="second")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.context.close()  # what was refused, the browser has noted
    assert complaints and all("ERR_FAILED" in one for one in complaints)
    complaints.clear()


def test_who_comes_back_finds_a_page_where_it_was(visit: Open) -> None:
    page = visit("/sessions", height=400)
    expect(page.get_by_role("listitem")).to_have_count(24)
    page.get_by_role("listitem").last.get_by_role("link").first.focus()
    before = page.evaluate("scrollY")
    assert before > 300
    page.keyboard.press("Enter")
    expect(page.get_by_label("Timeline")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("listitem").first).to_be_visible()
    page.wait_for_function("before => Math.abs(scrollY - before) < 2", arg=before)


def test_what_was_read_without_times_stands_in_its_order(visit: Open) -> None:
    at = clock.now() - clock.MINUTE
    with open_store() as store:
        store.sessions.add(Session("timeless", "aider", started_at=at, ended_at=at, status="completed"))
        store.events.add_many([Event("timeless", "reply", content=f"\x1b[1mline\x1b[0m {n}", at=at) for n in range(3)])
    page = visit("/sessions/timeless")
    expect(page.get_by_text("When things happened is not told")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("row", selected=True)).to_contain_text("line 1")
