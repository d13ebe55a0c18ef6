"""Ids as one text are what they are one by one."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from easemob_async.checks import ID_SEPARATOR, joined_ids, reference_problem
from easemob_async.ids import Ids, are_same_ids, encode_ids, join_ids

TEXTS = st.text(st.sampled_from('ab\n \t"\\é中\u00a0\u2028\ud800\x00\x7f'), max_size=3)
IDS = st.lists(TEXTS.filter(lambda text: reference_problem(text) is None), min_size=1, max_size=5)


def ids(values: list[str]) -> Ids:
    joined = joined_ids(values)
    assert joined is not None
    return Ids(values, joined)


@given(st.lists(TEXTS | st.none() | st.integers(), max_size=4))
def test_ids_are_sound_together_when_each_of_them_is(values: list[str]) -> None:
    joined = joined_ids(values)
    assert (joined is None) == any(reference_problem(value) is not None for value in values)
    if joined is not None:
        assert joined == ID_SEPARATOR.join(values)


@given(IDS, st.integers(-6, 6), st.integers(-6, 6))
def test_they_are_a_sequence_like_a_list(values: list[str], one: int, two: int) -> None:
    found = ids(values)
    assert (len(found), list(found), found[one:two]) == (len(values), values, values[one:two])
    assert [found[at] for at in range(len(values))] == values
    assert all(value in found for value in values)


@given(IDS)
def test_they_are_joined_and_encoded_as_a_list_is(values: list[str]) -> None:
    found = ids(values)
    assert join_ids(found) == join_ids(values) == ID_SEPARATOR.join(values)
    assert encode_ids(found) == encode_ids(values)
    assert json.loads(encode_ids(found)) == values


@given(IDS, st.lists(TEXTS, max_size=5))
def test_they_are_the_same_as_a_list_with_the_same_texts_alone(
    values: list[str], others: list[str]
) -> None:
    for one in (ids(values), values):
        assert are_same_ids(one, dict.fromkeys(values)) == (len(set(values)) == len(values))
        assert are_same_ids(one, others) == (others == values)
        # A text that holds the separator is not two ids.
        if len(values) > 1:
            assert not are_same_ids(one, [ID_SEPARATOR.join(values)])
            assert not are_same_ids(one, [ID_SEPARATOR.join(values), *others])
