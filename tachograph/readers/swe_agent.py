"""SWE-agent: one `.traj` document per task, rewritten after every step.

`trajectory` is the run, step by step; `history` what the model was shown, with ids of tool calls since 1.0, and with
demonstrations, which are no part of the run. There are no times: a step is taken to be as old as the file it was first
seen in. Exit codes are not kept either; a tool of SWE-agent's own says in words when it failed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tachograph.readers._loose_json import decode, dig, text_of
from tachograph.readers._swe_actions import Action, understood
from tachograph.readers.json_lines import unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.values import Object, count, dollars, text
from tachograph.records import Fact, SessionFacts, Step, Usage
from tachograph.regexes import regex

name = "swe-agent"
shape = Shape.DOCUMENT

_FIRST_KEY = regex(rb'\s*\{\s*"(environment|trajectory|history|info|replay_config|attempts)"\s*:')


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Its own trajectories folder, when the environment says where that is; it has no fixed place."""
    folder = environment.get("SWE_AGENT_TRAJECTORY_DIR", "")
    return [Place(folder, ("**/*.traj",))] if os.path.isabs(folder) else []


def detect(head: bytes, path: str) -> bool:
    """A document of SWE-agent's keys, with a trajectory of actions or a history of messages."""
    if not _FIRST_KEY.match(head) or b'"mini_version"' in head:
        return False
    run = b'"trajectory"' in head and (b'"action"' in head or b'"history"' in head)
    return run or (b'"history"' in head and b'"agent"' in head and b'"role"' in head)


def parse(origin: Origin) -> _Parser:
    return _Parser(origin)


