"""Answers decode by the table, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import GroupMember, GroupSummary, OnlineStatus, User
from easemob_async.wire import decoding
from easemob_async.wire.decoding import DecodeError, structure, verdict
from easemob_async.wire.fields import Id, Jid, Seconds, wire

WHEN = datetime(2018, 11, 21, 10, 13, 16, 504000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The converters as they are made now: making them is under test as well."""
    monkeypatch.setattr(decoding, "_converter", cache(decoding._make))


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


def with_each(kind: object, *values: object) -> list[tuple[object, object]]:
    return [(kind, value) for value in values]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *with_each(str, None, True, 1.5, [], {}),
        *with_each(bool, None, "yes", "True", "", 2, -1, 1.5, []),
        *with_each(int, None, True, "5x", "", " 5", "٣", 5.5, [], "1_000"),
        *with_each(float, None, False, "x", "", "nan", "inf", []),
        *with_each(datetime, None, "soon", 10**40, 1.5, True),
        *with_each(timedelta, None, "long", 10**40),
        *with_each(list[str], None, "abc", {"a": 1}, 5),
        *with_each(dict[str, str], None, "abc", [["a", "b"]]),
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


@pytest.fixture
def of_the_app() -> Iterator[None]:
    token = decoding.id_prefix.set("acme#shop_")
    yield
    decoding.id_prefix.reset(token)


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (int, 5.0, 5),
        (int, "+5", 5),
        (int, "9" * 25, int("9" * 25)),
        (int, -3, -3),
        (float, "-1.5E-3", -0.0015),
        (float, 2, 2.0),
        (float, 2.5, 2.5),
        (bool, False, False),
        (datetime, 1000.0, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (datetime, "-1000", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime, "2018-11-21T18:13:16.504+08:00", WHEN),
        (datetime, "2018-11-21T10:13:16.504Z", WHEN),
        (Seconds, 1542795196, WHEN.replace(microsecond=0)),
        (Seconds, "1542795196", WHEN.replace(microsecond=0)),
        (timedelta, "1.5", timedelta(seconds=1.5)),
        (timedelta, -1, timedelta(seconds=-1)),
        (OnlineStatus | str | None, "online", OnlineStatus.ONLINE),
        (OnlineStatus | str, 5, "5"),
        (list[str], [], []),
        (list[int], [1, None, "2"], [1, 2]),
        (tuple[int, ...], [None, 1.0], (1,)),
        (dict[str, int], {"a": "1", "b": None}, {"a": 1}),
        (dict[str, int], {"a": "1"}, {"a": 1}),
        (dict[str, str], {"a": "b", "c": None}, {"a": "b"}),
        (dict[str, str], {}, {}),
        (dict[str, list[int]], {"a": [None, "1"]}, {"a": [1]}),
    ],
)
def test_more_of_the_table(kind: Any, value: Any, result: Any) -> None:
    decoded = structure(value, kind)
    assert decoded == result
    assert type(decoded) is type(result)
    if isinstance(decoded, datetime):
        assert decoded.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (str, None, "must be a string, not null"),
        (str, True, "must be a string, not bool"),
        (Id, 1.5, "must be a string, not float"),
        (Jid, [], "must be a string, not list"),
        (bool, 2, "must be true or false, not int"),
        (bool, 1.0, "must be true or false, not float"),
        (bool, None, "must be true or false, not null"),
        (int, "9" * 26, "must be an integer, not str"),
        (int, 5.5, "must be an integer, not float"),
        (int, None, "must be an integer, not null"),
        (float, "1.", "must be a finite number, not str"),
        (float, "1e1000", "must be a finite number, not str"),
        (float, None, "must be a finite number, not null"),
        (datetime, "2018-11-21", "must be a time in milliseconds, not str"),
        (datetime, "T", "must be a time in milliseconds, not str"),
        (datetime, 10**18, "must be a time in milliseconds, not int"),
        (datetime, None, "must be a time in milliseconds, not null"),
        (Seconds, 10**18, "must be a time in seconds, not int"),
        (Seconds, "T", "must be a time in seconds, not str"),
        (timedelta, "1e300", "must be a number of seconds, not str"),
        (timedelta, True, "must be a number of seconds, not bool"),
        (list[int], None, "must be a list, not null"),
        (list[int], (1,), "must be a list, not tuple"),
        (tuple[int, ...], "12", "must be a list, not str"),
        (dict[str, int], None, "must be an object, not null"),
        (dict[str, int], [], "must be an object, not list"),
        (OnlineStatus | str, [], "must be a string, not list"),
    ],
)
def test_an_error_says_what_was_wanted_and_what_kind_of_thing_came(
    kind: Any, value: Any, says: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        structure(value, kind)
    assert str(caught.value) == f"it {says}"


@pytest.mark.usefixtures("of_the_app")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme#shop_ann@easemob.com/ios_1", "ann"),
        ("acme#shop_ann@easemob.com", "ann"),
        ("acme#shop_12@conference.easemob.com", "12"),
        ("acme#shop_ann", "ann"),
        ("acme#shop_a_b@easemob.com/x\ny", "a_b"),
        ("other#app_ann@easemob.com/web", "ann"),
        ("ann", "ann"),
        ("ann@easemob.com", "ann@easemob.com"),  # a username may look like an address
        ("acme#shop_ann@example.com", "ann@example.com"),
        ("acme#shop_ann@easemob.com.cn", "ann@easemob.com.cn"),
        (12, "12"),
    ],
)
def test_what_the_chat_servers_call_a_user_is_the_name_alone(value: Any, expected: str) -> None:
    assert structure(value, Jid) == expected


