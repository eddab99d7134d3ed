"""Secrets are masked wherever they stand; what only looks like one stays."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.extract.redact import redact, redact_text
from tests.extract import secret_samples as samples

SEED = 20261121
SECRETS = samples.secrets(SEED)
INNOCENTS = samples.innocents(SEED)
ESCAPES = re.compile(rb"\x1b\[[0-9;]*[mK]")
MASKS = re.compile(rb"\[redacted:[a-z0-9_]+\]")
LEFT = 6  # so many characters of a secret in a row would be too much


def leaks(line: str, secret: str) -> bool:
    shown = MASKS.sub(b"", ESCAPES.sub(b"", redact(line.encode()).data))
    bare = ESCAPES.sub(b"", secret.encode())
    return any(bare[at : at + LEFT] in shown for at in range(max(1, len(bare) - LEFT + 1)))


def test_at_least_97_of_100_secrets_are_masked() -> None:
    assert len({kind for kind, _, _ in SECRETS}) >= 90
    missed = [(kind, line) for kind, line, secret in SECRETS if leaks(line, secret)]
    assert len(missed) <= 0.03 * len(SECRETS), missed


def test_at_most_1_of_100_innocents_is_touched() -> None:
    assert len(INNOCENTS) >= 400
    touched = [line for line in INNOCENTS if redact(line.encode()).secrets]
    assert len(touched) <= 0.01 * len(INNOCENTS), touched


def test_innocent_bytes_come_back_as_the_same_object() -> None:
    raw = "\n".join(INNOCENTS).encode()
    clean = b"nothing to see \x1b[31mhere\x1b[0m\n" * 100
    assert redact(clean).data is clean
    assert len(redact(raw).secrets) <= 0.01 * len(INNOCENTS)


def test_a_block_is_masked_like_its_lines() -> None:
    lines = [line.encode() for _, line, _ in SECRETS] + [line.encode() for line in INNOCENTS]
    random.Random(SEED).shuffle(lines)
    block = redact(b"\n".join(lines)).data
    assert block.split(b"\n") == [redact(line).data for line in lines]


def test_masking_twice_changes_nothing() -> None:
    for _, line, _ in SECRETS:
        once = redact(line.encode()).data
        assert redact(once).data == once, line


def test_positions_speak_of_the_input() -> None:
    raw = b"a=1\n" + "\n".join(line for _, line, _ in SECRETS).encode() + b"\n"
    result = redact(raw)
    rebuilt, done = b"", 0
    for secret in result.secrets:
        assert done <= secret.start < secret.end
        mask = result.data[len(rebuilt) + secret.start - done :][: secret.replacement_length]
        assert mask.startswith(f"[redacted:{secret.kind}]".encode())
        rebuilt += raw[done : secret.start] + mask
        done = secret.end
    assert rebuilt + raw[done:] == result.data


def test_colours_inside_a_secret_go_on_behind_the_mask() -> None:
    token = samples.TOKENS["github_classic"](random.Random(SEED))
    raw = f"\x1b[32m{token[:2]}\x1b[0m{token[2:9]}\x1b[1m{token[9:]}\x1b[0m end\n".encode()
    assert redact(raw).data == b"\x1b[32m[redacted:github_token]\x1b[0m\x1b[1m\x1b[0m end\n"


def test_colours_that_json_has_escaped_hide_nothing() -> None:
    token = samples.TOKENS["github_classic"](random.Random(SEED))
    raw = f'"a \\u001b[32m{token[:2]}\\u001b[0m{token[2:]}\\u001b[m b"'
    assert redact_text(raw)[0] == '"a \\u001b[32m[redacted:github_token]\\u001b[0m\\u001b[m b"'


KEY = "-----BEGIN {0}PRIVATE KEY{1}-----\n{2}\n-----END {0}PRIVATE KEY{1}-----"


def body(lines: int = 12) -> list[str]:
    rng = random.Random(SEED)
    return [*(samples.some(samples.ALNUM + "+/", 64)(rng) for _ in range(lines)), "Ab3/x9=="]


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("RSA ", ""), ("EC ", ""), ("OPENSSH ", ""), ("PGP ", " BLOCK")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_private_keys_are_masked_line_by_line(before: str, after: str, end: str) -> None:
    text = "$ cat key\n" + KEY.format(before, after, "\n".join(body())) + "\nall done now\n"
    raw = text.replace("\n", end).encode()
    masked = redact(raw).data
    shown = masked.replace(end.encode(), b"\n").split(b"\n")
    assert shown == [b"$ cat key", *[b"[redacted:private_key]"] * 15, b"all done now", b""]
    assert redact(masked).data == masked


def test_a_private_key_without_its_end_is_masked_to_the_end_of_the_block() -> None:
    raw = ("-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(body(200))).encode()
    assert set(redact(raw).data.split(b"\n")) == {b"[redacted:private_key]"}


def test_a_private_key_without_its_end_does_not_take_what_follows() -> None:
    raw = ("-----BEGIN PRIVATE KEY-----\n" + "\n".join(body(3)) + "\n$ ls -la the folder\n").encode()
    assert redact(raw).data.split(b"\n")[5:] == [b"$ ls -la the folder", b""]


def test_a_private_key_without_its_beginning_is_masked_from_the_start_of_the_block() -> None:
    raw = ("\n".join(body(5)) + "\n-----END PRIVATE KEY-----\nnext words here\n").encode()
    assert redact(raw).data.split(b"\n") == [*[b"[redacted:private_key]"] * 7, b"next words here", b""]


def test_a_private_key_in_one_line_of_json_is_masked_line_by_line_too() -> None:
    key = KEY.format("", "", "\n".join(body())).replace("\n", "\\n")
    masked = "\\n".join(["[redacted:private_key]"] * 15)
    assert redact(f'{{"a": 1, "private_key": "{key}\\n", "b": 2}}'.encode()).data == (
        f'{{"a": 1, "private_key": "{masked}\\n", "b": 2}}'.encode()
    )


def test_a_private_key_in_a_diff_with_colours() -> None:
    text = KEY.format("EC ", "", "\n".join(body(2)))
    raw = "".join(f"\x1b[32m+{line}\x1b[m\n" for line in text.split("\n")).encode()
    masked = redact(raw).data
    assert not [line for line in body(2) if line.encode() in masked]
    assert masked.count(b"\n") == raw.count(b"\n")


def test_words_about_private_keys_stay() -> None:
    text = 'if line.startswith("-----BEGIN PRIVATE KEY-----"):\n    return load(line)\n# -----END PRIVATE KEY-----\n'
    assert redact(text.encode()).secrets == ()
    public = KEY.format("", "", "\n".join(body())).replace("PRIVATE KEY", "CERTIFICATE")
    assert redact(public.encode()).secrets == ()


def test_text() -> None:
    token = samples.TOKENS["anthropic"](random.Random(SEED))
    assert redact_text(f"é {token} ü") == ("é [redacted:anthropic_key] ü", ("anthropic_key",))
    assert redact_text("é plain \ud800") == ("é plain \ud800", ())
    assert redact_text(f"\ud800 {token}") == ("\ud800 [redacted:anthropic_key]", ("anthropic_key",))


GLUE = '[redacted:password]|[redacted:jwt]|password=|"token": "|\n| |\x1b[31m|\x1b[0m|\\n|\\u003d|\'|"|;|&|é|' + (
    "Authorization: Bearer |Cookie: a=|-----BEGIN PRIVATE KEY-----|-----END PRIVATE KEY-----|https://a:|@b/"
)
PIECES = st.sampled_from([*(line for _, line, _ in SECRETS[::7]), *INNOCENTS[::29], *GLUE.split("|")])


@given(st.lists(PIECES, max_size=12))
@settings(max_examples=400)
def test_any_mixture_is_masked_once_and_for_all(pieces: list[str]) -> None:
    raw = "".join(pieces).encode()
    once = redact(raw)
    assert once.data.count(b"\n") == raw.count(b"\n")
    assert redact(once.data).data == once.data
    text, kinds = redact_text("".join(pieces))
    assert text.encode() == once.data
    assert len(kinds) == len(once.secrets)


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(raw: bytes) -> None:
    assert redact(raw).data.count(b"\n") == raw.count(b"\n")


@pytest.mark.parametrize(
    "piece",
    [
        b"password=",
        b"a",
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----END PRIVATE KEY-----\n",
        b"://",
        b"ey",
        b'token: "',
        b"\\u00",
        b"\x1b",
        b"Cookie: ",
        b"curl -u ",
    ],
)
def test_hostile_bytes_end(piece: bytes) -> None:
    result = redact(piece * (400_000 // len(piece)))
    assert redact(result.data).data == result.data
