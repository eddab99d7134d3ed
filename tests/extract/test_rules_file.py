"""The user's own rules.toml: what it may say, and that a mistake costs one rule and names its line."""

from __future__ import annotations

import pytest

from tachograph.extract import lines, rules
from tachograph.extract.examples import failing
from tachograph.extract.extractor import Extractor, Found

SHIPPED = rules.load()[0]
OWN = """
[[rule]]
name = "deploy"
event_type = "acme.deploy"
pattern = 'Deployed (?P<service>\\w+) in (?P<seconds>[\\d.]+)s'
value = "service"
risk = "high"
auto_confirm = true
"""


def extract(text: str, user: str) -> list[Found]:
    book, problems = rules.load(user)
    assert problems == []
    return Extractor(book).feed(lines.split(text.encode(), 1), final=True)


def refused(user: str) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.rule, problem.reason) for problem in rules.load(user)[1]]


def test_a_rule_of_the_user() -> None:
    (event,) = [event for event in extract("Deployed shop in 4.5s\n", OWN) if event.event_type == "acme.deploy"]
    assert (event.pattern, event.matched_value, event.line_number) == ("deploy", "shop", 1)
    assert event.metadata == {"severity": "info", "service": "shop", "seconds": 4.5}
    assert (event.risk_level, event.auto_confirmable) == ("high", True)


def test_a_shipped_rule_is_switched_off() -> None:
    off = '[[rule]]\nname = "git_fatal"\nenabled = false\n'
    line = "fatal: not a git repository\n"
    assert [event.pattern for event in extract(line, "")] == ["git_fatal"]
    assert [event.pattern for event in extract(line, off)] == []


def test_a_shipped_rule_is_changed_field_by_field() -> None:
    book, problems = rules.load('[[rule]]\nname = "git_fatal"\nseverity = "warning"\n')
    assert problems == []
    changed, shipped = book.get("git_fatal"), SHIPPED.get("git_fatal")
    assert changed is not None
    assert shipped is not None
    assert (changed.severity, changed.pattern) == ("warning", shipped.pattern)
    assert [rule.name for rule in book] == [rule.name for rule in SHIPPED]


def test_a_new_rule_comes_before_the_shipped_ones() -> None:
    own = '[[rule]]\nname = "mine"\nevent_type = "error"\nseverity = "critical"\npattern = "^fatal: "\n'
    assert [event.pattern for event in extract("fatal: not a git repository\n", own)] == ["mine"]


@pytest.mark.parametrize(
    ("table", "line", "word"),
    [
        ('name = "a"\nevent_type = "error"\npattern = "("', 4, "missing )"),
        ('name = "a"\nevent_type = "error"\npattern = "(?=x)"', 4, "invalid perl operator"),
        ('name = "a"\nevent_type = "error"\npattern = "(x)\\\\1"', 4, "invalid escape"),
        ('name = "a"\nevent_type = "nonsense"\npattern = "x"', 3, "acme.deploy"),
        ('name = "a"\npattern = "x"', 1, "event_type"),
        ('name = "a"\nevent_type = "error"', 1, "pattern is missing"),
        ('name = "a"\nevent_type = "error"\npattern = "x*"', 4, "every line"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nseverity = "bad"', 5, "severity"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nrisk = "none"', 5, "risk"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\ncolour = "red"', 5, "unknown field 'colour'"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nfields = ["file"]', 4, "(?P<file>…)"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nonce = "yes"', 5, "bool"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nunless = "["', 5, "unless"),
        ('name = "a"\nevent_type = "error"\npattern = "x"\nneedle = "("', 5, "needle"),
        ('name = "A b"\nevent_type = "error"\npattern = "x"', 2, "name"),
        ('event_type = "error"\npattern = "x"', 1, "name"),
        ('name = "a"\nevent_type = = "error"', 3, "not valid TOML"),
        ('name = "a"\nevent_type = "error', 3, "not valid TOML"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line_and_the_others_load(table: str, line: int, word: str) -> None:
    for before in ("", OWN):
        user = f'{before}[[rule]]\n{table}\n\n[[rule]]\nname = "good"\nevent_type = "error"\npattern = "good"\n'
        book, (problem,) = rules.load(user)
        assert problem.line == line + before.count("\n")
        assert word in problem.reason
        assert book.get("good") is not None
        assert book.get("a") is None
        assert (book.get("deploy") is not None) == bool(before)


def test_a_name_given_twice() -> None:
    table = '[[rule]]\nname = "a"\nevent_type = "error"\npattern = "x"\n'
    assert refused(table + table) == [(5, "a", "this name is given twice in the file; the first one counts")]


@pytest.mark.parametrize(
    "user", ["rule = 3\n", "[rule]\nname = 'a'\n", "x = 1\n", "[[rules]]\nname='a'\n", "{", "\x00"]
)
def test_a_file_that_is_something_else(user: str) -> None:
    book, problems = rules.load(user)
    assert problems
    assert len(book) == len(SHIPPED)


def test_the_version_speaks_of_what_counts() -> None:
    assert rules.load("# a remark\n")[0].version == SHIPPED.version
    hinted = '[[rule]]\nname = "git_fatal"\nneedle = "fatal"\n'
    assert rules.load(hinted)[0].version == SHIPPED.version
    described = '[[rule]]\nname = "git_fatal"\ndescription = "other words"\n'
    assert rules.load(described)[0].version == SHIPPED.version
    assert rules.load(OWN)[0].version != SHIPPED.version
    assert rules.load('[[rule]]\nname = "git_fatal"\nenabled = false\n')[0].version != SHIPPED.version


def test_examples_of_the_user_are_checked() -> None:
    own = OWN + 'examples = ["Deployed shop in 4s", "nothing"]\ncounter_examples = ["Deployed a in 1s"]\n'
    book, problems = rules.load(own)
    assert problems == []
    assert failing(book) == [
        ("deploy", "example", "nothing"),
        ("deploy", "counter_example", "Deployed a in 1s"),
    ]
    assert failing(SHIPPED) == []


def test_a_hostile_pattern_takes_linear_time() -> None:
    own = '[[rule]]\nname = "a"\nevent_type = "acme.a"\npattern = "(a+)+$"\n'
    assert [event.pattern for event in extract("a" * 4_000 + "!\n", own) if event.event_type == "acme.a"] == []
