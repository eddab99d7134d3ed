"""`make bench`: measure, print one table, keep the figures in benchmarks/.work/results.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import installing
from benchmarks.measure import Row, table


def _inserts(options: argparse.Namespace) -> list[Row]:
    from benchmarks import inserts

    return inserts.rows(options.rounds, 1_000_000 if options.large else 200_000)


def _queries(options: argparse.Namespace) -> list[Row]:
    from benchmarks import queries

    return queries.rows(options.rounds, options.events or (10_000_000 if options.large else 1_000_000))


def _extraction(options: argparse.Namespace) -> list[Row]:
    from benchmarks import extraction_speed

    return extraction_speed.rows(options.rounds)


def _findings(options: argparse.Namespace) -> list[Row]:
    from benchmarks import extraction_quality

    return extraction_quality.bench(Path(options.logs)) if options.logs else []


def _wrapper(options: argparse.Namespace) -> list[Row]:
    from benchmarks import wrapper

    return wrapper.rows(options.rounds)


def _imports(options: argparse.Namespace) -> list[Row]:
    from benchmarks import imports

    return imports.rows(options.rounds, options.histories)


def _ledger(options: argparse.Namespace) -> list[Row]:
    from benchmarks import ledger

    return ledger.rows(options.rounds)


def _verifying(options: argparse.Namespace) -> list[Row]:
    from benchmarks import verifying

    return verifying.rows(options.rounds)


def _replay(options: argparse.Namespace) -> list[Row]:
    from benchmarks import replay

    return replay.rows(options.rounds)


def _live(options: argparse.Namespace) -> list[Row]:
    from benchmarks import live

    return live.rows(large=not options.small)


def _screen(options: argparse.Namespace) -> list[Row]:
    from benchmarks import screen

    return screen.rows(large=not options.small)


def _web(options: argparse.Namespace) -> list[Row]:
    from benchmarks import web

    return web.rows(options.rounds, options.events or (10_000 if options.small else 100_000))


def _http(options: argparse.Namespace) -> list[Row]:
    from benchmarks import http

    return http.rows(options.rounds, options.events or 1_000_000)


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "inserts": _inserts,
    "queries": _queries,
    "extraction": _extraction,
    "findings": _findings,
    "wrapper": _wrapper,
    "import": _imports,
    "ledger": _ledger,
    "verifying": _verifying,
    "http": _http,
    "replay": _replay,
    "live": _live,
    "screen": _screen,
    "web": _web,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--large", action="store_true", help="insert 1 million events, query 10 million")
    parser.add_argument("--small", action="store_true", help="watch live with 220 clients, not 1050")
    parser.add_argument("--events", type=int, help="query a store of this many events instead")
    parser.add_argument("--histories", help="import the histories below this home folder instead of made-up ones")
    parser.add_argument(
        "--logs", metavar="FOLDER", help="state recall and precision of the rules on the logs below this folder"
    )
    parser.add_argument("--only", help=f"comma-separated parts: {', '.join(PARTS)}")
    options = parser.parse_args()
    if options.logs and not Path(options.logs).is_dir():
        parser.error(f"{options.logs} is not a folder")
    chosen = options.only.split(",") if options.only else list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    installing.WORK.mkdir(exist_ok=True)
    found: list[Row] = []
    for name in chosen:
        print(f"benchmarks: measuring {name}", file=sys.stderr, flush=True)
        found += PARTS[name](options)
        text = f"{table(found)}\n\n{_foot(options)}\n"
        (installing.WORK / "results.md").write_text(text)  # what is measured is kept, should the rest be interrupted
    print(text, end="")
    return 1 if any(row.holds is False for row in found) else 0


def _foot(options: argparse.Namespace) -> str:
    """How to read the table, on what it was measured, and what is missing from it."""
    from benchmarks.inserts import versions

    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    lines = [
        "A value is a median; a ratio is ours divided by theirs in the same round: median (smallest–largest).",
        f"{options.rounds} interleaved rounds, {os.cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}, {load}",
        *[f"{name}: {version}" for name, version in versions.items()],
        *[f"left out: {reason}" for reason in installing.missing],
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
