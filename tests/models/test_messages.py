"""Messages on the wire: every type, every option, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from easemob_async import (
    Audio,
    Command,
    Custom,
    File,
    Image,
    InvalidArgumentError,
    Location,
    Message,
    Text,
    Video,
)
from easemob_async.models.messages import MESSAGE_TYPES
from tests import facts_reader as facts


def untyped(value: Any) -> Any:
    """Return a value that a type checker would refuse."""
    return value


def test_there_are_the_documented_types() -> None:
    body = facts.operations()["messages.send_to_users"]["body"]
    (kinds,) = (row["enum"] for row in body if row["name"] == "type")
    assert list(MESSAGE_TYPES) == kinds


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (Text("hi"), {"msg": "hi"}),
        (Image("http://f"), {"url": "http://f"}),
        (
            Image("http://f", filename="a.jpg", secret="s", width=1.5, height=2, file_length=9),
            {
                "url": "http://f",
                "filename": "a.jpg",
                "secret": "s",
                "size": {"width": 1.5, "height": 2},
                "file_length": 9,
            },
        ),
        (Audio("u", duration=timedelta(seconds=9.1)), {"url": "u", "length": 10}),
        (
            Video("u", thumb="t", thumb_secret="s", duration=timedelta(0), file_length=5),
            {"url": "u", "thumb": "t", "thumb_secret": "s", "length": 0, "file_length": 5},
        ),
        (File("u", filename="f"), {"url": "u", "filename": "f"}),
        (Location(39.966, "116.322", "here"), {"lat": "39.966", "lng": "116.322", "addr": "here"}),
        (Location(-90, 180, ""), {"lat": "-90.0", "lng": "180.0", "addr": ""}),
        (Location(1e-7, 0, "x"), {"lat": "0.0000001", "lng": "0.0", "addr": "x"}),
        (Command("jump"), {"action": "jump"}),
        (Command("jump", {"high": 3}), {"action": "jump", "param": {"high": 3}}),
        (Custom("e", {"k": "v"}), {"customEvent": "e", "customExts": {"k": "v"}}),
        (Custom("e"), {"customEvent": "e"}),
    ],
)
def test_a_message_on_the_wire(message: Message, wire: dict[str, Any]) -> None:
    assert message.to_wire() == wire


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Text(untyped(5)), "text must be a string"),
        (lambda: Text(untyped(None)), "text must be a string"),
        (lambda: Image(""), "url must not be empty"),
        (lambda: Image("u", width=-1), "width must be a number of at least 0"),
        (lambda: Image("u", width=float("nan")), "width must be a number"),
        (lambda: Image("u", file_length=untyped(1.5)), "file_length must be an integer"),
        (lambda: Audio("u", duration=untyped(10)), "duration must be a timedelta"),
        (lambda: Audio("u", duration=timedelta(-1)), "duration must be a timedelta of at least 0"),
        (lambda: Location(91, 0, "x"), "latitude must be from -90 to 90 degrees"),
        (lambda: Location(0, 181, "x"), "longitude"),
        (lambda: Location("north", 0, "x"), "must be numbers"),
        (lambda: Location(float("nan"), 0, "x"), "latitude"),
        (lambda: Custom("a b"), "1 to 32"),
        (lambda: Custom(""), "1 to 32"),
        (lambda: Custom("e\n"), "1 to 32"),
        (lambda: Custom("e", {str(n): "v" for n in range(17)}), "17 entries; at most 16"),
        (lambda: Custom("e", {"k": untyped(1)}), "must map strings to strings"),
    ],
)
def test_what_breaks_a_rule_is_refused_when_it_is_made(
    make: Callable[[], object], says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        make()


def test_secrets_are_not_shown() -> None:
    shown = repr(Video("u", secret="s3cret", thumb_secret="th3mb"))
    assert "s3cret" not in shown
    assert "th3mb" not in shown
