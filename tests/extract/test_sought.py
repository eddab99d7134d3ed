"""A text is found however it is written, and nothing around it moves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import UsageError
from tachograph.extract.sought import Sought, breaks

SECRET = 'Kuh"stall/7é'
SIZE = len(SECRET.encode())
STARS = b"*" * SIZE
COLOURED = 'K\x1b[31muh"sta\x1b[0mll/7é'
KEY = "-----BEGIN KEY-----\nabc\ndef\n-----END KEY-----"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps({"a": [SECRET]})),
        json.dumps(SECRET).replace("/", "\\/"),
        "".join(f"\\u{ord(letter):04X}" for letter in SECRET),
        "echo Kuh\\\"stall/7é",
        COLOURED,
        json.dumps(COLOURED),
        "\x1b]0;title\x07" + COLOURED + "\x1b[K",
    ],
)  # fmt: skip
def test_however_it_is_written_it_is_found_once_and_nothing_moves(written: str) -> None:
    sought, data = Sought(SECRET), f"before {written} behind".encode()
    gone = sought.unsaid(data)
    assert sought.hits(data) == 1 and sought.maybe(b"x\0" + data) and not sought.hits(gone)
    assert len(gone) == len(data) and gone.startswith(b"before ") and gone.endswith(b" behind")
    assert "K" not in written or b"Kuh" not in gone
    assert not breaks(written.encode(), sought.unsaid(written.encode())), "JSON stays JSON"


def test_colours_stay() -> None:
    assert Sought(SECRET).unsaid(COLOURED.encode()) == b"*\x1b[31m******\x1b[0m" + b"*" * (SIZE - 7)


def test_what_is_not_there_is_given_back_as_it_is() -> None:
    data = b"Kuh stall 7"
    assert Sought(SECRET).unsaid(data) is data and not Sought(SECRET).maybe(data)


def test_several_lines_keep_their_ends() -> None:
    sought = Sought(KEY)
    assert sought.unsaid(KEY.replace("\n", "\r\n").encode()).count(b"\r\n") == 3
    written = json.dumps({"key": KEY}).encode()
    assert json.loads(sought.unsaid(written)) == {"key": "*" * (len(KEY) + 3)}


def test_an_asciicast_is_found_over_its_events_and_stays_one() -> None:
    typed = b"".join(
        b'[%d.5, "i", "%c"]\n[%d.6, "o", "%c"]\n' % (at, letter, at, letter) for at, letter in enumerate(b"hunter2x")
    )
    gone = Sought("hunter2x").unsaid(b'[0, "o", "$ "]\n' + typed)
    lines = [json.loads(line) for line in gone.splitlines()]
    assert len(gone) == len(typed) + 15 and lines[0] == [0, "o", "$ "]
    assert "".join(said for _, kind, said in lines[1:] if kind == "i").strip("*") == ""


def test_escapes_around_it_stay_whole() -> None:
    assert Sought("nologin1").unsaid(b'"foo\\nologin1 \\\\nologin1"') == b'"foo********* **********"'
    assert Sought("00e9ab").unsaid(b'"\\u00e9ab x"') == b'"******** x"'
    assert json.loads(Sought("hunter2\\").unsaid(json.dumps(["hunter2\\", 'hunter2\\"']).encode()))


def test_a_number_stays_one_where_json_has_it_as_one() -> None:
    sought = Sought("12345678")
    data = b'{"pin": 12345678, "text": "12345678", "more": [0.12345678, -123456789]}'
    assert json.loads(sought.unsaid(data)) == {"pin": 11111111, "text": "********", "more": [0.11111111, -111111119]}
    assert sought.unsaid(b"12345678") == b"11111111" and sought.unsaid(b"PIN: 12345678\n") == b"PIN: ********\n"
    assert Sought("1111111").unsaid(b"[1111111]") == b"[2222222]"


def test_a_long_value_that_ends_inside_it_is_cut_there_too() -> None:
    sought, long = Sought("correct horse"), b"x" * 64
    assert sought.unsaid(long + b" correct") == long + b" *******"
    assert sought.unsaid(b'{"a": "' + long + b' correct\xe2\x80\xa6"}') == b'{"a": "' + long + b' *******\xe2\x80\xa6"}'
    assert sought.unsaid(b'{"kind": "' + long + b'", "word": "correct"}').endswith(b'"word": "correct"}')
    assert sought.hits(b"this is correct") == 0, "nobody cuts so short"


LETTERS = st.text("aB1\"\\/é€😀 \n\t<>&'.:,{}[]nrtu0x", max_size=12)


@given(
    LETTERS.filter(lambda text: len(text) > 3 and text[-1] != "\\"),
    LETTERS,
    LETTERS,
    st.lists(st.booleans(), max_size=4),
)
def test_what_json_holds_is_without_it_and_still_json(
    secret: str, before: str, behind: str, layers: list[bool]
) -> None:
    """However deep JSON lies in JSON, with letters beyond ASCII written as they are or not."""
    try:
        sought = Sought(secret)
    except UsageError:
        return
    written = f"{before}{secret}{behind}"
    for ascii_only in layers:
        written = json.dumps({"a": [written, 1], "b": written[:1]}, ensure_ascii=ascii_only)
    data = written.replace("/", "\\/").encode() if layers and len(written) % 2 else written.encode()
    gone = sought.unsaid(data)
    assert len(gone) == len(data) and sought.hits(data) and not sought.hits(gone)
    for _ in layers:
        gone = json.loads(gone)["a"][0]
    assert secret not in (gone if isinstance(gone, str) else gone.decode())


@pytest.mark.parametrize("size", [1, 2, 5, 7, 100_000])
def test_parts_are_put_together(size: int) -> None:
    data = (b"x" * 40_000 + SECRET.encode()) * 3 + b"y" * 40_000
    cut = [data[at : at + size] for at in range(0, len(data), size)] if size > 100 else _cut_in_the_middle(data, size)
    parts = list(Sought(SECRET).parts(cut))
    assert [part.old for part in parts] == cut
    assert b"".join(part.new for part in parts) == data.replace(SECRET.encode(), STARS)
    assert sum(part.hits for part in parts) == 3
    assert all(part.new is part.old for part in parts if part.new == part.old)


def _cut_in_the_middle(data: bytes, before: int) -> list[bytes]:
    first, second, third, last = (piece for piece in data.replace(SECRET.encode(), b"\0").split(b"\0"))
    head, tail = SECRET.encode()[:before], SECRET.encode()[before:]
    return [first + head, tail[:2], tail[2:] + second + head, tail + third + head, tail, last]


@pytest.mark.parametrize(
    "text", ["", "abc", "   abc  ", "x" * 5000, "12345", "****", "* *\n**", "ab\0cd", "ab\udc00cd"]
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Sought(text)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [('pass":"abc', b'{"pass":"abcd"}'), ("false", b'{"a":false}'), ("a, b]", b"x\n[a, b]"), ("null}", b'{"a":null}')],
)
def test_it_is_told_when_json_would_be_none(text: str, line: bytes) -> None:
    assert breaks(line, Sought(text).unsaid(line)) is (line[:1] == b"{")


def test_a_long_text_is_found_too() -> None:
    text = 'abcd"efghij\n' * 340
    assert Sought(text).hits(json.dumps({"a": text}).encode()) == 1
