"""The terminal of a session on the session's clock: what it shows at a moment is what it showed then, however one came
there, and it agrees with what is told of the same moment."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tachograph.cli.main import main
from tachograph.ingest.opening import open_store
from tachograph.records import OutputChunk
from tests.e2e.conftest import Open
from tests.e2e.looking import position

DEMO = "/sessions/demo-claude-01?tab=terminal"
STEPS = 8
MS = 10**6


def terminal(page: Page) -> Locator:
    return page.get_by_role("region", name="Terminal")


def text(page: Page) -> str:
    """What the terminal shows, when it has drawn the moment of the clock."""
    expect(terminal(page)).to_have_attribute("aria-busy", "false", timeout=20_000)
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return terminal(page).locator("pre").inner_text()


def test_a_terminal_shows_the_moment_of_the_clock(visit: Open) -> None:
    page = visit(DEMO)
    page.get_by_role("row").filter(has_text="The error comes from").click()
    assert "fix the flaky replay seek test" in text(page)
    assert "vite" not in text(page)
    page.keyboard.press("e")
    assert "vite" in text(page)
    with page.expect_navigation(url="**/sessions/demo-claude-01**"):
        page.get_by_role("link", name="Watch").click()
    before = position(page)
    page.get_by_role("link", name="Terminal").click()
    assert "vite" in text(page)
    assert position(page) == before


def test_a_session_without_a_terminal_says_so(visit: Open) -> None:
    page = visit("/sessions/demo-copilot-06?tab=terminal")
    expect(page.get_by_text("No terminal was recorded")).to_be_visible()
    expect(page.get_by_text("tachograph run -- copilot")).to_be_visible()


def test_a_terminal_takes_no_keys_from_the_page(visit: Open) -> None:
    page = visit(DEMO)
    text(page)
    terminal(page).locator("pre").click(position={"x": 20, "y": 10})
    for key, moment in (("9", re.compile(r"^4\d:")), ("0", re.compile("^0:00"))):
        page.keyboard.press(key)
        expect(page.locator(".transport .mono")).to_have_text(moment)


def test_it_is_dark_where_the_page_is(visit: Open) -> None:
    page = visit(DEMO)
    text(page)
    shown = terminal(page).locator(".ap-player")
    expect(shown).to_have_css("background-color", "rgb(245, 247, 249)")
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(shown).to_have_css("background-color", "rgb(15, 18, 22)")
    assert text(page).strip()


@pytest.fixture
def long_one(recorded: Path, tmp_path: Path) -> str:
    """A recording of a full-screen program with other sizes in between, long enough for screens that stand by."""
    some = random.Random(7)
    lines = [json.dumps({"version": 2, "width": 90, "height": 24, "timestamp": 1_760_000_000})]
    for number in range(2_000):
        if number % 500 == 250:
            lines.append(json.dumps([number / 20 - 0.01, "r", f"{some.randrange(70, 100)}x{some.randrange(20, 30)}"]))
        rows = [
            f"\x1b[{some.randrange(1, 20)};{some.randrange(1, 40)}H\x1b[3{n % 8}m{number}.{n} {some.random()}"
            for n in range(100)
        ]
        lines.append(json.dumps([number / 20, "o", "".join(rows) + "\x1b[0m\x1b[K"]))
    file = tmp_path / "long.cast"
    file.write_text("\n".join(lines) + "\n")
    assert main(["import", str(file)]) == 0
    with open_store() as store:
        return store.sessions.list(agent="asciicast")[0].id


def test_whichever_way_one_comes_to_a_moment_it_is_the_same(visit: Open, long_one: str) -> None:
    page = visit(f"/sessions/{long_one}?tab=terminal&t=0.001")
    expect(page.get_by_role("status")).to_have_count(0, timeout=60_000)
    played = {}
    for digit in "0123456789":
        page.keyboard.press(digit)
        played[digit] = text(page)
    assert len(set(played.values())) == 10
    digits = [*"9081726354" * 2]
    random.Random(3).shuffle(digits)
    for digit in digits:
        page.keyboard.press(digit)
        assert text(page) == played[digit]


def test_a_session_is_as_long_as_its_row_says_though_its_timeline_came_first(visit: Open, long_one: str) -> None:
    page = visit("/sessions")
    held: list[Route] = []
    page.route("**/opening*", lambda route: held.append(route))
    with page.expect_response("**/timeline*"):
        page.evaluate("path => location.assign(path)", f"/sessions/{long_one}?tab=terminal")
    held[0].continue_()
    expect(page.locator(".transport .mono")).to_contain_text("of 1:39")
    page.keyboard.press("1")
    assert "199.99 " in text(page)


AGENT = """
import json, sys, time
from datetime import UTC, datetime
steps, file = int(sys.argv[1]), open(sys.argv[2], "w")
common = {"sessionId": "together", "cwd": sys.argv[3], "version": "2.1.128", "isSidechain": False}
count = 0
def tell(kind, content, **more):
    global count
    count += 1
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"role": kind, "content": content, **more}
    print(json.dumps({"type": kind, "uuid": f"u{count}", "parentUuid": f"u{count - 1}" if count > 1 else None,
        "timestamp": at, "userType": "external", **common, "message": message}), file=file, flush=True)
