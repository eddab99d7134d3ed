"""Lines in, findings out: what one line gives, what spans lines, and that cutting the input changes nothing."""

from __future__ import annotations

import itertools
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.extract import lines, rules
from tachograph.extract.extractor import Extractor, Found

RULES, _ = rules.load()


def extract(text: str) -> list[Found]:
    return Extractor(RULES).feed(lines.split(text.encode(), 1), final=True)


def summary(events: list[Found]) -> list[tuple[str, int]]:
    return [(event.pattern, event.line_number) for event in events]


def test_a_line_gives_a_finding_with_its_fields() -> None:
    (event,) = extract("quiet\nsrc/main.c:12:5: error: expected ';' before '}' token\n")
    assert (event.event_type, event.pattern, event.line_number) == ("error", "compiler_error", 2)
    assert event.original_line == event.matched_value == "src/main.c:12:5: error: expected ';' before '}' token"
    assert event.metadata == {
        "severity": "error",
        "file": "src/main.c",
        "line": 12,
        "column": 5,
        "message": "expected ';' before '}' token",
    }
    assert (event.risk_level, event.auto_confirmable) == ("high", False)


def test_a_test_summary_has_its_counts_as_numbers() -> None:
    (event,) = extract("=== 3 failed, 1012 passed, 2 skipped, 1 error in 75.10s (0:01:15) ===\n")
    assert event.event_type == "test_result"
    assert event.metadata is not None
    assert event.metadata == {
        "severity": "error", "failed": 3, "passed": 1012, "skipped": 2, "errors": 1, "seconds": 75.1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("Tests:       2 failed, 40 passed, 42 total", {"failed": 2, "passed": 40, "total": 42}),
        ("Tests run: 5, Failures: 1, Errors: 2, Skipped: 3", {"total": 5, "failed": 1, "errors": 2, "skipped": 3}),
        ("test result: FAILED. 12 passed; 1 failed; 3 ignored", {"passed": 12, "failed": 1, "skipped": 3}),
        ("98% tests passed, 1 tests failed out of 57", {"failed": 1, "total": 57}),
        ("25 examples, 2 failures, 1 pending", {"total": 25, "failed": 2, "skipped": 1}),
        ("FAILED (failures=2, errors=1)", {"failed": 2, "errors": 1}),
        ("  40 passing (1s)", {"passed": 40}),
        ("Tests: 15, Assertions: 40, Failures: 1.", {"total": 15, "failed": 1}),
    ],
)
def test_counts_of_many_runners(line: str, counts: dict[str, int]) -> None:
    events = [event for event in extract(line + "\n") if event.event_type == "test_result"]
    assert len(events) == 1
    metadata = events[0].metadata or {}
    assert {name: metadata.get(name) for name in counts} == counts
    assert metadata["severity"] == ("error" if counts.get("failed") or counts.get("errors") else "info")


def test_a_traceback_is_one_event_with_all_its_lines() -> None:
    text = 'before\nTraceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nValueError: no\nafter\n'
    (event,) = extract(text)
    assert (event.event_type, event.line_number, event.matched_value) == ("error", 2, "ValueError: no")
    assert event.original_line == "\n".join(text.split("\n")[1:5])
    assert (event.risk_level, event.auto_confirmable) == ("high", False)
    assert event.metadata == {
        "severity": "error", "code": "ValueError", "message": "no", "file": "a.py", "line": 3, "function": "f",
    }  # fmt: skip


def test_a_traceback_behind_timestamps() -> None:
    stamped = [
        f"2026-11-21T09:14:0{n}.1234567Z {line}"
        for n, line in enumerate(["Traceback (most recent call last):", '  File "a.py", line 3, in f', "KeyError: 'x'"])
    ]
    (event,) = extract("\n".join(stamped) + "\n")
    assert (event.original_line, event.matched_value) == ("\n".join(stamped), "KeyError: 'x'")


def test_a_traceback_behind_a_prefix_of_its_own() -> None:
    text = (
        '[rank0]: Traceback (most recent call last):\n[rank0]:   File "a.py", line 3, in f\n[rank0]: ValueError: no\n'
    )
    (event,) = extract(text)
    assert event.original_line == text.strip()
    assert event.matched_value == "ValueError: no"


