"""How many collisions are found, and how many are none: `python -m benchmarks.collision_quality FOLDER…`.

Histories in the folders are imported twice: as they were, and with the sessions of each project moved in time so that
all of them begin at once, which makes real work on the same files run side by side. Every collision is printed with
both changes, to be read. What should be found is counted by other means: from what readers tell, file by file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from tachograph.extract import rules
from tachograph.ingest.locating import real, whole
from tachograph.ingest.opening import open_store
from tachograph.ingest.telling import Telling
from tachograph.readers import Origin, Shape
from tachograph.readers.reading import HEAD_BYTES
from tachograph.readers.registry import reader, which
from tachograph.records import Fact, SessionFacts, Step
from tachograph.store import Store

START = 1_790_000_000_000_000_000
WINDOW = 1800 * 10**9
CHANGES = {"write", "edit", "delete"}


def main(folders: list[str]) -> None:
    histories = [told for folder in folders for path in files(folder) if (told := facts(path))]
    for name, moved in (("as they were", False), ("side by side", True)):
        told = aside(histories) if moved else histories
        with tempfile.TemporaryDirectory() as home:
            os.environ["TACHOGRAPH_HOME"] = home
            with open_store(f"{home}/tachograph.db") as store:
                for agent, some in told:
                    with store.transaction():
                        telling = Telling(store, rules.load("")[0], agent, source="transcript")
                        telling.tell(some, now=START)
                        telling.settle(modified_at=1)
                report(name, store, expected(told))


def files(folder: str) -> Iterable[str]:
    for place, _, names in os.walk(folder):
        yield from (os.path.join(place, name) for name in sorted(names))


def facts(path: str) -> tuple[str, list[Fact]] | None:
    with open(path, "rb") as file:
        data = file.read()
    module = which(data[:HEAD_BYTES], path)
    if module is None or reader(module).shape is Shape.DATABASE:
        return None
    parser = reader(module).parse(Origin(path, START))
    lines = data.splitlines(keepends=True) if reader(module).shape is Shape.LINES else [data]
    told = [fact for line in lines for fact in parser.feed(line)]
    return reader(module).name, [*told, *parser.finish()]


def aside(histories: list[tuple[str, list[Fact]]]) -> list[tuple[str, list[Fact]]]:
    """Families keep their own clock: a subagent is moved with who started it."""
    begun: dict[str, int] = {}
    parents: dict[str, str] = {}
    for _, some in histories:
        session = ""
        for fact in some:
            if isinstance(fact, SessionFacts):
                session = fact.id
                if fact.parent_id:
                    parents[session] = fact.parent_id
            elif isinstance(fact, Step) and fact.at:
                begun[session] = min(begun.get(session, fact.at), fact.at)

    def origin(session: str) -> int:
        while session in parents and parents[session] != session and parents[session] in begun:
            session = parents[session]
        return begun.get(session, START)

    moved = []
    for agent, some in histories:
        session, shifted = "", list[Fact]()
        for fact in some:
            if isinstance(fact, SessionFacts):
                session = fact.id
                fact = replace(fact, started_at=None, last_at=None)
            elif isinstance(fact, Step) and fact.at:
                fact = replace(fact, at=START + fact.at - origin(session))
            shifted.append(fact)
        moved.append((agent, shifted))
    return moved


def expected(told: list[tuple[str, list[Fact]]]) -> dict[str, set[tuple[str, str]]]:
    """File → pairs of sessions that changed it one after the other within the window, both of them at work."""
    touches: dict[str, list[tuple[int, str]]] = defaultdict(list)
    lives: dict[str, list[int]] = defaultdict(list)
    parents: dict[str, str | None] = {}
    for _, some in told:
        session, project, calls = "", None, dict[str, dict[str, Any]]()
        for fact in some:
            if isinstance(fact, SessionFacts):
                session, project = fact.id, fact.project_dir or project
                parents[session] = fact.parent_id or parents.get(session)
            elif isinstance(fact, Step):
                lives[session] += [fact.at] if fact.at else []
                call = calls.setdefault(f"{session}/{fact.key}", {"session": session, "project": project})
                for field in ("file_path", "operation", "status"):
                    call[field] = getattr(fact, field) or call.get(field)
                call.setdefault("at", fact.at)
        for call in calls.values():
            if call["operation"] in CHANGES and call["status"] not in ("error", "rejected", "interrupted"):
                touches[real(whole(call["project"], call["file_path"]))].append((call["at"], call["session"]))
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path, some in touches.items():
        for (at, one), (later, other) in pairwise(sorted(set(some))):
            related = parents.get(one) == other or parents.get(other) == one
            together = max(lives[one]) >= min(lives[other]) and max(lives[other]) >= min(lives[one])
            if one != other and later - at <= WINDOW and together and not related and at != later:
                found[path].add((min(one, other), max(one, other)))
    return found


def report(name: str, store: Store, wanted: dict[str, set[tuple[str, str]]]) -> None:
    rows = store.collisions.list(limit=None)
    print(f"\n== {name}: {len(rows)} collisions")
    for row in store.collisions.stats():
        print(f"   {row['collision_type']:<20} {row['severity']:<9} {row['count']}")
    on_files = [one for one in rows if one.collision_type in ("file_conflict", "structural_overlap")]
    got = {(one.subject, *sorted((one.session_id_1 or "", one.session_id_2 or ""))) for one in on_files}
    want = {(path, *pair) for path, pairs in wanted.items() for pair in pairs}
    print(f"   files and pairs of sessions that should collide: {len(want)}, found of them: {len(want & got)}")
    for missing in sorted(want - got):
        print("   missing:", *missing)
    for extra in sorted(got - want, key=str):
        print("   extra:", *extra)
    for one in sorted(rows, key=lambda row: row.id):
        print(f"\n#{one.id} {one.collision_type} {one.severity}: {one.description}\n   {one.overlap_json}")
        for number in (one.event_id_1, one.event_id_2):
            about = store.touches.about(number or 0)
            if about is not None:
                event = store.events.get(about.event)
                text = event.command or event.content if event.operation is None else store.touches.input(about)
                print(f"   {about.session_id} {event.operation or event.event_type}: {str(text)[:300]!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
