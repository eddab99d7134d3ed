"""Objectives of config.toml meet what is in the store: values measured, misses written down as rows and events.

An execution misses an objective once, however often it is checked: when a session that had ended goes on, its row
changes. What was met again by then stays on record.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from tachograph import clock, config
from tachograph.analyse import objectives as analyse
from tachograph.analyse.objectives import Objective, Value, Verdict
from tachograph.errors import UsageError
from tachograph.paths import Places, places
from tachograph.records import Event, Session, SloViolation
from tachograph.store import Store
from tachograph.tables import Wrong

_STAGE, _TESTS = "stage.duration_ms", "tests.failed"


class Owner(NamedTuple):
    """The execution that objectives are asked of; `session_id`: where it ran, if anywhere."""

    id: str
    agent_id: str
    operation: str
    session_id: str | None = None


class Objectives:
    """Those of one config.toml; read again when the file has changed. One that cannot be read has none."""

    def __init__(self, places: Places) -> None:
        self._path = os.path.join(places.config, config.FILE)
        self._mark: tuple[int, int] | None = None
        self._found: list[Objective] = []

    def all(self) -> list[Objective]:
        """What can be used; what cannot is told by `configured`."""
        try:
            stat = os.stat(self._path)
        except OSError:
            self._mark, self._found = None, []
            return self._found
        mark = (stat.st_mtime_ns, stat.st_size)
        if mark != self._mark:
            self._found, self._mark = _read(self._path)[0], mark
        return self._found


def configured(places: Places) -> tuple[list[Objective], list[Wrong]]:
    """The objectives of config.toml, and what is wrong with those that cannot be used."""
    return _read(os.path.join(places.config, config.FILE))


def _read(path: str) -> tuple[list[Objective], list[Wrong]]:
    try:
        text = config.text_of(path)
    except UsageError as error:
        return [], [Wrong(1, "", str(error))]
    return analyse.load(text) if analyse.ARRAY in text else ([], [])


def values_of(
    store: Store,
    objective: Objective,
    *,
    agent: str | None = None,
    session: str | None = None,
    execution: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[Value]:
    """Everything an objective is about, in its scope and these filters; `since` and `until` in ns."""
    scope = objective.scope
    agents = [glob for glob in (scope.agent, agent) if glob is not None]
    project = None if scope.project is None else os.path.expanduser(scope.project)
    if objective.metric == _TESTS:
        ended: dict[str, int] = {}
        results = []
        for name, at, told in store.slo.tests(
            agents=agents, project=project, session=session, since=since, until=until
        ):
            ended[name] = at
            results.append((name, told))
        failed = analyse.failed_tests(results)
        return [Value(float(count), ended[name], name) for name, count in failed.items()]
    found = store.slo.values(
        objective.metric, agents=agents, project=project, category=scope.category, tool=scope.tool,
        stage=scope.stage, session=session, execution=execution, since=since, until=until,
    )  # fmt: skip
    return [Value(float(value), at, subject, event) for value, at, subject, event in found]


def told(verdicts: Iterable[Verdict]) -> list[dict[str, object]]:
    """What a receipt says of objectives."""
    return [
        {
            "objective": verdict.objective.name, "metric": verdict.objective.metric,
            "target_value": verdict.objective.target, "actual_value": verdict.actual, "met": verdict.met,
        }
        for verdict in verdicts
    ]  # fmt: skip


def session_ended(store: Store, session_id: str) -> list[Verdict]:
    """Inside a transaction: a session has ended, or what had ended has changed. Judge what it measured, write down what
    it missed; all verdicts that had values. What ended before an objective's window begins is nobody's miss any more.

    The execution is the one that the session's own receipt has, of the same name.
    """
    found = _of_store(store.path).all()
    if not found:
        return []
    session = store.sessions.get(session_id)
    if session.ended_at is None:
        return []
    _note_later(store, session_id)
    age = clock.now() - session.ended_at
    return check_session(store, (one for one in found if one.window_ns >= age), session)


def sessions_ended(store: Store, session_ids: Iterable[str]) -> dict[str, list[Verdict]]:
    """The same for several, in a transaction; nothing is asked when there are no objectives."""
    if not _of_store(store.path).all():
        return {}
    with store.transaction():
        return {session_id: session_ended(store, session_id) for session_id in session_ids}


@cache
def _of_store(path: str) -> Objectives:
    return Objectives(places(path))


def check_session(store: Store, objectives: Iterable[Objective], session: Session) -> list[Verdict]:
    """The same for given objectives, however long ago the session ended."""
    verdicts = []
    for objective in objectives:
        if objective.metric != _STAGE:
            verdicts.append(analyse.judge(objective, values_of(store, objective, session=session.id)))
    return _kept(store, verdicts, Owner(session.id, session.agent, "session", session.id))


def check_execution(store: Store, objectives: Iterable[Objective], owner: Owner) -> list[Verdict]:
    """Stages of an execution are done: the same for what its stages took."""
    verdicts = []
    for objective in objectives:
        if objective.metric == _STAGE:
            verdicts.append(analyse.judge(objective, values_of(store, objective, execution=owner.id)))
    return _kept(store, verdicts, owner)


def _kept(store: Store, verdicts: Sequence[Verdict], owner: Owner) -> list[Verdict]:
    found = [verdict for verdict in verdicts if verdict.worst is not None]
    missed = [verdict for verdict in found if not verdict.met]
    if missed:
        if owner.session_id is not None and not store.sessions.exists(owner.session_id):
            owner = owner._replace(session_id=None)  # its journal was not imported yet
        with store.transaction():
            for verdict in missed:
                _miss(store, verdict, owner)
    return found


def _miss(store: Store, verdict: Verdict, owner: Owner) -> None:
    objective, worst = verdict.objective, verdict.worst
    assert worst is not None
    known = store.slo.of(owner.id, objective.name)
    event_id = worst.event_id or (known.event_id if known else None)
    violation = SloViolation(
        owner.id, objective.metric, objective.target, worst.value, objective.severity, verdict.description,
        clock.iso(worst.at or clock.now()), objective.name, event_id,
    )  # fmt: skip
    if known is None and owner.session_id is not None:
        noted = store.events.add(_event(violation, owner.session_id))
        violation = msgspec.structs.replace(violation, event_id=event_id or noted)
    store.slo.add(violation, agent_id=owner.agent_id, operation=owner.operation, session_id=owner.session_id)


def _note_later(store: Store, session_id: str) -> None:
    """Markers of what pipelines missed that ran in this session when the store did not know it yet."""
    for violation in store.slo.list(session=session_id, limit=None):
        if violation.event_id is None and violation.objective is not None:
            noted = store.events.add(_event(violation, session_id))
            store.slo.add(msgspec.structs.replace(violation, event_id=noted))


def _event(violation: SloViolation, session_id: str) -> Event:
    """What a replay shows of it."""
    names = ("objective", "metric", "target_value", "actual_value", "severity")
    metadata: dict[str, object] = {name: getattr(violation, name) for name in names}
    metadata["execution_id"] = violation.execution_id
    text = f"objective {violation.objective} missed: {violation.description}"
    at = clock.parse_time(violation.timestamp, 0)
    return Event(session_id, "marker", content=text, metadata=metadata, source="api", at=at)
