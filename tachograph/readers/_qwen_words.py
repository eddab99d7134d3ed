"""Words of Qwen Code: what of a message was typed, tokens in both of their forms, whose a call of the model was."""

from __future__ import annotations

from tachograph.readers.values import Object, count, dollars, table, tables, text
from tachograph.records import Usage

_TYPED = (None, "mid_turn_user_message")  # subtypes of what a user said; others are the program's
_OF_USERS = (None, "real_user")
_HOOK = "<qwen:user-prompt-submit-context>"  # what a hook adds for the model
_REMINDER = "<system-reminder>"


def said(record: Object) -> tuple[str, str]:
    """What a message of the user tells the model, and what of it was typed."""
    pieces = [text(part.get("text")) or _file(part) for part in tables(table(record.get("message")).get("parts"))]
    shown = text(table(record.get("systemPayload")).get("displayText"))
    typed = [piece for piece in pieces if piece and not piece.lstrip().startswith((_HOOK, _REMINDER))]
    return "\n\n".join(piece for piece in pieces if piece), shown or "\n\n".join(typed)


def _file(part: Object) -> str:
    data = table(part.get("inlineData") or part.get("fileData"))
    return "" if not data else "[image]" if str(data.get("mimeType")).startswith("image") else "[file]"


def is_prompt(record: Object) -> bool:
    """Whether a user said it."""
    return record.get("subtype") in _TYPED and record.get("provenance") in _OF_USERS


def usage(given: Object, model: str | None) -> Usage | None:
    """`usageMetadata` of a reply."""
    return _usage(
        given,
        model,
        "promptTokenCount candidatesTokenCount thoughtsTokenCount cachedContentTokenCount",
        "totalTokenCount",
    )


def usage_told(event: Object) -> Usage | None:
    """The same of an answer of the model in the telemetry."""
    names = "input_token_count output_token_count thoughts_token_count cached_content_token_count"
    return _usage(event, text(event.get("model")), names, "total_token_count")


def _usage(given: Object, model: str | None, names: str, total: str) -> Usage | None:
    """Input holds what was cached. What was thought is part of the output in the manner of OpenAI, and beside it in
    that of Gemini: the total tells."""
    read, wrote, thought, cached = (count(given.get(field)) for field in names.split())
    if not (read or wrote or thought or cached):
        return None
    beside = thought if thought > wrote or count(given.get(total)) == read + wrote + thought else 0
    return Usage(model, read, wrote + beside, cached, 0, thought)


def aside(event: Object, session: str) -> str | None:
    """The subagent whose call it was, or what else the program asked for by itself; None for the session's own."""
    prompt = text(event.get("prompt_id")) or ""
    own, _, rest = prompt.partition("#")
    if own == session and rest and not rest.startswith("#"):
        return rest.partition("#")[0]
    return text(event.get("subagent_name")) or ("compress" if prompt.startswith("compress-") else None)


def milliseconds(value: object) -> float | None:
    lasted = dollars(value)
    return lasted if lasted is not None and lasted >= 0 else None
