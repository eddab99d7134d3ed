"""A session as one JSON document: its row, its turns, files, events and code, under the column names of the views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from tachograph import clock
from tachograph.formats import as_json
from tachograph.formats.recording import Moment, Recording, Turn
from tachograph.formats.rows import to_row


def export(recording: Recording) -> Iterator[str]:
    """An object with `session`, `turns`, `files`, `events` and `code_blocks`, one entry a line."""
    yield '{"session":' + as_json.value(to_row(recording.session))
    lists: dict[str, Iterable[Mapping[str, Any]]] = {
        "turns": map(_turn, recording.turns),
        "files": recording.files,
        "events": map(_event, recording.moments()),
        "code_blocks": (to_row(block) for block, _ in recording.code()),
    }
    for name, rows in lists.items():
        yield f',\n"{name}":'
        yield from (piece.rstrip("\n") if piece in {"]\n", "[]\n"} else piece for piece in as_json.array(rows))
    yield "}\n"


def _turn(turn: Turn) -> Mapping[str, Any]:
    return {"turn": turn.number, "timestamp": clock.iso(turn.at) if turn.at else None, "prompt": turn.prompt}


def _event(moment: Moment) -> Mapping[str, Any]:
    row = {**to_row(moment.event), "turn": moment.turn}
    if moment.usage is not None:
        row["usage"] = msgspec.structs.asdict(moment.usage)
    return row
