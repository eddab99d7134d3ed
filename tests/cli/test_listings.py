"""What all listings have in common: forms, columns, filters, what they say when there is nothing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Screen

LISTINGS = {
    "sessions": ["sessions"],
    "events": ["events"],
    "timeline": ["timeline"],
    "code": ["code"],
    "failures": ["failures"],
    "search": ["search", "i*"],
    "stats by agent": ["stats", "--by", "agent"],
    "stats by day": ["stats", "--by", "day"],
    "stats by type": ["stats", "--by", "type"],
    "stats by pattern": ["stats", "--by", "pattern"],
    "stats by command": ["stats", "--by", "command"],
}
VIEWS = {"sessions": "sessions", "events": "events", "timeline": "events", "code": "code_blocks"}
every_listing = pytest.mark.parametrize("words", LISTINGS.values(), ids=LISTINGS)


@every_listing
def test_all_forms_say_the_same(ask: Ask, words: list[str]) -> None:
    rows = ask(*words, "--json").json
    assert rows
    lines = [json.loads(line) for line in ask(*words, "--jsonl").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(ask(*words, "--csv").out, newline="")))
    names = list(rows[0])
    assert [list(row) for row in (*rows, *lines)] == [names] * (2 * len(rows))
    assert [list(row) for row in table] == [names] * len(rows)
    assert lines == rows
    piped = ask(*words)
    assert len(piped.rows) == len(rows)
    assert set(piped.rows[0]) <= set(names)


@pytest.mark.parametrize("name", VIEWS)
def test_fields_are_the_columns_of_the_view(ask: Ask, name: str) -> None:
    columns = ask("db", "sql", f"SELECT * FROM {VIEWS[name]} LIMIT 0").out.rstrip("\n").split("\t")
    assert [list(row) for row in ask(*LISTINGS[name], "--json").json[:1]] == [columns]
    assert ask(*LISTINGS[name], "--fields", "id,session_id" if name != "sessions" else "id,agent").out.count("\t")


@every_listing
def test_the_limit_is_kept_and_more_is_said(ask: Ask, words: list[str]) -> None:
    everything = ask(*words, "--json", "-n", "0")
    assert "there are more" not in everything.err
    one = ask(*words, "--json", "--limit", "1")
    assert len(one.json) == 1
    assert ("there are more" in one.err) == (len(everything.json) > 1)


@every_listing
@pytest.mark.parametrize("glob", ["tes*", "tes%", "t?ster"])
def test_agents_are_picked_by_glob(ask: Ask, words: list[str], glob: str) -> None:
    everything, some, other = (
        ask(*words, "-n", "0", *more, "--json").json for more in ([], ["--agent", glob], ["--agent", "x*"])
    )
    assert other == []
    assert len(some) <= len(everything)
    told = json.dumps(some)
    assert "builder" not in told and '"make all"' not in told
    if words != ["code"]:
        assert some


@every_listing
def test_times_bound_what_is_listed(ask: Ask, words: list[str]) -> None:
    everything = ask(*words, "-n", "0", "--json").json
    assert ask(*words, "-n", "0", "--json", "--since", "7d").json == everything
    assert ask(*words, "-n", "0", "--json", "--since", "1m").json == []
    assert ask(*words, "-n", "0", "--json", "--until", "7d").json == []
    late = json.dumps(ask(*words, "-n", "0", "--json", "--since", "150m").json)
    assert "builder" not in late
    backwards = ask(*words, "--since", "1m", "--until", "2d")
    assert (backwards.code, backwards.out) == (2, "")
    assert "is before the one it begins at" in backwards.err


@every_listing
def test_an_empty_store_says_how_to_begin(call: Ask, home: Path, words: list[str]) -> None:
    answer = call(*words)
    assert answer.code == 0
    assert answer.err.strip().splitlines()[-1].strip() == "nothing recorded yet: tachograph run -- COMMAND records one"
    assert call(*words, "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sessions", "--agent", "nobody"], "no session fits"),
        (["events", "--type", "http"], "no events fit"),
        (["events", "--type", "htpp"], 'no type is called "htpp"'),
        (["events", "last~1", "--since", "1m"], "tail builder-"),
        (["code", "--language", "cobol"], "no code blocks fit"),
        (["failures", "last~1"], "no errors were found"),
        (["timeline", "--since", "1m"], "nothing happened in that time"),
        (["search", "zyzzyva"], "nothing found"),
        (["stats", "--by", "command", "--agent", "nobody"], "nothing to count"),
    ],
)
def test_a_filter_that_fits_nothing_says_what_else_to_try(ask: Ask, words: list[str], told: str) -> None:
    answer = ask(*words)
    assert (answer.code, len(answer.out.splitlines())) == (0, 1)
    assert told in answer.err


@every_listing
def test_a_terminal_of_eighty_columns_is_enough(
    screen: Screen, kept: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(kept))
    lines = screen(*words, env={"NO_COLOR": "1"}).splitlines()
    assert len(lines) > 1
    assert [line for line in lines if len(line) > 80] == []
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    "flags", [["--json", "--csv"], ["--json", "--jsonl"], ["--fields", "nothing"], ["-n", "-1"], ["--limit", "many"]]
)
def test_what_makes_no_sense_is_refused(ask: Ask, flags: list[str]) -> None:
    answer = ask("events", *flags)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ") and answer.err.count("\n") == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["memory", "list"], "tachograph memory set"), (["workflow", "list"], "tachograph workflow start"),
        (["audit", "list"], "no entries fit"), (["receipt", "list"], "every recorded session gets one"),
        (["stage", "list"], "tachograph stage add"), (["collisions"], "no collisions fit"),
    ],
)  # fmt: skip
def test_what_does_not_come_of_recordings_says_how_it_begins(
    call: Ask, home: Path, words: list[str], says: str
) -> None:
    answer = call(*words)
    assert answer.code == 0 and says in answer.err
