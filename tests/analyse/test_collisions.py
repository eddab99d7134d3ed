"""How two touches collide, and where two changes meet: whatever comes in, and by example."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analyse.collisions import CHANGES, REMOVALS, WINDOW, Touch, judge, repeated, together
from tachograph.analyse.overlaps import Change, changes, diff, overlap, symbols, unnumbered
from tachograph.analyse.removals import removals

OFTEN = settings(max_examples=400)
SECOND = 10**9
HOUR = 3600 * SECOND
moments = st.integers(0, 2 * HOUR)
names = st.sampled_from(["codex-1", "claude-1", "agent-1"])


@st.composite
def touches(draw: st.DrawFn) -> Touch:
    session = draw(names)
    family = (session, "claude-1") if session == "agent-1" else (session,)
    at, before, after = draw(moments), draw(moments), draw(moments)
    what = draw(st.sampled_from([*sorted(CHANGES), "read", "use"]))
    seen = draw(st.none() | st.integers(0, max(at - 1, 0)))
    return Touch(
        draw(st.integers(1, 9)), at, session, session.split("-", maxsplit=1)[0], what, family, at - before, at + after,
        draw(st.booleans()), seen, draw(st.none() | st.sampled_from(["a", "b"])),
    )  # fmt: skip


@OFTEN
@given(touches(), touches(), st.integers(1, WINDOW))
def test_a_verdict_has_its_reasons(one: Touch, other: Touch, window: int) -> None:
    first, second = sorted((one, other), key=lambda touch: touch.at)
    verdict = judge(first, second, "/p/a.py", window)
    if verdict is None:
        return
    assert first.session != second.session and together(first, second)
    assert 0 <= second.at - first.at <= window and first.what in CHANGES
    assert verdict.stale == (second.seen is not None and second.seen < first.at)
    removing = first.what in REMOVALS or second.what in REMOVALS
    assert removing or verdict.kind == "file_conflict" or first.what == second.what == "create"
    if second.what not in CHANGES:
        assert first.what in REMOVALS and verdict.kind == "structural_overlap"
    assert all(word in verdict.sentence for word in (first.session, second.session, "/p/a.py"))


@OFTEN
@given(touches(), touches(), st.integers(1, WINDOW), st.integers(0, HOUR))
def test_a_wider_window_and_a_longer_life_take_nothing_away(one: Touch, other: Touch, window: int, more: int) -> None:
    first, second = sorted((one, other), key=lambda touch: touch.at)
    if judge(first, second, "a", window) is not None:
        assert judge(first, second, "a", window + more) is not None
        assert judge(first._replace(last=first.last + more), second, "a", window) is not None
        assert judge(first, second._replace(began=second.began - more), "a", window) is not None


@OFTEN
@given(touches(), touches(), moments)
def test_when_it_happened_does_not_matter_only_how_far_apart(one: Touch, other: Touch, later: int) -> None:
    first, second = sorted((one, other), key=lambda touch: touch.at)

    def moved(touch: Touch) -> Touch:
        seen = None if touch.seen is None else touch.seen + later
        return touch._replace(at=touch.at + later, began=touch.began + later, last=touch.last + later, seen=seen)

    assert judge(moved(first), moved(second), "a") == judge(first, second, "a")
    assert repeated(moved(first), moved(second)) == repeated(first, second)


@OFTEN
@given(touches())
def test_nobody_collides_with_itself_or_a_copy(one: Touch) -> None:
    assert judge(one, one._replace(at=one.at + 1), "a") is None
    assert judge(one, one._replace(session="copy", family=("copy",)), "a") is None


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["old_string", "new_string", "edits", "content", "input", "patch", "x"]), inner
        )
    ),
    max_leaves=8,
)


@OFTEN
@given(json_like, json_like, st.text(), st.sampled_from(["a.py", "b.ts", "c"]))
def test_any_arguments_are_compared(one: object, other: object, before: str, path: str) -> None:
    first, second = changes(one, path), changes(other, path)
    found = overlap(first, second, path, before)
    assert found.symbols == sorted(set(found.symbols)) and len(found.lines) <= 5
    for change in (*first, *second):
        assert all(line[:1] in {"-", "+", " ", "@"} for line in diff(change, before))


@OFTEN
@given(st.text(st.sampled_from("rm mv git -cd 'x'/a.b;&|$*\"\n"), max_size=60), st.sampled_from([None, "/p"]))
def test_any_shell_line_is_read(line: str, folder: str | None) -> None:
    for what, path in removals(line, folder):
        assert what in REMOVALS and path.startswith("/") and path != "/" and "$" not in path


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("rm -rf build", [("delete", "/p/build")]),
        ("git mv a b", [("move", "/p/a")]),
        ("cd x && mv a b c/", [("move", "/p/x/a"), ("move", "/p/x/b")]),
        ("git rm --cached x", []),
        ("cd /y; sudo rm -f y; rm $X *.o", [("delete", "/y/y")]),
        ("bash -c 'rm z'", [("delete", "/p/z")]),
        ("rm -- -x ../q", [("delete", "/p/-x"), ("delete", "/q")]),
        ("echo rm x; rm -rf /", []),
        ("cd $HOME && rm x", []),
    ],
)
def test_what_a_shell_line_takes_away(line: str, found: list[tuple[str, str]]) -> None:
    assert removals(line, "/p") == found


PYTHON = """\
class Cart:
    @cached
    def add(self):
        pass

    async def drop(self):
        pass


