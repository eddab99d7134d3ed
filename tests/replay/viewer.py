"""Whoever watches: what it knows from messages alone; a clock that jumps to whatever is waited for; random sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from tachograph.records import STATUS_OF_STATE, Event, Step, Usage
from tachograph.replay.clocks import JumpingClock
from tachograph.replay.messages import Message
from tachograph.replay.player import Options, Player
from tachograph.replay.timeline import Timeline, read
from tachograph.store import Store
from tests.store.samples import AT, printed, session

T = TypeVar("T")
NAME = "codex-1"
MS = 1_000_000


def timeline_of(store: Store, name: str = NAME) -> Timeline:
    async def ask(question: Callable[[Store], T]) -> T:
        return question(store)

    reading = read(ask, name)
    try:
        reading.send(None)  # it never waits: also inside of a loop that runs
    except StopIteration as done:
        found: Timeline = done.value
        return found
    raise AssertionError("it waits")


class Viewer:
    """Knows what it was told."""

    def __init__(self) -> None:
        self.snapshots = 0
        self.seen: list[Message] = []
        self.counts: dict[str, int] = {}
        self.last: dict[str, Any] = {}
        self.open: dict[int, Any] = {}
        self.printed: dict[str, int] = {}
        self.status = "running"
        self.tokens = 0

    def hear(self, message: Message) -> None:
        self.seen.append(message)
        told: Any = message.event
        if message.type == "snapshot":
            self.snapshots += 1
            self.counts, self.last = dict(told["counts"]), dict(told["last"])
            self.open = {row["id"]: row for row in told["open"]}
            self.printed, self.status = dict(told["terminal"]["printed"]), told["status"]
            self.tokens = told["input_tokens"]
        elif message.type == "output":
            self.printed[told["stream"]] = told["offset"]
        elif message.type == "event":
            self._event(told)

    def _event(self, row: dict[str, Any]) -> None:
        kind = row["event_type"]
        self.last[kind] = row
        if row["id"] in self.open:
            del self.open[row["id"]]
            return
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.tokens += row.get("input_tokens", 0)
        if row["tool_call_id"] and row["duration_ms"] is None and row["status"] in (None, "unknown"):
            self.open[row["id"]] = row
        if kind == "state":
            self.status = STATUS_OF_STATE.get(row["content"], self.status)

    def knows(self) -> dict[str, Any]:
        names = ("counts", "last", "open", "printed", "status", "tokens")
        return {name: getattr(self, name) for name in names}


def begin(timeline: Timeline, **options: Any) -> tuple[Player, JumpingClock]:
    clock = JumpingClock()
    return Player(timeline, clock, Options(**options)), clock


async def hear(player: Player, viewer: Viewer, most: int = 100_000) -> None:
    """To its end, or so many messages."""
    for _ in range(most):
        try:
            viewer.hear(await anext(player))
        except StopAsyncIteration:
            return


async def some(player: Player, viewer: Viewer, most: int) -> None:
    """So many messages, fewer when it waits for somebody."""
    for _ in range(most):
        waiting = player.state()["playing"] in ("paused", "ended")
        if waiting and not player.has_more:
            return
        viewer.hear(await anext(player))


KINDS = ("prompt", "reply", "call", "unanswered", "marker", "state", "error", "usage", "print", "print", "warn")
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.one_of(st.integers(0, 3), st.integers(0, 5000), st.integers(0, 4_000_000)),  # ms since the one before
        st.integers(0, 20_000),  # ms it lasts
        st.sampled_from(["ok", "error", "rejected"]),
    ),
    max_size=30,
)


def put(store: Store, drawn: list[tuple[str, int, int, str]], name: str = NAME, begun: int = AT) -> Timeline:
    """A session of these steps, as its timeline."""
    store.sessions.add(session(name, started_at=begun))
    at, output = begun, []
    for number, (kind, pause, lasts, status) in enumerate(drawn):
        at += pause * MS
        call = {"tool_call_id": f"c{number}", "command": f"make {number}"}
        if kind in ("print", "warn"):
            output.append((at, f"line {number} ä€\n".encode() * (number + 1), int(kind == "warn")))
        elif kind == "error":
            store.events.add(Event(name, "error", pattern="broken", matched_value=f"e{number}", at=at))
        elif kind == "state":
            word = {"ok": "waiting", "error": "running", "rejected": "paused"}[status]
            store.events.add(Event(name, "state", content=word, at=at))
        else:
            told = {
                "call": Step(f"call:{number}", "command", at, duration_ms=float(lasts), status=status, **call),
                "unanswered": Step(f"call:{number}", "command", at, **call),
                "usage": Step(f"usage:{number}", "usage", at, usage=Usage("gpt-5", 10 * number, number, cost_usd=0.1)),
            }.get(kind, Step(f"{kind}:{number}", kind, at, content=f"{kind} {number}"))
            store.steps.put(name, "codex", [told], source="transcript")
    for stream in (0, 1):
        pieces = [(when, data) for when, data, where in output if where == stream]
        if pieces:
            printed(store, name, *pieces, stream=stream, size=200)
    return timeline_of(store, name)
