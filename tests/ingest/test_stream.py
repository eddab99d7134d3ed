"""What a program prints becomes the same lines, findings and masks in whatever pieces it arrives, and no secret is
in any of it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.ingest.stream import PENDING_MAX, Step, Stream
from tachograph.store.output import Chunk
from tests.extract.secret_samples import NAMED, TOKENS
from tests.ingest.machine import shipped

CHANCE = random.Random(20261122)
TOKEN = {name: TOKENS[name](CHANCE).encode() for name in sorted(TOKENS)}
KEY_LINES = [CHANCE.randbytes(48).hex().encode() for _ in range(6)]
KEY = b"\n".join([b"-----BEGIN RSA PRIVATE KEY-----", *KEY_LINES, b"-----END RSA PRIVATE KEY-----\n"])
ASSIGNED = {name: (line, draw(CHANCE)) for name, (line, draw) in sorted(NAMED.items())}
FILLING = b"lorem ipsum dolor "


class Told:
    """What a stream said so far, as a store would have it; `restart` begins anew with what is stored."""

    def __init__(self) -> None:
        self.chunks: dict[int, Chunk] = {}
        self.found: list[object] = []
        self.texts: list[str] = []
        self.stream = Stream(0, shipped(), None, {})

    def restart(self) -> None:
        """Another process: what was not consumed comes out of the journal again."""
        waiting, pieces = self.stream.pending, self.stream.pending_pieces
        state = json.loads(json.dumps(self.stream.state()))
        self.stream = Stream(0, shipped(), self.chunks[max(self.chunks)] if self.chunks else None, state)
        at = 0
        for time, size in pieces:
            self.take(self.stream.feed([(time, waiting[at : at + size])]))
            at += size

    def take(self, step: Step) -> None:
        self.chunks |= {chunk.number: chunk for chunk in step.chunks}
        self.found += [(one, at) for one, at in step.found if one.event_type != "confirmation"]  # may be seen early
        self.texts += [passage.text for passage in step.passages]

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks[number].data for number in sorted(self.chunks))

    @property
    def everything(self) -> str:
        return "\n".join([self.data.decode(errors="replace"), *map(repr, self.found), *self.texts])


def told(pieces: Sequence[bytes], restarts: Sequence[bool] = (), glimpses: Sequence[bool] = ()) -> Told:
    """All that is said of these pieces."""
    heard = Told()
    for number, piece in enumerate(pieces):
        heard.take(heard.stream.feed([(1, piece)]))
        if number < len(glimpses) and glimpses[number] and heard.stream.pending:
            heard.take(heard.stream.glimpse())
        if number < len(restarts) and restarts[number]:
            heard.restart()
    heard.take(heard.stream.finish())
    return heard


@pytest.mark.parametrize("end", [b"", b"\n", FILLING * 6000 + b"\n"], ids=["unfinished", "finished", "going on"])
@pytest.mark.parametrize(
    ("name", "secret"),
    [(b"", TOKEN["github_classic"]), (b"", TOKEN["jwt"]), (b"export DB_PASSWORD=", b"horse7Battery")],
    ids=["short", "long", "named"],
)
def test_a_line_handled_in_parts_is_not_cut_in_a_secret(name: bytes, secret: bytes, end: bytes) -> None:
    for behind in range(0, len(name) + len(secret) + 1, 4):
        before = (FILLING * 4000)[: PENDING_MAX - behind - 1] + b" " + name
        heard = told([before + secret, b" and on" + end])
        assert heard.data.count(b"[redacted:") == 1, behind
        assert heard.data.startswith(before) and b"] and on" in heard.data, behind


SECRETS = [*TOKEN.values(), *(secret.encode() for _, secret in ASSIGNED.values()), *KEY_LINES]
PIECES = st.one_of(
    st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"\x1b[31m", b"\x1b[0m", b'{"text": "', b'"}', FILLING]),
    st.sampled_from([b" " + token + b" " for token in TOKEN.values()]),
    st.sampled_from([b"\n" + line.format(secret).encode() + b"\n" for line, secret in ASSIGNED.values()]),
    st.sampled_from([KEY, b"error: it broke\n", b"```python\nprint(1)\n```\n", b"3 passed, 1 failed in 0.2s\n"]),
    st.sampled_from([b'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no\n', b"\xff\xfe"]),
    st.integers(PENDING_MAX - 100, PENDING_MAX + 40).map(lambda size: (FILLING * 4000)[: size - 1] + b" "),
)


@settings(max_examples=25)
@given(
    printed=st.lists(PIECES, max_size=12).map(b"".join),
    cuts=st.lists(st.floats(0, 1), max_size=5),
    restarts=st.lists(st.booleans(), min_size=6, max_size=6),
    glimpses=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_pieces_in_which_it_arrives_change_nothing(
    printed: bytes, cuts: list[float], restarts: list[bool], glimpses: list[bool]
) -> None:
    whole = told([printed])
    places = [0, *sorted(int(cut * len(printed)) for cut in cuts), len(printed)]
    pieces = [printed[begin:end] for begin, end in itertools.pairwise(places)]
    parts = told(pieces, restarts, glimpses)
    assert parts.data == whole.data
    assert parts.found == whole.found
    assert parts.stream.lines == whole.stream.lines
    assert [secret for secret in SECRETS if secret.decode() in whole.everything + parts.everything] == []
