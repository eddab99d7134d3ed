"""What was recorded is only ever text: sixty texts that want to be more, in all that a recording has, on every page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tachograph import clock
from tachograph.extract.rules import load
from tachograph.ingest import executions
from tachograph.ingest.executions import Execution, Stage
from tachograph.ingest.opening import open_store
from tachograph.ingest.telling import Telling
from tachograph.records import AuditEntry, Fact, OutputPiece, SessionFacts, Step, Usage
from tachograph.store import Store
from tests.e2e.conftest import Open
from tests.e2e.payloads import PAYLOADS

INSIGHTS = (
    *("/insights/failures", "/insights/commands", "/insights/cost", "/insights/files", "/insights/extractions"),
    *("/insights/extractions?show=code", "/sessions/hostile/compare", "/sessions/hostile/compare/hostile-too"),
)
PAGES = ("/", "/live", "/?status=running", "/search?q=owned", "/search?q=evil", *INSIGHTS)
LEDGERS = ("/workflows", "/audit", "/audit?view=receipts", "/audit?view=memory")
TABS = ("watch", "terminal", "receipt")
SETTINGS = ("/settings/values", "/settings/storage", "/settings/histories", "/settings/agents")
# Whatever has become an element that no page makes out of itself.
ALIEN = """[...document.querySelectorAll('*')].filter(one =>
    one.matches('iframe, object, embed, base, form[action*=evil], meta[http-equiv=refresh], script:not([src])') ||
    [...one.attributes].some(({name, value}) => name.startsWith('on') ||
        /^(href|src|action|data)$/.test(name) &&
            (/^\\s*javascript:/i.test(value) || new URL(value, document.baseURI).host !== location.host)))
    .map(one => one.outerHTML.slice(0, 200))"""


def test_there_are_sixty_and_no_two_are_the_same() -> None:
    assert len(set(PAYLOADS)) == 60


def told(name: str, now: int) -> Iterator[Fact]:
    """A session that is nothing but attacks."""
    first, second, third = PAYLOADS[0], PAYLOADS[4], PAYLOADS[30]
    terminal: dict[str, object] = {"terminal": {"columns": 80, "rows": 24}}
    yield SessionFacts(name, "codex", f"/srv/{second}", first, third, second, started_at=now, metadata=terminal)
    for number, text in enumerate(PAYLOADS):
        at, key = now + number * clock.SECOND, f"{name}:{number}"
        given: dict[str, object] = {"input": {"file_path": text, "old_string": text, "new_string": text + " "}}
        yield Step(f"p:{key}", "prompt", at, content=text)
        yield Step(f"r:{key}", "reply", at, content=f"{text}\n\n```{text[:9]}\n{text}\n```\n", usage=Usage(text, 5, 5))
        yield Step(
            f"call:c{key}",
            "command",
            at,
            text,
            f"c{key}",
            command=text,
            content=f"error: {text}",
            status="error",
            exit_code=1,
            duration_ms=5.0,
        )
        yield Step(
            f"call:f{key}",
            "file_op",
            at,
            "Edit",
            f"f{key}",
            file_path=f"{number}/{text}",
            operation="edit",
            metadata=given,
            content=text,
        )
        yield Step(f"call:t{key}", "tool_call", at, text, f"t{key}", metadata={"input": {text: [text]}}, content=text)
        yield Step(f"m:{key}", "marker", at, content=text)
        yield OutputPiece("stdout", at, f"error: {text}\r\nwarning: {text}\r\n".encode())


def fill(store: Store, now: int) -> None:
    for name in ("hostile", "hostile-too"):
        telling = Telling(store, load()[0], "codex", source="transcript")
        with store.transaction():
            telling.tell(told(name, now), now=now)
            telling.close()
            telling.settle(modified_at=now)
            store.sessions.update(name, status="running" if name == "hostile" else "waiting", ended_at=None)
    for number, text in enumerate(PAYLOADS):
        execution = Execution(f"{number} {text}", text, environment=text, started_at=now)
        executions.begin(store, execution)
        executions.stage_ends(store, execution, Stage("emit", 5, text, at=now))
        executions.finish(store, execution, error=text, at=now)
        store.memory.set("".join(filter(str.isprintable, f"{number} {text}"))[:150], {text: [text]})
    store.audit.add_many([AuditEntry(text, text, "failed", text, 1, text, text) for text in PAYLOADS])
    for number in range(3):
        workflow = store.workflows.start(title=PAYLOADS[number], project_dir=PAYLOADS[number + 4])
        store.workflows.join(workflow.session_id, ["hostile"] if number else ["hostile", "hostile-too"])


@pytest.fixture
def workflow(recorded: Path) -> str:
    with (recorded / "config.toml").open("a") as file:
        file.write(f"[serve]\nnames = {json.dumps(PAYLOADS[0])}\n")
    with open_store() as store:
        fill(store, clock.now() - 3600 * clock.SECOND)
        return store.workflows.list()[0].session_id


def sound(page: Page, path: str) -> None:
    assert page.evaluate("window.owned") is None, path
    assert page.evaluate(ALIEN) == [], path


@pytest.mark.parametrize("scheme", ["light"])
def test_nothing_of_it_runs_or_asks_for_anything(workflow: str, visit: Open, scheme: str) -> None:
    page = visit("/", scheme=scheme)
    base = page.url.rstrip("/")
    views = [*PAGES, *LEDGERS, f"/workflows/{workflow}", *(f"/sessions/hostile?tab={tab}" for tab in TABS)]
    for path in views:
        page.goto(base + path)
        expect(page.locator("h1").first).to_be_visible()
        page.wait_for_load_state("load")
        for pressed in ("e", "]", "j", "End"):
            page.keyboard.press(pressed)
        expect(page.locator("main")).to_contain_text("owned")
        sound(page, path)
    for path in SETTINGS:  # only values, the first, are anybody's words
        page.goto(base + path)
        expect(page.locator("h2").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        if path == SETTINGS[0]:
            expect(page.locator("main")).to_contain_text("owned")
        sound(page, path)
