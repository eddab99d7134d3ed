"""Names are as people make them: in any script, as long as they like."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tachograph import clock
from tachograph.ingest.opening import open_store
from tachograph.records import Event, Session
from tests.e2e.conftest import Open
from tests.e2e.test_access import WIDER

ARABIC = "أصلح الاختبار الفاشل في seek.py وشغّله"
LONG = "long-" * 60


@pytest.fixture
def named(recorded: Path) -> None:
    with open_store() as store:
        now = clock.now()
        arabic = Session("arabic", "claude", title=ARABIC, project_dir="/home/dev/مشروع", branch="main", started_at=now)
        store.sessions.add(arabic)
        store.events.add(Event("arabic", "reply", content=ARABIC, at=now))
        for n in range(7):  # more than are shown as chips: the rest is in a menu
            store.sessions.add(
                Session(f"long-{n}", LONG, title=LONG, project_dir=f"/p/{n}{LONG}", branch=LONG, started_at=now)
            )


def test_what_is_written_from_right_to_left_reads_so_and_keeps_to_its_place(named: None, visit: Open) -> None:
    page = visit("/sessions/arabic")
    for shown in (page.get_by_role("heading", level=1), page.get_by_role("row").get_by_text(ARABIC).last):
        expect(shown).to_have_css("direction", "rtl")
    expect(page.get_by_label("About this session")).to_contain_text("claude · \u2068مشروع\u2069 · main")
    page.goto(page.url.partition("/sessions")[0] + "/sessions?agent=claude")
    expect(page.get_by_role("link", name=ARABIC)).to_have_css("direction", "rtl")


@pytest.mark.parametrize("width", [1440, 390])
def test_no_name_is_so_long_that_a_page_is_wider_than_its_window(named: None, visit: Open, width: int) -> None:
    page = visit("/sessions?columns=agent,project,branch,title", width=width)
    expect(page.get_by_role("combobox", name="More: Project")).to_be_attached()
    assert page.evaluate(WIDER) <= 0
    page.goto(page.url.partition("?")[0] + "/long-1")
    expect(page.get_by_label("About this session")).to_contain_text("…")
    assert page.evaluate(WIDER) <= 0
