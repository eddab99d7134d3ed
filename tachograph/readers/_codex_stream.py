"""What `codex exec --json` prints: threads, turns and items, without any times.

Items are numbered anew by each run (`item_0` …), so that a stream of several runs repeats ids. A call has another id in
the rollout of the same run: here it can only be numbered.
"""

from __future__ import annotations

import shlex

from tachograph.readers._codex_calls import Calls
from tachograph.readers._codex_output import shell_line
from tachograph.readers._codex_talk import Talk
from tachograph.readers._codex_usage import Meter
from tachograph.readers.values import Object
from tachograph.records import Step

_DONE = {"completed", "failed", "declined"}
_TALK = {"agent_message", "reasoning"}


class Stream:
    """The items of one stream, told through the same talk and calls as a rollout's."""

    def __init__(self, talk: Talk, calls: Calls, meter: Meter) -> None:
        self._talk = talk
        self._calls = calls
        self._meter = meter
        self._run = 0
        self._turns = self._notes = 0
        self._started: set[str] = set()
        self._numbers: dict[str, str] = {}

    def thread(self) -> None:
        """thread.started: a run begins."""
        self._run += 1
        self._started.clear()

    def event(self, kind: str, record: Object, model: str | None) -> list[Step] | None:
        """Steps of one line after the first; None when its kind is not known."""
        if kind in ("item.started", "item.updated", "item.completed"):
            item = record.get("item")
            return self._item(item, kind == "item.completed") if isinstance(item, dict) else None
        if kind == "turn.started":
            self._turns += 1
            return [Step(f"state:running:#{self._turns}", "state", content="running")]
        if kind == "turn.completed":
            told = Step(f"state:waiting:#{self._turns}", "state", content="waiting")
            return [*self._meter.total(record.get("usage"), model, 0), told]
        if kind in ("turn.failed", "error"):
            error = record.get("error", record)
            return [self._note("api_error", error.get("message") if isinstance(error, dict) else error, "error")]
        return [] if kind == "item.plan.delta" else None

    def _item(self, item: Object, completed: bool) -> list[Step] | None:
        kind = item.get("type")
        if not isinstance(kind, str):
            return None
        if kind in _TALK or kind == "error":
            if not completed:
                return []
            if kind == "error":
                return [self._note("warning", item.get("message"), None)]
            if kind == "reasoning":
                return self._talk.thought({"id": self._name(item), "summary": [item.get("text")]}, 0)
            return self._talk.shown_reply({"id": self._name(item), "message": item.get("text")}, 0)
        if kind != "file_change" and kind not in _CALLS:
            return None
        name = self._name(item)
        call = item | {"id": self._numbers.setdefault(name, f"#{len(self._numbers) + 1}")}
        steps = []
        if call["id"] not in self._started:
            self._started.add(call["id"])
            steps = self._begun(kind, call)
        if completed or str(item.get("status")) in _DONE:
            steps += self._ended(kind, call)
        return steps

    def _begun(self, kind: str, call: Object) -> list[Step]:
        if kind == "file_change":
            return self._calls.files(call["id"], call.get("changes"), 0)
        return self._calls.function(_CALLS[kind](call) | {"call_id": call["id"]}, 0)

    def _ended(self, kind: str, call: Object) -> list[Step]:
        if kind == "command_execution":
            told = self._calls.command_ended(call, 0)
            return told + self._calls.output({"call_id": call["id"], "output": call.get("aggregated_output")}, 0)
        told = self._calls.patch_ended(call, 0) if kind == "file_change" else self._calls.tool_ended(call, 0)
        result = call.get("result")
        content = result.get("content") if isinstance(result, dict) else None
        return told + self._calls.output({"call_id": call["id"], "output": content}, 0)

    def _name(self, item: Object) -> str:
        native = item.get("id")
        name = native if isinstance(native, str) else "?"
        return name if self._run < 2 else f"{self._run}/{name}"

    def _note(self, kind: str, text: object, status: str | None) -> Step:
        self._notes += 1
        content = text if isinstance(text, str) else None
        return Step(f"marker:{kind}:#{self._notes}", "marker", status=status, content=content, metadata={"kind": kind})


def _command(item: Object) -> Object:
    """The stream quotes what a rollout gives as a list."""
    line = item.get("command")
    try:
        words = shlex.split(line) if isinstance(line, str) and len(line) < 2**16 else []
    except ValueError:
        words = []
    script = shell_line(words) if len(words) == 3 else line
    return {"name": "shell", "arguments": {"command": script}}


def _tool(item: Object) -> Object:
    """An mcp_tool_call or collab_tool_call."""
    return {"name": item.get("tool"), "arguments": item.get("arguments"), "namespace": item.get("server")}


def _search(item: Object) -> Object:
    return {"name": "web_search_call", "arguments": {"query": item.get("query"), "action": item.get("action")}}


def _plan(item: Object) -> Object:
    return {"name": "update_plan", "arguments": {"plan": item.get("items")}}


_CALLS = {
    "command_execution": _command,
    "mcp_tool_call": _tool,
    "collab_tool_call": _tool,
    "web_search": _search,
    "todo_list": _plan,
}
