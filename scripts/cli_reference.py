"""Write docs/cli.md from the commands themselves: `python scripts/cli_reference.py`. A test compares the two."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tachograph import config, errors
from tachograph.cli import run
from tachograph.cli.main import PROGRAM, tree
from tachograph.cli.tree import SECTIONS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
FORMS = ("as_json", "as_jsonl", "as_csv", "fields")
LISTS = {
    "as_json": "`--json`",
    "as_jsonl": "`--jsonl`",
    "as_csv": "`--csv`",
    "fields": "`--fields`",
    "limit": "`-n/--limit`",
    "since": "`--since`",
    "until": "`--until`",
    "agent": "`--agent`",
}

INTRODUCTION = """\
# Command line

Written by `python scripts/cli_reference.py` from the commands themselves; edit those.

## Manners

- Data goes to stdout, talk to stderr. Nothing is asked but by `setup`, nothing waits for a key.
- On a terminal a list is a table cut to its width, with times as people say them. In a pipe the same list is
  tab-separated lines under a header, whole values, times in UTC.
- Every list takes `--json` (one array), `--jsonl` (one object a line), `--csv` (safe to open in a spreadsheet) and
  `--fields a,b`; the names are the columns of the SQL views. A JSON column (`metadata_json`) is a value in JSON and
  text in CSV.
- Every list of recorded things takes `-n/--limit` (0 is all), `--since`, `--until` and `--agent GLOB`. What was left
  out is said on stderr.
- A time is `7d`, `15m`, `today`, `yesterday`, `2026-11-01` or `2026-11-01T09:14:00Z`; without a zone it is local time.
- SESSION is an id, the beginning of one, `last`, `last~2` (two before the last), or `@agent` (the last of that agent).
- Recorded text cannot act on your terminal: control characters and escape sequences are taken out, and in JSON they
  are escapes. `--raw` gives them back. Colours of recorded output pass only with `--color always` and only to a
  terminal.
- `NO_COLOR`, `TERM=dumb`, `--color never` and `output.color` switch colours off.
- `--db`, `--color` and `--debug` may stand before or after the name of the command.

"""


def page() -> str:
    return "".join([INTRODUCTION, *_exit_codes(), *_environment(), *_settings(), *_commands()])


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n\n| code | meaning |\n| --- | --- |\n"
    for code, meaning in (
        (0, "it worked; a list may be empty"),
        (errors.TachographError.exit_code, "it failed"),
        (errors.UsageError.exit_code, "the words of the call make no sense, or a setting or a rule file is wrong"),
        (errors.NotFound.exit_code, "no such session, event, code block, rule, setting, file or database"),
        (errors.Refused.exit_code, "locked by another process, not allowed, or out of time"),
        (errors.VerificationFailed.exit_code, "the database is damaged (`db check`, and every command that meets it)"),
        (
            6,
            "findings: `doctor` saw a ✗, `rules check` a bad rule, `show --exit-status` a failure, "
            "`slo check` a missed objective",
        ),
        (130, "interrupted with Ctrl-C"),
    ):
        yield f"| {code} | {meaning} |\n"
    yield (
        "\n`tachograph run` exits with the code of the command it ran, 128+n when signal n ended it, 126 when it could"
        " not be started, 127 when it was not found.\n"
        "A reader that leaves early (`tachograph events -n 0 | head`) is no error.\n\n"
    )


def _environment() -> Iterator[str]:
    yield "## Environment\n\n| variable | what it does |\n| --- | --- |\n"
    for name, meaning in (
        ("TACHOGRAPH_HOME", "one folder for everything: database, journals, config.toml, rules.toml"),
        ("TACHOGRAPH_DB", "the database file; as `--db`"),
        ("TACHOGRAPH_SESSION", "set for what `run` starts: the session it runs in; `note` uses it"),
        ("TACHOGRAPH_WORKFLOW", "the workflow that what runs here belongs to"),
        ("TACHOGRAPH_DEBUG", "as `--debug`: an unexpected error shows where it came from"),
        ("NO_COLOR", "no colours"),
        ("VISUAL, EDITOR", "what `config edit` opens"),
    ):
        yield f"| `{name}` | {meaning} |\n"
    yield "\n"


def _settings() -> Iterator[str]:
    yield "## Settings\n\n"
    yield "In `config.toml` (`tachograph config path`), or in the environment, which wins.\n\n"
    yield "| setting | default | expects | what it is | variable |\n| --- | --- | --- | --- | --- |\n"
    for key in config.KEYS:
        yield f"| `{key.name}` | {config.told(key.default)} | {key.expects} | {key.about} | `{key.variable}` |\n"
    yield "\nObjectives are tables `[[slo]]` in the same file: [objectives.md](objectives.md).\n\n"


def _commands() -> Iterator[str]:
    root = tree()
    context = click.Context(root, info_name=PROGRAM)
    yield "## Commands\n\n"
    for title, entries in SECTIONS.items():
        yield f"### {title}\n\n"
        for entry in entries:
            found = root.get_command(context, entry.name)
            assert found is not None
            yield from _command(found, entry.name, context)


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if name == "run":
        yield f"#### tachograph run\n\n```text\n{run.HELP.strip()}\n```\n\n"
        return
    yield f"#### {' '.join([context.command_path, *_arguments(command, context)])}\n\n{_text(command)}\n\n"
    yield from _options(command)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _command(found, inner, context)


def _text(command: click.Command) -> str:
    """The help text; what click is told to leave alone (\\b) becomes a block."""
    parts = []
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        first, _, rest = part.partition("\n")
        parts.append(f"```text\n{rest}\n```" if first == "\b" else part)
    return "\n\n".join(parts)


def _arguments(command: click.Command, context: click.Context) -> list[str]:
    """By hand, not by click: its words change from version to version."""
    named = []
    for param in command.params:
        if isinstance(param, click.Argument):
            name = (param.metavar or str(param.name).upper()).strip("[]")
            name += "…" if param.nargs == -1 and not name.endswith("…") else ""
            named.append(name if param.required else f"[{name}]")
    return [*named, "COMMAND"] if isinstance(command, click.Group) else named


def _options(command: click.Command) -> Iterator[str]:
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    names = {str(option.name) for option in options}
    common = set(LISTS) if names >= set(LISTS) else set(FORMS) if names >= set(FORMS) else set()
    own = [option for option in options if option.name not in common]
    if own:
        yield "| option | |\n| --- | --- |\n"
        for option in own:
            yield f"| `{_spelled(option)}` | {str(option.help).replace('|', '/')} |\n"
        yield "\n"
    if common:
        yield f"Also: {' '.join(LISTS[name] for name in LISTS if name in common)}.\n\n"


def _spelled(option: click.Option) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice):
        value = "/".join(str(choice) for choice in option.type.choices)
    else:
        value = option.metavar or ("N" if isinstance(option.type, click.types.IntParamType) else "TEXT")
    return f"{names} {value}"


def main() -> int:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page().rstrip("\n") + "\n", encoding="utf-8")
    print(f"{PAGE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
