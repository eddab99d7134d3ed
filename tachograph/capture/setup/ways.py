"""By which ways an agent's settings, as they are now, lead to us. `doctor` goes along them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tachograph.capture.setup import json_text
from tachograph.capture.setup.hook_groups import is_ours
from tachograph.capture.setup.json_text import NotJson
from tachograph.regexes import regex

_CONSTANT = regex(r"^const (address|authorization|command) = (.+)$", re.MULTILINE)


class Way(NamedTuple):
    """A hook that is installed: a command, for a shell (text) or not (words), or an address with its credential."""

    command: str | tuple[str, ...] = ""
    url: str = ""
    authorization: str = ""


def in_json(text: str) -> list[Way]:
    """Of settings with hooks in them; each way once."""
    try:
        document = json_text.parse(text).value
    except NotJson:
        return []
    return list(dict.fromkeys(way for hook in _objects(document) if is_ours(hook) and (way := _way(hook))))


def in_plugin(text: str) -> list[Way]:
    """Of a plugin that holds them as constants."""
    found: dict[str, Any] = {}
    for name, value in _CONSTANT.findall(text):
        try:
            found[name] = json.loads(value)
        except ValueError:
            continue
    ways = (
        [Way(url=str(found["address"]), authorization=str(found.get("authorization", "")))]
        if "address" in found
        else []
    )
    words = found.get("command")
    return ways + ([Way(command=tuple(map(str, words)))] if isinstance(words, list) else [])


def _way(hook: dict[str, Any]) -> Way:
    headers = hook.get("headers")
    authorization = headers.get("Authorization", "") if isinstance(headers, dict) else ""
    return Way(
        next((v for n in ("command", "bash", "powershell") if isinstance(v := hook.get(n), str)), ""),
        str(hook.get("url", "")),
        str(authorization),
    )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)
