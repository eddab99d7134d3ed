"""Tool calls of Claude Code: from the block that asks to the block that answers, and to the end of what runs on."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from tachograph.readers._claude_text import MASK, exit_code_in, inside, number, string, text_of
from tachograph.readers.values import Object, table
from tachograph.records import Step
from tachograph.regexes import regex

CALL_BLOCKS = ("tool_use", "server_tool_use", "mcp_tool_use")
SHELLS = {"Bash", "bash", "PowerShell"}
OPERATIONS = {
    **dict.fromkeys(("Read", "NotebookRead"), "read"),
    "Write": "write",
    **dict.fromkeys(("Edit", "MultiEdit", "NotebookEdit"), "edit"),
}
AGENTS = {"Task", "Agent"}
REPORTS = {"BashOutput", "TaskOutput", "AgentOutputTool", "BashOutputTool"}  # ask how something in the background is
KILLERS = {"KillShell", "KillBash", "TaskStop"}
_EXIT_CODE = regex(r"(?:Error: )?Exit code (-?\d{1,11})\b")
_TASK = regex(r"(?:in background with ID: |Monitor started \(task )([\w-]+)")
_AGENT = regex(r"^agentId: ([\w@-]+)", re.MULTILINE)
_REFUSED = (  # the user, or the permissions the user set, said no; the same is written of what ran until the user did
    "The user doesn't want to",
    "[Request interrupted by user",
    "Claude requested permissions to",
    "This command requires approval",
    "This Bash command contains multiple operations",  # … "the following parts require approval"
    "Permission to use ",
    "Permission for this action was denied",
    "File is in a directory that is denied by",
)
_RUNNING = {"running", "in_progress", "pending", "not_found", "async_launched"}
_KILLED = {"killed", "stopped", "cancelled"}


class _Call:
    __slots__ = ("at", "event_type", "input", "key", "name")

    def __init__(self, step: Step) -> None:
        self.key, self.event_type, self.at, self.name = step.key, step.event_type, step.at, step.tool_name or ""
        self.input = table((step.metadata or {}).get("input"))


class Calls:
    """The tool calls of one session."""

    def __init__(self) -> None:
        self._open: dict[str, _Call] = {}  # by id; no answer yet
        self._silent: tuple[dict[str, _Call], dict[str, _Call]] = ({}, {})  # … and nobody stopped them; of sidechains
        self._missed: set[str] = set()  # ids of which it was said that there is no answer yet
        self._known: set[str] = set()
        self._masked: dict[str, deque[str]] = {}  # id that is none → the ids we gave instead, oldest first
        self._strays = 0
        self._background: dict[str, _Call] = {}  # by the agent's name for the running task

    def call(self, block: Object, at: int, sidechain: bool) -> Step | None:
        """A call as it is asked for; None when it is known already."""
        identity = self._identity(block.get("id"))
        if identity in self._known:
            return None
        name, given = string(block.get("name")), block.get("input")
        arguments = table(given)
        operation = OPERATIONS.get(name or "")
        path = string(arguments.get("file_path")) or string(arguments.get("notebook_path")) if operation else None
        metadata: dict[str, object] = {"input": given}
        if sidechain:
            metadata["sidechain"] = True
        if arguments.get("run_in_background") is True:
            metadata["background"] = True
        step = Step(
            key=f"call:{identity}",
            event_type="command" if name in SHELLS else "file_op" if path else "tool_call",
            at=at,
            tool_name=name,
            tool_call_id=identity,
            file_path=path,
            operation=operation if path else None,
            command=string(arguments.get("command")) if name in SHELLS else None,
            metadata=metadata,
        )
        self._known.add(identity)
        self._open[identity] = self._silent[sidechain][identity] = _Call(step)
        return step

    def result(self, block: Object, extra: object, refused: bool, at: int) -> Iterator[Step]:
        """What a call returned. `extra` is the structured form beside it, `refused` what the record says of that."""
        native = block.get("tool_use_id")
        identity = self._answered(native)
        call = self._open.pop(identity, None)
        for silent in self._silent:
            silent.pop(identity, None)
        images: list[Object] = []
        text = text_of(block.get("content"), images)
        details = table(extra)
        status = _status(block, text, details, refused)
        if call is None:  # cut file: its name is not known, and it is not counted as a call
            yield Step(f"call:{identity}", "tool_call", at, status=status, content=text)
            return
        added = dict(_additions(call, text, details, status))
        if images:
            added["images"] = images
        task = _task(call, text, details)
        if task:
            added["background"] = True
            self._background[task] = call
        yield Step(
            key=call.key,
            event_type=call.event_type,
            at=at,
            exit_code=_exit_code(call, text, details, status, task),
            duration_ms=None if task else _duration(call, details, at),
            status=status,
            content=_output(call, text, details),
            metadata=added or None,
        )
        if call.name in REPORTS or call.name in KILLERS:
            yield from self._report(call, text, details, at)

    def ended(self, task: object, status: object, at: int, code: int | None, lasted: float | None) -> Iterator[Step]:
        """Something in the background is over. `lasted` in ms, when the agent says it."""
        if not isinstance(task, str) or task not in self._background:
            return
        if not isinstance(status, str) or status in _RUNNING:
            return
        call = self._background.pop(task)
        if lasted is None and 0 < call.at <= at:
            lasted = (at - call.at) / 1e6
        killed = "interrupted" if status in _KILLED else None
        code = code if call.name in SHELLS else None
        yield Step(call.key, call.event_type, at, exit_code=code, duration_ms=lasted, status=killed)

    def notified(self, text: str, at: int) -> Iterator[Step]:
        """The agent's own message that something in the background is over."""
        usage = inside(text, "usage") or ""
        lasted = re.search(r"duration_ms: (\d{1,12})", usage)
        code = exit_code_in(inside(text, "summary") or "")
        status = inside(text, "status")
        yield from self.ended(inside(text, "task-id"), status, at, code, float(lasted.group(1)) if lasted else None)

    def interrupted(self, sidechain: bool) -> Iterator[Step]:
        """The user stopped what was going on: of these calls no answer will come."""
        for call in self._silent[sidechain].values():
            yield Step(call.key, call.event_type, status="interrupted")
        self._silent[sidechain].clear()

    def unanswered(self) -> Iterator[Step]:
        """Calls without an answer until now; each is told once. The user may still stop them."""
        for silent in self._silent:
            for identity, call in silent.items():
                if identity not in self._missed:
                    self._missed.add(identity)
                    yield Step(call.key, call.event_type, status="unknown")

    def _report(self, call: _Call, text: str, details: Object, at: int) -> Iterator[Step]:
        task = table(details.get("task"))
        name = next((call.input[k] for k in ("task_id", "shell_id", "bash_id", "agentId") if k in call.input), None)
        if call.name in KILLERS:
            if "message" in details or '"message"' in text:  # which a refusal has not
                yield from self.ended(name, "killed", at, None, None)
            return
        head = text[:1000]
        status = task.get("status") or details.get("status") or inside(head, "status") or "running"
        code = next((d["exitCode"] for d in (task, details) if isinstance(d.get("exitCode"), int)), None)
        if code is None and (written := inside(head, "exit_code")):
            code = exit_code_in(f"exit code {written}")
        yield from self.ended(name, status, at, code, None)

    def _identity(self, native: object) -> str:
        """The id of a call; one of our own where the id was masked or is missing."""
        if isinstance(native, str) and native and MASK not in native:
            return native
        mask = native if isinstance(native, str) else ""
        given = f"{mask}#{len(self._known) + 1}"
        self._masked.setdefault(mask, deque()).append(given)
        return given

    def _answered(self, native: object) -> str:
        if isinstance(native, str) and native and MASK not in native:
            return native
        waiting = self._masked.get(native if isinstance(native, str) else "")
        if waiting:
            return waiting.popleft()
        self._strays += 1
        return f"{native}#?{self._strays}"


