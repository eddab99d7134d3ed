"""Claude Code: transcripts of sessions and of their subagents, and what `claude -p --output-format stream-json` prints.

One JSON object per line. A message of the model comes as several lines with the same `message.id`, one block each, and
says its tokens on every one; a tool's result is a later line in the name of the user. Lines may be copied into another
file with their `uuid` (resume, fork), so keys are made of native ids. Times are not in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from tachograph.readers import _claude_notes as notes
from tachograph.readers._claude_calls import Calls
from tachograph.readers._claude_detect import detect
from tachograph.readers._claude_messages import Messages
from tachograph.readers._claude_session import SubagentFile, Told, is_subagent_file, session_id
from tachograph.readers._claude_settings import keeps_days
from tachograph.readers._claude_text import INTERRUPTED, MASK, WRAPPERS, blocks, exit_code_in, number, string, text_of
from tachograph.readers.json_lines import SAMPLE, objects, unknown
from tachograph.readers.reading import Origin, Parser, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import Object, table
from tachograph.records import Fact, SessionFacts, Step, Unknown

__all__ = ["detect", "name", "parse", "places", "shape"]

name = "claude"
shape = Shape.LINES
_PATTERNS = ("projects/**/*.jsonl", "projects/**/agent-*.meta.json")
_QUIET = {  # what the agent notes for itself: snapshots, requests as they were sent, state of its screen
    *("progress", "file-history-snapshot", "file-history-delta", "last-prompt", "mode", "tools-used", "atis-latch"),
    *("api-request", "api-request-shape", "api-request-blob", "frame-link", "relocated", "worktree-state", "tag"),
    *("bridge-session", "agent-color", "agent-setting", "content-replacement", "speculation-accept"),
    *("stream_event", "rate_limit_event", "tool_progress", "tool_use_summary", "auth_status", "keep_alive"),
    *("control_request", "control_response", "control_cancel_request", "prompt_suggestion", "started"),
    *("artifact-autoreact-ledger", "artifact-comment-monitor", "fork-context-ref", "isolation-latch", "continued-in"),
    *("history-suppression", "launched", "marble-origami-commit", "marble-origami-snapshot", "attribution-snapshot"),
    "streamlined_text",
}


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Its own folder; for a while it was one below ~/.config."""
    given = environment.get("CLAUDE_CONFIG_DIR")
    roots = [given] if given else [os.path.join(home, ".claude"), os.path.join(home, ".config", "claude")]
    return [Place(os.path.abspath(root), _PATTERNS, keeps_days(root)) for root in roots]


def parse(origin: Origin) -> Parser:
    """A parser for one transcript, one printed stream, or the description of one subagent."""
    return SubagentFile(origin) if is_subagent_file(origin.path) else _File(origin)


class _File:
    """A file is one session; only a printed stream may hold several runs, one after the other."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._summaries: dict[str, str] = {}
        self._early: list[int] = []  # times before the session was known
        self._session: _Session | None = None

    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of one line."""
        found, strange = objects(data)
        out: list[Fact] = list(strange)
        for record in found:
            try:
                self._record(record, data, out)
            except RecursionError:  # nested as deep as it can be decoded, and too deep to be compared or written
                out.append(_unknown("too deep", data))
        return out

    def finish(self) -> Iterable[Fact]:
        """Last times, replies and calls that nothing followed."""
        return self._session.finish() if self._session else []

    def _record(self, record: Object, line: bytes, out: list[Fact]) -> None:
        kind = record.get("type")
        kind = kind if isinstance(kind, str) else None
        session = self._session
        if session is None or (kind == "system" and record.get("subtype") == "init"):
            session = self._opened(record, out)
        if session is None or kind == "summary":
            self._time(record.get("timestamp"))
        if kind == "summary":  # stands at the top, often for another file's conversation
            if isinstance(leaf := record.get("leafUuid"), str) and (title := string(record.get("summary"))):
                self._summaries[leaf] = title
                if session:
                    session.summarised(leaf, title, out)
        elif session is None:
            if kind not in _QUIET and kind not in _HANDLERS:
                out.append(_unknown(kind, line))
        elif not session.record(kind, record, out):
            out.append(_unknown(kind, line))

    def _time(self, written: object) -> None:
        at = _ns(written)
        if at and self._session:
            self._session.time(at)
        elif at:
            self._early = [min([at, *self._early]), max([at, *self._early])]

    def _opened(self, record: Object, out: list[Fact]) -> _Session | None:
        identity = session_id(record, self._origin.path)
        if identity is None or (self._session and self._session.told.id == identity):
            return self._session
        if self._session:
            out.extend(self._session.finish())
        self._session = _Session(identity, self._origin, self._summaries)
        if not record.get("sessionId") and identity == record.get("session_id"):
            out.append(SessionFacts(identity, printed=True))
        for at in self._early:
            self._session.time(at)
        self._early = []
        return self._session


