"""What the store says came next, as messages, and as the bytes or texts that a client is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tachograph import clock
from tachograph.records import Collision, Event, Session
from tachograph.replay import messages
from tachograph.replay.messages import Message
from tachograph.serve import sse
from tachograph.store.arrivals import Arrival, Filter, Page, Position

_LOST = "what changed meanwhile is not known any more: read again what you show"
_OTHER = "this is another store than before: forget what it told you"

Chunk = bytes | str


class Form(NamedTuple):
    """How messages leave the house: `one` from a message and its JSON, `together` from several of those."""

    one: Callable[[Message, bytes], Chunk]
    together: Callable[[list[Chunk]], list[Chunk]]


def _event(message: Message, data: bytes) -> Chunk:
    return sse.framed(message.type, message.cursor, data)


def _text(_: Message, data: bytes) -> Chunk:
    return data.decode()


SSE = Form(_event, lambda chunks: [b"".join(chunks)] if chunks else [])  # type: ignore[arg-type]  # all are bytes
WEBSOCKET = Form(_text, lambda chunks: chunks)  # every message is a frame of its own


class Told:
    """A message that is encoded once, when the first one wants it, in every form that somebody wants."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._data: bytes | None = None
        self._forms: dict[Form, Chunk] = {}

    def as_(self, form: Form) -> Chunk:
        if form not in self._forms:
            if self._data is None:
                self._data = messages.encode(self._message)
            self._forms[form] = form.one(self._message, self._data)
        return self._forms[form]


def message(position: Position, arrival: Arrival, at: int) -> Message:
    """What to say of one thing, and how far one is then; `at` (ns) is now."""
    cursor, record = str(position), arrival.record
    if isinstance(record, Event):
        return messages.event(record, cursor)
    if isinstance(record, Session):
        if arrival.ended:
            return messages.end(record.id, at, cursor, session=record)
        return messages.state(record, at, cursor, name=arrival.sessions[0])
    if isinstance(record, Collision):
        return messages.collision(record, next(iter(arrival.sessions), None), cursor)
    if arrival.id is None:
        return messages.deleted(arrival.sessions[0], at, cursor)
    return messages.removed(arrival.id, arrival.sessions[0], cursor)


def preface(page: Page, at: int) -> Message | None:
    """What must be said before anything else of a page: that something is missing."""
    if page.other:
        return messages.gap(_OTHER, at, str(page.position), kind="other_store")
    if page.lost:
        return messages.gap(_LOST, at, str(page.position), kind="changes", since=page.lost[0], until=page.lost[1])
    return None


def chunks(page: Page, form: Form) -> list[Chunk]:
    """A page for one client alone."""
    at = clock.now()
    first = preface(page, at)
    all_ = ([first] if first else []) + [message(*one, at) for one in page.arrivals]
    return form.together([Told(one).as_(form) for one in all_])


def heartbeat(position: Position, form: Form) -> list[Chunk]:
    return form.together([Told(messages.heartbeat(clock.now(), str(position))).as_(form)])


class Round:
    """One page for many: every message is encoded once, and only if somebody wants it."""

    def __init__(self, page: Page) -> None:
        at = clock.now()
        first = preface(page, at)
        self._first = [Told(first)] if first else []
        self._all = [(number, one[1], Told(message(*one, at))) for number, one in enumerate(page.arrivals)]
        self._of: dict[str, list[tuple[int, Arrival, Told]]] = {}
        for one in self._all:
            for name in one[1].sessions:
                self._of.setdefault(name, []).append(one)

    def moved(self, names: Iterable[str]) -> set[str]:
        """What sessions of these names are called from now on."""
        return {
            one.record.id
            for name in names
            for _, one, _ in self._of.get(name, ())
            if isinstance(one.record, Session) and one.record.id != name
        }

    def chunks(self, wanted: Filter, names: Iterable[str], form: Form) -> list[Chunk]:
        """For those who want this; `names`: all that the session they want is called."""
        if wanted.session is None:
            some = self._all
        else:
            found = {one[0]: one for name in (wanted.session, *names) for one in self._of.get(name, ())}
            some = [found[number] for number in sorted(found)]
        told = self._first + [told for _, one, told in some if wanted.takes(one, names)]
        return form.together([one.as_(form) for one in told])