def test_without_an_app_an_id_is_what_it_is() -> None:
    assert structure("acme#shop_ann", Id) == "acme#shop_ann"
    assert structure("acme#shop_ann@easemob.com/ios", Jid) == "ann"


@attrs.frozen
class Deep:
    member: str = wire("payload.member", "member")
    when: datetime | None = wire("payload.at.time", default=None)
    doubled: int = wire("n", default=0, read=lambda value: int(value) * 2)
    names: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class Gathered:
    numbers: tuple[str, ...] = ()

    @classmethod
    def __from_wire__(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        return {"numbers": sorted(name for name in given if name.isdigit())}


def test_a_dotted_name_goes_into_objects() -> None:
    at = {"time": 1542795196504}
    assert structure({"payload": {"member": "ann", "at": at}}, Deep) == Deep("ann", WHEN)
    assert structure({"member": "old"}, Deep).member == "old"
    assert structure({"member": "old", "payload": {"member": "new"}}, Deep).member == "new"
    nothings: list[Any] = [{"at": None}, {"at": 5}, {"at": {"time": None}}, {}, None, "text", []]
    for nothing in nothings:
        found = structure({"member": "ann", "payload": nothing}, Deep)
        assert found == Deep("ann")


def test_a_field_may_have_its_own_way_to_be_read() -> None:
    assert structure({"member": "ann", "n": "21"}, Deep).doubled == 42


def test_fields_may_be_gathered_from_the_names_of_others() -> None:
    assert structure({"7": 1, "x": 2, "5": 3, "6": None}, Gathered) == Gathered(("5", "7"))


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ({"payload": {"member": []}}, Deep, "payload.member must be a string, not list"),
        ({}, Deep, "payload.member is missing"),
        ({"member": "a", "n": "x"}, Deep, "n "),
        ({"member": "a", "names": {"x": []}}, Deep, "names.x must be an integer, not list"),
        ({"member": "a", "names": {"": []}}, Deep, "names must be an integer, not list"),
        ({"X": []}, dict[str, int], "X must be an integer, not list"),
        ({"X": {}}, dict[str, Inner], "X.number is missing"),
        ([{"number": 1}, {"number": []}], list[Inner], "[1].number must be an integer, not list"),
        ([1, None, []], list[int], "[1] must be an integer, not list"),
        (
            {"theName": 1.5, "flag": 5},
            Outer,
            "theName must be a string, not float; flag must be true or false, not int",
        ),
        (
            {"theName": "x", "many": [{"number": 1}, None, {}, {}]},
            Outer,
            "many[1].number is missing; many[2].number is missing",
        ),
    ],
)
def test_every_field_that_is_wrong_is_named(value: Any, kind: Any, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        structure(value, kind)
    assert str(caught.value).startswith(says)


def test_a_map_of_texts_is_taken_as_it_is() -> None:
    value = {"a": "b"}  # the message ids of 600 targets, say
    assert structure(value, dict[str, str]) is value


def test_the_same_problem_is_told_once() -> None:
    with pytest.raises(DecodeError) as caught:
        structure({"a": [], "b": []}, dict[str, int])
    assert str(caught.value).count("must be an integer") <= 2


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text()))
def test_a_map_loses_its_nulls_alone(value: dict[str, Any]) -> None:
    expected = {key: str(item) for key, item in value.items() if item is not None}
    assert structure(value, dict[str, str]) == expected


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-12, 14))
def test_a_time_of_any_zone_is_one_in_utc(when: datetime, hours: int) -> None:
    when = when.replace(microsecond=when.microsecond // 1000 * 1000)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert structure((when - epoch) // timedelta(milliseconds=1), datetime) == when
    if 2 < when.year < 9998:
        local = when.astimezone(timezone(timedelta(hours=hours)))
        assert structure(local.isoformat(), datetime) == when


YES: list[object] = [True, 1, 1.0, "true", "True", "success", "SUCCESS", "ok", "Ok"]
NO: list[object] = [False, 0, "false", "FALSE", "failure", "fail", "Failed"]
NEITHER: list[object] = [None, 2, -1, 0.5, "", "maybe", "yes", [], {}, ["ok"], (1,)]


def test_whether_a_request_was_successful_is_said_in_many_ways() -> None:
    assert [verdict(said) for said in YES] == [True] * len(YES)
    assert [verdict(said) for said in NO] == [False] * len(NO)
    assert [verdict(said) for said in NEITHER] == [None] * len(NEITHER)
