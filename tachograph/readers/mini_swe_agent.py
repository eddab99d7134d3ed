"""mini-swe-agent: one `.traj.json` document per task, rewritten after every step.

Three forms: a bare list of messages (0.x), a document with `info` and `messages` (1.x), and "mini-swe-agent-1.1", whose
messages keep what was run, what came of it and when in `extra`. The only tool is a shell.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tachograph.readers._loose_json import decode, dig, text_of
from tachograph.readers.json_lines import unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import epoch
from tachograph.readers.values import Object, count, dollars, text
from tachograph.records import Fact, SessionFacts, Step, Usage
from tachograph.regexes import regex

name = "mini-swe-agent"
shape = Shape.DOCUMENT

_SECOND = 10**9
_FENCE = regex(r"```(?:bash|mswea_bash_command)[ \t]*\n(.*?)\n?```", re.DOTALL)
_RETURNED = regex(r"(?:<exception>.*?</exception>\s*)?<returncode>(-?\d{1,9})</returncode>", re.DOTALL)
_SAID_BY_USER = regex(
    r"(?:Interrupted by user: |The user added a new task: |.*?The user rejected your commands? with the following "
    r"message: |(?:The following )?[Cc]ommands? not executed[.,:]? ?)(.*)",
    re.DOTALL,
)
_NO_WORDS = ("", "Temporary interruption caught.", "Switching to human mode")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Its configuration folder, where the last run is kept."""
    config = environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    folders = [environment.get("MSWEA_GLOBAL_CONFIG_DIR", ""), os.path.join(config, "mini-swe-agent")]
    folders.append(os.path.join(home, "Library", "Application Support", "mini-swe-agent"))
    return [Place(folder, ("*.traj.json",)) for folder in folders if os.path.isabs(folder)]


def detect(head: bytes, path: str) -> bool:
    """A document that names its version, or a list of messages with a shell command between fences."""
    start = head.lstrip()[:1]
    if start == b"{":
        named = b'"mini_version"' in head or b'"trajectory_format": "mini-swe-agent' in head
        return named and re.match(rb'\s*\{\s*"(info|messages|trajectory_format|instance_id)"', head) is not None
    shell = b"mswea_bash_command" in head or b"<returncode>" in head or b"```bash" in head
    return start == b"[" and re.match(rb'\s*\[\s*\{\s*"role"\s*:\s*"system"', head) is not None and shell


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
        document: Object = {"messages": found} if isinstance(found, list) else found if isinstance(found, dict) else {}
        if not isinstance(document.get("messages"), list):
            return [unknown("no trajectory", data)]
        return _Run(document, self._origin).facts()

    def finish(self) -> Iterable[Fact]:
        """Nothing is left open."""
        return []


