"""Telemetry of Codex 0.169: its events. They carry no time of their own in the usual place, and numbers as text.

Spans and metrics are left out: hundreds of spans for one turn are about the insides of the program, and metrics do not
say of which session they are. Source: recordings.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tachograph.readers._codex_calls import Calls
from tachograph.readers._codex_output import outcome
from tachograph.readers._otlp_told import SessionTold, Told
from tachograph.readers._otlp_wire import LOG, Attributes, Record
from tachograph.records import Step, Usage

_HIDDEN = "[REDACTED]"
_REFUSED = {"denied", "abort", "denied_by_user"}


def read(record: Record, told: Told) -> bool:
    """Facts of one record into `told`; False when it says nothing to us."""
    id = record.about.text("conversation.id")
    tell = _EVENTS.get(record.name.removeprefix("codex.")) if record.signal == LOG else None
    if id is None or tell is None:
        return False
    return tell(told, record, id, record.about)


def _session(told: Told, record: Record, id: str) -> SessionTold:
    session = told.session(record, id)
    session.facts(version=record.about.text("app.version"), model=record.about.text("model"))
    return session


def _starts(told: Told, record: Record, id: str, about: Attributes) -> bool:
    session = _session(told, record, id)
    names = ("provider_name", "approval_policy", "sandbox_policy", "reasoning_effort")
    session.noted(**{name: about.text(name) for name in names})
    return True


def _prompt(told: Told, record: Record, id: str, about: Attributes) -> bool:
    said = about.text("prompt")
    content = None if said == _HIDDEN else said
    _session(told, record, id).steps.append(Step(f"prompt:{record.at}", "prompt", record.at, content=content))
    return True


def _event(told: Told, record: Record, id: str, about: Attributes) -> bool:
    """Of the events of a stream only the last of a response says anything, and only one of two such has counts."""
    if about.text("event.kind") != "response.completed":
        return False
    inside, outside = about.count("input_token_count"), about.count("output_token_count")
    if inside is None and outside is None:
        return False
    read, write = about.count("cached_token_count") or 0, about.count("cache_write_token_count") or 0
    thought = about.count("reasoning_token_count") or 0
    usage = Usage(about.text("model"), inside or 0, outside or 0, read, write, thought)
    session = _session(told, record, id)
    session.steps.append(Step(f"usage:{record.at}", "usage", record.at, usage=usage))
    return True


def _request(told: Told, record: Record, id: str, about: Attributes) -> bool:
    message, code = about.text("error.message"), about.count("http.response.status_code")
    if message is None and (code is None or code < 400):
        return False
    metadata: dict[str, object] = {"kind": "api_error", "status_code": code, "attempt": about.count("attempt")}
    step = Step(
        f"api_error:{record.at}", "marker", record.at, status="error", content=message or f"HTTP {code}",
        metadata=metadata,
    )  # fmt: skip
    _session(told, record, id).steps.append(step)
    return True


def _decision(told: Told, record: Record, id: str, about: Attributes) -> bool:
    steps = _call(record, about)[1]
    decision, by = about.text("decision"), about.text("source")
    status = "rejected" if (decision or "").lower() in _REFUSED else None
    metadata: dict[str, object] = {"decision": decision, **({"decision_source": by} if by else {})}
    _session(told, record, id).steps += [replace(step, status=status, metadata=metadata) for step in steps[:1]]
    return True


def _result(told: Told, record: Record, id: str, about: Attributes) -> bool:
    calls, steps = _call(record, about)
    lasted = about.number("duration_ms")
    began = max(record.at - int((lasted or 0) * 1e6), 1)
    answers = calls.output({"call_id": about.text("call_id"), "output": about.text("output") or ""}, record.at)
    found = outcome(about.text("output") or "")
    failed = about.flag("success") is False and found.status == "ok"
    session = _session(told, record, id)
    session.steps += [replace(step, at=began) for step in steps]
    session.steps += [replace(step, duration_ms=lasted, status="error" if failed else step.status) for step in answers]
    return True


def _call(record: Record, about: Attributes) -> tuple[Calls, list[Step]]:
    calls = Calls()
    if about.text("call_id") is None:
        return calls, []
    item = {"call_id": about.text("call_id"), "name": about.text("tool_name"), "arguments": about.text("arguments")}
    if namespace := about.text("tool_namespace"):
        item["namespace"] = namespace
    return calls, calls.function(item, record.at)


_EVENTS: dict[str, Callable[[Told, Record, str, Attributes], bool]] = {
    "conversation_starts": _starts,
    "user_prompt": _prompt,
    "sse_event": _event,
    "api_request": _request,
    "tool_decision": _decision,
    "tool_result": _result,
}
