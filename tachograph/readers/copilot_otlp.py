"""Telemetry of Copilot CLI 1.0: spans by the GenAI conventions, with names of its own beside them.

What it calls cost is premium requests, not money. Metrics do not say of which session they are. Source: recordings.
"""

from __future__ import annotations

from msgspec.structs import replace

from tachograph.readers import _otlp_genai
from tachograph.readers._copilot_calls import Calls
from tachograph.readers._otlp_genai import last_text
from tachograph.readers._otlp_told import SessionTold, Told
from tachograph.readers._otlp_wire import SPAN, Record
from tachograph.readers.values import Keys, lasted
from tachograph.records import Step

_COMPACTED = "github.copilot.session.compaction_complete"


def read(record: Record, told: Told) -> bool:
    """Facts of one record into `told`; False when it says nothing to us."""
    about = record.about
    id = about.text("gen_ai.conversation.id")
    operation = about.text("gen_ai.operation.name")
    if record.signal != SPAN or id is None or operation not in ("chat", "execute_tool", "invoke_agent"):
        return False
    session = told.session(record, id)
    session.facts(version=record.resource.text("service.version"))
    if operation == "execute_tool":
        _tool(session, record)
    elif operation == "chat":
        _chat(session, record)
    else:
        _turn(session, record)
    return True


def _tool(session: SessionTold, record: Record) -> None:
    about, calls = record.about, Calls(Keys())
    id = about.text("gen_ai.tool.call.id") or record.span_id
    given = about.decoded("gen_ai.tool.call.arguments")
    if not isinstance(given, dict):
        names = ("command", "file_path")
        told = {name: about.text(f"github.copilot.tool.parameters.{name}") for name in names}
        given = {"path" if name == "file_path" else name: value for name, value in told.items() if value} or None
    asked = {"toolCallId": id, "toolName": about.text("gen_ai.tool.name"), "arguments": given}
    said = about.text("gen_ai.tool.call.result")
    answer = {"success": not record.failed, "result": {"content": said}, "error": {"message": record.message or said}}
    session.steps += calls.start(asked, record.at, {})
    code = about.number("process.exit.code")
    for step in calls.complete({**asked, **answer}, record.end_at or record.at, {}):
        whole = step.key == f"call:{id}"
        session.steps.append(replace(step, exit_code=int(code)) if whole and code is not None else step)


def _chat(session: SessionTold, record: Record) -> None:
    about, end = record.about, record.end_at or record.at
    session.facts(model=_otlp_genai.model_of(about))
    usage = _otlp_genai.usage_of(about)
    if usage is not None:
        took = lasted(record.at, record.end_at)
        session.steps.append(Step(f"usage:{record.span_id}", "usage", end, duration_ms=took, usage=usage))
    if said := last_text(about.decoded("gen_ai.output.messages"), ("assistant",)):
        session.steps.append(Step(f"reply:{record.span_id}", "reply", end, content=said))
    if record.failed:
        metadata: dict[str, object] = {"kind": "api_error"}
        content = record.message or about.text("error.type") or "the call of the model failed"
        session.steps.append(
            Step(f"api_error:{record.span_id}", "marker", end, status="error", content=content, metadata=metadata)
        )


def _turn(session: SessionTold, record: Record) -> None:
    """From a prompt to the end of its answer; the agents that it starts have spans inside it."""
    about = record.about
    names = {"branch": "github.copilot.git.branch"}
    session.facts(**{name: about.text(attribute) for name, attribute in names.items()})
    if not record.parent_id and (asked := last_text(about.decoded("gen_ai.input.messages"), ("user",))):
        session.steps.append(Step(f"prompt:{record.span_id}", "prompt", record.at, content=asked))
    for name, _ in record.events:
        if name == _COMPACTED:
            metadata: dict[str, object] = {"kind": "compaction"}
            session.steps.append(
                Step(
                    f"compaction:{record.span_id}",
                    "marker",
                    record.end_at,
                    content="context compacted",
                    metadata=metadata,
                )
            )
