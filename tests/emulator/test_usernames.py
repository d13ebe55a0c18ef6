"""Usernames are kept in lower case, and found in any case of letters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.emulator.usernames import FIELDS, ByUsername, Mailboxes, fold_body

names = st.text("abAB.", min_size=1, max_size=3)
steps = st.lists(st.tuples(st.sampled_from(["set", "get", "pop", "delete", "in"]), names))


@given(steps)
def test_a_mapping_by_username_is_a_dict_of_names_in_lower_case(todo: list[Any]) -> None:
    ours, plain = ByUsername[int](), dict[str, int]()
    for number, (step, name) in enumerate(todo):
        low = name.lower()
        if step == "set":
            ours[name] = plain[low] = number
        elif step == "get":
            assert ours.get(name, -1) == plain.get(low, -1)
        elif step == "pop":
            assert ours.pop(name, None) == plain.pop(low, None)
        elif step == "delete" and low in plain:
            assert ours[name] == plain[low]
            del ours[name], plain[low]
        assert (name in ours) == (low in plain)
    assert dict(ours) == plain


def test_an_absent_user_is_an_error_and_an_absent_mailbox_is_empty() -> None:
    with pytest.raises(KeyError):
        ByUsername[int]()["Ann"]
    boxes = Mailboxes[int]()
    boxes["Ann"].append(1)
    assert (boxes["ANN"], list(boxes)) == ([1], ["ann"])


@given(st.sampled_from(sorted(FIELDS)), st.lists(names), st.integers())
def test_only_the_fields_of_usernames_are_changed(field: str, given: list[str], n: int) -> None:
    low = [name.lower() for name in given]
    body = {field: given, "other": given, "ext": {field: given}}
    assert fold_body(body) == {field: low, "other": given, "ext": {field: given}}
    assert fold_body({"msgs": [{field: given}]}) == {"msgs": [{field: low}]}
    assert fold_body([*given, {field: n}, n]) == [*low, {field: n}, n]
    assert fold_body(n) == n
