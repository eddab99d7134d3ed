"""What readers of hook messages share: what they must remember between two messages, and how they tell facts.

A module `<agent>_hooks.py` has one function, `hook(event, body, at, memory) -> list[Fact]`: the name of the hook as it
was installed (None: the body says it), the message, the time we got it (ns), and the memory of that agent. Anything may
be in a message; nothing raises.

One whose agent can be told something before it changes a file has `answer(note, refuse) -> Object`, too: the JSON that
says so in the agent's own words.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from tachograph.readers.json_lines import unknown
from tachograph.readers.values import Object, table, text
from tachograph.records import Fact, SessionFacts, Step, Unknown

_SESSIONS = 200  # remembered; the one that was silent longest is forgotten
_STATUSES = {  # of a session, by its state
    "started": "running", "resumed": "running", "running": "running", "waiting": "waiting", "completed": "completed",
    "failed": "failed", "interrupted": "interrupted",
}  # fmt: skip
_OPEN = 500  # calls of one session that wait for their end


def number(value: object) -> float | None:
    """The value when it is a number that a duration may be."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 2**53 and value is not True else None


class Memory:
    """What was told of the sessions of one agent. `state` is JSON-able: it may be kept and handed in again."""

    def __init__(self, state: Object | None = None) -> None:
        self.state: dict[str, Object] = {
            name: kept for name, kept in table(state).items() if isinstance(name, str) and isinstance(kept, dict)
        }

    def changed(self, session: str, what: str, value: object) -> bool:
        """Whether this is news; from now on it is not."""
        told = self.known(session, "told")
        if what in told and told[what] == value:
            return False
        told[what] = value
        return True

    def known(self, session: str, what: str) -> Object:
        """An object to keep things in."""
        kept = self._of(session)
        if not isinstance(kept.get(what), dict):
            kept[what] = {}
        found: Object = kept[what]
        return found

    def next(self, session: str, what: str) -> int:
        """1, 2, 3 … for each kind of thing that has no id of its own."""
        counts = self.known(session, "counts")
        found = counts.get(what)
        counts[what] = found + 1 if isinstance(found, int) else 1
        return int(counts[what])

    def begin(self, session: str, tool: str, given: object, at: int) -> str:
        """A call that has no id begins: the id it gets."""
        name = f"#{self.next(session, 'call')}"
        waiting = self._open(session)
        waiting.append([name, tool, _mark(given), at])
        del waiting[:-_OPEN]
        return name

    def end(self, session: str, tool: str, given: object) -> tuple[str, int]:
        """(id, when it began or 0) of a call that ends: the oldest of that tool with the same arguments, else of it."""
        waiting, mark = self._open(session), _mark(given)
        for wanted in ([tool, mark], [tool]):
            for index, call in enumerate(waiting):
                if _is_call(call) and call[1 : 1 + len(wanted)] == wanted:
                    del waiting[index]
                    return call[0], call[3]
        return f"#{self.next(session, 'call')}", 0

    def waits(self, session: str, tool: str, given: object = None) -> bool:
        """Whether a call of that tool has begun and not ended; of those arguments, when they are given."""
        wanted = [tool] if given is None else [tool, _mark(given)]
        return any(_is_call(call) and call[1 : 1 + len(wanted)] == wanted for call in self._open(session))

    def give_up(self, session: str) -> list[str]:
        """Ids of the calls that did not end; they are waited for no longer."""
        waiting = self._open(session)
        found = [call[0] for call in waiting if _is_call(call)]
        waiting.clear()
        return found

    def forget(self, session: str) -> None:
        """A session has ended. Its numbers stay: it may be resumed."""
        self._of(session).pop("open", None)

    def _of(self, session: str) -> Object:
        kept = self.state.pop(session, None)
        self.state[session] = kept = kept if kept is not None else {}  # the latest is the last
        if len(self.state) > _SESSIONS:
            del self.state[next(iter(self.state))]
        return kept

    def _open(self, session: str) -> list[Any]:
        kept = self._of(session)
        if not isinstance(kept.get("open"), list):
            kept["open"] = []
        found: list[Any] = kept["open"]
        return found


class Teller:
    """Collects the facts of one message of one session. Keys are made of `at` where a thing has no id."""

    def __init__(self, session: str, at: int, memory: Memory) -> None:
        self.session = session
        self.at = at
        self.memory = memory
        self.steps: list[Step] = []
        self.new = memory.changed(session, "known", True)  # the first we hear of it
        self._facts: dict[str, object] = {"started_at": at} if self.new else {}
        self._metadata: dict[str, object] = {}

    def done(self) -> list[Fact]:
        """Everything; of the session only what is news, and that there was a sign of life."""
        more = {"metadata": self._metadata} if self._metadata else {}
        facts = {"id": self.session, "last_at": self.at, **self._facts, **more}
        return [msgspec.convert(facts, SessionFacts), *self.steps]

    def facts(self, **facts: str | None) -> None:
        """What is known of the session."""
        for name, value in facts.items():
            if value is not None and self._is_news(name, value):
                self._facts[name] = value

    def noted(self, **metadata: object) -> None:
        """What else is known of the session; told together with what was known before."""
        known = self.memory.known(self.session, "metadata")
        fresh = {name: value for name, value in metadata.items() if value is not None and known.get(name) != value}
        if fresh:
            known.update(fresh)
            self._metadata = dict(known)

    def state(self, word: str, **metadata: object) -> None:
        """A state (of STATES), if it is another one than before or has something to add."""
        told = _given(metadata)
        self.facts(status=_STATUSES.get(word))
        if self._is_news("state", word) or told:
            self.steps.append(Step(f"state:{word}:{self.at}", "state", self.at, content=word, metadata=told))

    def said(self, event_type: str, identity: object, content: str | None, **metadata: object) -> None:
        """A prompt or a reply. `identity` is the agent's own id for it, if it has one."""
        key = f"{event_type}:{text(identity) or self.at}"
        self.steps.append(Step(key, event_type, self.at, content=content, metadata=_given(metadata)))

    def marker(self, kind: str, content: str, *, status: str | None = None, key: str = "", **more: object) -> None:
        """Something worth knowing that is none of the other kinds."""
        told = _given({"kind": kind, **more})
        name = f"{kind}:{key or self.at}"
        self.steps.append(Step(name, "marker", self.at, status=status, content=content, metadata=told))

    def _is_news(self, what: str, value: object) -> bool:
        return self.memory.changed(self.session, what, value)


def _given(metadata: dict[str, object]) -> dict[str, object] | None:
    return {name: value for name, value in metadata.items() if value is not None} or None


def not_understood(kind: str, body: object) -> Unknown:
    """A message that says nothing to us."""
    try:
        return unknown(kind, msgspec.json.encode(body))
    except (TypeError, ValueError, RecursionError):
        return Unknown(kind)


def _is_call(kept: object) -> bool:
    return isinstance(kept, list) and [type(part) for part in kept] == [str, str, str, int]


def _mark(given: object) -> str:
    try:
        data = msgspec.json.encode(given, order="deterministic")
    except (TypeError, ValueError, RecursionError):
        return ""
    return blake2b(data, digest_size=8).hexdigest()
