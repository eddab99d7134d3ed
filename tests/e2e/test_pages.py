"""What people do on the pages, by mouse and by keyboard, and what may never happen."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tachograph import clock
from tachograph.ingest.opening import open_store
from tachograph.records import Event, Session
from tests.e2e.conftest import AXE, Open, refused
from tests.e2e.looking import chosen, position

FAILING = "/sessions/demo-copilot-02"
LEDGERS = (
    *("/workflows", "/workflows/release-2.4", "/audit?entry=1", "/audit?view=receipts", "/audit?view=memory"),
    *("/settings/storage", "/settings/histories", "/settings/agents", "/settings/values"),
)
INSIGHTS = (
    *("/insights?since=all", "/insights/failures?since=all", "/insights/failures/v1:c024db31e4055fbe"),
    *("/insights/commands", "/insights/cost", "/insights/files", "/insights/slo/tests-fast"),
    *("/insights/extractions?type=error", f"{FAILING}/compare/demo-claude-01"),
)
# Every page has to stand what is asked of all of them.
PAGES = (
    "/",
    FAILING,
    "/sessions/demo-claude-01?tab=terminal",
    "/live",
    "/search?q=pytest",
    *LEDGERS,
    *INSIGHTS,
    f"{FAILING}?tab=cost",
)


def test_sessions_are_listed_newest_first_with_those_that_run_on_top(visit: Open) -> None:
    page = visit("/")
    expect(page.get_by_role("heading", name="Running")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(24)
    expect(page.get_by_role("listitem").first).to_contain_text("Let people undo a delete")


def test_filters_are_in_the_address(visit: Open) -> None:
    page = visit("/")
    page.get_by_role("link", name="gemini 6").click()
    expect(page.get_by_role("listitem")).to_have_count(6)
    assert page.url.endswith("/sessions?agent=gemini")
    page.get_by_label("Words of the title").fill("no such thing")
    expect(page.get_by_text("No session fits.")).to_be_visible()
    page.get_by_role("link", name="Show all").last.click()
    expect(page.get_by_role("listitem")).to_have_count(24)


def test_a_session_opens_at_its_first_failure_and_the_output_is_beside_it(visit: Open) -> None:
    page = visit("/")
    page.get_by_role("link", name="Why is the dashboard slow with 100k rows?").first.click()
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    expect(chosen(page)).to_contain_text("✗")
    expect(page.get_by_label("The chosen event")).to_contain_text("exit")


def test_every_failure_is_reached_by_keyboard(visit: Open) -> None:
    page = visit(FAILING)
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    count = int(page.locator(".transport .failed").inner_text().rpartition(" ")[2])
    for number in range(2, count + 1):
        page.keyboard.press("e")
        expect(page.get_by_text(f"failure {number} of {count}")).to_be_visible()
        expect(chosen(page)).to_contain_text("✗")
    page.keyboard.press("Shift+E")
    expect(page.get_by_text(f"failure {count - 1} of {count}")).to_be_visible()


def test_play_moves_the_clock_and_stops_at_the_end(visit: Open) -> None:
    page = visit(FAILING)
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    page.keyboard.press("9")
    before = position(page)
    page.get_by_label("Speed").select_option("20")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 5, "y": 100})
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=30_000)
    assert position(page) != before
    assert position(page) == page.locator(".transport .mono").inner_text().split(" of ")[1].strip()


def test_a_moment_is_a_link(visit: Open) -> None:
    page = visit(FAILING)
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    expect(page).to_have_url(re.compile("ev="))
    first = page.url
    page.keyboard.press("e")
    expect(page.get_by_text("failure 2 of")).to_be_visible()
    page.keyboard.press("y")
    expect(page).not_to_have_url(first)
    line, link = chosen(page).inner_text(), page.url
    assert "ev=" in link
    page.goto(link)
    expect(page.get_by_text("failure 2 of")).to_be_visible()
    expect(chosen(page)).to_have_text(line, use_inner_text=True)


def test_a_session_that_is_recorded_appears_and_moves_by_itself(visit: Open) -> None:
    page = visit("/")
    expect(page.get_by_role("listitem")).to_have_count(24)
    with open_store() as store:
        store.sessions.add(Session("fresh", "codex", title="Just begun", started_at=clock.now()))
    expect(page.get_by_role("link", name="Just begun")).to_be_visible()
    page.get_by_role("link", name="Just begun").click()
    with open_store() as store:
        store.events.add(Event("fresh", "prompt", content="what is new?", at=clock.now()))
    expect(page.get_by_role("row", name="what is new?")).to_be_visible()


def test_what_is_searched_for_opens_at_its_moment(visit: Open) -> None:
    page = visit("/")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("database is locked")
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_contain_text("database is locked")
    page.locator(".hit").first.click()
    expect(page.get_by_label("The chosen event")).to_contain_text("database is locked")


def test_wrong_addresses_say_what_to_do(visit: Open, complaints: list[str]) -> None:
    page = visit("/sessions/none-such")
    expect(page.get_by_role("alert")).to_contain_text("no session matches")
    page.get_by_role("link", name="All sessions").click()
    expect(page.get_by_role("listitem")).to_have_count(24)
    refused(page, complaints)


def test_a_long_command_scrolls_by_keyboard(visit: Open) -> None:
    with open_store() as store:
        store.sessions.add(Session("long", "a", title="A long one", started_at=clock.now()))
        store.events.add(Event("long", "command", command="\n".join(["echo"] * 200), status="error", at=clock.now()))
    page = visit("/sessions/long")
    expect(page.get_by_label("The chosen event").locator("pre").first).to_contain_text("echo")
    page.evaluate(AXE.read_text())
    looked = "axe.run({ runOnly: ['scrollable-region-focusable'] }).then(found => found.violations.length)"
    assert page.evaluate(looked) == 0
