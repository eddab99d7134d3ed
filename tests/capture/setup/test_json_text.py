"""Editing JSON as text: what is not ours stays, byte for byte, comments and all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.capture.setup import json_text
from tachograph.capture.setup.change import inserted, without
from tachograph.capture.setup.json_text import NotJson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
GAPS = st.sampled_from(["", " ", "\n", "\n  ", "\t", " // note\n", " /* a , ] } */ ", "\r\n    "])


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """A value as somebody might write it: comments, spaces, trailing commas."""
    if isinstance(value, list):
        parts = [draw(GAPS) + draw(written(item)) + draw(GAPS) for item in value]
    elif isinstance(value, dict):
        names = [json.dumps(name) + draw(GAPS) + ":" + draw(GAPS) for name in value]
        parts = [
            draw(GAPS) + name + draw(written(value[key])) + draw(GAPS) for key, name in zip(value, names, strict=True)
        ]
    else:
        return json.dumps(value)
    tail = draw(GAPS) if not parts else "," + draw(GAPS) if draw(st.booleans()) else ""
    inside = ",".join(parts) + tail
    return f"[{inside}]" if isinstance(value, list) else "{" + inside + "}"


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    value = draw(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4))
    return value, draw(GAPS) + draw(written(value)) + draw(GAPS)


@given(documents())
def test_anything_people_write_is_read(document: tuple[dict[str, Any], str]) -> None:
    value, text = document
    assert json_text.parse(text).value == value


@given(documents(), VALUES)
def test_a_member_is_added_and_nothing_else_changes(document: tuple[dict[str, Any], str], more: Any) -> None:
    value, text = document
    after = json_text.put(text, ("new", "inner"), more)
    assert json_text.parse(after).value == {**value, "new": {"inner": more}}
    assert without(after, inserted(text, after)) == text


@given(documents(), VALUES)
def test_an_element_is_added_and_nothing_else_changes(document: tuple[dict[str, Any], str], more: Any) -> None:
    value, text = document
    name = next((name for name, held in value.items() if isinstance(held, list)), "new")
    after = json_text.append(text, (name,), more)
    assert json_text.parse(after).value == {**value, name: [*value.get(name, []), more]}
    assert without(after, inserted(text, after)) == text


@given(documents(), st.integers(0, 3))
def test_a_member_is_removed_and_the_others_stay(document: tuple[dict[str, Any], str], index: int) -> None:
    value, text = document
    if not value:
        return
    name = list(value)[index % len(value)]
    after = json_text.remove(text, (name,))
    assert json_text.parse(after).value == {key: held for key, held in value.items() if key != name}


@given(st.lists(VALUES, max_size=4), st.data())
def test_elements_are_discarded_and_the_others_stay(value: list[Any], data: st.DataObject) -> None:
    text = data.draw(written({"a": value}))
    unwanted = data.draw(st.sampled_from(value)) if value else None
    after = json_text.discard(text, ("a",), lambda held: json.dumps(held) == json.dumps(unwanted))
    assert json_text.parse(after).value["a"] == [held for held in value if json.dumps(held) != json.dumps(unwanted)]


def test_new_lines_look_like_those_before_them() -> None:
    text = '{\n\t"a": 1, // one\n\t"b": [\n\t\t"x"\n\t]\n}\n'
    text = json_text.append(text, ("b",), "y")
    text = json_text.put(text, ("c", "d"), True)
    assert text == '{\n\t"a": 1, // one\n\t"b": [\n\t\t"x",\n\t\t"y"\n\t],\n\t"c": {\n\t\t"d": true\n\t}\n}\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "a": {\n    "b": 1\n  }\n}'),
        ("{}\n", '{\n  "a": {\n    "b": 1\n  }\n}\n'),
        ('{"x":1}', '{"x":1, "a": {"b": 1}}'),
        ('{"x":1,"a":{}}', '{"x":1,"a":{"b": 1}}'),
        ("{ // nothing yet\n}", '{ // nothing yet\n  "a": {\n    "b": 1\n  }\n}'),
        ('{\r\n  "x": 1\r\n}', '{\r\n  "x": 1,\r\n  "a": {\r\n    "b": 1\r\n  }\r\n}'),
        ('\ufeff{\n    "x": 1\n}', '\ufeff{\n    "x": 1,\n    "a": {\n        "b": 1\n    }\n}'),
    ],
)
def test_manners(before: str, after: str) -> None:
    assert json_text.put(before, ("a", "b"), 1) == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1",
        '{"a" 1}',
        '{"a": }',
        "{'a': 1}",
        '{"a": 1} x',
        "/* no end",
        '{"a": 1 "b": 2}',
        "[" * 5000,
        "{a: 1}",
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(NotJson, match="line 1"):
        json_text.parse(text)


def test_what_is_in_the_way_is_not_written_over() -> None:
    for path in (("a", "b"), ("a",)):
        with pytest.raises(NotJson):
            json_text.put('{"a": 5}', path, 1)
    with pytest.raises(NotJson):
        json_text.append('{"a": {}}', ("a",), 1)
    with pytest.raises(NotJson):
        json_text.put("[]", ("a",), 1)
