"""Options of a request: each value is checked when an object is made, and sent under its name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError
from easemob_async.wire.options import Rules, checked, option, text_width, to_wire


def seconds(length: timedelta) -> int | None:
    return round(length.total_seconds()) or None


def even(number: int, _: object) -> str | None:
    return None if number % 2 == 0 else f"must be even, not {number}"


@attrs.frozen(kw_only=True, field_transformer=checked)
class Part:
    name: str = option("partName", most=3)
    size: int | None = option("size", default=None)


@attrs.frozen(kw_only=True, field_transformer=checked)
class Entry:
    key: str | None = None


@attrs.frozen(kw_only=True, field_transformer=checked)
class Options:
    text: str | None = option("text", default=None, most=4)
    filled: str | None = option("filled", default=None, least=2)
    wide: str | None = option("a.wide", default=None, width=4)
    number: int | None = option("a.b.number", default=None, least=1, most=9)
    low: int | None = option("low", default=None, least=1)
    high: int | None = option("high", default=None, most=9)
    fraction: float | None = option("fraction", default=None, least=0, most=1)
    ratio: float | None = option("ratio", default=None)
    flag: bool | None = option("flag", default=None)
    level: Literal[0, 1, "high"] | None = option("level", default=None)
    only: Literal["wifi"] | None = option("only", default=None)
    length: timedelta | None = option("length", default=None, send=seconds)
    minute: timedelta | None = option(
        "minute", default=None, least=timedelta(seconds=1), most=timedelta(minutes=1), send=seconds
    )
    time: datetime | None = option("time", default=None, send=datetime.isoformat)
    texts: Sequence[str] | None = option("texts", default=None, most=2, each=Rules(most=3))
    lengths: Sequence[timedelta] | None = option("lengths", default=None, send=len)
    pairs: Mapping[str, object] | None = option("pairs", default=None, most=2)
    part: Part | None = option("part", default=None)
    parts: Sequence[Part] | None = option("parts", default=None)
    either: Entry | Mapping[str, object] | None = option("either", default=None)
    names: Sequence[str] | Literal["all"] | None = option("names", default=None)
    needed: str | None = option("needed", default=None, required_for={"level": (1, "high")})
    pair: int | None = option("pair", default=None, rule=even)
    plain: int | None = None


def problem(**given: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        Options(**given)
    return str(caught.value)


# ---------------------------------------------------------------- what is sent


def test_a_dotted_name_is_a_path_into_nested_objects() -> None:
    assert to_wire(Options(wide="x", number=2)) == {"a": {"wide": "x", "b": {"number": 2}}}


def test_an_option_that_is_none_is_not_sent_and_leaves_no_empty_object() -> None:
    assert to_wire(Options()) == {}
    assert to_wire(Options(part=Part(name="a"))) == {"part": {"partName": "a"}}


def test_an_empty_value_is_sent() -> None:
    empty = {"text": "", "flag": False, "texts": [], "pairs": {}, "level": 0}
    assert to_wire(Options(text="", flag=False, texts=(), pairs={}, level=0)) == empty


def test_send_returns_the_value_that_is_sent() -> None:
    assert to_wire(Options(length=timedelta(minutes=1))) == {"length": 60}


def test_an_option_for_which_send_returns_none_is_not_sent() -> None:
    assert to_wire(Options(length=timedelta(0))) == {}


def test_a_field_without_a_name_is_sent_under_its_own() -> None:
    assert to_wire(Options(plain=3)) == {"plain": 3}


def test_lists_and_options_inside_options_are_sent_as_json() -> None:
    parts = [Part(name="a"), Part(name="b", size=1)]
    sent = {"parts": [{"partName": "a"}, {"partName": "b", "size": 1}], "texts": ["x", "y"]}
    assert to_wire(Options(parts=tuple(parts), texts=("x", "y"))) == sent


def test_a_mapping_is_sent_as_it_is() -> None:
    assert to_wire(Options(either={"key": None})) == {"either": {"key": None}}


# ---------------------------------------------------------------- what is accepted


def test_a_union_accepts_each_of_its_types() -> None:
    assert to_wire(Options(either=Entry(key="a"))) == {"either": {"key": "a"}}
    assert to_wire(Options(either={"key": "a"})) == {"either": {"key": "a"}}
    assert to_wire(Options(names="all")) == {"names": "all"}
    assert to_wire(Options(names=["ann"])) == {"names": ["ann"]}


def test_an_int_is_a_number() -> None:
    assert to_wire(Options(ratio=2, fraction=1)) == {"ratio": 2, "fraction": 1}


@pytest.mark.parametrize(
    "given",
    [
        {"text": "中文字符", "filled": "中文", "wide": "中文"},
        {"number": 1, "low": 1, "high": 9, "fraction": 0.0},
        {"number": 9, "low": 2**70, "high": -(2**70), "fraction": 1.0},
        {"length": timedelta(0), "minute": timedelta(seconds=1)},
        {"length": timedelta.max, "minute": timedelta(minutes=1)},
        {"time": datetime(1970, 1, 1, tzinfo=UTC)},
        {"time": datetime.max.replace(tzinfo=UTC)},
        {"texts": ["abc", "中文字"], "pairs": {"a": 1, "b": 2}},
        {"needed": "x", "level": 1},
        {"needed": "", "level": "high"},
        {"needed": "x"},
        {"level": 0},
    ],
)
def test_a_value_at_the_edge_of_a_rule_is_accepted(given: Mapping[str, Any]) -> None:
    assert to_wire(Options(**given)) is not None


NAIVE: Final = datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None)
NEXT_DAY: Final = timezone(timedelta(hours=-14))


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"text": 1}, "text must be a string, not 1"),
        ({"text": "abcde"}, "text has 5 characters; at most 4 are allowed"),
        ({"filled": "a"}, "filled has 1 characters; at least 2 must be given"),
        ({"wide": "中文a"}, "wide has 5 characters, a Chinese character counts as two; at most 4"),
        ({"number": 0}, "number must be from 1 to 9, not 0"),
        ({"number": 10}, "number must be from 1 to 9, not 10"),
        ({"number": 2.0}, "number must be an int, not 2.0"),
        ({"number": True}, "number must be an int, not True"),
        ({"low": 0}, "low must be at least 1, not 0"),
        ({"high": 10}, "high must be at most 9, not 10"),
        ({"fraction": 1.01}, "fraction must be from 0 to 1, not 1.01"),
        ({"fraction": math.nan}, "fraction must be a finite number, not nan"),
        ({"ratio": math.inf}, "ratio must be a finite number, not inf"),
        ({"ratio": True}, "ratio must be a finite number, not True"),
        ({"flag": 1}, "flag must be a bool, not 1"),
        ({"level": True}, "level must be one of 0, 1, 'high', not True"),
        ({"level": 1.0}, "level must be one of 0, 1, 'high', not 1.0"),
        ({"level": "low"}, "level must be one of 0, 1, 'high', not 'low'"),
        ({"only": "lte"}, "only must be 'wifi', not 'lte'"),
        ({"length": 5}, "length must be a timedelta, not 5"),
        ({"length": timedelta(seconds=-1)}, "length must be at least 0:00:00, not -1 day"),
        ({"minute": timedelta(0)}, "minute must be from 0:00:01 to 0:01:00, not 0:00:00"),
        ({"minute": timedelta(hours=1)}, "minute must be from 0:00:01 to 0:01:00, not 1:00:00"),
        ({"time": NAIVE}, "time must be an aware datetime, not datetime.datetime(2030, 1, 1"),
        ({"time": datetime(1969, 12, 31, 23, tzinfo=UTC)}, "time must be from 1970-01-01 00:00:00"),
        ({"time": datetime.max.replace(tzinfo=NEXT_DAY)}, "time must be from 1970-01-01 00:00:00"),
        ({"texts": "ab"}, "texts must be a list of strings, not 'ab'"),
        ({"texts": b"ab"}, "texts must be a list of strings, not b'ab'"),
        ({"texts": bytearray()}, "texts must be a list of strings, not bytearray(b'')"),
        ({"texts": {"a": 1}}, "texts must be a list of strings, not {'a': 1}"),
        ({"texts": ["a", 1]}, "texts must be a list of strings, not ['a', 1]"),
        ({"texts": ["a", None]}, "texts must be a list of strings, not ['a', None]"),
        ({"texts": ["a", "b", "c"]}, "texts has 3 entries; at most 2 are allowed"),
        ({"texts": ["a", "abcd"]}, "texts at index 1 has 4 characters; at most 3 are allowed"),
        ({"lengths": [timedelta(0), timedelta(-1)]}, "lengths at index 1 must be at least 0:00:00"),
        ({"pairs": [("a", 1)]}, "pairs must be a mapping (a JSON object), not [('a', 1)]"),
        ({"pairs": dict.fromkeys("abc")}, "pairs has 3 entries; at most 2 are allowed"),
        ({"part": {"partName": "a"}}, "part must be a Part, not {'partName': 'a'}"),
        ({"part": Options()}, "part must be a Part, not Options"),
        ({"parts": Part(name="a")}, "parts must be a list of Parts, not Part"),
        ({"either": "a"}, "either must be an Entry or a mapping (a JSON object), not 'a'"),
        ({"names": "ann"}, "names must be a list of strings or 'all', not 'ann'"),
        ({"level": 1}, "needed is required for level 1"),
        ({"level": "high"}, "needed is required for level 'high'"),
        ({"pair": 3}, "pair must be even, not 3"),
        ({"plain": "3"}, "plain must be an int, not '3'"),
    ],
)
def test_an_error_names_the_class_the_field_the_rule_and_the_value(
    given: Mapping[str, Any], rule: str
) -> None:
    assert problem(**given).startswith(f"Options: {rule}")


def test_a_required_option_cannot_be_none() -> None:
    with pytest.raises(InvalidArgumentError, match="Part: name must be a string, not None"):
        Part(name=None)  # type: ignore[arg-type]


def test_a_long_value_is_cut_in_the_error() -> None:
    assert len(problem(number="9" * 1000)) < 150


VALUES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.binary(max_size=3),
    st.timedeltas(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.lists(st.text(max_size=5) | st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=3),
    st.just(Part(name="a")),
)


@given(st.sampled_from(attrs.fields(Options)), VALUES)
def test_any_value_makes_an_object_that_can_be_sent_or_an_error(
    field: attrs.Attribute[Any], value: Any
) -> None:
    try:
        made = Options(**{field.name: value})
    except InvalidArgumentError as error:
        assert str(error).startswith("Options: ")
    else:
        assert to_wire(made) is not None


# ---------------------------------------------------------------- the width of a text


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("中文", 4), ("a中", 3), ("您有一条新消息", 14), ("，", 2), ("é", 1)],
)
def test_a_chinese_character_is_two_wide(text: str, width: int) -> None:
    assert text_width(text) == width


@given(st.text(), st.text())
def test_widths_add_up_and_are_one_or_two_a_character(one: str, other: str) -> None:
    assert text_width(one + other) == text_width(one) + text_width(other)
    assert len(one) <= text_width(one) <= 2 * len(one)
