"""What the follower does while agents write: every line is there once, whatever happens to its file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tachograph
from tachograph import paths
from tachograph.ingest.follow import Follower
from tachograph.store import Store
from tests.ingest.test_history_files import FIRST, SESSION, transcript
from tests.readers.claude_records import user
from tests.recount import recount, rows

DEADLINE = 60  # seconds, of a machine that does much else
FOLDER = ".claude/projects/-thing"
LINES = [transcript(user(f"line {n}")).replace(b'"uuid": "u0"', b'"uuid": "u%d"' % n) for n in range(12)]


class Followed:
    """A home whose histories are followed, and the store they go into."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "user"
        (self.home / FOLDER).mkdir(parents=True)
        self.places = paths.Places(str(folder), str(folder), str(folder / "tachograph.db"), str(folder / "journal"))
        os.mkdir(self.places.journal)
        self.store: Store = tachograph.open(self.places.database)
        self.begin()

    def begin(self) -> None:
        self.follower = Follower(self.store, self.places, str(self.home), {})

    def until(self, wanted: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not wanted():
            assert time.monotonic() < end, f"not seen: {what}; {self.prompts()}"
            if not self.follower.turn():
                self.follower.rest()

    def shows(self, *lines: int) -> None:
        expected = [f"line {number}" for number in lines]
        self.until(lambda: self.prompts() == expected, f"{expected}")

    def prompts(self) -> list[str]:
        return [
            text for (text,) in rows(self.store, "SELECT content FROM events WHERE event_type = 'prompt' ORDER BY 1")
        ]

    def kept(self, path: Path) -> bytes:
        found = self.store.histories.get(str(path))
        return b"" if found is None else b"".join(self.store.histories.read(found.id))

    def path(self, name: str = f"{SESSION}.jsonl") -> Path:
        return self.home / FOLDER / name


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    made = Followed(tmp_path)
    yield made
    assert made.follower.complaints() == []
    made.follower.close()
    assert recount(made.store) == []
    made.store.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_line_by_line_and_in_pieces(followed: Followed) -> None:
    path = followed.path()
    for number in range(3):
        append(path, LINES[number])
        followed.shows(*range(number + 1))
    append(path, LINES[3] + LINES[4][:60])
    followed.shows(*range(4))
    append(path, LINES[4][60:] + LINES[5])
    followed.shows(*range(6))
    assert followed.kept(path) == b"".join(LINES[:6])


def test_rotated_cut_and_deleted(followed: Followed) -> None:
    path = followed.path()
    append(path, b"".join(LINES[:3]))
    followed.shows(0, 1, 2)
    path.rename(followed.path("old.jsonl"))
    append(path, LINES[3])
    followed.shows(0, 1, 2, 3)
    append(path, LINES[4])
    followed.shows(0, 1, 2, 3, 4)
    path.write_bytes(LINES[5])
    followed.shows(0, 1, 2, 3, 4, 5)
    os.truncate(path, 0)
    append(path, LINES[6])
    followed.shows(*range(7))
    path.unlink()
    append(followed.path("other.jsonl"), LINES[7])
    followed.until(lambda: "line 7" in followed.prompts(), "a file after another one is gone")
    assert followed.store.sessions.get(SESSION).prompts >= 7


def test_what_is_there_already_and_folders_that_are_new(followed: Followed) -> None:
    append(followed.path(), LINES[0])
    followed.shows(0)
    for number, folder in enumerate(
        [".claude/projects/-new", ".claude/projects/-new/deep/er", ".codex/sessions/2026"], 1
    ):
        (followed.home / folder).mkdir(parents=True)
        append(followed.home / folder / f"rollout-s{number}.jsonl", LINES[number].replace(SESSION.encode(), b"other"))
        followed.until(lambda number=number: f"line {number}" in followed.prompts(), folder)  # type: ignore[misc]


def test_killed_and_begun_again_anywhere(followed: Followed) -> None:
    path = followed.path()
    for number, line in enumerate(LINES):
        append(path, line[:50])
        followed.follower.turn()
        if number % 3 == 1:
            followed.follower.close()
            followed.begin()
        append(path, line[50:])
        followed.shows(*sorted(range(number + 1), key=str))
    assert followed.kept(path) == b"".join(LINES)


def test_without_the_systems_help(followed: Followed) -> None:
    append(followed.path(), LINES[0])
    followed.shows(0)
    assert followed.follower._watch is not None
    followed.follower._watch.stop()
    followed.follower._watch.broken = "no watches are left"
    append(followed.path(), LINES[1])
    followed.shows(0, 1)


def test_what_must_not_be_followed(followed: Followed) -> None:
    """A pipe would be waited for, a link leads out of the tree."""
    outside = followed.home / "outside"
    outside.mkdir()
    (outside / "secret.jsonl").write_bytes(FIRST)
    os.mkfifo(followed.path("pipe.jsonl"))
    os.symlink(outside / "secret.jsonl", followed.path("link.jsonl"))
    os.symlink(outside, followed.home / FOLDER / "linked")
    os.symlink(followed.home / FOLDER, followed.home / FOLDER / "round")
    os.symlink("/dev/zero", followed.path("zero.jsonl"))
    append(followed.path(), LINES[0])
    followed.shows(0)
    append(followed.path(), LINES[1])
    followed.shows(0, 1)
    assert [Path(one).name for one in followed.store.histories.current()] == [followed.path().name]