def _status(block: Object, text: str, details: Object, refused: bool) -> str:
    if block.get("is_error"):
        return "rejected" if refused or text.startswith(_REFUSED) else "error"
    return "interrupted" if details.get("interrupted") is True else "ok"


def _exit_code(call: _Call, text: str, details: Object, status: str, task: str | None) -> int | None:
    """A shell that ends well leaves no code. A reading of the code ("No matches found") means that it was not 0."""
    if call.name not in SHELLS:
        return None
    if status == "error" and (found := _EXIT_CODE.match(text)):
        return int(found.group(1))
    return 0 if status == "ok" and not task and not details.get("returnCodeInterpretation") else None


def _duration(call: _Call, details: Object, at: int) -> float | None:
    """ms; as the agent measured it, else between asking and answering."""
    for field, unit in (("durationMs", 1), ("totalDurationMs", 1), ("durationSeconds", 1000)):
        value = details.get(field)
        if isinstance(value, int | float) and 0 <= value < 2**53:
            return float(value * unit)
    return (at - call.at) / 1e6 if 0 < call.at <= at else None


def _output(call: _Call, text: str, details: Object) -> str:
    """The text the model saw; what the shell wrote where that is more: long output is cut for the model."""
    if call.name not in SHELLS:
        return text
    written = "\n".join(part for part in map(string, (details.get("stdout"), details.get("stderr"))) if part)
    return written if len(written) > len(text) else text


