"""Wrong input of every kind: a sentence, what to do, the documented exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.cli import trouble
from tachograph.cli.app import App
from tests.cli.conftest import Recorded
from tests.conftest import Run

ASKING = [
    ["sessions"],
    ["show"],
    ["events"],
    ["search", "word"],
    ["tail"],
    ["stats"],
    ["note", "word"],
    ["db", "migrate"],
]
LOOKING = [["db", "info"], ["db", "check"], ["db", "sql", "SELECT 1"]]


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One sentence, at least one line of advice, this exit code, nothing on stdout."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) >= 2
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["show", "nope"],
        ["events", "nope"],
        ["code", "nope"],
        ["failures", "nope"],
        ["tail", "nope"],
        ["diff", "last", "nope"],
        ["search", "word", "--session", "nope"],
        ["search", "word session:nope"],
        ["note", "word", "--session", "nope"],
        ["extract", "nope"],
        ["show", "last~7"],
        ["show", "@nobody"],
    ],
    ids=" ".join,
)
def test_an_unknown_session(quick: Run, recorded: Recorded, words: list[str]) -> None:
    refused(quick(*words), 3, "no session")


@pytest.mark.parametrize(
    "words",
    [
        ["code", "--digest", "ffffffffffff"],
        ["feedback", "999999", "correct"],
        ["stats", "--agent", "nobody"],
        ["stats", "--pattern", "nothing"],
        ["config", "get", "output.colour"],
        ["rules", "test", "no-such-file"],
        ["rules", "check", "no-such-file"],
        ["rules", "test", "-", "--rule", "no_such_rule"],
        ["extract", "--rules", "no-such-file"],
        ["--db", "no-such.db", "sessions"],
        ["--db", "no-such.db", "db", "check"],
        ["--db", "no-such.db", "db", "info"],
        ["openapi", "-o", "no/such/folder.json"],
    ],
    ids=" ".join,
)
def test_anything_else_that_is_not_there(quick: Run, recorded: Recorded, words: list[str], tmp_path: Path) -> None:
    refused(quick(*words, cwd=tmp_path), 3)
    assert os.listdir(tmp_path) == ["home"], "a mistyped name must make nothing"


@pytest.mark.parametrize(
    "words",
    [
        ["sesions"],
        ["sessions", "--sinze", "7d"],
        ["sessions", "--since", "yesteryear"],
        ["sessions", "--since", "99999999999999999d"],
        ["sessions", "--since", "1d", "--until", "2d"],
        ["sessions", "-n", "-1"],
        ["sessions", "-n", "many"],
        ["sessions", "--status", "done"],
        ["sessions", "--json", "--csv"],
        ["sessions", "--fields", "nonsense"],
        ["show", "a", "b"],
        ["search"],
        ["search", "..."],
        ["diff", "last"],
        ["feedback", "one", "correct"],
        ["note", " "],
        ["stats", "--by", "colour"],
        ["stats", "--since", "7d"],
        ["stats", "--by", "day", "--pattern", "x"],
        ["extract", "--apply", "--dry-run"],
        ["config", "set", "output.limit", "many"],
        ["config", "set", "output.color", "sometimes"],
        ["config", "set", "sql.timeout", "soon"],
        ["completion", "tcsh"],
        ["db", "sql", "SELEC 1"],
        ["db", "sql", "SELECT 1", "--timeout", "soon"],
        ["db", "nonsense"],
        ["events", "last", "--session", "last~1"],
        ["code", "--limit", "18446744073709551616"],
        ["collisions", "show", "18446744073709551616"],
        ["audit", "list", "--days", "inf"],
        ["audit", "list", "--days", "nan"],
        ["audit", "list", "--days", "x"],
        ["replay", "last", "--speed", "nan"],
        ["receipt", "list", "--days", "2", "--since", "3d"],
        ["search", "word", "-n", "99999999999999999999"],
        ["clean", "--keep", "99999999999999999999d", "--dry-run"],
        ["openapi", "-o", ""],
    ],
    ids=" ".join,
)
def test_words_that_make_no_sense(quick: Run, recorded: Recorded, words: list[str]) -> None:
    refused(quick(*words), 2)


def test_a_mistyped_command_gets_the_closest(tachograph: Run) -> None:
    refused(tachograph("sesions"), 2, 'there is no command "sesions"; did you mean sessions?')


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("ls", "sessions"),
        ("logs", "tail"),
        ("record", "run"),
        ("grep", "search"),
        ("usage", "cost"),
        ("status", "show or doctor"),
        ("version", "--version"),
        ("receipt get", "receipt show"),
        ("memory rm", "memory delete"),
        ("workflow lst", "workflow list"),
        ("collisions list", "collisions"),
    ],
)
def test_what_other_tools_call_it_leads_to_ours(quick: Run, words: str, meant: str) -> None:
    refused(quick(*words.split()), 2, f'there is no command "{words}"; did you mean {meant}?')


def test_a_word_like_nothing_is_not_guessed(quick: Run) -> None:
    refused(quick("stop"), 2, 'there is no command "stop"\n')


@pytest.mark.parametrize(
    ("words", "said", "helps"),
    [
        ("files --heat", "--heat wants a value: [turn|day]", "files"),
        ("events --agent", "--agent wants a value: GLOB", "events"),
        ("db sql --rows", "--rows wants a value: N", "db sql"),
        ("sessions -n -3", "-3 must be 0 or more", "sessions"),
        ("sessions -n 99999999999999999999", "there can never be so many", "sessions"),
        ("serve --port 99999999", "99999999 must be 0 to 65535", "serve"),
        ("replay --speed 1000", "1000.0 must be 0.1 to 100", "replay"),
        ("completion tcsh", "invalid value: 'tcsh' is not one of 'bash', 'zsh', 'fish'", "completion"),
    ],
)
def test_a_value_that_cannot_be_says_what_can(quick: Run, words: str, said: str, helps: str) -> None:
    refused(quick(*words.split()), 2, said, f"tachograph {helps} --help")


def test_a_time_that_is_none_lists_those_that_are(tachograph: Run) -> None:
    refused(tachograph("sessions", "--since", "soon"), 2, "7d, 15m, today")


@pytest.mark.parametrize(
    "query", ["DELETE FROM events", "DROP VIEW events", "ATTACH 'x' AS y", "PRAGMA user_version = 7", "VACUUM"]
)
def test_sql_that_writes(tachograph: Run, recorded: Recorded, query: str) -> None:
    assert tachograph("sessions").returncode == 0
    refused(tachograph("db", "sql", query), 4)
    assert len(json.loads(tachograph("sessions", "--json").stdout)) == 2


def test_sql_that_takes_too_long(tachograph: Run, recorded: Recorded) -> None:
    query = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    assert tachograph("sessions").returncode == 0
    refused(tachograph("db", "sql", query, "--timeout", "200ms"), 4, "longer than 0.2 s")


@pytest.mark.parametrize("words", [*ASKING, *LOOKING], ids=" ".join)
def test_a_file_that_is_no_database(quick: Run, home: Path, words: list[str]) -> None:
    home.mkdir(mode=0o700)
    (home / "tachograph.db").write_bytes(os.urandom(50_000))
    refused(quick(*words), 5, "tachograph.db")


@pytest.mark.parametrize("words", [*ASKING, *LOOKING], ids=" ".join)
def test_a_database_of_a_later_version(quick: Run, home: Path, words: list[str]) -> None:
    assert quick("sessions").returncode == 0
    with sqlite3.connect(home / "tachograph.db") as database:
        database.execute("INSERT INTO _versions VALUES (999, 0, 'from the future')")
        database.execute("PRAGMA user_version = 999")
    database.close()
    before = (home / "tachograph.db").read_bytes()
    refused(quick(*words), 1, "later version", "upgrade")
    assert (home / "tachograph.db").read_bytes() == before


def test_a_database_with_damaged_pages(tachograph: Run, recorded: Recorded, home: Path) -> None:
    assert tachograph("sessions").returncode == 0
    assert tachograph("db", "vacuum").returncode == 0
    with open(home / "tachograph.db", "r+b") as file:
        file.seek(8192)
        file.write(os.urandom(8192 * 8))
    done = tachograph("db", "check")
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert tachograph("doctor").returncode == 6


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_home_that_cannot_be_made(quick: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    refused(quick(*words, env={"TACHOGRAPH_HOME": str(tmp_path / "file" / "home")}), 1, "Not a directory")


def test_a_folder_where_the_database_should_be(tachograph: Run, home: Path) -> None:
    (home / "tachograph.db").mkdir(parents=True)
    refused(tachograph("sessions"), 1, "is not a file")


@pytest.mark.parametrize("words", [["sessions"], ["note", "word", "--session", "last"]], ids=" ".join)
def test_no_room_on_the_disk(recorded: Recorded, home: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tachograph", *words],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: the disk" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_is_full(tachograph: Run, recorded: Recorded) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tachograph", "sessions"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: no space left on device\n")
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error(tachograph: Run, recorded: Recorded) -> None:
    code = "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n"
    shell = f"'{sys.executable}' -m tachograph db sql '{code}' --rows 100000; echo \"code $?\" >&2"
    assert tachograph("sessions").returncode == 0
    done = subprocess.run(["sh", "-c", f"({shell}) | head -n 1"], capture_output=True, text=True)
    assert done.stdout == "x\n"
    assert done.stderr.splitlines()[-1] == "code 0"
    assert "Error" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tachograph: Run, recorded: Recorded, home: Path, closed: str) -> None:
    assert tachograph("sessions").returncode == 0
    shell = f"'{sys.executable}' -m tachograph sessions {closed}; exit $?"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert tachograph("db", "check").returncode == 0  # nothing was said into the database


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("output = 3", "unknown setting output"),
        ("[output]\nlimit = 'many'", "output.limit is many, expected a whole number"),
        ("[output]\nlimits = 3", "unknown setting output.limits; did you mean output.limit?"),
        ("[output", "cannot be read"),
    ],
)
def test_a_setting_that_is_wrong(tachograph: Run, home: Path, text: str, said: str) -> None:
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(text)
    done = tachograph("doctor")
    assert done.returncode == 6
    assert said in done.stdout


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
@pytest.mark.parametrize("words", [["sessions"], ["note", "here"], ["db", "vocabulary", "add", "operation", "x"]])
def test_a_file_name_that_sqlite_cannot_open(
    tachograph: Run, recorded: Recorded, tmp_path: Path, words: list[str]
) -> None:
    named = tmp_path / os.fsdecode(b"caf\xe9.db")
    named.touch()
    refused(tachograph("--db", str(named), *words), 1, "not UTF-8", "--db")


def device(folder: Path) -> str:
    """Like /dev/null, but for whoever may replace that: a copy of it."""
    copy = folder / "device"
    try:
        os.mknod(copy, stat.S_IFCHR | 0o600, os.stat("/dev/null").st_rdev)
    except PermissionError:
        return "/dev/null"
    return str(copy)


@pytest.mark.parametrize("kind", ["fifo", "dangling link", "link to a device"])
@pytest.mark.parametrize("words", [["sessions"], ["note", "here"], ["reset", "--yes"]])
def test_what_is_no_file_is_never_replaced(tachograph: Run, tmp_path: Path, kind: str, words: list[str]) -> None:
    named = tmp_path / "named"
    if kind == "fifo":
        os.mkfifo(named)
    else:
        named.symlink_to("/nowhere" if kind == "dangling link" else device(tmp_path))
    before = os.lstat(named)
    done = tachograph("--db", str(named), *words)
    assert done.returncode in (1, 3, 4) and "error: " in done.stderr and "Traceback" not in done.stderr
    assert os.lstat(named).st_ino == before.st_ino
    assert kind != "link to a device" or stat.S_ISCHR(named.stat().st_mode)


def test_settings_that_are_no_file_are_left_alone(tachograph: Run, home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "config.toml").symlink_to(device(tmp_path))
    refused(tachograph("config", "set", "output.limit", "3"), 4, "is not a file")
    assert stat.S_ISCHR((home / "config.toml").stat().st_mode)


def test_a_setting_of_the_environment_that_is_wrong(tachograph: Run) -> None:
    refused(
        tachograph("sessions", env={"TACHOGRAPH_OUTPUT_LIMIT": "many"}), 2, "TACHOGRAPH_OUTPUT_LIMIT", "output.limit"
    )


def test_a_mistake_of_ours_is_a_sentence_and_debug_shows_where(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    app = App()
    assert trouble.report(RuntimeError("index \x1b[2J out of range"), app) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: something unexpected happened (RuntimeError: index  out of range)")
    assert "--debug" in said
    app.debug = True
    try:
        raise RuntimeError("again")
    except RuntimeError as error:
        trouble.report(error, app)
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_says_nothing(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert trouble.report(KeyboardInterrupt(), App()) == 130
    assert capsys.readouterr().err == ""
