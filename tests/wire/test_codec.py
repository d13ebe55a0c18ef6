"""JSON is the same with orjson and without; a caller's JSON is checked once, for both."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError
from easemob_async.wire import codec

orjson = pytest.importorskip("orjson")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(codec.INT64_MIN, codec.INT64_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(json_values)
def test_both_encoders_mean_the_same(value: Any) -> None:
    checked = codec.checked_json(value, "ext")
    assert checked == value
    ours, theirs = codec.std_dumps(checked), orjson.dumps(checked)
    assert codec.std_loads(theirs) == orjson.loads(ours) == value
    assert codec.std_loads(ours) == orjson.loads(theirs) == value


@given(st.binary() | st.text().map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_both_decoders_take_and_refuse_the_same(data: bytes) -> None:
    assert outcome(codec.std_loads, data) == outcome(orjson.loads, data)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"NaN",
            b"-Infinity",
            b'{"a": NaN}',
            b'"\\ud800"',
            b'"\\uDFFF"',
            b"\xff",
            b"{",
            b"01",
        ),
        *(b'"\\ud83d\\ude00"', b"18446744073709551615", b"-9223372036854775808", b"1e5", b"[1,]"),
        *(b"18446744073709551616", b"123456789012345678901234567890", b"\xef\xbb\xbf{}", b'"\\ud'),
        b'{"a": 1, "a": 2}',
        *(b"[" * deep + b"]" * deep for deep in (900, 1025, 2000)),
    ],
)
def test_odd_json_is_taken_and_refused_alike(data: bytes) -> None:
    assert outcome(codec.std_loads, data) == outcome(orjson.loads, data)


def outcome(loads: Any, data: bytes) -> Any:
    try:
        value = loads(data)
    except ValueError:
        return "refused"
    return value, type(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({1: "x"}, "the key 1 must be a string"),
        ({"a": math.nan}, r"ext\['a'\]: nan must be a finite number"),
        ({"a": [1, math.inf]}, r"ext\['a'\]\[1\]"),
        ({"a": 2**63}, "must be an integer of at most 64 bits"),
        ({"a": -(2**63) - 1}, "64 bits"),
        ({"a": b"x"}, "a bytes is not JSON"),
        ({"a": {1, 2}}, "a set is not JSON"),
        ({"a": "\ud800"}, "must be valid Unicode"),
        ({"\ud800": 1}, "must be valid Unicode"),
        ({"a": object()}, "a object is not JSON"),
    ],
)
def test_what_is_not_json_is_refused_before_any_encoder_sees_it(value: Any, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        codec.checked_json(value, "ext")


def nested(levels: int) -> Any:
    value: Any = "deep"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("levels", [201, 100_000])
def test_what_is_nested_too_deeply_is_refused(levels: int) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"^ext\[.{1,100}\.\.\.: is nested more than 200"
    ):
        codec.checked_json(nested(levels), "ext")


def test_what_contains_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["me"] = [value]
    with pytest.raises(InvalidArgumentError, match="or contains itself"):
        codec.checked_json(value, "ext")


def test_what_is_nested_as_deeply_as_allowed_can_be_encoded_inside_of_a_request() -> None:
    for dumps in (codec.std_dumps, orjson.dumps):
        body = {"payload": {"messages": [{"ext": codec.checked_json(nested(200), "ext")}]}}
        assert dumps(body).count(b"deep") == 1


def test_what_was_checked_is_a_copy() -> None:
    value = {"a": [1, (2, 3)], "b": {"c": True}}
    checked = codec.checked_json(value, "ext")
    assert checked == {"a": [1, [2, 3]], "b": {"c": True}}
    value["a"].append(4)  # type: ignore[attr-defined]
    assert checked == {"a": [1, [2, 3]], "b": {"c": True}}
    assert json.dumps(checked)


@given(json_values)
def test_what_is_json_is_read_the_same_leniently(value: Any) -> None:
    for data in (codec.std_dumps(value), json.dumps(value, indent=1).encode()):
        assert codec.read_leniently(data) == orjson.loads(data)


@pytest.mark.parametrize(
    ("data", "meaning"),
    [
        (b'{"n": "cut \\ud83d", "m": 1}', {"n": "cut \ufffd", "m": 1}),
        (b'{"n": "\\ude00\\ud83d"}', {"n": "\ufffd\ufffd"}),
        (b'{"n": "\\ud83d\\ude00 \\uD83Dx"}', {"n": "\U0001f600 \ufffdx"}),
        (b'{"n": "\\\\ud83d"}', {"n": "\\ud83d"}),  # an escaped backslash, and four letters
        (b'{"n": "\\\\\\ud83d"}', {"n": "\\\ufffd"}),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'{"n": "\xed\xa0\xbd"}', {"n": "\ufffd\ufffd\ufffd"}),
        (b'{"n": "\xff"}', {"n": "\ufffd"}),
        (b'{"n": NaN, "m": [Infinity, -Infinity, 1e999]}', {"n": None, "m": [None, None, None]}),
        (b'{"n": "a\tb\nc\x00"}', {"n": "a\tb\nc\x00"}),
        (b'\xef\xbb\xbf{"n": 1}', {"n": 1}),
        (b" [] ", []),
        (b'{"a": {}, "b": [[], {}]}', {"a": {}, "b": [[], {}]}),
        (b"-0.5e3", -500.0),
        (b"[" * 1000 + b"]" * 1000, None),
        (b'{"a":' * 1000 + b"NaN" + b"}" * 1000, None),
    ],
)
def test_what_is_nearly_json_is_read(data: bytes, meaning: Any) -> None:
    for read in (codec.read, codec.read_leniently):
        value = read(data)
        if meaning is not None:
            assert value == meaning


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[1,]", b"[1", b"[1 2]", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{1:2}", b"'a'"),
        *(b'"\\x"', b'"\\ud8"', b'"abc', b"01", b"1.", b"nul", b"{} {}", b"<html>", b"\x00", b"]"),
        *(b"[" * 1001 + b"]" * 1001, b"[" * 1_000_000, b'{"a":' * 100_000),
    ],
)
def test_what_is_not_even_nearly_json_is_refused(data: bytes) -> None:
    if data.startswith(b"[" * 1001 + b"]"):
        data = data.replace(b"[]", b"[NaN]")  # otherwise the strict readers take some more
    for read in (codec.read, codec.read_leniently):
        with pytest.raises(ValueError):  # noqa: PT011
            read(data)


@given(st.binary() | st.text().map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_reading_raises_nothing_but_a_value_error(data: bytes) -> None:
    for near in (data, b'{"a": "' + data + b'"}', b"[" + data):
        try:
            value = codec.read(near)
        except ValueError:
            continue
        json.dumps(value, ensure_ascii=False).encode()  # no half pair is left
