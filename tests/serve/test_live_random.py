"""Whatever is stored, changed and moved while clients come and go: in the end each knows what the store has, once."""

from __future__ import annotations

import os
import random
from pathlib import Path

import tachograph
from tachograph.formats.rows import to_row
from tachograph.records import Event, Session, Step
from tachograph.serve.run import Background
from tachograph.store import Store

from .listening import EventSource, Viewer

SEED = int(os.environ.get("TACHOGRAPH_SEED", random.SystemRandom().randrange(1 << 32)))
AT = 1_795_252_442_123_456_789


def test_clients_that_come_and_go_know_what_the_store_has(home: Path, server: Background, token: str) -> None:
    chance = random.Random(SEED)
    with tachograph.open() as store:
        for name in ("codex-1", "codex-2"):
            store.sessions.add(Session(name, "codex", started_at=AT))
        sources = [EventSource(server.port, token, after=0) for _ in range(6)]
        viewers = [Viewer() for _ in sources]
        for number in range(40):
            _act(store, chance)
            mark = store.events.add(Event("codex-1", "marker", content=f"mark {number}", at=AT))
            for viewer, source in zip(viewers, sources, strict=True):
                what = chance.random()
                if what < 0.2:
                    source.open()  # as a browser that lost the line: with the last id it knows
                elif what < 0.5:
                    viewer.listen(iter(source), lambda message: message["id"] == mark)  # noqa: B023  # used at once
                    source.open()  # what had come after that, and was not looked at, is lost with the line
        last = store.events.add(Event("codex-1", "marker", content="the last", at=AT))
        for viewer, source in zip(viewers, sources, strict=True):
            source.open()
            viewer.listen(iter(source), lambda message: message["id"] == last)
            source.close()
        expected = {one.id: to_row(one) for one in store.events.list(after=0, limit=None)}
    for viewer in viewers:
        assert viewer.events == expected, f"seed {SEED}"
        assert not viewer.gaps


def _act(store: Store, chance: random.Random) -> None:
    name, key = chance.choice(("codex-1", "codex-2")), chance.randrange(8)
    what = chance.randrange(6)
    if what == 0 and store.sessions.exists("codex-2"):
        store.merging.merge("codex-1", "codex-2")
    elif what == 1:
        store.steps.retract(name, [f"call:{key}"])
    elif what == 2:
        source = chance.choice(("hook", "transcript"))
        store.steps.put(name, "codex", [Step(f"{source}:{key}", "reply", AT, content="said")], source=source)
    else:
        step = Step(f"call:{key}", "command", AT, command="make", tool_call_id=str(key), content=str(chance.random()))
        store.steps.put(name, "codex", [step], source="hook")
