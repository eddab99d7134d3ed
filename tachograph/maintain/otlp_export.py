"""Sessions on their way to an OTLP receiver, while they happen.

Nothing is buffered: what was not taken yet lies in the store, and a position says how far each session is. It moves
after the receiver has answered, so a kill in between sends a message twice, with the same ids. A receiver that is away
or slow makes the position stay behind; nothing else notices.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.config import Config
from tachograph.errors import TachographError, UsageError
from tachograph.formats import as_json, otlp
from tachograph.formats.otlp_spans import Span, Step, is_turn, spans
from tachograph.maintain.otlp_post import Answer, Meaning, post
from tachograph.maintain.otlp_settings import Target, target
from tachograph.records import Session
from tachograph.store import Store
from tachograph.store.sending import Due, Position

GRACE = 3 * clock.SECOND  # until something that happened in a session that goes on is taken for final
_SESSIONS = 100  # looked at in one round
_FIRST, _LONGEST = clock.SECOND, 300 * clock.SECOND  # between two tries when the receiver is away
_HELD = 60 * clock.SECOND  # … and when the settings are wrong
_TRIPS = 8  # with the pauses between them some four minutes
_RARER, _REMEMBERED = 20, 10_000
_IDLE = 5 * clock.SECOND  # between two looks at the settings when there is nobody to send to

Mask = Callable[[Any], Any]  # a record → the same with the secrets in its texts masked
Open = Callable[[], Store]


class Round(NamedTuple):
    """What one round did. `wait` ns until the next; `trouble` is why nothing more could be sent."""

    sent: int = 0
    wait: int = _IDLE
    trouble: str = ""


class _Stop(Exception):  # no error: the receiver is asked again later
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class Exporter:
    """`run` until told to stop, in a thread of its own; or `round` by round."""

    def __init__(self, config: Callable[[], Config], opened: Open, mask: Mask, *, own: Callable[[str], bool]) -> None:
        """`config` gives the settings anew, `opened` the store; `mask` masks once more on the way out.

        `own(url)`: whether that is where we listen ourselves, and a session would come back for ever.
        """
        self._config = config
        self._opened = opened
        self._mask = mask
        self._own = own
        self._store: Store | None = None
        self._failures = 0
        self._tripped = 0  # times the receiver failed over one and the same message
        self._quiet: tuple[int, Target] | None = None  # when nothing was due: which state of the store that was
        self._broken: set[str] = set()  # sessions that cannot be told
        self._sent = 0  # in this round
        self._looked: dict[str, int] = {}  # session → when, on the clock that never jumps

    def run(self, stop: threading.Event, say: Callable[[str], None] = lambda _: None) -> None:
        """One round after the other. What goes wrong is noted where `doctor` looks, said once, and tried again."""
        said = ""
        while not stop.is_set():
            try:
                done = self.round(stop)
            except Exception as error:  # a store that is damaged or busy: that is no reason to end the thread
                done = self._trouble(f"{type(error).__name__}: {error}", _HELD)
            if done.trouble != said and (done.trouble or done.sent):
                said = done.trouble
                say(f"otlp_export: {said}" if said else "otlp_export: the receiver takes what it is sent again")
            stop.wait(done.wait / clock.SECOND)
        self.close()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def round(self, stop: threading.Event | None = None) -> Round:
        """Send what is due, as far as the receiver takes it. Raises StoreError."""
        try:
            to = target(self._config())
            if to is not None and self._own(to.url):
                raise UsageError("otlp_export.endpoint is this server itself", "name another receiver")
        except UsageError as error:
            return self._trouble(str(error), _HELD)
        if to is None:
            return Round()
        store = self._open()
        place = (store.arrivals.version(), to)
        if place == self._quiet:
            return Round(0, to.interval)
        since = store.sending.begin(clock.now()).since
        since = since if to.since is None else to.since
        found = store.sending.due(since, agents=to.agents, project=to.project, limit=_SESSIONS)
        self._quiet = None if found else place
        self._sent = 0
        try:
            for due in found:
                if stop is not None and stop.is_set():
                    break
                if due.session_id not in self._broken and (not due.waits or self._is_time(due)):
                    self._try(store, due.session_id, to)
        except _Stop as stopped:
            return self._away(stopped.answer)
        self._failures = 0
        return Round(self._sent, 0 if self._sent else to.interval)

    def _try(self, store: Store, session_id: str, to: Target) -> None:
        """One session. One that cannot be told is left alone until the next start, and in nobody's way."""
        try:
            self._send(store, store.sessions.get(session_id), to)
        except (_Stop, TachographError):
            raise
        except Exception as error:
            self._broken.add(session_id)
            store.sending.failed(f"session {session_id}: {type(error).__name__}: {error}", clock.now())

    def _is_time(self, due: Due) -> bool:
        """Whether to look again for what was not complete: the longer nothing happens, the rarer."""
        now = clock.monotonic()
        quiet = clock.now() - due.last_at
        if now - self._looked.get(due.session_id, 0) < quiet // _RARER:
            return False
        if len(self._looked) > _REMEMBERED:
            self._looked.clear()
        self._looked[due.session_id] = now
        return True

    def _open(self) -> Store:
        if self._store is None:
            self._store = self._opened()
        return self._store

    def _send(self, store: Store, session: Session, to: Target) -> None:
        """One session, message by message. Raises _Stop when the receiver takes no more for now."""
        position = store.sending.position(session.id)
        length = store.sending.length(session.id)
        progress = _Progress(store, session, position, length)
        batch: list[Span] = []
        for span in self._spans(store, session, position, to):
            if progress.wants(span):
                batch.append(span)
            if len(batch) >= to.batch:
                self._deliver(store, session, batch, to)
                progress.sent(batch)
                batch = []
        if batch:
            self._deliver(store, session, batch, to)
        progress.sent(batch, last=True)

    def _spans(self, store: Store, session: Session, position: Position, to: Target) -> Iterator[Span]:
        steps: Iterable[Step] = store.sending.steps(session.id, position.turn)
        if to.content:
            session = self._mask(session)
            steps = ((self._mask(event), usage) for event, usage in steps)
        return spans(session, steps, names=to.names, content=to.content, first_turn=position.turn)

    def _deliver(self, store: Store, session: Session, batch: list[Span], to: Target) -> None:
        """One message. What is taken is counted, and what never will be. Raises _Stop."""
        message = otlp.message([(session, batch)])
        body = otlp.protobuf(message) if to.protobuf else as_json.value(message).encode()
        answer = post(to.url, body, to.headers, protobuf=to.protobuf, timeout=to.timeout)
        if answer.meaning is Meaning.TAKEN:
            self._failures = self._tripped = 0
            rejected = min(answer.rejected, len(batch))
            self._sent += len(batch) - rejected
            store.sending.took(len(batch) - rejected, rejected, clock.now())
            if rejected:
                store.sending.failed(answer.text or f"{rejected} spans were rejected", clock.now())
        elif answer.meaning is Meaning.LESS and len(batch) > 1:
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                self._deliver(store, session, part, to)
        elif answer.meaning in (Meaning.LESS, Meaning.REFUSED) or self._trips(answer):
            store.sending.dropped(len(batch), answer.text, clock.now())
            self._tripped = 0
        else:
            raise _Stop(answer)

    def _trips(self, answer: Answer) -> bool:
        """Whether a receiver has failed over a message so often that the message must be the reason."""
        self._tripped += answer.meaning is Meaning.TRIPPED
        return self._tripped > _TRIPS

    def _away(self, answer: Answer) -> Round:
        """The receiver takes nothing now: longer and longer pauses, each a little different, or what it asks for."""
        self._failures += 1
        pause = min(_FIRST << min(self._failures - 1, 20), _LONGEST)
        pause = max(pause, _HELD) if answer.meaning is Meaning.HELD else pause
        pause = int(pause * random.uniform(0.8, 1.2))  # noqa: S311  # so that many senders do not come at once
        return self._trouble(answer.text, max(pause, answer.after))._replace(sent=self._sent)

    def _trouble(self, text: str, wait: int) -> Round:
        """Noted where `doctor` looks, if the store takes it."""
        try:
            store = self._open()
            store.sending.begin(clock.now())
            store.sending.failed(text, clock.now())
        except TachographError:
            self.close()
        return Round(0, wait, text)