def _task(call: _Call, text: str, details: Object) -> str | None:
    """The agent's name for what goes on in the background after this answer."""
    if details.get("isAsync") is True or details.get("status") == "async_launched":
        return string(details.get("taskId")) or string(details.get("agentId"))
    if call.name in SHELLS or call.name == "Monitor":
        found = _TASK.search(text[:400])
        return string(details.get("backgroundTaskId")) or (found.group(1) if found else None)
    return None


def _additions(call: _Call, text: str, details: Object, status: str) -> Iterator[tuple[str, object]]:
    """Metadata that only the answer knows."""
    if call.name in AGENTS and status == "ok":
        agent = string(details.get("agentId"))
        if agent is None and not details and (found := _AGENT.search(text[-1000:])):
            agent = found.group(1)
        if agent:
            yield "subagent", f"agent-{agent}"
        for field, name in (("totalTokens", "total_tokens"), ("totalToolUseCount", "tool_calls")):
            if field in details:
                yield name, number(details[field])
    elif call.event_type == "file_op" and status == "ok" and OPERATIONS[call.name] != "read":
        changed = _lines_changed(call, text, details)
        if changed:
            yield "lines_added", changed[0]
            yield "lines_removed", changed[1]
    elif call.name in SHELLS and (meaning := string(details.get("returnCodeInterpretation"))):
        yield "exit_meaning", meaning


def _lines_changed(call: _Call, text: str, details: Object) -> tuple[int, int] | None:
    """Lines added and removed: by the agent's patch, else by what was asked for; None: cannot be known."""
    patch = details.get("structuredPatch")
    if isinstance(patch, list) and patch:
        lines = [line for hunk in patch if isinstance(hunk, dict) for line in _list(hunk.get("lines"))]
        signs = [line[:1] for line in lines if isinstance(line, str)]
        return signs.count("+"), signs.count("-")
    given = call.input
    if call.name == "Write":
        created = details.get("type") == "create" if details else text.startswith("File created")
        return (len(_lines(given.get("content"))), 0) if created else (0, 0) if details else None
    if call.name == "NotebookEdit":
        return (len(_lines(given.get("new_source"))), 0) if given.get("edit_mode") == "insert" else None
    edits = _list(given.get("edits")) if call.name == "MultiEdit" else [given]
    pairs = [_replaced(table(edit)) for edit in edits]
    return sum(added for added, _ in pairs), sum(removed for _, removed in pairs)


def _replaced(edit: Object) -> tuple[int, int]:
    """Lines of the new and of the old text without those that both begin and end with."""
    old, new = _lines(edit.get("old_string")), _lines(edit.get("new_string"))
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return len(new) - start - end, len(old) - start - end


def _lines(text: object) -> list[str]:
    if not isinstance(text, str) or not text:
        return []
    lines = text.split("\n")
    return lines[:-1] if not lines[-1] else lines


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
