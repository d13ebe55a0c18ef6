"""The Bloom filter never reports an added id as new, whatever the order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.fanout import bloom_filter as module
from easemob_async.fanout.bloom_filter import BloomFilter

names = st.text(st.sampled_from("abc0_é"), min_size=0, max_size=4)


@given(
    parts=st.lists(st.lists(names, max_size=30), max_size=12),
    sort=st.sampled_from(["no", "each", "all"]),
    kept=st.sampled_from([0, 5, 20_000]),
    words=st.sampled_from([1, 64, 4096]),
    exact=st.sampled_from([0, 5, 40, 400_000]),
)
def test_an_added_id_is_never_reported_as_new(
    parts: list[list[str]], sort: str, kept: int, words: int, exact: int
) -> None:
    if sort == "each":
        parts = [sorted(part) for part in parts]
    if sort == "all":
        parts = sorted(sorted(part) for part in parts)
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "_KEPT", kept)
    met: set[str] = set()
    table = BloomFilter(words, exact)
    for part in parts:
        maybe = set(table.add(part))
        for at, name in enumerate(part):
            assert name not in met or at in maybe, name
            # Of two in one part the first may be taken for new.
            met.add(name)
    patch.undo()


def test_ids_in_ascending_order_are_never_reported_as_added() -> None:
    table = BloomFilter(1)  # a table of one word would take everybody for met
    for start in range(0, 100_000, 500):
        assert table.add([f"u{n:08}" for n in range(start, start + 500)]) == []


@pytest.mark.parametrize("exact", [0, 50_000, 400_000])
@pytest.mark.parametrize("in_order_first", [0, 3, 10_000, 60_000])
def test_new_ids_are_very_rarely_reported_as_added(in_order_first: int, exact: int) -> None:
    ids = [f"u{n:08}" for n in range(200_000)]
    later = ids[in_order_first:]
    random.Random(1).shuffle(later)
    table = BloomFilter(exact=exact)
    table.add(ids[:in_order_first])
    reported = sum(len(table.add(later[n : n + 600])) for n in range(0, len(later), 600))
    assert reported <= 5
    assert len(table.add(ids)) == len(ids)


@pytest.mark.parametrize("exact", [0, 400_000])
def test_an_id_below_a_long_ascending_run_may_have_been_added(exact: int) -> None:
    table = BloomFilter(exact=exact)
    table.add([f"u{n:08}" for n in range(1000, 50_000)])
    assert table.add(["u00049999", "u00050000", "u00000001", "v"]) == [0, 2]


@given(st.lists(st.lists(names, max_size=30), max_size=12))
def test_the_set_reports_exactly_what_was_met_before(parts: list[list[str]]) -> None:
    table = BloomFilter()
    table.add(["b", "a"])  # out of order: a set from here on
    met = {"a", "b"}
    for part in parts:
        before = [name in met or name in part[:at] for at, name in enumerate(part)]
        assert table.add(part) == [at for at, known in enumerate(before) if known]
        met.update(part)
