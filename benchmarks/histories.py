"""Made-up histories of Claude Code and Codex for `imports`: the recordings of our tests, repeated under other names
until a file has its size, with other words in them. The same on every machine."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

RECORDINGS = Path(__file__).resolve().parents[1] / "tests" / "histories"
VERSION = 1  # part of the folder's name: changed histories are made again
# What is made: number of files, bytes of each from .. to. People have many short sessions, and most bytes in long ones.
KINDS = {"small files": (600, 2_000, 120_000), "large files": (16, 400_000, 8_000_000)}
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ID = re.compile(rb"(?<=[\"])((?:toolu|msg|req|call)_)\w+")
_DAY = re.compile(rb"20\d\d-\d\d-\d\d(?=T\d\d:)")
_WORD = re.compile(rb"(?<= )[a-z]{6,12}(?= )")


def home(folder: Path, kind: str) -> Path:
    """A home folder with the histories of one of KINDS; made when it is not there."""
    made = folder / f"histories-{VERSION}-{kind.replace(' ', '-')}"
    if not made.exists():
        scratch = made.with_suffix(".part")
        count, least, most = KINDS[kind]
        chance = random.Random(8151)
        for number in range(count):
            size = int(least * (most / least) ** chance.random())
            agent = "codex" if number % 4 == 3 else "claude"
            session = uuid.UUID(int=chance.getrandbits(128), version=4)
            path = scratch / _place(agent, number, str(session))
            path.parent.mkdir(parents=True, exist_ok=True)
            data = _session(agent, str(session).encode(), size, chance)
            path.write_bytes(_DAY.sub(partial(_earlier, chance.randrange(1500)), data))
        scratch.rename(made)
    return made


def _place(agent: str, number: int, session: str) -> str:
    if agent == "claude":
        return f".claude/projects/-home-user-project{number % 30}/{session}.jsonl"
    day = f"2026/{number % 12 + 1:02}/{number % 28 + 1:02}"
    return f".codex/sessions/{day}/rollout-{day.replace('/', '-')}T10-00-00-{session}.jsonl"


def _session(agent: str, session: bytes, size: int, chance: random.Random) -> bytes:
    pattern = "*-*-*-*-*.jsonl" if agent == "claude" else "rollout-2026-06*.jsonl"
    sources = [path.read_bytes() for path in sorted((RECORDINGS / agent).glob(pattern))]
    found = bytearray()
    for piece in _pieces(agent, session, sources, chance):
        lines = piece.splitlines(keepends=True)
        if agent == "codex" and found:
            lines = [line for line in lines if b'"session_meta"' not in line]
        for line in lines:
            if len(found) > size:
                return bytes(found)
            found += line
    return bytes(found)


def _pieces(agent: str, session: bytes, sources: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Recordings, over and over, each time with ids and words of its own."""
    while True:
        source = chance.choice(sources)
        own = _UUID.search(source[source.find(b'"sessionId"' if agent == "claude" else b'"id"') :])
        salt = chance.getrandbits(64)
        names: dict[bytes, bytes] = {own[0]: session} if own else {}

        def renamed(found: re.Match[bytes], names: dict[bytes, bytes] = names, salt: int = salt) -> bytes:
            name = names.get(found[0])
            if name is None:
                name = names[found[0]] = str(uuid.uuid5(uuid.UUID(int=salt), found[0].decode())).encode()
            return name

        drawn = [bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(40)]
        words = {word: chance.choice(drawn) for word in set(_WORD.findall(source)) if chance.random() < 0.1}
        piece = _UUID.sub(renamed, source)
        piece = _ID.sub(lambda found, salt=salt: b"%s%012x" % (found[1], _number(found[0], salt)), piece)
        yield _WORD.sub(lambda found, words=words: words.get(found[0], found[0]), piece)


def _earlier(days: int, found: re.Match[bytes]) -> bytes:
    """Each session in days of its own: few people work on the same files in many sessions at once."""
    return str(date.fromisoformat(found[0].decode()) - timedelta(days)).encode()


def _number(name: bytes, salt: int) -> int:
    return uuid.uuid5(uuid.UUID(int=salt), name.decode()).int >> 80
