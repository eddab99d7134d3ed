"""Replays over HTTP: the stream, what is asked of it, coming again, how many there may be, a real server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph.records import Step
from tachograph.serve import replays
from tachograph.serve.run import Background
from tests.serve.conftest import Ask
from tests.store.samples import AT, SECOND, printed, session

NAME = "codex-1"


@pytest.fixture
def told(home: Path) -> Path:
    """A session of four steps within a second, and one line that was printed; another with an hour's silence."""
    home.mkdir(mode=0o700)
    with tachograph.open(home / "tachograph.db") as store:
        for name, pause in ((NAME, SECOND // 5), ("codex-2", 3600 * SECOND)):
            store.sessions.add(session(name))
            for number, kind in enumerate(("prompt", "reply", "prompt", "reply")):
                step = Step(f"{kind}:{number}", kind, AT + number * pause, content=f"word {number}")
                store.steps.put(name, "codex", [step], source="transcript")
        printed(store, NAME, (AT + SECOND // 10, b"on screen\n"))
    return home


class Line:
    """An open stream of events, as EventSource reads one."""

    def __init__(self, port: int, token: str, path: str, last: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request(
            "GET", path, headers={"authorization": f"Bearer {token}", **({"last-event-id": last} if last else {})}
        )
        self.reply = self.connection.getresponse()
        self.cursor = last
        self.seen: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any] | None:
        """The next message; None at the end."""
        fields: dict[str, str] = {}
        while line := self.reply.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "data" in fields:
                message: dict[str, Any] = json.loads(fields["data"])
                assert fields["event"] == message["type"]
                self.cursor = fields.get("id", self.cursor)
                self.seen.append(message)
                return message
            else:
                fields = {}
        return None

    def rest(self) -> list[dict[str, Any]]:
        while self.next():
            pass
        return self.seen

    def close(self) -> None:
        self.connection.close()
        self.reply.close()

    @property
    def replay(self) -> str:
        """The id of the replay, from its first message."""
        found: str = self.seen[0]["event"]["replay"]["replay_id"]
        return found


Open = Callable[..., Line]


@pytest.fixture
def line(told: Path, server: Background, token: str) -> Iterator[Open]:
    opened: list[Line] = []

    def begin(query: str = "", session: str = NAME, last: str = "", what: str = "") -> Line:
        opened.append(Line(server.port, token, f"/api/replay/{what or f'session/{session}'}?{query}", last))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


@pytest.fixture
def control(ask: Ask) -> Callable[..., Any]:
    def send(replay: str, **fields: Any) -> Any:
        reply = ask("POST", f"/api/replay/{replay}", json.dumps(fields).encode())
        assert reply.status == 200, reply.body
        return reply.json

    return send


Control = Callable[..., Any]


def types(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def words(messages: list[dict[str, Any]]) -> list[str]:
    return [m["event"].get("content") or m["event"].get("data") for m in messages if m["type"] in ("event", "output")]


def test_a_session_is_told_and_ends(line: Open) -> None:
    stream = line()
    assert stream.reply.headers["content-type"].startswith("text/event-stream")
    assert types(stream.rest()) == ["snapshot", *["event"] * 4, "end"]
    assert words(stream.seen) == ["word 0", "word 1", "word 2", "word 3"]
    assert stream.seen[0]["event"]["session"]["id"] == NAME
    assert stream.seen[-1]["event"]["replay"]["playing"] == "ended"


def test_output_speed_and_bounds(line: Open) -> None:
    assert words(line("output=true&speed=100").rest()) == ["word 0", "on screen\n", "word 1", "word 2", "word 3"]
    assert words(line("from=0.1&to=0.5&speed=50").rest()) == ["word 1", "word 2"]


def test_silences_are_shortened(line: Open) -> None:
    found = line("idle_limit=0.01", session="codex-2").rest()
    assert types(found) == ["snapshot", "event", *["gap", "event"] * 3, "end"]
    assert found[2]["event"]["duration_ms"] == 3_600_000


def test_controls_answer_in_the_stream(line: Open, control: Control, ask: Ask) -> None:
    stream = line("paused=true&stay=true", session="codex-2")
    assert stream.next()["type"] == "snapshot"  # type: ignore[index]
    state = control(stream.replay, action="seek", turn=2)
    assert (state["playing"], state["turn"], state["items"], state["offset_ms"]) == ("paused", 2, 3, 7_200_000)
    found = stream.next()
    assert found is not None
    assert (found["type"], found["event"]["current"]["content"]) == ("snapshot", "word 2")
    assert ask("GET", f"/api/replay/{stream.replay}").json == state
    control(stream.replay, action="step", by=-1)
    assert stream.next()["event"]["current"]["content"] == "word 1"  # type: ignore[index]
    control(stream.replay, action="step")
    assert words([stream.next()]) == ["word 2"]  # type: ignore[list-item]
    assert control(stream.replay, action="speed", speed=2.5)["speed"] == 2.5
    assert stream.next()["event"]["speed"] == 2.5  # type: ignore[index]
    control(stream.replay, action="seek", fraction=1)
    control(stream.replay, action="resume")
    assert [types([stream.next()])[0] for _ in range(3)] == ["snapshot", "state", "end"]  # type: ignore[list-item]
    control(stream.replay, action="stop")
    assert types(stream.rest()[-1:]) == ["end"]


@pytest.mark.parametrize("after", [1, 2, 4])
def test_coming_again_loses_and_repeats_nothing(line: Open, after: int) -> None:
    stream = line("output=true")
    for _ in range(after):
        stream.next()
    stream.close()
    again = line("output=true", last=stream.cursor)
    again.rest()
    assert words(stream.seen + again.seen) == ["word 0", "on screen\n", "word 1", "word 2", "word 3"]
    assert types(again.seen).count("snapshot") == 0


def test_what_was_on_its_way_when_the_line_broke_comes_again(line: Open) -> None:
    stream = line("speed=100")
    first = stream.next()
    cursor = stream.cursor
    stream.rest()
    again = line(last=cursor)
    assert [first, *again.rest()] == stream.seen
    assert line(last=again.cursor).reply.status == 204


def test_a_second_listener_takes_the_place_of_the_first(line: Open, control: Control) -> None:
    stream = line("paused=true")
    stream.next()
    other = line(last=stream.cursor)
    assert other.reply.readline() == b"retry: 1000\n"  # it has begun
    control(stream.replay, action="resume")
    assert stream.rest() == stream.seen[:1]
    assert types(other.rest()) == ["state", *["event"] * 4, "end"]


def test_after_a_restart_it_goes_on_where_the_listener_was(line: Open, home: Path) -> None:
    found = line("speed=100", last="gone:17:2").rest()
    assert types(found) == ["snapshot", *["event"] * 3, "end"]
    assert words(found) == ["word 1", "word 2", "word 3"]


@pytest.fixture
def wave(told: Path) -> str:
    """A workflow of both sessions."""
    with tachograph.open(told / "tachograph.db") as store:
        made = store.workflows.start("a wave").session_id
        for name in (NAME, "codex-2"):
            store.sessions.update(name, workflow_id=made)
    return made


@pytest.mark.parametrize("what", ["sessions", "workflow"])
def test_several_sessions_are_told_on_one_clock(wave: str, line: Open, control: Control, what: str) -> None:
    query = f"output=true&idle_limit=0.1{f'&session={NAME}&session=codex-2' if what == 'sessions' else ''}"
    where = what if what == "sessions" else f"workflow/{wave}"
    stream = line(query, what=where)
    first = stream.next()
    assert first is not None
    assert (first["session_id"], first["event"]["replay"]["sessions"]) == (None, [NAME, "codex-2"])
    assert [one["session"]["id"] for one in first["event"]["sessions"]] == [NAME, "codex-2"]
    while words(stream.seen)[-1:] != ["on screen\n"]:
        stream.next()
    stream.close()
    again = line(query, what=where, last=f"gone:9:{stream.cursor.split(':')[2]}")  # the server was killed, say
    heard = [one for one in stream.seen + again.rest() if one["type"] in ("event", "output")]
    of = {name: words([one for one in heard if one["session_id"] == name]) for name in (NAME, "codex-2")}
    assert of == {
        NAME: ["word 0", "on screen\n", "word 1", "word 2", "word 3"],
        "codex-2": ["word 0", "word 1", "word 2", "word 3"],
    }
    assert again.seen[-1]["session_id"] is None


def test_several_that_will_not_do(wave: str, ask: Ask) -> None:
    assert ask("GET", "/api/replay/sessions").status == 400
    assert ask("GET", f"/api/replay/sessions?session={NAME}&session=nobody").status == 404
    assert ask("GET", f"/api/replay/sessions?session={NAME}&speed=1&speed=2").status == 400
    assert ask("GET", "/api/replay/workflow/nothing").status == 404
    assert ask("GET", "/api/replay/sessions?" + "&".join(f"session=codex-{n}" for n in range(101))).status == 400


def test_a_cursor_that_is_none_begins_anew(line: Open) -> None:
    assert len(line("speed=100", last="17-4").rest()) == 6


@pytest.mark.parametrize(
    ("query", "word"),
    [("speed=0", ""), ("speed=fast", ""), ("speed=nan", ""), ("from=soon", "from"), ("from=0.5&to=0.2", "from"),
     ("idle_limit=-1", ""), ("output=perhaps", ""), ("speeed=5", "speeed")],
)  # fmt: skip
def test_what_will_not_do(told: Path, ask: Ask, query: str, word: str) -> None:
    reply = ask("GET", f"/api/replay/session/{NAME}?{query}")
    assert reply.status == 400
    assert word in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "dance"}, 400),
        ({}, 400),
        ({"action": "seek"}, 400),
        ({"action": "seek", "turn": 99}, 404),
        ({"action": "seek", "to": "soon"}, 400),
        ({"action": "seek", "where": 1}, 400),
        ({"action": "speed", "speed": 0}, 400),
        ({"action": "pause", "speed": 1}, 400),
    ],
)
def test_controls_that_will_not_do(line: Open, ask: Ask, body: Any, status: int) -> None:
    stream = line("paused=true")
    stream.next()
    assert ask("POST", f"/api/replay/{stream.replay}", json.dumps(body).encode()).status == status


def test_what_is_not_there(told: Path, ask: Ask) -> None:
    assert ask("GET", "/api/replay/session/nobody").status == 404
    assert ask("GET", "/api/replay/nothing").status == 404
    assert ask("POST", "/api/replay/nothing", b'{"action":"pause"}').status == 404


def test_there_is_an_end_to_how_many(line: Open, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "REPLAYS_MAX", 2)
    first, second = line("paused=true"), line("paused=true")
    first.next()
    second.next()
    third = line("paused=true")
    assert third.reply.status == 503
    assert ask("GET", f"/api/replay/{first.replay}").status == 200


def test_who_waits_longest_gives_way(line: Open, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "REPLAYS_MAX", 1)
    first = line("speed=100")
    first.rest()
    second = line("speed=100")
    assert len(second.rest()) == 6
    assert ask("GET", f"/api/replay/{first.replay}").status == 404


def test_a_replay_that_nobody_comes_back_to_is_dropped(line: Open, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "WAITS", 0.0)
    stream = line("paused=true")
    stream.next()
    assert ask("GET", f"/api/replay/{stream.replay}").status == 200
    stream.close()
    for _ in range(200):
        if ask("GET", f"/api/replay/{stream.replay}").status == 404:
            return
    raise AssertionError("it is still there")


def test_a_line_that_the_store_broke_can_be_taken_up_again(line: Open, home: Path, ask: Ask) -> None:
    stream = line("paused=true")
    stream.next()
    with tachograph.open(home / "tachograph.db") as store:
        store._connection.execute("ALTER TABLE _steps RENAME TO _gone")
        assert ask("POST", f"/api/replay/{stream.replay}", b'{"action": "seek", "fraction": 1}').status >= 500
        store._connection.execute("ALTER TABLE _gone RENAME TO _steps")
    stream.close()
    again = line(last=stream.cursor)
    assert ask("POST", f"/api/replay/{stream.replay}", b'{"action": "resume"}').status == 200
    assert words(again.rest()) == ["word 0", "word 1", "word 2", "word 3"]


def test_a_session_that_is_over_is_read_once_until_it_changes(line: Open, told: Path, server: Background) -> None:
    known: Any = server.guard._inner.state.replays  # type: ignore[attr-defined]  # Litestar behind any application
    with tachograph.open(told / "tachograph.db") as store:
        for ended, same in ((False, False), (True, True)):
            if ended:
                store.sessions.update(NAME, ended_at=AT + SECOND)
            lines = [line("paused=true") for _ in range(3)]
            for one in lines:
                one.next()
            timelines = {id(known.get(one.replay).player.timeline) for one in lines}
            assert (len(timelines) == 1) is same
        step = Step("reply:late", "reply", AT + SECOND, content="word 4")
        store.steps.put(NAME, "codex", [step], source="transcript")
    assert words(line("speed=100").rest()) == ["word 0", "word 1", "word 2", "word 3", "word 4"]


def test_twenty_at_once_are_told_the_same(line: Open) -> None:
    streams = [line("output=true&speed=5") for _ in range(20)]
    for stream in streams:
        assert words(stream.rest()) == ["word 0", "on screen\n", "word 1", "word 2", "word 3"]
