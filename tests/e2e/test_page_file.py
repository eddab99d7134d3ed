"""A session exported as a page: the same app, from a disk, without a server and without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tachograph import clock
from tachograph.ingest.opening import open_store
from tachograph.records import Event, Session
from tachograph.serve import page_file
from tachograph.store import Store
from tests.e2e.conftest import AXE
from tests.e2e.payloads import PAYLOADS

FAILING = "demo-copilot-06"
Read = Callable[..., Page]


def written(store: Store, session: str, folder: Path) -> Path:
    target = folder / f"{session}.html"
    target.write_bytes(b"".join(page_file.export(store, session, "html").pieces))
    return target


@pytest.fixture
def read(recorded: Path, browser: Browser, tmp_path: Path) -> Iterator[Read]:
    """`read("a-session", "#/…")` → its page, opened as a file with no network. It may complain of nothing."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)

    def open_page(session: str, behind: str = "") -> Page:
        with open_store() as store:
            path = written(store, session, tmp_path)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith("file:") else None)
        page.goto(path.as_uri() + behind)
        return page

    yield open_page
    context.close()
    assert complaints == []


def test_it_opens_at_the_first_failure_and_is_steered_like_the_app(read: Read) -> None:
    page = read(FAILING)
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    expect(page.get_by_label("The chosen event")).to_contain_text("exit")
    line = page.get_by_role("row", selected=True)
    before = line.inner_text()
    page.keyboard.press(".")
    expect(line).not_to_have_text(before)
    page.keyboard.press("y")
    expect(page).to_have_url(re.compile(r"#/sessions/demo-copilot-06\?.*ev=\d+"))
    after, link = line.inner_text(), page.url.partition("#")[2]
    again = read(FAILING, f"#{link}")
    expect(again.get_by_role("row", selected=True)).to_have_text(after)


def test_every_tab_is_in_it(read: Read) -> None:
    page = read(FAILING)
    tabs = page.get_by_role("navigation", name="Views of this session").get_by_role("link")
    expect(tabs.first).to_be_visible()
    for number in range(tabs.count()):
        tabs.nth(number).click()
        expect(tabs.nth(number)).to_have_attribute("aria-current", "page")
        expect(page.get_by_text("not part of the exported file")).to_have_count(0)
        expect(page.get_by_text("server does not answer")).to_have_count(0)


def test_nobody_is_shut_out_of_a_file(read: Read) -> None:
    page = read(FAILING)
    expect(page.get_by_text("failure 1 of")).to_be_visible()
    # What the policy of the page forbids: axe comes in past it.
    found = page.evaluate(AXE.read_text() + ";axe.run().then(found => found.violations.map(one => one.id))")
    assert found == []


def test_what_was_recorded_stays_text_in_a_file(read: Read) -> None:
    with open_store() as store:
        store.sessions.add(Session("hostile", "codex", title="</title><script>document.title='owned'</script>"))
        for number, payload in enumerate(PAYLOADS):
            store.events.add(
                Event("hostile", "prompt" if number == 0 else "reply", content=payload, at=clock.now() + number)
            )
            store.events.add(
                Event("hostile", "command", command=payload, content=payload, status="error", at=clock.now() + number)
            )
    page = read("hostile")
    expect(page.locator("h1")).to_be_visible()
    for _ in range(5):
        page.keyboard.press("e")
    assert page.title().endswith("· Tachograph")
    assert page.locator("iframe, img, [onerror], [onload]").count() == 0
    assert page.locator("script").count() == 1


def test_secrets_are_masked_once_more(recorded: Path, tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"[:36]
    with open_store() as store:
        store.sessions.add(Session("leaky", "codex", title=f"uses {secret}"))
        store.events.add(Event("leaky", "reply", content=f"export TOKEN={secret}", at=clock.now()))
        text = written(store, "leaky", tmp_path).read_text()
        answers = [page_file._ask(store, "/api/query/session/leaky", {})]
    assert secret in str(answers)  # somebody wrote past every mask
    assert secret not in text
    assert secret not in str(
        [page_file.unpacked(one) for one in re.findall(r"<template [^>]*>([^<]*)</template>", text)]
    )