class _Run:
    def __init__(self, document: Object, origin: Origin) -> None:
        self._document, self._origin = document, origin
        self._messages: list[Object] = [m for m in document["messages"] if isinstance(m, dict)]
        times = [at for message in self._messages if (at := _time(message)) is not None]
        self._first, self._last = (min(times), max(times)) if times else (0, origin.modified_at)
        self._at = self._first or origin.modified_at  # of the message before, where one has no time
        self._facts: list[Fact] = []
        self._counts: dict[str, int] = {}
        self._ids: set[str] = set()
        self._running: dict[str, tuple[Step, int, bool]] = {}  # by id, what waits for a result: since when; alone?
        self._order: list[str] = []  # ids of those that have no result yet
        self._dropped: list[Step] = []  # what the user did not let run

    def facts(self) -> list[Fact]:
        """The session and its steps."""
        self._facts.append(self._session())
        asked = False
        for message in self._messages:
            self._at = _time(message) or self._at
            role, extra = message.get("role"), _extra(message)
            if isinstance(extra.get("actions"), list) and role == "user":
                self._calls(extra["actions"], "user")
            elif role == "assistant" or message.get("object") == "response":
                self._reply(message, extra)
            elif role == "tool" or message.get("type") == "function_call_output":
                self._result(message, extra)
            elif role == "user" and not asked:
                asked = True
                self._say(Step(self._key("prompt"), "prompt", self._at, content=text_of(message.get("content"))))
            elif role == "user":
                self._user(message, extra)
            elif role == "exit":
                self._exit(message, extra)
            elif role != "system":
                self._facts.append(unknown(f"role {str(role)[:40]}", repr(message)[:400].encode("utf-8", "replace")))
        return self._facts

    def _say(self, step: Step) -> None:
        self._facts.append(step)

    def _key(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}:#{self._counts[kind]}"

    # ---- the session

    def _session(self) -> SessionFacts:
        info, config = self._document.get("info"), dig(self._document, "info", "config")
        status = text(dig(info, "exit_status"))
        cwd = text(dig(config, "environment", "cwd"))
        paid = any(dollars(_extra(message).get("cost")) is not None for message in self._messages)
        known = {"exit_status": status, "trajectory_format": self._document.get("trajectory_format")}
        known |= {"api_calls": dig(info, "model_stats", "api_calls")}
        return SessionFacts(
            self._name(),
            project_dir=cwd if cwd and os.path.isabs(cwd) else None,
            title=text(self._document.get("instance_id")),
            model=text(dig(config, "model", "model_name")),
            version=text(dig(info, "mini_version")),
            status=_status(status),
            started_at=self._first or None,
            last_at=self._last or None,
            cost_usd=None if paid else dollars(dig(info, "model_stats", "instance_cost")),
            metadata={key: value for key, value in known.items() if value is not None} or None,
        )

    def _name(self) -> str:
        """The task and the time it was begun; the name of the file where no time is known."""
        folder, file = os.path.split(self._origin.path)
        stem = file.removesuffix(".json").removesuffix(".traj")
        task = text(self._document.get("instance_id"))
        if self._first:
            return f"{task or name}-{datetime.fromtimestamp(self._first // _SECOND, UTC):%Y%m%d-%H%M%S}"
        run = os.path.basename(os.path.dirname(folder) if os.path.basename(folder) == stem else folder)
        return f"{task or stem or name}-{hashlib.sha256(run.encode('utf-8', 'replace')).hexdigest()[:6]}"

    # ---- the model

    def _reply(self, message: Object, extra: Object) -> None:
        response = extra["response"] if isinstance(extra.get("response"), dict) else message
        self._thinking(message)
        said = _said(message)
        self._say(Step(self._key("reply"), "reply", self._at, content=said or None))
        self._usage(response, extra)
        actions = extra.get("actions")
        if isinstance(actions, list):
            return self._calls(actions, None)
        found = _FENCE.findall(said)  # more than one is a mistake of the model's: none of them is run
        return self._calls([{"command": found[0].strip()}] if found else [], None)

    def _thinking(self, message: Object) -> None:
        thought = text(message.get("reasoning_content"))
        blocks = message.get("thinking_blocks")
        if thought is None and isinstance(blocks, list):
            thought = "\n".join(t for block in blocks if (t := text(dig(block, "thinking")))) or None
        if thought is not None:
            self._say(Step(self._key("thinking"), "thinking", self._at, content=thought))

    def _usage(self, response: Object, extra: Object) -> None:
        told, cost = response.get("usage"), dollars(extra.get("cost"))
        if not isinstance(told, dict) and not cost:
            return
        read = dig(told, "prompt_tokens_details", "cached_tokens") or dig(told, "input_tokens_details", "cached_tokens")
        thought = dig(told, "completion_tokens_details", "reasoning_tokens")
        usage = Usage(
            text(response.get("model")),
            count(dig(told, "prompt_tokens")) or count(dig(told, "input_tokens")),
            count(dig(told, "completion_tokens")) or count(dig(told, "output_tokens")),
            count(read) or count(dig(told, "cache_read_input_tokens")),
            count(dig(told, "cache_creation_input_tokens")),
            count(thought) or count(dig(told, "output_tokens_details", "reasoning_tokens")),
            cost,
        )
        native = text(response.get("id"))
        key = f"usage:{native}" if native and native not in self._ids else self._key("usage")
        self._ids.add(native or "")
        self._say(Step(key, "usage", self._at, usage=usage))

    # ---- commands

    def _calls(self, actions: list[Any], who: str | None) -> None:
        self._order, self._dropped = [], []
        for action in actions:
            if not isinstance(action, dict):
                continue
            command, native = text_of(action.get("command")), text(action.get("tool_call_id"))
            call = native if native and native not in self._running else self._key("call").removeprefix("call:")
            told = {"by": who} if who else None
            step = Step(
                f"call:{call}", "command", self._at, "bash", call, command=command, metadata={**told} if told else None
            )
            self._say(step)
            self._running[call] = (step, self._at, len(actions) == 1)
            self._order.append(call)

    def _result(self, message: Object, extra: Object) -> None:
        named = text(message.get("tool_call_id")) or text(message.get("call_id"))
        call = named if named in self._order else self._order[0] if self._order else None
        if call is None:
            return
        self._order.remove(call)
        step, since, alone = self._running[call]
        shown = text_of(message.get("content") if message.get("content") is not None else message.get("output"))
        code = extra.get("returncode")
        if isinstance(code, bool) or not isinstance(code, int):
            found = _RETURNED.match(shown)
            code = int(found[1]) if found else None
        wrong = text(extra.get("exception_info"))
        raw = extra.get("raw_output")
        output = raw if isinstance(raw, str) else _output(shown)
        handed_in = code is None and "FINAL_OUTPUT" in (
            step.command or ""
        )  # older versions answer with the output alone
        failed = wrong is not None or (code != 0 and not handed_in)
        status = "interrupted" if wrong == "action was not executed" else "error" if failed else "ok"
        now = _time(message)
        told = Step(
            step.key,
            "command",
            exit_code=code if code is not None and abs(code) < 2**31 else None,
            duration_ms=(now - since) / 1e6 if now and alone and now >= since and self._first else None,
            status=status,
            content=f"{wrong}\n{output}".rstrip("\n") if wrong else output,
        )
        self._say(told)
        if status == "interrupted":
            self._dropped.append(told)

    # ---- the user, and mini-swe-agent in the user's place

    def _user(self, message: Object, extra: Object) -> None:
        shown = text_of(message.get("content"))
        kind = extra.get("interrupt_type")
        if "returncode" in extra or (self._order and not isinstance(kind, str) and not _SAID_BY_USER.match(shown)):
            return self._result(message, extra)
        said = _SAID_BY_USER.match(shown)
        if kind == "FormatError" or (kind is None and said is None):
            self._usage(extra["response"] if isinstance(extra.get("response"), dict) else {}, extra)
            mark: dict[str, object] = {"kind": "format_error"}
            return self._say(
                Step(self._key("marker"), "marker", self._at, status="error", content=shown, metadata=mark)
            )
        if kind == "UserRejection" or "not executed" in shown[:200]:
            for step in self._dropped or [self._running[call][0] for call in self._order]:
                self._say(Step(step.key, "command", status="rejected"))
        elif kind != "UserNewTask":
            mark = {"kind": "interruption"}
            self._say(Step(self._key("marker"), "marker", self._at, content=shown, metadata=mark))
        self._order = []
        words = said[1].strip() if said else ""
        if words not in _NO_WORDS:
            self._say(Step(self._key("prompt"), "prompt", self._at, content=words))

    def _exit(self, message: Object, extra: Object) -> None:
        status = text(extra.get("exit_status")) or text(dig(self._document, "info", "exit_status")) or "exit"
        shown = text_of(message.get("content"))
        if status == "Submitted":
            for call in self._order[-1:]:  # the command that hands in has no other answer
                self._say(Step(self._running[call][0].key, "command", status="ok", content=shown))
            return
        mark: dict[str, object] = {"kind": "exit", "exit_status": status}
        content = shown or status
        self._say(Step(self._key("marker"), "marker", self._at, status="error", content=content, metadata=mark))


def _extra(message: Object) -> Object:
    extra = message.get("extra")
    return extra if isinstance(extra, dict) else {}


def _time(message: Object) -> int | None:
    at = epoch(_extra(message).get("timestamp"), _SECOND)
    return at if at is not None else epoch(message.get("timestamp"), _SECOND)


def _said(message: Object) -> str:
    """The words of the model; a response of the newer API holds them in its list of outputs."""
    outputs = message.get("output")
    if not isinstance(outputs, list):
        return text_of(message.get("content"))
    return "\n".join(said for output in outputs if (said := text_of(dig(output, "content"))))


def _output(shown: str) -> str:
    begin, end = shown.find("<output>"), shown.rfind("</output>")
    if begin < 0 or end < begin or not _RETURNED.match(shown):
        return shown
    return shown[begin + len("<output>") : end].removeprefix("\n").removesuffix("\n")


def _status(exit_status: str | None) -> str | None:
    if exit_status is None:
        return None
    if exit_status == "Submitted":
        return "completed"
    return "interrupted" if exit_status in ("KeyboardInterrupt", "UserInterruption") else "failed"
