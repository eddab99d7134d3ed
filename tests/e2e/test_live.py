"""What happens now, on the page that shows all of it, in as many tabs as somebody opens."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tachograph import clock
from tachograph.cli.main import main
from tachograph.ingest.opening import open_store
from tachograph.records import Event
from tests.e2e.conftest import Open

RUNS, WAITS = "demo-codex-00", "demo-gemini-03"


def tell(*contents: str, session: str = RUNS, kind: str = "reply") -> None:
    with open_store() as store:
        store.events.add_many([Event(session, kind, content=content, at=clock.now()) for content in contents])


def tail(page: Page) -> Locator:
    return page.get_by_role("region", name="What happened last")


def ready(page: Page) -> None:
    """The page has heard something: it listens."""
    expect(tail(page).get_by_role("listitem").first).to_be_visible()
    tell("are you there?")
    expect(tail(page)).to_contain_text("are you there?")


def test_who_waits_comes_first_and_collisions_are_told(visit: Open) -> None:
    page = visit("/live")
    cards = page.get_by_role("list", name="Running").get_by_role("listitem")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("waits for you")
    expect(cards.nth(1)).to_contain_text("running")
    expect(page).to_have_title("(1) Live · Tachograph")
    expect(page.get_by_role("region", name="Collisions")).to_contain_text("edited")
    cards.first.get_by_role("link").click()
    expect(page).to_have_url(f"{page.url.split('/sessions')[0]}/sessions/{WAITS}")


def test_what_happens_moves_the_cards_and_the_tail(visit: Open) -> None:
    page = visit("/live")
    ready(page)
    card = page.get_by_role("list", name="Running").get_by_role("listitem").filter(has_text="codex")
    tell("the newest of all")
    expect(card).to_contain_text("the newest of all")
    expect(tail(page).get_by_role("listitem").last).to_contain_text("the newest of all")
    with open_store() as store:
        store.sessions.update(RUNS, status="waiting")
    expect(card).to_contain_text("waits for you")
    expect(page).to_have_title("(2) Live · Tachograph")
    with open_store() as store:
        store.sessions.complete(RUNS, 1, at=clock.now())
    over = page.get_by_role("list", name="Ended").get_by_role("listitem")
    expect(over).to_contain_text("✗ failed")
    with open_store() as store:
        store.sessions.complete(WAITS, 0, at=clock.now())
    expect(page.get_by_role("heading", name="Nothing is running")).to_be_visible()
    expect(page.get_by_text("tachograph run -- claude")).to_be_visible()


def test_who_holds_the_tail_is_told_how_much_came(visit: Open) -> None:
    page = visit("/live")
    ready(page)
    page.get_by_role("button", name="Pause").click()
    tell("one", "two", "three")
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    expect(tail(page)).not_to_contain_text("three")
    page.get_by_role("button", name="3 new").click()
    expect(tail(page).get_by_role("listitem").last).to_contain_text("three")
    tail(page).evaluate("box => box.scrollTop = 0")
    tell("four")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    tail(page).evaluate("box => box.scrollTop = box.scrollHeight")
    expect(tail(page).get_by_role("listitem").last).to_contain_text("four")
    expect(page.get_by_role("button", name="new")).to_have_count(0)


def test_a_filter_is_in_the_address(visit: Open) -> None:
    page = visit("/live")
    ready(page)
    page.get_by_label("Kind").select_option("you")
    page.get_by_label("Session", exact=True).select_option(WAITS)
    page.get_by_label("Only with these words").fill("Needle")
    tell("a needle", kind="prompt")
    tell("a needle", session=WAITS)
    tell("hay", session=WAITS, kind="prompt")
    tell("the needle", session=WAITS, kind="prompt")
    expect(tail(page).get_by_role("listitem")).to_have_count(1)
    page.reload()
    expect(tail(page).get_by_role("listitem")).to_have_count(1)
    expect(tail(page)).to_contain_text("the needle")


def test_somebody_who_looks_elsewhere_is_notified(visit: Open) -> None:
    page = visit("/live")
    page.context.grant_permissions(["notifications"])
    page.evaluate(
        """() => {
            window.told = [];
            const Real = Notification;
            window.Notification = class { constructor(title, more) { window.told.push([title, more.body]); } };
            window.Notification.requestPermission = () => Real.requestPermission();
            Object.defineProperty(document, 'hidden', { get: () => true });
        }"""
    )
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_role("button", name="Notifies you")).to_be_visible()
    with open_store() as store:
        store.sessions.update(RUNS, status="waiting")
        title = store.sessions.get(RUNS).title
    expect(page.get_by_role("list", name="Running")).not_to_contain_text("● running")
    page.wait_for_function("window.told.length")
    assert page.evaluate("window.told") == [["codex waits for you", title]]


def test_a_session_that_is_recorded_is_followed_until_somebody_goes_elsewhere(visit: Open) -> None:
    with open_store() as store:
        store.sessions.create("codex", "now-1")
    tell(*(f"word {number}" for number in range(90)), session="now-1")
    page = visit("/sessions/now-1")
    rows, follow = page.get_by_role("treegrid").get_by_role("row"), page.get_by_role("button", name="Follow")
    expect(page.get_by_role("row", selected=True)).to_contain_text("word 89")
    expect(follow).to_have_attribute("aria-pressed", "true")
    tell(*(f"more {number}" for number in range(90)), session="now-1")
    expect(rows.filter(has_text="more 89")).to_be_in_viewport()
    page.keyboard.press("1")
    expect(follow).to_have_attribute("aria-pressed", "false")
    tell(*(f"elsewhere {number}" for number in range(90)), session="now-1")
    expect(page.get_by_role("img", name=re.compile("Agent 270"))).to_be_visible()
    expect(rows.filter(has_text="elsewhere 89")).to_have_count(0)
    page.keyboard.press("l")
    expect(rows.filter(has_text="elsewhere 89")).to_be_in_viewport()


def test_how_a_command_ended_shows_where_it_stands(visit: Open, tmp_path: Path) -> None:
    transcript = tmp_path / "growing.jsonl"
    use = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make seek"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "it broke", "is_error": True}
    said = [("user", "run it"), ("assistant", [use]), ("user", [result])]
    lines = [
        {
            "sessionId": "growing", "cwd": str(tmp_path), "version": "2.1.128", "type": who, "uuid": f"u{number}",
            "parentUuid": f"u{number - 1}" if number else None, "timestamp": f"2026-03-01T10:00:0{number}.000Z",
            "message": {"role": who, "id": f"m{number}", "content": content},
        }
        for number, (who, content) in enumerate(said)
    ]  # fmt: skip
    transcript.write_text("".join(json.dumps(line) + "\n" for line in lines[:2]))
    assert main(["import", str(transcript)]) == 0
    page = visit("/sessions/growing")
    row = page.get_by_role("treegrid").get_by_role("row").filter(has_text="make seek")
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("✗")
    expect(page.get_by_text("turn 1 of 1", exact=True)).to_be_visible()
    row.click()
    expect(page.get_by_label("The chosen event")).to_contain_text("make seek")
    with transcript.open("a") as file:
        file.write(json.dumps(lines[2]) + "\n")
    assert main(["import", str(transcript)]) == 0
    expect(row).to_contain_text("✗")
    expect(page.get_by_role("row").first).to_contain_text("✗ 1")
    expect(page.get_by_label("The chosen event")).to_contain_text("it broke")


def test_eight_tabs_hear_all_of_it_over_one_connection(visit: Open) -> None:
    first = visit("/live")
    ready(first)
    asked: list[str] = []
    first.context.on("request", lambda request: asked.append(request.url) if "/api/live" in request.url else None)
    others = [first.context.new_page() for _ in range(7)]
    for page in others:
        page.goto(first.url)
        ready(page)
    assert asked == []
    first.close()  # it was the one that listened
    tell("just when it closed")
    for page in others:
        expect(tail(page)).to_contain_text("just when it closed")
    assert len(asked) == 1


def test_a_session_that_somebody_deletes_is_gone_from_every_page(visit: Open, complaints: list[str]) -> None:
    session, sessions, live = visit(f"/sessions/{RUNS}"), visit("/"), visit("/live")
    title = session.locator("h1").inner_text()
    expect(sessions.get_by_role("listitem")).to_have_count(24)
    ready(live)
    with open_store() as store:
        store.deleting.delete(store.deleting.plan([RUNS]))
    expect(session.get_by_role("alert")).to_contain_text("This session was deleted")
    session.get_by_role("link", name="All sessions").click()
    for page in (session, sessions):
        expect(page.get_by_role("listitem")).to_have_count(23)
    expect(live.get_by_role("list", name="Running").get_by_role("listitem")).to_have_count(1)
    expect(live.locator("main")).not_to_contain_text(title)
    for page in (session, sessions, live):
        page.close()
    assert all("404" in one for one in complaints), "a question may cross the deletion, nothing else"
    complaints.clear()
