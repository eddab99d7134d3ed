"""Patch texts as agents write them, and the files they touch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tachograph.readers.patches import FileChange, file_changes

THREE_FILES = """*** Begin Patch
*** Add File: docs/new.md
+# New
+
+text
*** Update File: src/app.js
*** Move to: src/main.js
@@ function start() {
 const x = 1;
-const y = 2;
--- a comment of SQL goes
+const y = 3;
+++counter;
 *** Update File: only context
*** End of File
*** Delete File: old name.txt
*** End Patch
"""


def test_each_file_with_operation_lines_and_move() -> None:
    assert file_changes(THREE_FILES) == [
        FileChange("write", "docs/new.md", 3, 0),
        FileChange("edit", "src/app.js", 2, 2, "src/main.js"),
        FileChange("delete", "old name.txt", 0, 0),
    ]


def test_a_patch_inside_a_shell_line_is_found_and_nothing_around_it() -> None:
    script = f"cd web && apply_patch <<'EOF'\n{THREE_FILES}EOF\n*** Add File: not/a/patch\n+1\n"
    assert [change.path for change in file_changes(script)] == ["docs/new.md", "src/app.js", "old name.txt"]


def test_two_patches_in_one_script() -> None:
    one = "*** Begin Patch\n*** Delete File: a\n*** End Patch"
    assert file_changes(f"apply_patch '{one}'\napply_patch '{one}'") == [FileChange("delete", "a", 0, 0)] * 2


def test_a_file_named_twice_counts_twice() -> None:
    text = "*** Begin Patch\n*** Update File: a\n+1\n*** Update File: a\n-2\n*** End Patch"
    assert file_changes(text) == [FileChange("edit", "a", 1, 0), FileChange("edit", "a", 0, 1)]


def test_lenient_about_line_ends_missing_marks_and_indented_headers() -> None:
    assert file_changes("*** Begin Patch\r\n*** Update File: a b.txt\r\n-x\r\n*** End Patch\r\n") == [
        FileChange("edit", "a b.txt", 0, 1)
    ]
    assert file_changes("*** Add File: cut\n+1") == [FileChange("write", "cut", 1, 0)]
    assert file_changes("*** Begin Patch\n  *** Add File: in\n+1\n*** End Patch") == [FileChange("write", "in", 1, 0)]


def test_no_patch_no_files() -> None:
    for text in ("", "*** Begin Patch\n*** End Patch\n", "*** Add File: \n+x", "ls *** \n+1\n-1"):
        assert file_changes(text) == []


@given(st.lists(st.sampled_from([*THREE_FILES.splitlines(), "", "*** ", "*** Begin Patch", "EOF"])).map("\n".join))
def test_any_order_of_lines_is_survived(text: str) -> None:
    assert all(change.path and change.added >= 0 and change.removed >= 0 for change in file_changes(text))