def total():
    pass
"""
TYPESCRIPT = """\
export class Cart {
  add() {}
}
export const total = async (cart) => {
  return 1
}
function drop() {}
"""
GO = "func (c *Cart) Add(x int) {\n}\n\ntype Cart struct {\n}\n\nfunc Total() {\n}\n"


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        (PYTHON, "a.py", [("Cart", 1, 7), ("Cart.add", 2, 4), ("Cart.drop", 6, 7), ("total", 10, 11)]),
        (TYPESCRIPT, "a.ts", [("Cart", 1, 3), ("total", 4, 6), ("drop", 7, 8)]),
        (GO, "a.go", [("Add", 1, 3), ("Cart", 4, 6), ("Total", 7, 9)]),
        ("pub async fn run(x: u8) {\n}\nimpl Cart {\n}", "a.rs", [("run", 1, 2), ("Cart", 3, 4)]),
    ],
)
def test_functions_and_classes(text: str, path: str, found: list[tuple[str, int, int]]) -> None:
    assert [tuple(one) for one in symbols(text, path)] == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (
            ("        pass\n\n    async", "        return 1\n\n    async"),
            ("def add(self):", "def add(self, x):"),
            ["Cart.add"],
        ),
        (("def total():\n    pass", "def total():\n    return 1"), ("    def add(self):", "    def add(s):"), []),
        (("def total():\n    pass", ""), ("def total():", "def sum():"), ["total"]),
    ],
)
def test_the_same_function(one: tuple[str, str], other: tuple[str, str], found: list[str]) -> None:
    assert overlap([Change(*one)], [Change(*other)], "a.py", PYTHON).symbols == found


def test_lines_that_one_wrote_and_the_other_changed() -> None:
    wrote, changed = Change("x", "total = price * 2"), Change("total = price * 2", "total = price * 3")
    assert overlap([wrote], [changed], "a.py").lines == ["total = price * 2"]


def test_patches_are_read_file_by_file() -> None:
    patch = (
        "*** Begin Patch\n*** Update File: src/a.py\n@@ def f():\n x\n-a\n+b\n*** Add File: c.py\n+new\n*** End Patch"
    )
    assert changes(patch, "/p/src/a.py") == [Change("x\na", "x\nb")]
    assert changes({"command": ["apply_patch", patch]}, "/p/c.py") == [Change("", "new")]
    assert changes(patch, "/p/d.py") == []


def test_numbers_before_lines_are_no_part_of_the_file() -> None:
    assert unnumbered("     1→def f():\n     2→    pass") == "def f():\n    pass"
    assert unnumbered("1\tdef f():\n2\t    pass") == "def f():\n    pass"
    assert unnumbered("def f():\n    return 1") == "def f():\n    return 1"
