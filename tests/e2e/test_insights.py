"""What many sessions come to, on screen: figures that agree with the API, each a way to what it counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open, refused


def panel(page: Page, title: str) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name=title))


def asked(page: Page, question: str) -> dict[str, Any]:
    """The answer of the API to the page's own session."""
    found: dict[str, Any] = page.evaluate("path => fetch(path).then(answer => answer.json())", f"/api/query/{question}")
    return found


def test_the_overview_says_what_the_api_says(visit: Open) -> None:
    page = visit("/insights?since=all")
    days = asked(page, "activity?zone=UTC")["days"]
    calls, errors = (sum(day[name] for day in days) for name in ("tool_calls", "tool_errors"))
    figures = page.locator("dl.figures")
    expect(figures).to_contain_text(f"{calls:,}")
    expect(figures).to_contain_text(f"{errors:,}")
    expect(page.get_by_role("img", name=re.compile(r"^Cost by day, .* in all"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("active days in the last year"))).to_be_visible()
    cost = figures.locator("dd", has_text="$").first.inner_text()
    agents = panel(page, "Agents compared")
    expect(agents.locator("tbody tr")).to_have_count(len({day["agent"] for day in days}))
    page.goto(page.url.partition("/insights")[0] + "/sessions")
    expect(page.get_by_text(re.compile(rf"failures?, {re.escape(cost)}"))).to_be_visible()


def test_a_kind_of_failure_leads_to_its_cases_and_from_there_to_the_moment(visit: Open) -> None:
    page = visit("/insights?since=all")
    kinds = asked(page, "failures?limit=1")["failures"]
    first = panel(page, "Failures, equal ones as one").locator("tbody a").first
    expect(first).to_have_text(kinds[0]["signature"])
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(kinds[0]["signature"])
    expect(page.locator("main")).to_contain_text(f"{kinds[0]['cases']:,} cases")
    cases = panel(page, "Cases").locator("tbody tr")
    expect(cases).to_have_count(min(200, kinds[0]["cases"]))
    newest = cases.first.locator("a").first
    expect(newest).to_have_attribute("href", re.compile(rf"ev={kinds[0]['event_id']}\b"))
    newest.click()  # at rest the address names the command that the finding is of
    expect(page).to_have_url(re.compile(r"/sessions/.*ev="))
    expect(page.get_by_label("The chosen event")).to_be_visible()


def test_the_window_and_the_agent_go_along(visit: Open) -> None:
    page = visit("/insights")
    page.get_by_label("Agent", exact=True).select_option("codex")
    page.get_by_label("Since", exact=True).select_option("7d")
    expect(page).to_have_url(re.compile(r"agent=codex.*since=7d|since=7d.*agent=codex"))
    page.get_by_label("Insights").get_by_role("link", name="Commands").click()
    expect(page).to_have_url(re.compile(r"/insights/commands\?agent=codex&since=7d"))
    expect(page.get_by_label("Agent", exact=True)).to_have_value("codex")
    runs = sum(row["runs"] for row in asked(page, "commands?agent=codex&since=7d")["commands"])
    expect(page.locator("tbody tr").first).to_be_visible()
    shown = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert sum(int(text.replace(",", "")) for text in shown) == runs
    page.get_by_role("button", name="Slowest (p95)").click()
    expect(page).to_have_url(re.compile("sort=p95"))


def test_a_folder_of_the_map_is_walked_into(visit: Open) -> None:
    page = visit("/insights/files?since=all")
    inside = asked(page, "files/folders?depth=1")["folders"]
    folder = next(one for one in inside[1:] if one["kind"] == "folder")
    panel(page, "Folders in it").get_by_role("link", name=folder["name"], exact=True).click()
    expect(page).to_have_url(re.compile("path="))
    expect(page.get_by_role("heading", name=folder["path"])).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"{folder['files']:,} files, {folder['changes']:,} changes")
    page.reload()
    expect(page.get_by_role("heading", name=folder["path"])).to_be_visible()


def test_findings_are_narrowed_and_lead_to_their_moment(visit: Open) -> None:
    page = visit("/insights/extractions?since=all")
    counts = asked(page, "extractions/counts?type=error")
    types = page.get_by_role("group", name="Type")
    types.get_by_role("button", name=re.compile("^error")).click()
    expect(page).to_have_url(re.compile("type=error"))
    expect(page.locator("main")).to_contain_text(f"{counts['total']:,} findings")
    rule, count = next(iter(counts["patterns"].items()))
    page.get_by_role("group", name="Rule").get_by_role("button", name=re.compile(f"^{rule}")).click()
    expect(page.locator("main")).to_contain_text(f"{count:,} finding")
    rows = page.get_by_role("list", name="Findings").get_by_role("listitem")
    expect(rows).to_have_count(min(100, count))
    rows.first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/sessions/.*ev="))


