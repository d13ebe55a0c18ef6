"""The emulator reads and writes JSON alike with `orjson` and without it."""

from __future__ import annotations

import json
import math
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from easemob_async.emulator import answers, bodies

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=3),
        st.just("\ud83d"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
TEXTS = st.one_of(
    VALUES.map(json.dumps),
    st.text('[]{}",:0123456789.eE+-truefalsn \t\n\ufeff\\udNaIify', max_size=12),
)


def read(content: bytes) -> Any:
    try:
        return bodies.decoded(content)
    except ValueError:
        return ValueError


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, and of the same types; -0.0 is not 0."""
    return repr(one) == repr(other)


@settings(max_examples=500, deadline=None)
@given(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"1e400")
@example(b"-0")
@example(b"-0.0")
@example(b"123456789012345678901234567890")
@example(b'{"a": 1, "a": 2}')
@example(b"\xef\xbb\xbf{}")
@example("[1]".encode("utf-16"))
@example(b'"\\ud83d"')
@example(b"NaN")
@example(b"[" * 1500 + b"]" * 1500)
def test_what_is_read_does_not_depend_on_the_library(content: bytes) -> None:
    with patch.object(bodies, "orjson", None):
        expected = read(content)
    assert same(read(content), expected)


@settings(max_examples=300, deadline=None)
@given(VALUES)
@example({1: "an int as a key", "b": 2**64})
def test_what_is_written_is_read_as_the_same_value(value: Any) -> None:
    with patch.object(answers, "orjson", None):
        expected = json.loads(answers.dumps(value))
    assert same(json.loads(answers.dumps(value)), expected)
    assert not isinstance(expected, float) or math.isfinite(expected)
