"""JSON stays JSON, however deep the secrets stand in it, and they are masked as they would be outside of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.extract.redact import redact, redact_text
from tests.extract import secret_samples as samples
from tests.extract.test_redact import INNOCENTS, KEY, SECRETS, body

MASK = re.compile(r"\[redacted:[a-z0-9_]+\]")
PLAIN = [line for _, line, secret in SECRETS if "\x1b" not in line]
PASSWORD = samples.PASSWORD(random.Random(7))
TOKEN = samples.some(samples.URLSAFE, 40)(random.Random(7))

Write = Callable[[object], str]
WRITERS: tuple[Write, ...] = (
    json.dumps,
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    lambda value: json.dumps(value, indent=2),
    lambda value: json.dumps(value).replace("/", "\\/"),
)


def nested(text: str, write: Write, depth: int) -> str:
    for _ in range(depth):
        text = write({"type": "user", "message": {"content": [{"text": text, "n": 1}]}, "id": "a"})
    return text


def unnested(text: str, depth: int) -> str:
    for _ in range(depth):
        record = json.loads(text)
        assert (record["type"], record["id"], record["message"]["content"][0]["n"]) == ("user", "a", 1)
        text = record["message"]["content"][0]["text"]
    return text


ENV = f"# settings\nDB_PASSWORD={PASSWORD}\nexport API_TOKEN='{TOKEN}'\nDEBUG=1\n"
HEADER = f'curl -H "Authorization: Bearer {TOKEN}" -d \'{{"password": "{PASSWORD}", "n": 1}}\' https://example.com/a\n'
PEM = "$ cat key.pem\n" + KEY.format("RSA ", "", "\n".join(body())) + '\n$ echo "done"\n'
TEXTS = {
    "env": ENV,
    "header": HEADER,
    "json": json.dumps({"password": PASSWORD, "user": "ann", "token": TOKEN, "path": "C:\\new\\table"}),
    "pretty": json.dumps({"secrets": {"password": PASSWORD, "token": TOKEN}, "ok": True}, indent=2) + "\n",
    "key": PEM,
    "key_head": "\n".join(PEM.split("\n")[:5]) + "\n",
    "key_tail": "\n".join(PEM.split("\n")[5:]),
    "key_lines": json.dumps(KEY.format("", "", "\n".join(body())).splitlines(keepends=True), indent=1),
    "quotation": f"\u201c{PLAIN[0]}\u201d, he said, and \u201c{PLAIN[9]}\u201d\t{PLAIN[20]}\n",
    "yaml": f"db:\n  password: '{PASSWORD}'\n  token: \"{TOKEN}\"\n",
    "code": f"const headers = {{ Authorization: `Bearer {TOKEN}`, 'x-api-key': \"{TOKEN}\" }};\n",
}


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_what_is_masked_in_a_text_is_masked_in_its_json(text: str, depth: int, write: Write) -> None:
    expected, kinds = redact_text(text)
    assert kinds
    assert PASSWORD not in expected and TOKEN not in expected and body()[3] not in expected
    assert unnested(redact_text(nested(text, write, depth))[0], depth) == expected


@given(
    st.lists(st.sampled_from([*PLAIN, *INNOCENTS[::9], "\n", '"', "\\", "é", "\u201c", "'", PEM]), max_size=6),
    st.sampled_from(WRITERS[:3]),
    st.integers(1, 3),
)
@settings(max_examples=200)
def test_any_text_in_json_comes_back_without_its_secrets(lines: list[str], write: Write, depth: int) -> None:
    text = "\n".join(lines)
    masked = unnested(redact_text(nested(text, write, depth))[0], depth)
    assert masked == redact_text(text)[0]


# fmt: off
ENDS = [
    "password=", "password: ", "token:", "--password", "--token ", "Authorization:", "authorization: Bearer ",
    "Cookie: ", "Set-Cookie: a=", "x-api-key: ", "DB_PASSWORD=", "export SECRET_KEY='", 'api_key = "', "https://",
    "https://ann:", "curl -u ann:", "&sig=", "AccountKey=", "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----\n", "machine a login b password ", "\\", '"', "'", "\n", "\\n", "sk-ant-", "",
]
NAMES = [
    "password", "token", "api_key", "Authorization", "cookie", "x-auth-token", "pwd", "--secret", "SECRET_KEY", "id",
]
# fmt: on
KEY_PARTS = ["\n".join(body(3)) + "\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n" + "\n".join(body(3))]
TEXT = st.tuples(st.sampled_from([*ENDS, *PLAIN[::3], *KEY_PARTS]), st.sampled_from(ENDS)).map("".join)
ATOMS = st.sampled_from([None, True, 1, -5, 123456, 12345678, 1.5e-10, 1.23456789012e25, -0.5]) | TEXT
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.tuples(st.sampled_from(NAMES), st.sampled_from(ENDS)).map("".join), inner, max_size=4)
        | st.tuples(st.sampled_from(WRITERS), inner).map(lambda pair: pair[0](pair[1]))
    ),
    max_leaves=12,
)


def same_shape(before: object, after: object) -> bool:
    if isinstance(before, dict):
        return isinstance(after, dict) and all(map(same_shape, before.values(), after.values()))
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(same_shape, before, after))
    return isinstance(after, str) if isinstance(before, str) else before == after


@given(st.lists(VALUES.filter(lambda value: isinstance(value, dict | list)), min_size=1, max_size=3), st.data())
@settings(max_examples=150)
def test_json_stays_json(values: list[object], data: st.DataObject) -> None:
    """Numbers, names that end in `password=`, halves of keys and quotes in odd places: only texts are changed."""
    raw = "\n".join(data.draw(st.sampled_from(WRITERS))(value) for value in values)
    masked = redact(raw.encode()).data.decode()
    decoder = json.JSONDecoder()
    at = 0
    for value in values:
        after, at = decoder.raw_decode(masked, at)
        at += 1
        written = json.loads(json.dumps(value))
        if MASK.search(json.dumps(list(names(after)))) is None:
            assert same_shape(written, after)
    assert at == len(masked) + 1


def names(value: object) -> list[str]:
    """Names in objects; where masks have made two of them the same, values are missing and shapes differ."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = list(value) if isinstance(value, dict) else []
    return found + [name for each in inner for name in names(each)]
