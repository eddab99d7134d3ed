"""Files as folders: sums of what is below, chains of folders as one step, a rest of what is too much to tell."""

from __future__ import annotations

from random import Random

from tachograph.analyse.folders import CHILDREN_MAX, Touched, tree


def touched(path: str, operations: int = 1, session: str = "s", lines: int | None = None) -> Touched:
    return Touched(
        path, operations, operations, 0, 0, lines, None, frozenset([session]), frozenset(["tin"]), operations
    )


def told(files: list[Touched], inside: str = "", depth: int = 2) -> list[tuple[str, str, str, int]]:
    return [(one.kind, one.name, one.parent, one.touched.operations) for one in tree(files, inside, depth)]


def test_folders_hold_what_is_below_the_busiest_first() -> None:
    files = [touched("/a/b/x.py", 3), touched("/a/b/c/y.py", 1), touched("/a/z.py", 7)]
    assert told(files) == [
        ("folder", "/a", "", 11), ("file", "z.py", "/a", 7), ("folder", "b", "/a", 4), ("file", "x.py", "/a/b", 3),
        ("folder", "c", "/a/b", 1),
    ]  # fmt: skip
    assert told(files, "/a/b/") == [
        ("folder", "/a/b", "", 4), ("file", "x.py", "/a/b", 3), ("folder", "c", "/a/b", 1),
        ("file", "y.py", "/a/b/c", 1),
    ]  # fmt: skip
    assert told(files, depth=1)[-1] == ("folder", "b", "/a", 4)


def test_a_chain_of_folders_is_one_step() -> None:
    found = told([touched("/a/src/main/java/X.java"), touched("/a/src/main/java/Y.java"), touched("/a/q")], depth=1)
    assert ("folder", "src/main/java", "/a", 2) in found


def test_folders_with_like_names_stay_apart() -> None:
    assert [one[1] for one in told([touched("/a/b/x"), touched("/a/bc/y")], "/a/b")] == ["/a/b", "x"]
    assert told([touched("/a/b/x")], "/a/nothing") == []
    assert told([]) == []


def test_a_folder_that_was_read_itself_and_paths_that_nobody_knows_whole() -> None:
    assert ("file", ".", "/a/b", 1) in told([touched("/a/b"), touched("/a/b/x"), touched("/a/c")])
    found = told(
        [touched("lib/x.py", session="one"), touched("lib/x.py", session="two"), touched("/etc/hosts")], depth=3
    )
    assert ("file", "x.py", "lib", 2) in found
    assert found[0][1] == "/"


def test_what_is_done_least_in_a_large_folder_is_one_rest() -> None:
    files = [touched(f"/a/{number:03}", 200 - number) for number in range(CHILDREN_MAX + 5)]
    found = tree(files)
    assert len(found) == 1 + CHILDREN_MAX + 1
    assert (found[-1].kind, found[-1].name, found[-1].files) == ("rest", "5 more", 5)


def test_sums_agree_on_every_level() -> None:
    chance = Random(11)
    folders = ["/".join(chance.choices("abc", k=chance.randint(1, 6))) for _ in range(80)]
    files = [touched(f"/r/{folder}/f{n}", chance.randint(1, 9), f"s{n % 7}", n) for n, folder in enumerate(folders)]
    found = tree(files, depth=4)
    assert found[0].touched.operations == sum(one.operations for one in files)
    assert found[0].files == len(files)
    assert len({one.path for one in found}) == len(found)
    for folder in {one.parent for one in found[1:]}:
        inside = [one for one in found if one.parent == folder]
        whole = next(one for one in found if one.path == folder)
        assert sum(one.touched.operations for one in inside) == whole.touched.operations
        assert sum(one.touched.lines_added or 0 for one in inside) == whole.touched.lines_added
        assert frozenset[str]().union(*(one.touched.sessions for one in inside)) == whole.touched.sessions
