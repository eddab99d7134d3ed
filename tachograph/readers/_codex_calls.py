"""Tool calls of Codex: what the model asked for, what came back, and the events that say more about a call.

A call is told when it is asked for, and told again when its result is there. One call can touch several files (a
patch), and a command can outlive its call: its exit code is then reported by a later `write_stdin`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator

from tachograph.readers import patches
from tachograph.readers._codex_output import Outcome, decoded, exit_code, flat, milliseconds, outcome, shell_line
from tachograph.readers.values import Object, only
from tachograph.records import Step

_SHELLS = {"exec_command", "shell", "shell_command", "container.exec", "local_shell_call"}
_LONGEST_OUTPUT = 10_000  # pieces that are put together; all of them stay with the calls that read them
_READS = {"view_image": "path", "read_file": "file_path"}
_OPERATIONS = {"add": "write", "update": "edit", "delete": "delete"}
_TYPED = ("user_shell", "userShell")
_STATUSES = {"completed": "ok", "failed": "error", "declined": "rejected"}


class _Call:
    """One call, while it can still be told again."""

    __slots__ = ("at", "done", "files", "id", "key", "kind", "metadata", "name", "native", "output", "status", "timed")

    def __init__(self, key: str, call_id: str, native: str, name: str, at: int, metadata: Object) -> None:
        self.key = key
        self.id = call_id  # as told: unique
        self.native = native  # as Codex names it: several calls may share it
        self.name = name
        self.at = at
        self.metadata: Object | None = metadata  # None: forgotten, it will not change any more
        self.kind = "tool_call"
        self.files: list[str] = []  # keys of the further files of a patch
        self.done = False  # its output was seen
        self.timed = False  # an event told how long it took, better than the output does
        self.status: str | None = None
        self.output: list[str] = []  # pieces, of a command that still runs


class Calls:
    """All tool calls of one session."""

    def __init__(self) -> None:
        self._last: dict[str, _Call] = {}  # by native id
        self._waiting: dict[str, deque[_Call]] = {}  # for their output; ids may be masked, so that calls share one
        self._running: dict[str, _Call] = {}  # commands, by the id of the process
        self._asked: list[_Call] = []  # since somebody asked what is unanswered
        self._searches: deque[tuple[str, object]] = deque(maxlen=64)
        self._keys: dict[str, int] = {}
        self._nameless = 0

    def function(self, item: Object, at: int) -> list[Step]:
        """A function_call or custom_tool_call."""
        name = item.get("name")
        given = item.get("arguments") if item.get("arguments") is not None else item.get("input")
        if isinstance(given, str) and given.startswith("{"):
            given = decoded(given)
        metadata: Object = {"input": given}
        if namespace := item.get("namespace"):
            metadata["namespace"] = namespace
        return self._begin(item.get("call_id"), name if isinstance(name, str) else "?", given, at, metadata)[1]

    def files(self, native: object, changes: object, at: int) -> list[Step]:
        """A list of `{path, kind}`, as the stream gives it: without lines."""
        found = []
        for change in changes if isinstance(changes, list) else []:
            path, kind = (change.get("path"), change.get("kind")) if isinstance(change, dict) else (None, None)
            if isinstance(path, str) and isinstance(kind, str) and kind in _OPERATIONS:
                found.append(patches.FileChange(_OPERATIONS[kind], path, -1, -1))
        return self._files(native, "apply_patch", found, at, {"input": changes})[1]

    def local_shell(self, item: Object, at: int) -> list[Step]:
        """A local_shell_call: the shell that a model brings along."""
        action = item.get("action")
        return self._begin(_id(item), "local_shell_call", action, at, {"input": action})[1]

    def tool_search(self, item: Object, at: int) -> list[Step]:
        """A tool_search_call: the model looks for tools."""
        given = item.get("arguments")
        return self._begin(_id(item), "tool_search_call", given, at, {"input": given})[1]

    def web_search_end(self, event: Object, _at: int) -> list[Step]:
        """Remembered: it comes before its call, and knows the id that the call lacks."""
        if isinstance(native := _id(event), str):
            self._searches.append((native, event.get("action")))
        return []

    def web_search(self, item: Object, at: int) -> list[Step]:
        """A web_search_call: asked and answered in one."""
        action = item.get("action")
        native = item.get("id") or item.get("call_id")
        for told in self._searches:
            if told[0] == native or (not native and told[1] == action):
                native = told[0]
                self._searches.remove(told)
                break
        call, steps = self._begin(native, "web_search_call", action, at, {"input": action})
        return steps + self._answer(call, Outcome(status="error" if item.get("status") == "failed" else "ok"), at)

    def image_generation(self, item: Object, at: int) -> list[Step]:
        """An image_generation_call: asked and answered in one; the picture itself is left out."""
        result = item.get("result")
        size = len(result) if isinstance(result, str) else 0
        metadata: Object = {"input": {"revised_prompt": item.get("revised_prompt")}, "image_bytes": size}
        call, steps = self._begin(item.get("id"), "image_generation_call", None, at, metadata)
        status = "error" if item.get("status") == "failed" else "ok"
        return steps + self._answer(call, Outcome("[image]" if size else None, status=status), at)

    def output(self, item: Object, at: int) -> list[Step]:
        """The output of a call; nothing when that call is not of this session."""
        call = self._find(item.get("call_id"))
        if call is None:
            return []
        if "tools" in item and "output" not in item:
            return self._answer(call, Outcome(json.dumps(item["tools"], ensure_ascii=False)), at)
        found = outcome(item.get("output"))
        if call.name == "write_stdin":
            return self._continued(call, found, at)
        if call.name == "spawn_agent" and isinstance(answer := decoded(found.text or ""), dict):
            return self._parent_of(call, answer.get("agent_id"), at) + self._answer(call, found, at)
        return self._answer(call, found, at)

    def command_ended(self, event: Object, at: int) -> list[Step]:
        """exec_command_end, or a CommandExecution item. One that no call asked for is the user's own (`!ls`), which is
        no call of a tool, or came out of a script that the model wrote."""
        call = self._find(_id(event))
        steps: list[Step] = []
        if call is None:
            if event.get("source") in _TYPED:
                return self._typed(event, at)
            given = {name: event[name] for name in ("command", "cwd", "source") if name in event}
            call, steps = self._begin(
                _id(event), "exec_command", {"command": event.get("command")}, at, {"input": given}
            )
        code = exit_code(event.get("exit_code"))
        status = _STATUSES.get(str(event.get("status")))
        if status != "rejected" and code is not None:
            status = "error" if code else "ok"
        took = milliseconds(event.get("duration"))
        call.timed = took is not None
        found = Outcome(flat(event.get("aggregated_output"))[0], code, took, status)
        if steps or call.done:
            return steps + self._answer(call, found, at)
        return self._told(call, found._replace(text=None), at)  # the output comes with its own record

    def _typed(self, event: Object, at: int) -> list[Step]:
        """A command of the user's and what it printed."""
        key = self._unique(f"marker:shell:{_id(event)}")
        about: Object = {"kind": "user_shell", **only(exit_code=exit_code(event.get("exit_code")))}
        steps = [Step(key, "marker", at, content=shell_line(event.get("command")), metadata=about)]
        if printed := flat(event.get("aggregated_output"))[0]:
            steps.append(Step(f"{key}:out", "marker", at, content=printed, metadata={"kind": "user_shell_output"}))
        return steps

    def patch_ended(self, event: Object, at: int) -> list[Step]:
        """patch_apply_end, or a FileChange item."""
        call = self._find(_id(event))
        steps: list[Step] = []
        if call is None:
            changes = event.get("changes")
            found = list(_changes(changes)) if isinstance(changes, dict) else []
            call, steps = self._files(_id(event), "apply_patch", found, at, {})
        status = _STATUSES.get(str(event.get("status"))) or ("error" if event.get("success") is False else "ok")
        said = event.get("stderr") if status == "error" else None
        return steps + self._told(call, Outcome(said if isinstance(said, str) else None, status=status), at)

    def tool_ended(self, event: Object, at: int) -> list[Step]:
        """mcp_tool_call_end, an McpToolCall or DynamicToolCall item, or a dynamic_tool_call_response."""
        invocation = event.get("invocation")
        asked: Object = invocation if isinstance(invocation, dict) else event
        call = self._find(_id(event))
        steps: list[Step] = []
        if call is None:
            given, name = asked.get("arguments"), asked.get("tool")
            call, steps = self._begin(_id(event), name if isinstance(name, str) else "?", given, at, {"input": given})
        took = milliseconds(event.get("duration"))
        call.timed = took is not None
        if call.metadata is not None:
            call.metadata.update({name: asked[name] for name in ("server", "tool") if asked.get(name)})
        status = "error" if _failed(event) else "ok"
        return steps + self._told(call, Outcome(None, None, took, status), at, call.metadata)

    def spawned(self, event: Object, at: int) -> list[Step]:
        """collab_agent_spawn_end, or a CollabAgentToolCall item: a call started another session."""
        receivers = event.get("receiver_thread_ids")
        child = event.get("new_thread_id") or (receivers[0] if isinstance(receivers, list) and receivers else None)
        call = self._find(_id(event))
        return self._parent_of(call, child, at) if call is not None and call.name == "spawn_agent" else []

    def _parent_of(self, call: _Call, child: object, at: int) -> list[Step]:
        if call.metadata is None or not isinstance(child, str):
            return []
        call.metadata["subagent"] = child
        return [Step(call.key, call.kind, at, metadata=call.metadata)]

    def interrupted(self, at: int) -> Iterator[Step]:
        """The turn was stopped: what waits for an output waits in vain. Commands may run on."""
        for call in [call for calls in self._waiting.values() for call in calls]:
            if call.status in (None, "unknown"):
                yield from self._told(call, Outcome(status="interrupted"), at)
            self._done(call)

    def unanswered(self) -> Iterator[Step]:
        """What was asked since this was last called, and has no result yet."""
        asked, self._asked = self._asked, []
        for call in asked:
            if call.status is None:
                yield from self._told(call, Outcome(status="unknown"), 0)

    def _continued(self, call: _Call, found: Outcome, at: int) -> list[Step]:
        """A write_stdin: the exit code it reports is the one of the command it wrote to."""
        given = call.metadata.get("input") if call.metadata else None
        process = str(given.get("session_id")) if isinstance(given, dict) else ""
        steps: list[Step] = []
        if (command := self._running.get(process)) is not None:
            if len(command.output) < _LONGEST_OUTPUT:
                command.output.append(found.text or "")
            if found.exit_code is not None:
                took = (at - command.at) / 1e6 if at > command.at > 0 and not command.timed else None
                text = "".join(command.output)
                steps = self._answer(command, Outcome(text, found.exit_code, took, found.status), at)
                del self._running[process]
        own = found if found.exit_code is None else found._replace(exit_code=None, status="ok")
        return steps + self._answer(call, own._replace(status=own.status or "ok", process=None), at)

    def _begin(self, native: object, name: str, given: object, at: int, metadata: Object) -> tuple[_Call, list[Step]]:
        arguments: Object = given if isinstance(given, dict) else {}
        if name in _SHELLS:
            line = shell_line(arguments.get("cmd") if "cmd" in arguments else arguments.get("command"))
            call = self._new(native, name, at, metadata)
            call.kind = "command"
            steps = [Step(call.key, "command", at, name, call.id, command=line, metadata=metadata)]
            if line and patches.BEGIN in line:
                steps += self._more_files(call, patches.file_changes(line), at)
            return call, steps
        if name == "apply_patch":
            text = given if isinstance(given, str) else arguments.get("input") or arguments.get("patch")
            found = patches.file_changes(text) if isinstance(text, str) else []
            return self._files(native, name, found, at, metadata)
        call = self._new(native, name, at, metadata)
        path = arguments.get(_READS[name]) if name in _READS else None
        if isinstance(path, str):
            call.kind = "file_op"
            return call, [Step(call.key, "file_op", at, name, call.id, path, "read", metadata=metadata)]
        return call, [Step(call.key, "tool_call", at, name, call.id, metadata=metadata)]

    def _files(
        self, native: object, name: str, found: list[patches.FileChange], at: int, metadata: Object
    ) -> tuple[_Call, list[Step]]:
        call = self._new(native, name, at, metadata)
        if not found:
            return call, [Step(call.key, "tool_call", at, name, call.id, metadata=metadata)]
        call.kind = "file_op"
        metadata.update(_size(found[0]))
        first = Step(call.key, "file_op", at, name, call.id, found[0].path, found[0].operation, metadata=metadata)
        return call, [first, *self._more_files(call, found[1:], at)]

    def _more_files(self, call: _Call, found: Iterable[patches.FileChange], at: int) -> list[Step]:
        steps = []
        for change in found:
            key = self._unique(f"{call.key}:{change.path}")
            call.files.append(key)
            size = _size(change)
            steps.append(Step(key, "file_op", at, call.name, call.id, change.path, change.operation, metadata=size))
        return steps

    def _new(self, native: object, name: str, at: int, metadata: Object) -> _Call:
        if not isinstance(native, str) or not native:
            self._nameless += 1
            native = f"#{self._nameless}"
        key = self._unique(f"call:{native}")
        call = _Call(key, key.removeprefix("call:"), native, name, at, metadata)
        self._last[native] = call
        self._waiting.setdefault(native, deque()).append(call)
        self._asked.append(call)
        return call

    def _unique(self, key: str) -> str:
        times = self._keys[key] = self._keys.get(key, 0) + 1
        return f"{key}#{times}" if times > 1 else key

    def _find(self, native: object) -> _Call | None:
        """The oldest call of that id that has no output yet, else the last one."""
        if not isinstance(native, str):
            return None
        waiting = self._waiting.get(native)
        return waiting[0] if waiting else self._last.get(native)

    def _answer(self, call: _Call, found: Outcome, at: int) -> list[Step]:
        """The output of a call is there."""
        status = found.status
        if found.exit_code is None and call.status in ("ok", "error", "rejected"):
            status = call.status  # an event knows better than the words of the output
        if call.timed and not call.done:
            found = found._replace(duration_ms=None)
        metadata: Object | None = None
        if found.process is not None:
            self._running[found.process] = call
            call.output = [found.text or ""]
            status = call.status
            metadata = (call.metadata or {}) | {"background": True}
            found = found._replace(duration_ms=None)
        elif found.image_bytes:
            metadata = (call.metadata or {}) | {"image_bytes": found.image_bytes}
        steps = self._told(call, found._replace(status=status), at, metadata)
        self._done(call)
        return steps

    def _done(self, call: _Call) -> None:
        call.done = True
        call.metadata = None
        waiting = self._waiting.get(call.native)
        if waiting and call in waiting:  # as the first, unless ids are masked
            waiting.remove(call)
            if not waiting:
                del self._waiting[call.native]

    def _told(self, call: _Call, found: Outcome, at: int, metadata: Object | None = None) -> list[Step]:
        """The call once more, and the status of its further files."""
        call.status = found.status or call.status
        again = Step(
            call.key,
            call.kind,
            at,
            exit_code=found.exit_code,
            duration_ms=found.duration_ms,
            status=found.status,
            content=found.text,
            metadata=metadata,
        )
        return [again, *(Step(key, "file_op", at, status=found.status) for key in call.files if found.status)]


