"""The prefilter misses nothing: what detectors find in its windows is what they find when they look at everything."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.extract import detectors
from tachograph.extract.redact import redact_text, suspicious
from tachograph.extract.secret_kinds import KINDS
from tachograph.extract.suspects import EVERYTHING, Window, windows
from tests.extract import secret_samples as samples

SEED = 20261121
SECRETS = [line for _, line, _ in samples.secrets(SEED)]
INNOCENTS = samples.innocents(SEED)


def everywhere(data: bytes) -> list[tuple[int, int, str]]:
    return detectors.find_in(data, [Window(0, len(data), EVERYTHING)])


@pytest.mark.parametrize("glue", ["\n", "\\n", " ", '","', "x" * 400 + " "])
def test_samples_are_found_in_their_windows(glue: str) -> None:
    lines = [*SECRETS, *INNOCENTS]
    random.Random(SEED).shuffle(lines)
    data = glue.join(lines).encode()
    found = detectors.find(data)
    assert found == everywhere(data)
    assert len(found) > 200


GLUE = (
    b"password=", b"api_key: ", b'\\"token\\": \\"', b"--token ", b"Cookie: a=", b"Authorization: Bearer ", b"&sig=",
    b"curl ", b" -u ann:", b"machine a login b password ", b"https://", b"ann:", b"@", b"sk-ant-", b"AKIA", b"eyJ",
    b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----", b"Private-MAC: ", b"A1b2C3d4" * 9, b" " * 300,
    b"x" * 300, b"'", b'"', b"\n", b"\r\n", b"\\n", b"\\", b"=", b":", b"_", b"-", b".", b"\xff", b"[redacted:token]",
)  # fmt: skip
PIECES = st.sampled_from([*GLUE, *(line.encode() for line in [*SECRETS[::5], *INNOCENTS[::31]])])


@given(st.lists(PIECES | st.binary(max_size=12), max_size=16))
@settings(max_examples=300)
def test_any_mixture_is_found_as_if_everything_were_looked_at(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assert detectors.find(data) == everywhere(data)


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.from_regex(re.compile(kind[1], re.ASCII), fullmatch=True)))
@settings(max_examples=150)
def test_whatever_has_the_shape_of_a_token_is_looked_at(token: str) -> None:
    for data in (token, f"xx {token} yy", f'"{token}"', f"a\\n{token}\\n"):
        (place,) = windows(data.encode("latin-1"))
        assert "token" in place.detectors


def test_words_about_nothing_secret_are_not_looked_at() -> None:
    text = "def main() -> int:\n    return run(tasks, keys=[1, 2], path='a/b.py')  # the author's class is basic\n"
    assert windows(text.encode() * 1000) == []


def test_windows_are_apart_and_in_order() -> None:
    data = (b"password = " + b"z" * 2000 + b"\n" + b"nothing here\n" * 40) * 50
    places = windows(data)
    assert len(places) == 50
    assert all(before.end < place.start for before, place in itertools.pairwise(places))
    assert all(place.detectors == {"assignment"} for place in places)


@given(st.lists(st.lists(PIECES | st.binary(max_size=12), max_size=6), max_size=6))
@settings(max_examples=300)
def test_no_text_among_many_hides_a_secret(given_texts: list[list[bytes]]) -> None:
    texts = [b"".join(pieces).decode(errors="surrogateescape") for pieces in given_texts]
    hiding = {index for index, text in enumerate(texts) if redact_text(text)[1]}
    assert hiding <= suspicious(texts)


def test_texts_without_a_secret_are_not_suspected() -> None:
    assert suspicious(["git status", "", "all is well", f"export X={SECRETS[0]}", "nothing"]) == {3}
    assert suspicious([]) == set()