def test_a_traceback_that_is_cut_off() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\n'
    (event,) = extract(text)
    assert event.original_line == text.strip()
    assert event.matched_value == "Traceback (most recent call last):"
    assert summary(extract(text + "\nfatal: next\n")) == [("python_traceback", 1), ("git_fatal", 5)]


def test_chained_tracebacks_are_two_events() -> None:
    one = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1\n'
    text = one + "\nDuring handling of the above exception, another exception occurred:\n\n" + one
    assert summary(extract(text)) == [("python_traceback", 1), ("python_traceback", 7)]


@pytest.mark.parametrize(
    ("pattern", "text", "file", "line"),
    [
        (
            "java_exception",
            'Exception in thread "main" java.lang.RuntimeException: wrap\n\tat a.B.main(B.java:12)\n'
            "Caused by: java.lang.IllegalStateException: closed\n\tat a.B.f(B.java:3)\n\t... 1 more\n",
            "B.java",
            12,
        ),
        (
            "exception",
            "TypeError: x is null\n    at f (/app/a.js:3:9)\n    at main (/app/b.js:7:1)\n",
            "/app/a.js",
            3,
        ),
        (
            "go_panic",
            "panic: index out of range\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/app/a.go:9 +0x1d\nexit status 2\n",
            "/app/a.go",
            9,
        ),
        (
            "rust_panic",
            "thread 'main' panicked at src/a.rs:4:10:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1`\n",
            "src/a.rs",
            4,
        ),
        ("error_prefix", "error[E0308]: mismatched types\n --> src/a.rs:1:25\n", "src/a.rs", 1),
        ("ruby_exception", "a.rb:3:in 'f': no (ArgumentError)\n\tfrom a.rb:7:in '<main>'\n", "a.rb", 3),
        (
            "php_error",
            "PHP Fatal error:  Uncaught X in /a.php:3\nStack trace:\n#0 {main}\n  thrown in /a.php\n",
            "/a.php",
            3,
        ),
    ],
)
def test_events_of_several_lines(pattern: str, text: str, file: str, line: int) -> None:
    (event,) = extract("before\n" + text + "Done.\n")
    assert (event.pattern, event.line_number) == (pattern, 2)
    assert event.original_line == text.rstrip("\n")
    assert (event.metadata or {})["file"] == file
    assert (event.metadata or {})["line"] == line


def test_a_long_traceback_is_bounded_and_keeps_its_end() -> None:
    frames = "".join(f'  File "a.py", line {n}, in f\n    g()\n' for n in range(1000))
    (event,) = extract(f"Traceback (most recent call last):\n{frames}RecursionError: deep\n")
    assert event.matched_value == "RecursionError: deep"
    assert event.original_line.count("\n") < 200
    assert len(event.original_line) <= 32_768


def test_a_long_line_is_bounded() -> None:
    (event,) = extract("fatal: " + "x" * 100_000 + "\n")
    assert len(event.original_line) == 4096
    assert len(event.matched_value) <= 1024


def test_long_lines_are_not_remembered() -> None:
    """Tools print lines of JSON by the thousand, and no two are the same."""
    tracemalloc.start()
    for number in range(200):
        (event,) = extract(f"ValueError: number {number}{' of many' * 8_000}\n")
        assert event.event_type == "error"
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000


def test_progress_and_spinners_make_no_thousand_events() -> None:
    bar = "".join(f"\r{n}% 12.3 MB/s eta 3 s" for n in range(1000))
    spinner = "".join(f"\x1b[2K\x1b[1G⠋ Thinking… ({n}s · ↓ {n} tokens · esc to interrupt)\r" for n in range(1000))
    assert len(extract(bar + "\n" + spinner + "\n")) <= 1


def test_redrawn_frames_fire_once() -> None:
    frame = "\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[GDo you want to proceed?\r\n❯ 1. Yes\r\nError: closed"
    events = extract("start\r\n" + frame * 50)
    assert sorted(event.pattern for event in events) == ["choice_prompt", "exception", "proceed_question"]