def test_an_objective_says_what_is_left_of_it(visit: Open) -> None:
    page = visit("/insights/slo")
    states = {one["name"]: one["state"] for one in asked(page, "slo/objectives")["objectives"]}
    page.get_by_role("link", name="tests-fast").click()
    expect(page.get_by_role("heading", name="tests-fast")).to_be_visible()
    shown = page.locator("dl")
    expect(shown).to_contain_text("✓ kept" if states["tests-fast"]["met"] else "✗ missed")
    expect(shown).to_contain_text(f"{states['tests-fast']['values']:,}")


def test_cost_is_summed_by_what_one_asks_for(visit: Open) -> None:
    page = visit("/insights/cost?since=all")
    for by, name in (("project", "Project"), ("session", "Session")):
        rows = asked(page, f"cost?by={by}&limit=200")["cost"]
        page.get_by_role("button", name=name, exact=True).click()
        table = panel(page, f"By {by}").locator("tbody tr")
        expect(table).to_have_count(len(rows))
        expect(table.first).to_contain_text(f"${rows[0]['cost_usd']:.2f}")


def test_two_sessions_are_compared(visit: Open) -> None:
    page = visit("/sessions/demo-copilot-02")
    page.get_by_role("link", name="Compare with another session").click()
    page.locator("a[href$='/compare/demo-claude-01']").click()
    expect(page).to_have_url(re.compile("/sessions/demo-copilot-02/compare/demo-claude-01$"))
    both = [asked(page, f"session/{name}") for name in ("demo-copilot-02", "demo-claude-01")]
    figures = panel(page, "In figures")
    for name, column in (("Tool calls", "tool_calls"), ("Failed calls", "tool_errors"), ("Files", "files_touched")):
        row = figures.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row.locator("td").nth(0)).to_have_text(f"{both[0][column]:,}")
        expect(row.locator("td").nth(1)).to_have_text(f"{both[1][column]:,}")
    names = [{one["file_path"] for one in asked(page, f"files?session={each['id']}")["files"]} for each in both]
    expect(panel(page, "Files")).to_contain_text(f"{len(names[0] & names[1])} in both")
    page.get_by_role("link", name="Swap A and B").click()
    expect(figures.get_by_role("row", name=re.compile("^Tool calls")).locator("td").nth(0)).to_have_text(
        f"{both[1]['tool_calls']:,}"
    )


def test_days_are_told_by_keyboard(visit: Open) -> None:
    page = visit("/insights?since=all")
    days = page.get_by_role("slider", name="Tool calls, day by day")
    expect(days).to_have_attribute("aria-valuetext", re.compile("^in all: "))
    days.press("ArrowLeft")
    expect(days).to_have_attribute("aria-valuetext", re.compile(r"^\w+, \d+ \w+ \d{4}: "))


@pytest.mark.parametrize("path", ["/insights/failures/v1:none"])
def test_wrong_addresses_say_what_to_do(visit: Open, complaints: list[str], path: str) -> None:
    page = visit(path)
    expect(page.get_by_role("alert")).to_contain_text("v1:none")
    refused(page, complaints)


def test_when_failures_happened_is_drawn_wide_enough_to_be_seen(visit: Open) -> None:
    page = visit("/insights/failures?since=all")
    drawn = page.locator("tbody tr").first.get_by_role("img")
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    assert box and box["width"] >= 96


def test_findings_say_when_they_were_found_in_full(visit: Open) -> None:
    page = visit("/insights/extractions?since=all")
    when = page.get_by_label("Findings").locator(".when")
    expect(when.first).to_be_visible()
    assert when.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length") == 0


def test_areas_of_the_map_that_lead_nowhere_are_no_links(visit: Open) -> None:
    page = visit("/insights/files?since=all")
    expect(page.locator(".map a").first).to_be_visible()
    expect(page.locator(".map span[href]")).to_have_count(0)


def test_on_a_tablet_a_failure_has_room_for_its_words(visit: Open) -> None:
    page = visit("/insights/failures?since=all", width=768)
    what = page.locator("tbody .what").first
    expect(what).to_be_visible()
    box = what.bounding_box()
    assert box and box["width"] >= 250
