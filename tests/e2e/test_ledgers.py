"""Workflows, audit and settings: what is asked of them by people who look."""

from __future__ import annotations

import re
from pathlib import Path

import apsw
from playwright.sync_api import expect

from tachograph.ingest.opening import open_store
from tests.e2e.conftest import Open


def workflow() -> str:
    with open_store() as store:
        return store.workflows.list(opened_by="tachograph")[0].session_id


def test_from_an_open_collision_to_the_moment_it_happened(visit: Open) -> None:
    page = visit("/workflows")
    expect(page.get_by_role("list", name="Workflows").get_by_role("link").first).to_contain_text("open collision")
    page.locator(".collisions").get_by_role("link").first.click()
    chosen = page.get_by_role("article", name="The chosen collision")
    expect(chosen.get_by_role("region", name="First").locator("pre")).to_contain_text("+")
    assert "collision=" in page.url
    chosen.get_by_role("region", name="Then").get_by_role("link", name="Open at this moment").click()
    expect(page.get_by_role("row", selected=True)).to_be_visible()
    assert "/sessions/demo-" in page.url and "ev=" in page.url


def test_a_workflow_tells_who_touched_what_when(visit: Open) -> None:
    page = visit(f"/workflows/{workflow()}")
    expect(page.get_by_role("img", name="2 sessions side by side")).to_be_visible()
    rows = page.get_by_role("list", name="Files, those that collided first").get_by_role("button")
    expect(rows.first).to_contain_text("collision")
    rows.first.press("Enter")
    touches = page.locator(".open ol")
    expect(touches.get_by_role("link").first).to_be_visible()
    expect(touches).to_contain_text("change")
    link = page.url
    page.goto(link)
    expect(page.locator(".open ol").get_by_role("link").first).to_be_visible()


def test_the_audit_log_is_filtered_by_its_address(visit: Open) -> None:
    page = visit("/audit?status=failed")
    rows = page.locator(".rows > li")
    expect(rows.first).to_contain_text("failed")
    with open_store() as store:
        expect(rows).to_have_count(len(store.audit.list(status="failed")))
    rows.first.get_by_role("button").click()
    expect(rows.first.locator("dl")).to_contain_text("Entry")
    page.get_by_label("Agent").fill("nobody")
    page.get_by_label("Agent").press("Enter")
    expect(page.get_by_text("No entry fits.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(rows.nth(2)).to_be_visible()


def test_the_audit_log_is_handed_out_as_a_file(visit: Open) -> None:
    page = visit("/audit?status=failed")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export CSV").click()
    text = Path(waiting.value.path()).read_text()
    assert text.startswith("id,audit_id,timestamp") and ",failed," in text and ",completed," not in text


def test_what_was_changed_past_us_shows_at_once(visit: Open, recorded: Path) -> None:
    page = visit("/audit?view=receipts")
    expect(page.get_by_text("Everything is as it was sealed")).to_be_visible()
    expect(page.get_by_role("article", name="The chosen receipt")).to_contain_text("It is what it was")
    name = page.locator("[aria-current=true] .what").inner_text()
    connection = apsw.Connection(str(recorded / "tachograph.db"))
    connection.execute("UPDATE receipts SET duration_ms = 1 + duration_ms WHERE execution_id = ?", (name,))
    connection.close()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("1 problem: this is not what was recorded")).to_be_visible()
    page.reload()
    expect(page.get_by_role("article", name="The chosen receipt")).to_contain_text("It is not what it was")


def test_versions_of_a_memory_and_what_each_changed(visit: Open) -> None:
    with open_store() as store:
        store.memory.set("fresh", {"seen": 1, "kept": True})
        store.memory.set("fresh", {"seen": 2, "kept": True})
    page = visit("/audit?view=memory")
    page.get_by_role("link", name="fresh").click()
    shown = page.get_by_role("article", name="The chosen version")
    expect(shown).to_contain_text("/seen")
    expect(shown).to_contain_text("− 1")
    expect(shown).to_contain_text("+ 2")
    page.get_by_role("link", name="Version 1").click()
    expect(shown).to_contain_text('"seen": 1')


def test_settings_tell_what_is_kept_and_check_the_file(visit: Open) -> None:
    page = visit("/settings")
    expect(page.get_by_text("Nothing is deleted by itself")).to_be_visible()
    page.get_by_label("What a clean-up would keep").select_option("30d")
    expect(page.get_by_text("tachograph clean --keep 30d")).to_be_visible()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("sound,")).to_be_visible()
    page.get_by_role("link", name="All settings").click()
    page.get_by_label("Find").fill("collisions.w")
    expect(page.locator("li code")).to_have_text(["collisions.window", "collisions.warn"])


def test_the_receipt_of_a_session_is_checked_where_it_is_shown(visit: Open) -> None:
    page = visit("/sessions/demo-copilot-02?tab=receipt")
    expect(page.get_by_label("The chosen receipt")).to_contain_text("It is what it was")
    page.get_by_role("link", name="entries of this execution").click()
    expect(page).to_have_url(re.compile(r"/audit\?execution=demo-copilot-02"))