def _ns(written: object) -> int:
    at = iso(written) or 0
    return at if 0 < at < 2**63 else 0


def _unknown(kind: str | None, line: bytes) -> Unknown:
    return unknown(kind[:SAMPLE] if kind else "no type", line)


class _Session:
    """State of one session while its records come in."""

    def __init__(self, identity: str, origin: Origin, summaries: dict[str, str]) -> None:
        self.told = Told(identity, origin.path)
        self._modified_at = origin.modified_at
        self._summaries = summaries
        self._seen: dict[str, int] = {}  # uuid → time: a line may be there twice
        self._count = 0
        self._first = self._last = 0
        self._calls = Calls()
        self._messages = Messages(self.told, self._calls)
        self._mode: str | None = None
        self._result: Object = {}

    def record(self, kind: str | None, record: Object, out: list[Fact]) -> bool:
        """Adds what a record says; False: it is not known."""
        at = _ns(record.get("timestamp"))
        if at:
            self.time(at)
        self._count += 1
        self.told.envelope(record, out, self._first)
        if kind is None:
            return False
        handler = _HANDLERS.get(kind)
        if handler is None:
            return kind in _QUIET
        uuid = record.get("uuid")
        identity = f"#{self._count}"
        if isinstance(uuid, str) and uuid and MASK not in uuid:
            seen = self._seen.get(uuid)
            if seen == at:
                return True
            if seen is None:
                identity = uuid
                self._seen[uuid] = at
                if uuid in self._summaries:
                    self.told.named(self._summaries[uuid], 1, out)
        return handler(self, record, identity, at, out)

    def time(self, at: int) -> None:
        """A record of this time was there; they are not in order."""
        self._last = max(self._last, at)
        self._first = min(self._first, at) if self._first else at

    def finish(self) -> list[Fact]:
        """What is left to say when nothing more comes for now."""
        out: list[Fact] = []
        self._messages.pause(out)
        out.extend(self._calls.unanswered())
        first, last = self._first, self._last
        if not last and self._modified_at:  # a printed stream of older versions has no times at all
            last = self._modified_at
            first = max(last - int(number(self._result.get("duration_ms")) * 1e6), 1)
        self.told.tell(out, started_at=first or None, last_at=last or None)
        return out

    def summarised(self, leaf: str, title: str, out: list[Fact]) -> None:
        """A summary came; it is the title if what it sums up is here."""
        if leaf in self._seen:
            self.told.named(title, 1, out)

    def user(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """A prompt, results of tools, or what the agent says in the name of the user."""
        message = record.get("message")
        if not isinstance(message, dict):
            return False
        self._messages.user_speaks(out)
        content = message.get("content")
        results = [block for block in blocks(content) if str(block.get("type")).endswith("tool_result")]
        extra = record.get("toolUseResult", record.get("tool_use_result")) if len(results) == 1 else None
        denied = table(record.get("permissionDecision")).get("decision") in ("reject", "deny")
        for block in results:
            out.extend(self._calls.result(block, extra, denied or bool(record.get("toolDenialKind")), at))
        if isinstance(mode := record.get("permissionMode"), str):
            self._permission(mode, identity, at, out)
        if not results or content_has_text(content):
            self._said(record, content, bool(results), identity, at, out)
        return True

    def _said(self, record: Object, content: object, beside: bool, identity: str, at: int, out: list[Fact]) -> None:
        images: list[Object] = []
        text = text_of([block for block in blocks(content) if block.get("type") != "tool_result"], images).strip()
        side = self._sidechain(record)
        if text.startswith(INTERRUPTED):
            out.extend(self._calls.interrupted(side))
        if text.startswith(WRAPPERS):
            if text.startswith("<task-notification"):
                out.extend(self._calls.notified(text, at))
            out.extend(notes.marker(note, identity, at, side) for note in notes.wrapped(text))
        elif beside or not text:
            return
        elif record.get("isCompactSummary"):
            out.append(notes.marker(notes.Note("compaction_summary", text), identity, at, side))
        elif record.get("isMeta") or record.get("isSynthetic"):
            if text.startswith("Stop hook feedback"):
                out.append(notes.marker(notes.Note("hook_blocked", text, {"event": "Stop"}), identity, at, side))
        elif side or record.get("isSidechain"):
            out.append(notes.marker(notes.Note("task", text), identity, at, side))
        else:
            told = {"prompt_id": record.get("promptId"), "images": images or None}
            metadata = {field: value for field, value in told.items() if value is not None}
            out.append(Step(f"prompt:{identity}", "prompt", at, content=text, metadata=metadata or None))

    def assistant(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """A line of a message of the model."""
        message = record.get("message")
        if not isinstance(message, dict):
            return False
        if self.told.subagent:
            self.told.note(out, agent_type=string(record.get("attributionAgent")))
        self._messages.line(record, message, identity, at, self._sidechain(record), out)
        return True

    def system(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """A notice of the agent's own."""
        subtype = record.get("subtype")
        side = self._sidechain(record)
        if subtype == "init":
            self.told.tell(out, model=string(record.get("model")))
            self.told.note(out, permission_mode=string(record.get("permissionMode")))
        elif subtype == "turn_duration":
            lasted = record.get("durationMs")
            lasted = float(number(lasted)) if isinstance(lasted, int | float) else None
            out.append(Step(f"state:{identity}", "state", at, duration_ms=lasted, content="waiting"))
        elif subtype == "task_notification":
            code = exit_code_in(record.get("summary"))
            out.extend(self._calls.ended(record.get("task_id"), record.get("status"), at, code, None))
        found = notes.of_system(record)
        if found is None:
            return False
        out.extend(notes.marker(note, identity, at, side) for note in found)
        return True

    def attachment(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """Context given to the model, and what hooks did."""
        attachment = table(record.get("attachment"))
        side = self._sidechain(record)
        out.extend(notes.marker(note, identity, at, side) for note in notes.of_attachment(attachment))
        if told := notes.notification_in(attachment):
            out.extend(self._calls.notified(told, at))
        elif attachment.get("type") == "task_status":
            out.extend(self._calls.ended(attachment.get("taskId"), attachment.get("status"), at, None, None))
        return True

    def queue(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """What waits for the model: prompts come again as such, the end of something in the background is news."""
        said = text_of(record.get("content"))
        if said.startswith("<task-notification"):
            out.extend(self._calls.notified(said, at))
        return True

    def permission_mode(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """How much the agent may do without asking."""
        if isinstance(mode := record.get("permissionMode"), str):
            self._permission(mode, identity, at, out)
        return True

    def titled(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """A title."""
        self.told.title(record, out)
        return True

    def pull_request(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """A pull request that was opened."""
        told = {"number": record.get("prNumber"), "repository": record.get("prRepository")}
        out.append(notes.marker(notes.Note("pull_request", str(record.get("prUrl")), told), identity, at, False))
        return True

    def teleported(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """It goes on with a session that began on the web."""
        told = {"branch": record.get("branch")}
        note = notes.Note("teleported", str(record.get("remoteSessionId")), told)
        out.append(notes.marker(note, identity, at, False))
        return True

    def cost_state(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """The agent's own account of the session, written when it ends."""
        cost = record.get("totalCostUSD")
        if isinstance(cost, int | float) and 0 < cost < 1e9 and not record.get("hasUnknownModelCost"):
            self.told.tell(out, cost_usd=float(cost))
        return True

    def result(self, record: Object, identity: str, at: int, out: list[Fact]) -> bool:
        """The last line of a printed stream, with the tokens that its messages only have placeholders for."""
        if "subtype" not in record:
            return "key" in record  # of a workflow's journal
        self._messages.pause(out)
        if not self._result and self._messages.none and (said := string(record.get("result"))):
            out.append(Step(f"reply:{identity}", "reply", at, content=said))  # `--output-format json` prints no more
        self._result = record
        self._messages.account(record, at, out)
        cost = record.get("total_cost_usd")
        self.told.tell(
            out,
            cost_usd=float(cost) if isinstance(cost, int | float) and 0 <= cost < 1e9 else None,
            status="failed" if record.get("is_error") is True else "completed",
        )
        return True

    def _sidechain(self, record: Object) -> bool:
        """Whether a record belongs to a subagent inside this session."""
        return not self.told.subagent and bool(record.get("isSidechain") or record.get("parent_tool_use_id"))

    def _permission(self, mode: str, identity: str, at: int, out: list[Fact]) -> None:
        if mode == self._mode:
            return
        if self._mode is None:
            self.told.note(out, permission_mode=mode)
        else:
            note = notes.Note("permission_mode", f"{self._mode} → {mode}", {"from": self._mode, "to": mode})
            out.append(notes.marker(note, identity, at, False))
        self._mode = mode


def content_has_text(content: object) -> bool:
    """Whether there is anything but results of tools."""
    return any(block.get("type") == "text" for block in blocks(content))


_HANDLERS: dict[str, Callable[[_Session, Object, str, int, list[Fact]], bool]] = {
    "user": _Session.user,
    "assistant": _Session.assistant,
    "system": _Session.system,
    "attachment": _Session.attachment,
    "queue-operation": _Session.queue,
    "permission-mode": _Session.permission_mode,
    "custom-title": _Session.titled,
    "agent-name": _Session.titled,
    "ai-title": _Session.titled,
    "pr-link": _Session.pull_request,
    "teleported-from": _Session.teleported,
    "cost-state": _Session.cost_state,
    "result": _Session.result,
}
