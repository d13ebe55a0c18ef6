"""The checks of every send: the size of a message, its ext and its push options."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import Custom, InvalidArgumentError, PushOptions, Text
from easemob_async.resources.sending import content
from easemob_async.wire import codec


@given(text=st.text(st.characters(codec="utf-8"), max_size=300))
def test_the_size_is_that_of_the_compact_utf8(text: str) -> None:
    ext = {"note": text[::-1], "list": [1, 2.5, None, True]}
    size = len(codec.std_dumps({"msg": text})) + len(codec.std_dumps(ext))

    def make(most: int) -> None:
        content("op", Text(text), ext=ext, push=None, max_bytes=most)

    make(size)
    with pytest.raises(InvalidArgumentError, match=f"{size} bytes"):
        make(size - 1)


def test_an_empty_body_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="empty"):
        content("op", Custom(), ext=None, push=None, max_bytes=5120)


def test_push_goes_into_the_ext_and_may_not_be_given_twice() -> None:
    push = PushOptions(silent=True)
    made = content("op", Text("x"), ext={"k": 1}, push=push, max_bytes=5120)
    assert made.ext == {"k": 1, "em_ignore_notification": True}
    with pytest.raises(InvalidArgumentError, match="em_ignore_notification is given both"):
        content("op", Text("x"), ext={"em_ignore_notification": 1}, push=push, max_bytes=5120)
