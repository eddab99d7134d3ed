"""The language of live streams and replays: one shape, whatever is told."""

from __future__ import annotations

import json

from tachograph.clock import SECOND
from tachograph.formats.rows import columns, to_row
from tachograph.records import Collision, Event, Session
from tachograph.replay import messages

AT = 1_800_000_000 * SECOND + 123_000_000
TEXT = "2027-01-15T08:00:00.123Z"
ENVELOPE = ["type", "id", "session_id", "seq", "at", "event"]
EVENT = Event("a-1", "command", command="make", content="1\n2\x1b[31m\x85", seq=7, at=AT, id=42)
SESSION = Session("a-1", "a", started_at=AT)


def test_every_message_has_the_same_shape() -> None:
    made = [
        messages.event(EVENT),
        messages.removed(42, "a-1"),
        messages.state(SESSION, AT),
        messages.end("a-1", AT, session=SESSION),
        messages.snapshot("a-1", AT, {"events": []}, seq=7, event_id=42),
        messages.heartbeat(AT),
        messages.gap("too old", AT, since=3),
    ]
    for one in made:
        told = json.loads(messages.encode(one))
        assert list(told) == ENVELOPE
        assert told == messages.to_dict(one)


def test_an_event_is_its_row() -> None:
    told = json.loads(messages.encode(messages.event(EVENT, "42-3")))
    assert (told["type"], told["id"], told["session_id"], told["seq"], told["at"]) == ("event", 42, "a-1", 7, TEXT)
    assert told["cursor"] == "42-3"
    assert told["event"] == to_row(EVENT) and list(told["event"]) == list(columns(Event))


def test_one_line_whatever_is_in_it() -> None:
    data = messages.encode(messages.event(EVENT))
    assert data.decode().isprintable()
    assert json.loads(data)["event"]["content"] == EVENT.content


def test_half_a_character_is_still_json() -> None:
    told = json.loads(messages.encode(messages.gap("\ud800", AT)))
    assert told["event"] == {"reason": "\ud800"}


def test_an_end_says_what_more_there_is() -> None:
    assert messages.end("a-1", AT).event is None
    assert messages.end("a-1", AT, loop=True).event == {"loop": True}
    assert messages.end("a-1", AT, session=SESSION, position=3).event == {**to_row(SESSION), "position": 3}


def test_a_collision_is_told_as_an_event_of_its_own() -> None:
    found = Collision("w", "a", "b", "file_conflict", "both wrote x", "warning", TEXT, session_id_2="b-1", id=5)
    told = json.loads(messages.encode(messages.collision(found, "b-1")))
    assert (told["type"], told["id"], told["session_id"], told["at"]) == ("event", None, "b-1", TEXT)
    assert told["event"] == {"event_type": "collision", **to_row(found)}
