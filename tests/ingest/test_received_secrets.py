"""A secret anywhere in what agents send, or in what a wrapper notes, is in no table, no index and no memory."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph import paths
from tachograph.capture import received
from tachograph.ingest.catch_up import catch_up
from tachograph.journal import frame, once
from tests.extract.secret_samples import TOKENS
from tests.ingest import journals as written
from tests.ingest.machine import empty
from tests.ingest.test_history_secrets import everywhere
from tests.readers.hook_messages import AT, recorded
from tests.readers.otlp_messages import FOLDER, protobuf
from tests.readers.told import HISTORIES

CHANCE = random.Random(20261122)
SECRETS = [TOKENS[name](CHANCE) for name in ("github_classic", "anthropic", "aws_id", "stripe", "npm", "slack_bot")]
WAYS: list[Callable[[str, str], str]] = [
    lambda secret, text: secret,
    lambda secret, text: f"{text} {secret} {text}",
    lambda secret, text: json.dumps({"env": {"X": secret}, secret: text}),
    lambda secret, text: f"\x1b[31m{secret[:7]}\x1b[1m{secret[7:]}\x1b[0m",
]


def planted(draw: st.DrawFn, value: Any, secret: str) -> Any:
    """The same with a secret in one of its texts or names."""
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 9)) == 0:
            return {**value, draw(st.sampled_from(WAYS))(secret, name): value[name]}
        return {**value, name: planted(draw, value[name], secret)}
    if isinstance(value, list) and value:
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], planted(draw, value[at], secret), *value[at + 1 :]]
    return draw(st.sampled_from(WAYS))(secret, value if isinstance(value, str) else "")


@st.composite
def hooks(draw: st.DrawFn, secret: str) -> tuple[bytes, bytes]:
    agent = draw(st.sampled_from(sorted((HISTORIES / "hooks").iterdir())))
    event, body = draw(st.sampled_from(recorded(agent.name)))
    raw = json.dumps(planted(draw, body, secret))
    return received.HOOK, received.hook(agent.stem, event, None, raw.encode())


@st.composite
def telemetry(draw: st.DrawFn, secret: str) -> tuple[bytes, bytes]:
    path = draw(st.sampled_from(sorted(FOLDER.glob("*.jsonl"))))
    signal = path.stem.split("_")[1]
    line = draw(st.sampled_from(path.read_bytes().splitlines()))
    body = json.dumps(planted(draw, json.loads(line), secret)).encode()
    if draw(st.booleans()):
        return received.TELEMETRY, received.telemetry(signal, "json", body)
    return received.TELEMETRY, received.telemetry(signal, "protobuf", protobuf(signal, body))


@st.composite
def wrapped(draw: st.DrawFn, secret: str) -> list[tuple[bytes, bytes]]:
    """What a wrapper or a watcher of tmux tells beside the bytes, with a secret in one of its records."""
    git = {"root": "/p", "branch": "main", "commit": "c0ffee", "dirty": False}
    records = [
        written.header(
            "codex-1", git=git, title="t", host="h", source=draw(st.sampled_from(["", "tmux"])), tmux={"p": "%1"}
        ),
        written.state("waiting", line="Sure? [y/N]"),
        (frame.NOTE, b'{"text": "here"}'),
        (frame.GAP, b'{"bytes": 3, "reason": "the disk is full"}'),
        *written.end(),
    ]
    at = draw(st.integers(0, len(records) - 1))
    kind, body = records[at]
    told = json.loads(body)
    ours = {"state": told.pop("state")} if "state" in told else {}  # one of a few words, which nobody else chooses
    records[at] = kind, json.dumps({**planted(draw, told, secret), **ours}).encode()
    return records


@settings(max_examples=12)
@given(secret=st.sampled_from(SECRETS), data=st.data())
def test_no_secret_that_was_received_is_kept(home: Path, secret: str, data: st.DataObject) -> None:
    places = paths.places()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    Path(places.database).write_bytes(empty())
    messages = data.draw(st.lists(st.one_of(hooks(secret), telemetry(secret)), min_size=1, max_size=5))
    for number, (kind, body) in enumerate(messages):
        assert once.put(places.journal, received.journal_name("x", AT, number), kind, AT + number, body)
    written.write(Path(places.journal), "codex-1", data.draw(wrapped(secret)))
    assert catch_up(places).complete
    there = everywhere(home)
    at = there.find(secret.encode())
    assert at < 0, there[max(0, at - 300) : at + 100]
