"""Folders as one document: every file comes back as it was, whatever is in it."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tachograph.readers import bundle
from tachograph.readers.bundle import Bundled

NAMES = st.text(st.characters(exclude_characters="\x00"), min_size=1) | st.just(os.fsdecode(b"not \xff UTF-8"))
BYTES = st.binary() | st.sampled_from([b"\0file ", b"\n\0file {}\n", b"\n", b"", b'{"a": 1}'])


@given(st.lists(st.tuples(NAMES, BYTES)))
def test_what_goes_in_comes_out(given: list[tuple[str, bytes]]) -> None:
    files = [Bundled(name, data, len(data)) for name, data in given]
    document = bundle.bundle(files)
    assert bundle.bundled(document) == files
    assert [document[begin : begin + file.size] for file, begin in bundle.placed(document)] == [d for _, d in given]


def test_a_file_cannot_pass_for_two() -> None:
    inner = bundle.bundle([Bundled("inside", b"x", 1)])
    files = [Bundled("outside", b"\n" + inner, len(inner) + 1), Bundled("then", inner, len(inner))]
    assert bundle.bundled(bundle.bundle(files)) == files


@given(st.binary(), st.integers(0, 60))
def test_damage_never_raises(noise: bytes, at: int) -> None:
    document = bundle.bundle([Bundled("a", b"1", 1), Bundled("b", b"2", 1)])
    assert len(bundle.bundled(document[:at] + noise + document[at:])) <= 4 + noise.count(b"\0file")
    assert bundle.bundled(noise) == [] or noise.startswith(b"\0file")


def test_what_is_too_long_is_named_and_links_are_not_followed(tmp_path: Path) -> None:
    with (tmp_path / "long").open("wb") as file:
        file.truncate(bundle.FILE_MAX + 1)
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "short")
    os.mkfifo(tmp_path / "pipe")
    assert bundle.plain_files(str(tmp_path)) == [str(tmp_path / "long"), str(tmp_path / "short")]
    everything = sorted(str(path) for path in tmp_path.iterdir())
    long, short = bundle.bundled(bundle.read(everything, str(tmp_path)))
    assert (long.name, long.data, long.size, long.left_out) == ("long", b"", bundle.FILE_MAX + 1, True)
    assert (short.data, short.left_out) == (b"x", False)
    assert "64 MB" in bundle.too_long(long).kind
