"""The page of a session: its picture, its list, its tabs, all on one clock and all in the address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tachograph import clock
from tachograph.ingest.opening import open_store
from tachograph.records import Event, Session
from tests.e2e.conftest import AXE, Open
from tests.e2e.looking import chosen, settled
from tests.e2e.test_pages import FAILING

TABS = ("files", "commands", "failures", "changes", "cost", "receipt", "raw")
LONG = 12_000
AT_REST = """() => {
    if (window.seen !== location.href) [window.seen, window.since] = [location.href, performance.now()];
    return performance.now() - window.since > 600;
}"""
SECRET = "token=[redacted:github_token] and on"


@pytest.fixture
def long(recorded: object) -> str:
    """A session of 12,000 events in turns of forty; nine of them failed, one in the middle says a secret."""
    start = clock.parse_time("2026-03-01T10:00:00Z", 0)
    made = []
    for number in range(LONG):
        at = start + number * clock.SECOND
        if number % 40 == 0:
            made.append(Event("long", "prompt", content=f"task {number // 40}", at=at))
        elif number % 40 == 7:
            made.append(Event("long", "reply", content=f"{SECRET} {number}", at=at))
        else:
            failed = number % 1300 == 1299
            made.append(
                Event(
                    "long", "command", command=f"step {number}", tool_name="Bash", tool_call_id=f"c{number}",
                    exit_code=int(failed), status="error" if failed else "ok", duration_ms=400.0, at=at,
                )
            )  # fmt: skip
    with open_store() as store:
        store.sessions.add(Session("long", "codex", title="A long one", started_at=start))
        store.events.add_many(made)
    return "/sessions/long"


def test_a_long_session_is_read_where_it_is_looked_at(visit: Open, long: str) -> None:
    page = visit(long)
    settled(page)
    expect(page.get_by_text("failure 1 of 9")).to_be_visible()
    expect(page.get_by_role("row", selected=True).first).to_contain_text("step 1299")
    assert page.get_by_role("row").count() < 80
    page.keyboard.press("9")
    expect(page.get_by_role("row", selected=True)).to_contain_text(re.compile(r"step 10\d\d\d"))
    page.get_by_role("treegrid").evaluate("list => { list.scrollTop = list.scrollHeight / 2 }")
    expect(page.get_by_role("row", name=re.compile(r"step 6\d\d\d")).first).to_be_visible()
    assert page.get_by_role("row").count() < 80


def test_turns_fold_and_the_address_knows_it(visit: Open, long: str) -> None:
    page = visit(long + "?t=1")
    settled(page)
    expect(page.get_by_role("row", name="step 1", exact=False).first).to_be_visible()
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(r"folded=1(&|$)"))
    expect(page.get_by_role("row").nth(1)).to_contain_text("task 1")
    page.keyboard.press("]")
    expect(page.get_by_role("row", selected=True)).to_contain_text("task 1")
    expect(page).to_have_url(re.compile(r"t=40\.000"))
    page.reload()
    settled(page)
    expect(page.get_by_role("row", selected=True)).to_contain_text("task 1")
    expect(page.get_by_role("row").first).to_have_attribute("aria-expanded", "false")


def test_a_secret_is_a_chip(visit: Open, long: str) -> None:
    page = visit(long + "?t=7")
    settled(page)
    expect(page.locator(".secret", has_text="github token").first).to_be_visible()
    assert "[redacted:" not in page.locator("main").inner_text()


def test_the_picture_zooms_and_its_part_is_in_the_address(visit: Open, long: str) -> None:
    page = visit(long)
    settled(page)
    for key in "www":
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"zoom=\d+\.\d-\d+\.\d"))
    zoomed = page.url
    page.keyboard.press("d")
    expect(page).not_to_have_url(zoomed)
    page.keyboard.press("z")
    expect(page).not_to_have_url(re.compile("zoom="))
    page.get_by_role("button", name=re.compile("^Commands")).click()
    expect(page).to_have_url(re.compile("pin=commands"))
    page.mouse.move(700, 160)
    page.mouse.down()
    page.mouse.move(900, 160, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"zoom=\d+"))
    expect(page.get_by_role("button", name="Show all", exact=True)).to_be_visible()


def test_tabs_change_what_is_seen_and_nothing_else(visit: Open) -> None:
    page = visit(FAILING)
    settled(page)
    page.keyboard.press("e")
    expect(page.get_by_text("failure 2 of")).to_be_visible()
    where = page.locator(".transport").inner_text()
    views = page.get_by_role("navigation", name="Views of this session")
    for name in ("Files", "Commands", "Failures", "Changes", "Cost", "Receipt", "Raw", "Watch"):
        views.get_by_role("link", name=re.compile(f"^{name}")).click()
        expect(views.get_by_role("link", name=re.compile(f"^{name}"))).to_have_attribute("aria-current", "page")
        assert page.locator(".transport").inner_text() == where
    page.keyboard.press("Alt+4")
    expect(page).to_have_url(re.compile("tab=commands"))


def test_every_tab_leads_back_to_a_moment(visit: Open) -> None:
    page = visit(f"{FAILING}?tab=failures")
    settled(page)
    failures = page.get_by_role("grid", name="Failures").get_by_role("row")
    failures.last.click()
    expect(page.get_by_text(re.compile(r"failure (\d+) of \1$"))).to_be_visible()
    page.goto(page.url.replace("tab=failures", "tab=commands"))
    page.get_by_role("region", name="Commands").get_by_role("link", name="pytest").first.click()
    expect(page.get_by_role("grid", name="Runs of pytest").get_by_role("row").first).to_contain_text("pytest")
    page.goto(re.sub(r"tab=\w+", "tab=files", page.url))
    page.get_by_role("region", name="Files by turn").get_by_role("button").first.click()
    expect(page.get_by_label("The chosen event")).to_contain_text("This file")
    page.goto(re.sub(r"tab=\w+", "tab=changes", page.url))
    expect(page.get_by_label("Changed lines").first).to_be_visible()


def test_a_page_reloaded_elsewhere_is_the_same(visit: Open, long: str) -> None:
    page = visit(long)
    settled(page)
    for key in ("e", "e", ".", "w", "w"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("zoom="))
    expect(page).to_have_url(re.compile(r"t=3900\.000"))
    page.wait_for_function(AT_REST)  # the address follows at rest
    line, where, address = chosen(page).inner_text(), page.locator(".transport").inner_text(), page.url
    other = visit(address[address.index("/sessions") :])
    settled(other)
    expect(other.get_by_role("row", selected=True)).to_contain_text("step 3900")
    assert (chosen(other).inner_text(), other.locator(".transport").inner_text()) == (line, where)
    assert other.url == address


@pytest.mark.parametrize("tab", TABS)
def test_nobody_is_shut_out_of_a_tab(visit: Open, tab: str) -> None:
    axe = AXE.read_text()
    for width, scheme in ((1440, "light"), (390, "dark")):
        page = visit(f"{FAILING}?tab={tab}", width=width, scheme=scheme)
        settled(page)
        page.wait_for_load_state("load")
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_link_is_copied_where_the_browser_has_no_clipboard_for_the_page(visit: Open) -> None:
    page = visit(FAILING)
    settled(page)
    page.evaluate("delete Navigator.prototype.clipboard")  # as on a page from elsewhere without TLS
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="✓ Copied")).to_be_visible()
    page.get_by_role("searchbox", name="Search everything").press("Control+V")
    expect(page.get_by_role("searchbox", name="Search everything")).to_have_value(re.compile(r"^http.*ev=\d+"))
