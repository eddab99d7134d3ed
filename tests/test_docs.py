"""The manual says what is there: pages made from the code are current, and names in the reference exist."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
import sys
from pathlib import Path

import click
import pytest

import tachograph
from tachograph.cli.main import PROGRAM, tree
from tachograph.cli.tree import ENTRIES
from tachograph.ingest.discover import agents

REPO = Path(__file__).resolve().parent.parent
REFERENCE = (REPO / "docs" / "reference.md").read_text(encoding="utf-8")
SPANS = sorted(set(re.findall(r"`([^`\n]+)`", REFERENCE)))
STORE_PARTS = sorted(set(re.findall(r"`store\.(\w+)`? *\| ((?:`\w+` ?)+)", REFERENCE)))


def test_the_page_of_commands_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPO / "scripts"))
    written = importlib.import_module("cli_reference").page().rstrip("\n") + "\n"
    sys.modules.pop("cli_reference")
    assert (REPO / "docs" / "cli.md").read_text(encoding="utf-8") == written, "python scripts/cli_reference.py"


def test_every_command_and_option_explains_itself() -> None:
    root = tree()
    context = click.Context(root, info_name=PROGRAM)
    for name in ENTRIES:
        command = root.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help, f"{name} has no help text"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, f"{name} {option.opts[0]} has no help text"


@pytest.mark.parametrize("span", [span for span in SPANS if span.startswith("store.") and "(" in span])
def test_functions_of_the_store_that_the_reference_names_exist(span: str) -> None:
    path, _, arguments = span.partition("(")
    with tachograph.open() as store:
        found: object = store
        for part in path.removeprefix("store.").split("."):
            found = getattr(found, part)
        assert callable(found), span
        known = inspect.signature(found).parameters
        loose = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
        for name in re.findall(r"(\w+)=", arguments):
            assert loose or name in known, f"{path} takes no {name}"


@pytest.mark.parametrize(("part", "names"), STORE_PARTS, ids=[part for part, _ in STORE_PARTS])
def test_parts_of_the_store_have_what_the_reference_lists(part: str, names: str) -> None:
    with tachograph.open() as store:
        for name in re.findall(r"\w+", names):
            assert callable(getattr(getattr(store, part), name))


@pytest.mark.parametrize("span", [span for span in SPANS if re.match(r"(tachograph\.)?(Extractor|Recorder)\b", span)])
def test_names_of_the_recorder_and_the_extractor_exist(span: str) -> None:
    kind, member = re.fullmatch(
        r"(?:tachograph\.)?(Extractor|Recorder)(?:\([^)]*\))?(?:\.(\w+))?(?:\(.*\))?", span
    ).groups()  # type: ignore[union-attr]
    made = tachograph.Extractor() if kind == "Extractor" else tachograph.Recorder(["true"])
    if member:
        assert hasattr(made, member), span


@pytest.mark.parametrize("span", [span for span in SPANS if span.startswith("tachograph ") and "run" not in span])
def test_commands_that_the_reference_names_take_these_options(span: str) -> None:
    takes_these_options(shlex.split(span)[1:], span)


HOW_TO = [
    line.strip()
    for page in ("memory", "audit-trail", "redact")
    for line in re.findall(r"^.*?(tachograph .*)$", (REPO / "docs" / f"{page}.md").read_text(), re.MULTILINE)
    if not line.startswith("tachograph run") and "`" not in line
]


@pytest.mark.parametrize("line", HOW_TO)
def test_commands_that_pages_show_take_these_options(line: str) -> None:
    words = shlex.split(re.split(r"[|)]", line)[0], comments=True)[1:]
    takes_these_options(words, line)


def takes_these_options(words: list[str], span: str) -> None:
    root = tree()
    context = click.Context(root, info_name=PROGRAM)
    command = root.get_command(context, words[0])
    assert command is not None, span
    if isinstance(command, click.Group) and words[1:] and not words[1].startswith("-"):
        command = command.get_command(context, words[1])
        assert command is not None, span
    known = {name for param in command.params for name in param.opts}
    assert {word for word in words if word.startswith("-")} <= known, span


def test_the_page_of_agents_names_every_agent_that_has_a_reader() -> None:
    page = (REPO / "docs" / "agents.md").read_text(encoding="utf-8")
    rows = page.partition("## Histories that are read\n")[2].partition("\n## ")[0]
    assert set(agents()) == {name for row in rows.splitlines()[3:] for name in re.findall("`([^`]+)`", _second(row))}


def _second(row: str) -> str:
    """The second cell of a row of a table; nothing of another line."""
    return row.split("|")[2] if row.startswith("|") else ""


def test_every_view_that_the_reference_names_exists() -> None:
    section = REFERENCE.split("## SQL")[1].split("## If you know")[0]
    with tachograph.open() as store:
        for line in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
            for view in re.findall(r"`(\w+)`", line):
                assert store.sql(f"SELECT * FROM {view} LIMIT 0").columns
