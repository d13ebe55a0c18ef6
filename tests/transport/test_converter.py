"""Answers decode by the table, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import GroupMember, GroupSummary, OnlineStatus, User
from easemob_async.wire import decoding
from easemob_async.wire.decoding import DecodeError, structure
from easemob_async.wire.fields import Id, wire

WHEN = datetime(2018, 11, 21, 10, 13, 16, 504000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (str, "x", "x"),
        (str, 5, "5"),
        (bool, True, True),
        (bool, "true", True),
        (bool, "false", False),
        (bool, 0, False),
        (bool, 1, True),
        (int, 5, 5),
        (int, "5", 5),
        (int, "-5", -5),
        (int, 5.0, 5),
        (float, 1, 1.0),
        (float, "1.5", 1.5),
        (float, "1e3", 1000.0),
        (datetime, 1542795196504, WHEN),
        (datetime, "1542795196504", WHEN),
        (timedelta, 60, timedelta(minutes=1)),
        (timedelta, "60", timedelta(minutes=1)),
        (OnlineStatus | str, "online", OnlineStatus.ONLINE),
        (OnlineStatus | str, "away", "away"),
        (list[int], [1, "2"], [1, 2]),
        (tuple[str, ...], ["a", 1], ("a", "1")),
        (dict[str, str], {"a": "b", "c": 1}, {"a": "b", "c": "1"}),
    ],
)
def test_the_table(kind: Any, value: Any, result: Any) -> None:
    decoded = structure(value, kind)
    assert decoded == result
    assert type(decoded) is type(result)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((str, v) for v in (None, True, 1.5, [], {})),
        *((bool, v) for v in (None, "yes", "True", "", 2, -1, 1.5, [])),
        *((int, v) for v in (None, True, "5x", "", " 5", "٣", 5.5, [], "1_000")),
        *((float, v) for v in (None, False, "x", "", "nan", "inf", [])),
        *((datetime, v) for v in (None, "soon", 10**40, 1.5, True)),
        *((timedelta, v) for v in (None, "long", 10**40)),
        *((list[str], v) for v in (None, "abc", {"a": 1}, 5)),
        *((dict[str, str], v) for v in (None, "abc", [["a", "b"]])),
        (OnlineStatus | str, None),
        (OnlineStatus | str, {}),
    ],
)
def test_anything_else_is_an_error(kind: Any, value: Any) -> None:
    with pytest.raises(DecodeError):
        structure(value, kind)


@attrs.frozen
class Inner:
    number: int
    note: str | None = None


@attrs.frozen
class Outer:
    name: str = wire("theName", "the_name")
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    flag: bool = False


def test_null_is_the_same_as_missing_and_unknown_fields_are_ignored() -> None:
    value = {"theName": "x", "inner": None, "many": None, "flag": None, "new": {"a": 1}}
    assert structure(value, Outer) == Outer("x")


def test_an_older_name_stands_in_for_the_current_one() -> None:
    assert structure({"the_name": "old"}, Outer).name == "old"
    assert structure({"the_name": "old", "theName": "new"}, Outer).name == "new"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "theName is missing"),
        ({"theName": []}, "theName must be a string, not list"),
        ({"theName": "x", "inner": {"number": "five"}}, "inner.number must be an integer, not str"),
        ({"theName": "x", "many": [{"number": 1}, {}]}, "many[1].number is missing"),
        ({"theName": "x", "many": "ab"}, "many must be a list, not str"),
        ({"theName": "x", "flag": "maybe"}, "flag must be true or false, not str"),
        ([], "it must be an object, not list"),
        (None, "it must be an object, not null"),
    ],
)
def test_an_error_names_the_field_and_never_its_value(value: Any, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        structure(value, Outer)
    assert says in str(caught.value)
    assert "five" not in str(caught.value)
    assert "maybe" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([User, GroupMember, GroupSummary, Outer, dict[str, str], tuple[User, ...]]),
)
def test_no_answer_raises_anything_else(value: Any, kind: Any) -> None:
    try:
        structure(value, kind)
    except DecodeError as error:
        assert str(error)


def test_the_apps_own_prefix_is_taken_off_ids_and_off_nothing_else() -> None:
    token = decoding.id_prefix.set("acme#shop_")
    try:
        assert structure("acme#shop_ann", Id) == "ann"
        assert structure("other#app_ann", Id) == "other#app_ann"
        row = {"groupid": "acme#shop_12", "owner": "acme#shop_ann", "groupname": "acme#shop_x"}
        group = structure(row, GroupSummary)
        assert (group.group_id, group.owner, group.name) == ("12", "ann", "acme#shop_x")
    finally:
        decoding.id_prefix.reset(token)


def test_a_member_is_owner_or_member() -> None:
    owner, member = structure(
        [{"owner": "ann", "joined_time": "1542795196504"}, {"member": "bob"}], list[GroupMember]
    )
    assert (owner.username, owner.role, owner.joined_at) == ("ann", "owner", WHEN)
    assert (member.username, member.role, member.joined_at) == ("bob", "member", None)


def test_groups_that_are_not_pushed_stand_in_the_names_of_fields() -> None:
    fields = {"username": "ann", "notification_ignore_12": True, "notification_ignore_13": False}
    assert structure(fields, User).ignored_groups == ("12",)