class _Parser:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of the whole document."""
        try:
            found = decode(data)
        except ValueError:
            return [unknown("not JSON", data)]
        if isinstance(found, dict) and "trajectory" not in found and isinstance(found.get("attempts"), list):
            attempts = [attempt for attempt in found["attempts"] if isinstance(attempt, dict)]
            found = {**found, **attempts[-1]} if attempts else found
        if not isinstance(found, dict) or not ({"trajectory", "history"} & found.keys()):
            return [unknown("no trajectory", data)]
        return list(_Run(found, self._origin).facts())

    def finish(self) -> Iterable[Fact]:
        """Nothing is left open."""
        return []


class _Run:
    def __init__(self, document: Object, origin: Origin) -> None:
        steps = document.get("trajectory")
        self._steps: list[Object] = [s for s in steps if isinstance(s, dict)] if isinstance(steps, list) else []
        history = document.get("history")
        messages = [m for m in history if isinstance(m, dict)] if isinstance(history, list) else []
        self._history: list[Object] = [message for message in messages if not message.get("is_demo")]
        self._info: Object = document["info"] if isinstance(document.get("info"), dict) else {}
        self._document, self._origin, self._at = document, origin, origin.modified_at
        self._ids: set[str] = set()

    def facts(self) -> Iterator[Fact]:
        """The session and its steps."""
        yield self._session()
        if not self._steps:
            return  # a demonstration, or a run that did not come to its first step
        yield from self._prompt()
        answers = self._answers()
        for number, step in enumerate(self._steps, 1):
            yield from self._step(number, step, next(answers, {}))
        yield from self._end()

    def _session(self) -> SessionFacts:
        config = self._config()
        stats = dig(self._info, "model_stats")
        usage = Usage(None, count(dig(stats, "tokens_sent")), count(dig(stats, "tokens_received")))
        known: dict[str, object] = {
            "environment": text(self._document.get("environment")),
            "exit_status": self._exit_status(),
        }
        known["api_calls"] = dig(stats, "api_calls")
        if not self._steps:
            known["demonstration"] = bool(self._history)
        return SessionFacts(
            self._name(),
            project_dir=next((found for step in self._steps if (found := _state(step, "working_dir"))), None),
            title=self._instance(),
            model=text(dig(config, "agent", "model", "name")),
            version=text(self._info.get("swe_agent_version")),
            status=self._status(),
            last_at=self._at or None,
            cost_usd=dollars(dig(stats, "instance_cost")),
            usage=usage if usage.input_tokens or usage.output_tokens else None,
            metadata={key: value for key, value in known.items() if value is not None},
        )

    def _instance(self) -> str:
        return os.path.basename(self._origin.path).removesuffix(".traj") or "trajectory"

    def _name(self) -> str:
        """A task may be run many times: the folder of the run tells its sessions apart."""
        instance, folder = self._instance(), os.path.dirname(self._origin.path)
        run = os.path.basename(folder)
        if run == instance:
            run = os.path.basename(os.path.dirname(folder))
        return f"{instance}-{hashlib.sha256(run.encode('utf-8', 'replace')).hexdigest()[:6]}"

    def _config(self) -> Any:
        config = self._document.get("replay_config")
        if isinstance(config, str):
            try:
                return decode(config.encode())
            except ValueError:
                return None
        return config

    def _exit_status(self) -> str | None:
        status = self._info.get("exit_status")
        return str(status) if isinstance(status, str | int) and status != "" else None

    def _status(self) -> str | None:
        status = self._exit_status()
        if status is None:
            return None
        return "completed" if status.startswith("submitted") else "failed"

    def _prompt(self) -> Iterator[Fact]:
        task = next((message for message in self._history if message.get("role") == "user"), None)
        if task is not None:
            yield Step("prompt:#1", "prompt", self._at, content=text_of(task.get("content")))

    def _answers(self) -> Iterator[Object]:
        """For every step the message of the history that holds its action, where there is one."""
        left = [m for m in self._history if m.get("role") == "assistant"]
        position = 0
        for step in self._steps:
            action = step.get("action")
            if position < len(left) and left[position].get("action") == action:
                yield left[position]
                position += 1
            else:
                yield {}

    def _step(self, number: int, step: Object, answer: Object) -> Iterator[Fact]:
        action, thought = text(step.get("action")), text(step.get("thought"))
        response = text(step.get("response"))
        for block in answer["thinking_blocks"] if isinstance(answer.get("thinking_blocks"), list) else ():
            if isinstance(block, dict) and text(block.get("thinking")):
                yield Step(f"thinking:#{number}", "thinking", self._at, content=block["thinking"])
        if action is None and response is None:  # SWE-agent itself: a limit was reached, the model failed
            said = thought or text(step.get("observation")) or "no action"
            kind = {"kind": "exit", "exit_status": self._exit_status()}
            yield Step(f"marker:#{number}", "marker", self._at, status="error", content=said, metadata={**kind})
            return
        yield Step(f"reply:#{number}", "reply", self._at, content=thought or (response if action is None else None))
        if action is not None and action.strip():
            yield self._call(number, step, understood(action, _call_of(answer), _state(step, "open_file")))

    def _call(self, number: int, step: Object, action: Action) -> Step:
        call = action.call_id if action.call_id and action.call_id not in self._ids else f"#{number}"
        self._ids.add(call)
        seconds = step.get("execution_time")
        duration = dollars(seconds)
        observation = text_of(step.get("observation"))
        metadata: dict[str, object] = {"input": action.arguments}
        status = action.status(observation)
        if status != "error":
            metadata |= {key: n for key, n in (("lines_added", action.added), ("lines_removed", action.removed)) if n}
        return Step(
            f"call:{call}",
            action.event_type,
            self._at,
            action.tool,
            call,
            action.path,
            action.operation,
            command=action.command,
            duration_ms=None if duration is None else duration * 1000,
            status=status,
            content=observation,
            metadata=metadata,
        )

    def _end(self) -> Iterator[Fact]:
        status = self._exit_status()
        if status is not None and status != "submitted":
            kind: dict[str, object] = {"kind": "exit", "exit_status": status}
            yield Step("marker:exit", "marker", self._at, status="error", content=status, metadata=kind)
        patch = text(self._info.get("submission"))
        last = text(self._steps[-1].get("action")) or ""
        if patch is not None and last.strip() != "submit":  # handed in without being asked to
            yield Step("marker:submission", "marker", self._at, content=patch, metadata={"kind": "submission"})


def _state(step: Object, key: str) -> str | None:
    state = step.get("state")
    if isinstance(state, str):  # before 1.0
        try:
            state = decode(state.encode())
        except ValueError:
            return None
    found = text(dig(state, key))
    return None if found == "n/a" else found


def _call_of(answer: Object) -> Object:
    calls = answer.get("tool_calls")
    return calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