def _id(record: Object) -> object:
    return record.get("call_id") or record.get("callId") or record.get("id")


def _size(change: patches.FileChange) -> Object:
    moved: Object = {"moved_to": change.moved_to} if change.moved_to else {}
    return moved if change.added < 0 else {"lines_added": change.added, "lines_removed": change.removed, **moved}


def _changes(changes: Object) -> Iterator[patches.FileChange]:
    """`{path: {type: add|update|delete, content | unified_diff, move_path}}`."""
    for path, change in changes.items():
        if not isinstance(change, dict) or (operation := _OPERATIONS.get(str(change.get("type")))) is None:
            continue
        content, diff, target = change.get("content"), change.get("unified_diff"), change.get("move_path")
        lines = diff.split("\n") if isinstance(diff, str) else []
        added = sum(line.startswith("+") and not line.startswith("+++ ") for line in lines)
        removed = sum(line.startswith("-") and not line.startswith("--- ") for line in lines)
        if isinstance(content, str):
            whole = len(content.splitlines())
            added, removed = (whole, 0) if operation == "write" else (0, whole)
        yield patches.FileChange(operation, path, added, removed, target if isinstance(target, str) else None)


def _failed(event: Object) -> bool:
    """Whether a tool says it failed, in any of its ways to say so."""
    result = event.get("result")
    if isinstance(result, dict):
        answer = result.get("Ok", result)
        if "Err" in result or (isinstance(answer, dict) and (answer.get("isError") or answer.get("is_error"))):
            return True
    return event.get("status") == "failed" or event.get("success") is False or bool(event.get("error"))
