"""Made-up extraction events, the same on every machine: six agents at work at once, about 600 events a session, handed
over in bursts of 100 of one agent, which is what the seed's extractor buffers before it saves.

Words follow Zipf's law over a vocabulary of 3,000, with numbers and paths between them, because a full-text index costs
what its vocabulary costs. Kept as tab-separated text that C, JavaScript and Python read alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

VERSION = 2  # part of the file name: changed data is made again
START = 1_770_719_400 * 1_000_000_000  # 2026-02-10T10:30:00Z
COLUMNS = (
    *("agent_name", "session_id", "timestamp", "at", "event_type", "pattern", "matched_value", "original_line"),
    *("line_number", "metadata_json", "code_block_language", "risk_level", "auto_confirmable"),
)
AGENTS = {"amber": 40, "basil": 25, "cedar": 12, "delta": 10, "ember": 8, "flint": 5}
RULES = {
    "error": ("error_line", "python_traceback", "rustc_error", "ts_error", "npm_error", "go_panic"),
    "warning": ("warning_line", "deprecation", "lint"),
    "metric": ("duration", "tokens", "coverage", "percent"),
    "response": ("tool_result", "reply", "confirm"),
    "code_block": ("fence_open", "fence_close"),
    "package": ("pip_install", "npm_install", "diff_header"),
    "test_result": ("pytest_passed", "pytest_failed", "jest_summary"),
    "url": ("http_url",),
}
WEIGHTS = (9, 8, 22, 20, 6, 25, 8, 2)
EVENTS_PER_SESSION = 600
BURST = 100


def events(path: Path, count: int) -> Path:
    """Write `count` events unless `path` has them; returns `path`."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        with scratch.open("w") as out:
            _write(out.write, count)
        scratch.rename(path)
    return path


def vocabulary(chance: random.Random) -> list[str]:
    syllables = [
        "ba",
        "con",
        "de",
        "fi",
        "gra",
        "in",
        "ka",
        "lo",
        "mi",
        "nex",
        "or",
        "pre",
        "qui",
        "re",
        "sta",
        "tu",
        "ver",
    ]
    words: dict[str, None] = {}
    while len(words) < 3000:
        words["".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
    return list(words)


def zipf(words: list[str]) -> list[float]:
    """Cumulative weights."""
    return list(accumulate(1 / (rank + 3) for rank in range(len(words))))


def _write(write: Callable[[str], object], count: int) -> None:
    chance = random.Random(8151)
    words = vocabulary(chance)
    pool = chance.choices(words, cum_weights=zipf(words), k=1 << 16)  # drawn once; windows of it are cheap
    agents, types = (
        chance.choices(list(AGENTS), list(AGENTS.values()), k=1 << 14),
        chance.choices(list(RULES), WEIGHTS, k=1 << 14),
    )
    sessions: dict[str, str] = {}
    at, lines = START, []
    for number in range(count):
        draw = chance.getrandbits(64)
        agent = agents[number // BURST & 16383]
        kind = types[draw >> 14 & 16383]
        at += 1 + int(40e6 * (draw >> 28 & 255) / 128)
        if agent not in sessions or draw >> 36 & 0xFFFF < 65536 // EVENTS_PER_SESSION:
            sessions[agent] = f"{agent}-{_stamp(at)}-{number:07d}"
        begin, length = draw >> 20 & 65471, 6 + (draw >> 52 & 7)
        text = " ".join(pool[begin : begin + length])
        line = f"src/{pool[begin]}/{pool[begin + 1]}.py:{draw >> 40 & 1023}: {kind}: {text}"
        risk = "high" if kind == "error" and draw >> 55 & 3 else "medium" if kind in ("error", "warning") else "low"
        fields = (
            *(agent, sessions[agent], _iso(at), str(at), kind, RULES[kind][(draw >> 57) % len(RULES[kind])]),
            *(line[: 12 + (draw >> 44 & 31)], line, str(number % 5000 + 1)),
            f'{{"severity":"{risk}","column":{draw >> 33 & 127},"tool":"{pool[begin + 2]}","ms":{draw >> 50 & 8191}}}',
            *("python" if kind == "code_block" else "", risk, "1" if risk == "low" else "0"),
        )
        lines.append("\t".join(fields))
        if len(lines) == 20_000 or number == count - 1:
            write("\n".join(lines) + "\n")
            lines.clear()


_days: dict[int, str] = {}


def _iso(at: int) -> str:
    """As the seed's drivers write a time: `2026-02-10 10:30:00.123456+00:00`."""
    seconds, rest = divmod(at, 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    if minutes not in _days:
        import time

        _days[minutes] = time.strftime("%Y-%m-%d %H:%M:", time.gmtime(seconds))
    return f"{_days[minutes]}{second:02d}.{rest // 1000:06d}+00:00"


def _stamp(at: int) -> str:
    return _iso(at)[:19].replace("-", "").replace(":", "").replace(" ", "-")


def read(path: Path, count: int | None = None) -> list[list[str]]:
    """The first `count` rows, each a list in the order of COLUMNS."""
    rows: list[list[str]] = []
    with path.open() as source:
        for line in source:
            if count is not None and len(rows) >= count:
                break
            rows.append(line[:-1].split("\t"))
    return rows