class _Progress:
    """How far a session is; written down after every message."""

    def __init__(self, store: Store, session: Session, position: Position, length: int) -> None:
        self._store = store
        self._session = session
        self._length = length
        self._final = clock.now() - GRACE
        self._turn = position.turn  # the latest that was seen
        self._waiting = position.turn  # the first of which something was not sent
        self._held = False
        self._open = False
        self._sent: dict[int, set[str]] = {position.turn: set(position.spans)}
        self._told = position.ended_at

    def wants(self, span: Span) -> bool:
        """Whether it is to be sent now."""
        if not span.parent_id:
            return span.complete and self._session.ended_at != self._told
        self._turn = max(self._turn, span.turn)
        if span.span_id in self._sent.get(span.turn, ()):
            return False
        if span.complete and (self._session.ended_at is not None or span.end_at <= self._final):
            return True
        if not self._held:
            self._held, self._waiting = True, span.turn
        self._open |= not is_turn(span)  # a turn ends with the next, or the session: then there is something new
        return False

    def sent(self, batch: list[Span], *, last: bool = False) -> None:
        """A message was answered; `last`: there is no more of the session for now."""
        told = self._told
        for span in batch:
            if span.parent_id:
                self._sent.setdefault(span.turn, set()).add(span.span_id)
            else:
                told = self._session.ended_at
        self._told = told
        turn = min(self._waiting, self._turn) if self._held else self._turn
        ids = frozenset[str]().union(*(found for number, found in self._sent.items() if number >= turn))
        self._sent = {number: found for number, found in self._sent.items() if number >= turn}
        length = self._length if last else 0
        self._store.sending.put(self._session.id, Position(turn, ids, length, told), open=self._open or not last)