def test_a_full_screen_program_that_never_ends_a_line() -> None:
    frame = "\x1b[H\x1b[2Jfatal: no\x1b[3;1HError: closed\x1b[5;1Hstatus"
    assert [event.pattern for event in extract(frame * 40)] == ["git_fatal", "exception"]


def test_a_repeated_line_of_a_plain_program_fires_every_time() -> None:
    assert len(extract("fatal: not a repository\n" * 7)) == 7


def test_a_finding_that_comes_back_much_later_fires_again() -> None:
    frame = "\x1b[1A\x1b[2KDo you want to proceed?\r\n"
    quiet = "".join(f"\x1b[1A\x1b[2Kworking {n}\r\n" for n in range(600))
    assert len(extract("x\n" + frame * 3 + quiet + frame * 3)) == 2


def test_some_values_are_reported_once() -> None:
    line = "https://example.com/a/b/pull/12\n"
    assert [event.matched_value for event in extract(line * 3)] == ["https://example.com/a/b/pull/12"]


def test_secrets_are_sighted_by_kind_only() -> None:
    (event,) = extract("export TOKEN=[redacted:github_token]\n")
    assert (event.event_type, event.matched_value) == ("secret", "github_token")


SAMPLE = (
    "plain\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g()\nValueError: no\n"
    "```python\nx = 1\n```\nmore\n```\nError: in output\n```json\n{}\n```\n"
    "\x1b[1A\x1b[2KError: x\n\x1b[1A\x1b[2KError: x\nfatal: y\nfatal: y\n"
    "Exception in thread \"main\" a.b.C: x\n\tat a.b(C.java:3)\nerror: z\n --> a.rs:1:2\n"
    "https://example.com/a/b/pull/1\nhttps://example.com/a/b/pull/1\n~~~~\nopen\nError: in an open fence\n"
    "thread 'main' panicked at src/a.rs:4:10:\nmessage\nnote: x\n```sh\nError: y\n"
)  # fmt: skip
SAMPLE_LINES = lines.split(SAMPLE.encode(), 1)
WHOLE = Extractor(RULES).feed(SAMPLE_LINES, final=True)


@given(st.lists(st.integers(0, len(SAMPLE_LINES)), max_size=12), st.booleans())
def test_cutting_and_restarting_change_nothing(cuts: list[int], restart: bool) -> None:
    assert len(WHOLE) > 10
    extractor, found = Extractor(RULES), []
    edges = [0, *sorted(cuts), len(SAMPLE_LINES)]
    for start, end in itertools.pairwise(edges):
        found += extractor.feed(SAMPLE_LINES[start:end])
        if restart:
            extractor = Extractor(RULES, json.loads(json.dumps(extractor.state())))
    assert found + extractor.finish() == WHOLE


LINES = st.sampled_from([*SAMPLE.split("\n"), "", "  indented", "```", "~~~", "Error: x", "\x1b[1A\x1b[2Kfatal: z"])


@given(st.lists(LINES, max_size=40), st.data())
def test_any_input_is_found_the_same_in_any_cut(rows: list[str], data: st.DataObject) -> None:
    clean = lines.split("\n".join(rows).encode(), 1)
    whole = Extractor(RULES).feed(clean, final=True)
    extractor, found, at = Extractor(RULES), [], 0
    while at < len(clean):
        step = data.draw(st.integers(1, len(clean) - at))
        found += extractor.feed(clean[at : at + step])
        extractor = Extractor(RULES, json.loads(json.dumps(extractor.state())))
        at += step
    assert found + extractor.finish() == whole


def test_a_state_stays_small() -> None:
    extractor = Extractor(RULES)
    extractor.feed([(n, f"fatal: {n} https://example.com/a/b/pull/{n}") for n in range(5000)])
    extractor.feed([(5001, "```python"), *((5002 + n, "x = 1  # " + "y" * 80) for n in range(900))])
    assert len(json.dumps(extractor.state())) < 150_000
