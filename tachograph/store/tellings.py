"""How tellings of one step are put together, field by field. Pure.

The better source wins; a lesser one only fills what is left, and is named for it (`told` in the metadata).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from tachograph.records import Step
from tachograph.store.twins import is_number

RANKS = {"transcript": 0, "printed": 1, "hook": 2, "otlp": 3, "tmux": 4, "api": 5}  # sources, by how much they know
PRINTED, API = "printed", "api"
FIELDS = (
    "tool_name", "tool_call_id", "file_path", "operation", "command", "command_category", "exit_code", "duration_ms",
    "status", "content",
)  # fmt: skip
CALL, COMMAND, STATUS, CONTENT = map(FIELDS.index, ("tool_call_id", "command", "status", "content"))
OF_TEXT = ("content_bytes", "findings_cut")  # metadata that go with the text that they are about
SPECIAL = frozenset({"command", "file_op"})  # tool calls of a kind
_NOBODY: Mapping[str, str] = {}


def hash_of(key: str) -> int:
    """64 bits of a step's key, as _keys has them."""
    return digest_of(key.encode("utf-8", "surrogatepass"))


def digest_of(data: bytes) -> int:
    """64 bits of a text."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def by_key(steps: Iterable[Step]) -> dict[int, Step]:
    """Steps by the hash of their key; one told several times is one, in the place of its first telling."""
    found: dict[int, Step] = {}
    for step in steps:
        key = hash_of(step.key)
        first = found.get(key)
        found[key] = step if first is None else joined(first, step)
    return found


def joined(first: Step, then: Step) -> Step:
    """Two tellings of one step by the same source."""
    changes = {
        name: value
        for name in (*FIELDS, "usage")
        if (value := getattr(then, name)) is not None and value != getattr(first, name)
    }
    if changes.get("status") == "unknown" and first.status is not None:
        del changes["status"]  # not to know is no news
    if first.event_type == "tool_call" and then.event_type in SPECIAL:
        changes["event_type"] = then.event_type
    if then.metadata or "content" in changes:
        before = {name: value for name, value in (first.metadata or {}).items() if name not in OF_TEXT}
        changes["metadata"] = {**(before if "content" in changes else first.metadata or {}), **(then.metadata or {})}
    return msgspec.structs.replace(first, **changes) if changes else first


def fields_of(
    old: Sequence[Any],
    step: Step,
    told: Mapping[str, str],
    *,
    rank: int,
    teller: int,
    by: Mapping[str, str] = _NOBODY,
) -> tuple[list[Any], dict[str, str]]:
    """Fields after this telling by `rank`, and who told those that the best teller (so far `teller`) did not.

    `by` names who told a field of the step, where that was a lesser source.
    """
    new, after = list(old), dict(told)
    for index, name in enumerate(FIELDS):
        value, holder = getattr(step, name), RANKS[told[name]] if name in told else teller
        speaker = RANKS[by[name]] if name in by else rank
        news = value is not None and not (old[index] is not None and _says_nothing(name, value))
        if news and (old[index] is None or speaker <= holder or _is_no_id(name, old[index])):
            new[index], holder = value, speaker
        elif old[index] is None:
            continue
        if holder > min(rank, teller):
            after[name] = name_of(holder)
        else:
            after.pop(name, None)
    return new, after


def metadata_of(
    known: dict[str, Any], step: Step, old: Sequence[Any], new: Sequence[Any], *, better: bool
) -> dict[str, Any]:
    """Metadata after a telling that made the fields `new` from `old`."""
    told = step.metadata or {}
    after = {**known, **told} if better else {**told, **known}
    if new[CONTENT] != old[CONTENT]:
        after = {name: value for name, value in after.items() if name not in OF_TEXT or name in told}
        after |= {name: told[name] for name in OF_TEXT if name in told}
    if after.get("call") == "lost" and new[CALL] is not None:
        del after["call"]
    return after


def counts(step: Step, old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int, int]:
    """By how much a telling changes the numbers of tool calls, errors and rejections."""
    names = {step.tool_call_id, old[CALL], new[CALL]} - {None}
    own = step.key[5:]
    if not step.key.startswith("call:") or (names and own not in names and not is_number(own)):
        return 0, 0, 0  # another file of the same call
    return (
        (new[CALL] is not None) - (old[CALL] is not None),
        (new[STATUS] == "error") - (old[STATUS] == "error"),
        (new[STATUS] == "rejected") - (old[STATUS] == "rejected"),
    )


def is_call(step: Step) -> bool:
    return step.tool_call_id is not None and step.key == f"call:{step.tool_call_id}"


def is_result(step: Step) -> bool:
    """The result of a call that the source does not have: its history was cut."""
    return step.tool_call_id is None and step.key.startswith("call:")


def name_of(rank: int) -> str:
    """The source of that rank."""
    return next(name for name, number in RANKS.items() if number == rank)


def _says_nothing(name: str, value: object) -> bool:
    """Not to know is no news, and a number of a reader's is no id."""
    return (name == "status" and value == "unknown") or _is_no_id(name, value)


def _is_no_id(name: str, value: object) -> bool:
    return name == "tool_call_id" and is_number(value)
