"""Time in columns: everything lies in one, silences in none."""

from __future__ import annotations

import itertools
from random import Random

from tachograph.analyse.stretches import Column, columns, place


def test_nothing_has_no_columns() -> None:
    assert columns([], 100) == []


def test_one_moment_is_one_column() -> None:
    assert columns([50], 100) == [Column(50, 51)]


def test_a_silence_is_left_out() -> None:
    assert columns([0, 9, 1000, 1009], 4, idle=300) == [
        Column(0, 5),
        Column(5, 10),
        Column(1000, 1005),
        Column(1005, 1010),
    ]


def test_a_pause_that_is_no_silence_is_drawn() -> None:
    assert columns([0, 299], 3, idle=300) == [Column(0, 100), Column(100, 200), Column(200, 300)]


def test_what_lies_in_a_silence_is_put_before_it() -> None:
    found = columns([0, 9, 1000, 1009], 4, idle=300)
    assert [place(found, second) for second in (-5, 0, 7, 500, 1000, 1009, 9999)] == [0, 0, 1, 1, 2, 3, 3]


def test_any_times_have_their_columns() -> None:
    for seed in range(200):
        chance = Random(seed)
        times = [chance.randrange(10 ** chance.randint(1, 7)) for _ in range(chance.randint(1, 60))]
        most = chance.randint(1, 120)
        found = columns(times, most)
        assert len(found) <= most + max(1, most // 2), seed
        assert all(one.begin < one.end for one in found), seed
        assert all(one.end <= two.begin for one, two in itertools.pairwise(found)), seed
        for time in times:
            column = found[place(found, time)]
            assert column.begin <= time < column.end, (seed, time)
