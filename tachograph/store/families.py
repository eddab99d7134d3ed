"""Sessions and those that they started: subagents, and agents that an agent ran."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tachograph.records import Session
from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.json_text import from_json
from tachograph.store.writer import Writer

_sql = queries.load("families")


class Member(NamedTuple):
    """A session in its family. `depth` 0 is one that nobody started; `below` counts what it started, all the way."""

    session: Session
    depth: int
    below: int
    tool_calls: int  # from here on: of it and of all below it
    input_tokens: int
    output_tokens: int
    cost_usd: float | None  # None when no cost is known


class Families:
    """`store.families`"""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def members(self, roots: Iterable[Session]) -> list[Member]:
        """Each of `roots` with everything below it: parents before their children, those in the order they began."""
        tops = self._numbers([root.id for root in roots])
        links: dict[int, list[int]] = {}
        for child, parent in self._connection.execute(_sql.links):
            links.setdefault(parent, []).append(child)
        order: dict[int, int] = {}  # row number → depth
        for top in tops:
            _walk(top, links, order)
        sessions = self._sessions(order)
        return _members([(sessions[number], depth) for number, depth in order.items()])

    def _numbers(self, ids: list[str]) -> list[int]:
        return [row[0] for one in ids for row in self._connection.execute(_sql.number, (one,))]

    def _sessions(self, wanted: Iterable[int]) -> dict[int, Session]:
        rows = self._connection.execute(_sql.numbered.format(numbers=numbers(wanted)))
        return {row[0]: _session(row[1:]) for row in rows}


def _walk(top: int, links: dict[int, list[int]], order: dict[int, int]) -> None:
    """A session and all below it, each once, whoever claims to have started whom."""
    waiting = [(top, 0)]
    while waiting:
        number, depth = waiting.pop()
        if number not in order:
            order[number] = depth
            waiting += [(child, depth + 1) for child in reversed(links.get(number, []))]


def _members(order: list[tuple[Session, int]]) -> list[Member]:
    """With sums over what is below: in this order that is all that follows and lies deeper."""
    found: list[Member] = []
    for place, (session, depth) in enumerate(order):
        end = next((n for n in range(place + 1, len(order)) if order[n][1] <= depth), len(order))
        below = order[place + 1 : end]
        family = [session, *(one for one, _ in below)]
        costs = [one.cost_usd for one in family if one.cost_usd is not None]
        found.append(
            Member(
                session,
                depth,
                len(below),
                sum(one.tool_calls for one in family),
                sum(one.input_tokens for one in family),
                sum(one.output_tokens for one in family),
                sum(costs) if costs else None,
            )
        )
    return found


def _session(row: tuple[object, ...]) -> Session:
    return Session(*(*row[:-1], from_json(row[-1])))  # type: ignore[arg-type]
