"""Hooks in settings that have them as `{"hooks": {EVENT: [{"hooks": [{…}]}]}}`: adding ours, finding ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tachograph.capture.setup import json_text
from tachograph.capture.setup.json_text import NotJson
from tachograph.errors import Refused

_OURS = ("/api/ingest/hooks/", "tachograph/__main__.py", "tachograph\\__main__.py")
_OURS_WITH_WORD = " hook "


def is_ours(value: Any) -> bool:
    """Whether a hook hands its message to us: by its address or its command."""
    if not isinstance(value, dict):
        return False
    command = next((v for n in ("command", "bash", "powershell") if isinstance(v := value.get(n), str)), "")
    url = value.get("url")
    by_command = any(part in command for part in _OURS[1:]) and _OURS_WITH_WORD in command
    return by_command or (isinstance(url, str) and _OURS[0] in url)


def add(text: str, hooks: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """With these (event, hook), each at the end of its event: others' keep their places, and their numbers."""
    for event, hook in hooks:
        text = json_text.append(text, ("hooks", event), {"hooks": [hook]})
    return text


def discard(text: str, path: Sequence[str] = ("hooks",)) -> str:
    """Without our hooks, and without the groups, events and objects that they leave empty."""
    holder = json_text.find(text, path)
    events = list(holder.value) if holder is not None and isinstance(holder.value, dict) else []
    for event in events:
        text = _discard_event(text, (*path, event))
    left = json_text.find(text, path)
    return json_text.remove(text, path) if events and left is not None and left.value == {} else text


def readable(text: str | None, path: str) -> str:
    """The text itself if it is JSON with comments; with an object behind it where there is none or nothing in it.

    Raises Refused, so that nothing broken is written over.
    """
    text = text or ""
    if not text.strip(json_text.SPACE):
        text += "{}\n"
    try:
        if not isinstance(json_text.parse(text).value, dict):
            raise NotJson("it is not an object")
    except NotJson as error:
        raise Refused(f"{path} is not JSON: {error}", "mend it first; nothing was written") from None
    return text


def _discard_event(text: str, path: Sequence[str]) -> str:
    node = json_text.find(text, path)
    groups = node.value if node is not None and isinstance(node.value, list) else []
    if not any(_has_ours(group) for group in groups):
        return text
    text = json_text.discard(text, path, lambda group: _has_ours(group) and all(map(is_ours, group["hooks"])))
    left = json_text.find(text, path)
    if left is not None and left.value == []:
        return json_text.remove(text, path)
    return _discard_inside(text, path)


def _discard_inside(text: str, path: Sequence[str]) -> str:
    """Our hooks in groups that others have hooks in, too."""
    while (node := json_text.find(text, path)) is not None:
        mixed = [group for group in node.items if _has_ours(group.value)]
        if not mixed:
            break
        group = text[mixed[0].start : mixed[0].end]
        text = text[: mixed[0].start] + json_text.discard(group, ("hooks",), is_ours) + text[mixed[0].end :]
    return text


def _has_ours(group: Any) -> bool:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    return isinstance(hooks, list) and any(map(is_ours, hooks))