tell("user", "do all steps")
for step in range(steps):
    sys.stdout.write(f"\\x1b[2J\\x1b[H\\x1b[1mstep-{step}\\x1b[0m\\r\\n")
    sys.stdout.flush()
    time.sleep(0.2)
    call = {"type": "tool_use", "id": f"toolu_{step}", "name": "Bash", "input": {"command": f"make step-{step}"}}
    tell("assistant", [call], id=f"m{step}", type="message", model="claude-opus-4-7")
    time.sleep(0.1)
    tell("user", [{"type": "tool_result", "tool_use_id": f"toolu_{step}", "content": "made", "is_error": step == 3}])
    time.sleep(0.1)
"""


@pytest.fixture
def together(recorded: Path, tmp_path: Path) -> str:
    """A session recorded by wrapper and transcript together: its program prints a step, then tells of it."""
    program, transcript = tmp_path / "claude", tmp_path / "together.jsonl"
    program.write_text(f"#!{sys.executable}\n" + textwrap.dedent(AGENT))
    program.chmod(0o700)
    words = ["run", "--quiet", "--agent", "claude", "--", str(program), str(STEPS), str(transcript), str(tmp_path)]
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "tachograph", *words], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:
        pass  # how a terminal says that everybody left
    assert run.wait() == 0
    os.close(ours)
    assert main(["sessions"]) == 0  # what the wrapper kept is in the store
    assert main(["import", str(transcript)]) == 0
    with open_store() as store:
        found = store.sessions.list(agent="claude")[0]
        assert found.output_bytes
        assert found.tool_calls == STEPS
        return found.id


def test_the_terminal_and_what_is_told_agree_at_every_moment(visit: Open, together: str) -> None:
    with open_store() as store:
        printed = [(at // MS, data) for chunk in store.output.chunks(together, "stdout") for at, data in pieces(chunk)]
        told = store.events.list(session=together, type="command", limit=None)
    steps = [
        (event.at // MS, found[1]) for event in told if (found := re.match(r"make (step-\d+)", event.command or ""))
    ]
    assert [step for _, step in steps] == [f"step-{number}" for number in range(STEPS)]
    page = visit(f"/sessions/{together}?tab=terminal")
    for at, step in steps:
        page.get_by_role("row").filter(has_text=f"make {step}").first.click()
        before = b"".join(data for when, data in printed if when <= at)
        assert re.findall(rb"step-\d+", before)[-1].decode() == step  # so it was
        assert re.findall(r"step-\d+", text(page)) == [step]


def pieces(chunk: OutputChunk) -> Iterator[tuple[int, bytes]]:
    position = 0
    for at, size in chunk.times:
        yield at, chunk.data[position : position + size]
        position += size


def test_a_terminal_that_is_being_recorded_goes_on_by_itself(visit: Open) -> None:
    page = visit("/sessions/demo-codex-00?tab=terminal")
    text(page)
    page.keyboard.press("9")
    end = page.locator(".transport .mono").inner_text().split(" of ")[1].strip()
    while position(page) != end:
        page.keyboard.press("ArrowRight")
    before = text(page)
    with open_store() as store, store.transaction():
        number = store.sessions.number("demo-codex-00")
        last = store.output.last(number, 0)
        assert last is not None
        more = b"\r\nit goes on by itself\r\n"
        pieces = [*last.pieces, (max(at for at, _ in last.pieces) + 5 * 10**9, len(more))]
        store.output.write(number, [last._replace(data=last.data + more, pieces=pieces)])
    expect(terminal(page)).to_contain_text("it goes on by itself", timeout=20_000)
    assert "by itself" not in before
