"""Agents that work side by side, as the tests of collisions tell of them: what each did, second by second."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from tachograph.extract import rules
from tachograph.ingest.telling import Telling
from tachograph.records import Collision, SessionFacts, Step
from tachograph.store import Store

AT = 1_795_252_442_000_000_000  # 2026-11-21T09:14:02Z
SECOND = 1_000_000_000
RULES = rules.load("")[0]


class Agent:
    """One session in a folder. Times are seconds after AT; nothing is stored before `tell`."""

    def __init__(self, name: str, folder: Path | str = "/home/u/shop", parent: str | None = None) -> None:
        self.name = name
        self.folder = str(folder)
        self.parent = parent
        self.steps: list[Step] = []
        self._numbers: Iterator[int] = itertools.count(1)

    def does(self, at: float, operation: str, path: str, **more: object) -> Agent:
        """An operation on a file; `old`, `new` and `content` are arguments of the call."""
        given = {"file_path": path}
        given |= {
            name: str(more.pop(key))
            for key, name in (("old", "old_string"), ("new", "new_string"), ("content", "content"))
            if key in more
        }
        fields = {"status": "ok", "metadata": {"input": given, **dict(more.pop("metadata", {}))}, **more}  # type: ignore[call-overload]
        if "seen" in more:
            fields |= {"content": fields.pop("seen")}
        return self._add(at, "file_op", "Edit", file_path=path, operation=operation, **fields)

    def reads(self, at: float, path: str, seen: str = "", **more: object) -> Agent:
        return self.does(at, "read", path, seen=seen, **more)

    def edits(self, at: float, path: str, old: str = "a = 1", new: str = "a = 2", **more: object) -> Agent:
        return self.does(at, "edit", path, old=old, new=new, **more)

    def creates(self, at: float, path: str, content: str = "a = 1\n") -> Agent:
        return self.does(at, "write", path, content=content, metadata={"lines_added": 1, "lines_removed": 0})

    def runs(self, at: float, command: str, status: str = "ok") -> Agent:
        return self._add(at, "command", "Bash", command=command, status=status)

    def says(self, at: float, event_type: str, text: str) -> Agent:
        number = next(self._numbers)
        self.steps.append(Step(f"{event_type}:{number}", event_type, AT + int(at * SECOND), content=text))
        return self

    def _add(self, at: float, event_type: str, tool: str, **fields: object) -> Agent:
        call = f"{self.name}-{next(self._numbers)}"
        moment = AT + int(at * SECOND)
        self.steps.append(Step(f"call:{call}", event_type, moment, tool, call, **fields))  # type: ignore[arg-type]
        return self

    def tell(
        self, store: Store, steps: list[Step] | None = None, source: str = "transcript", workflow: str | None = None
    ) -> None:
        """As a reader would tell it, in one transaction."""
        told = sorted(self.steps if steps is None else steps, key=lambda step: step.at)
        telling = Telling(store, RULES, self.name.split("-", maxsplit=1)[0], source=source)
        with store.transaction():
            telling.tell([self.facts(workflow), *told], now=AT)
            telling.settle(modified_at=told[-1].at)

    def facts(self, workflow: str | None = None) -> SessionFacts:
        return SessionFacts(
            self.name,
            project_dir=self.folder,
            parent_id=self.parent,
            started_at=min(step.at for step in self.steps),
            metadata={"tachograph_workflow": workflow} if workflow else None,
        )


def found(store: Store) -> list[tuple[str, str, str]]:
    """type, severity, subject of all collisions, in the order of their second events."""
    rows: list[Collision] = sorted(store.collisions.list(limit=None), key=lambda one: (one.timestamp, one.id))
    return [(one.collision_type, one.severity, one.subject or "") for one in rows]
