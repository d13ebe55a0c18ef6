"""Messages on the wire: every type, every option, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import (
    ApnsOptions,
    Audio,
    Command,
    Custom,
    DirectedTemplate,
    File,
    HarmonyOptions,
    Image,
    InvalidArgumentError,
    Location,
    Message,
    PushFilter,
    PushOptions,
    PushTemplate,
    Text,
    Video,
)
from easemob_async.models.messages import MESSAGE_TYPES
from easemob_async.resources.sending import content
from easemob_async.wire import codec
from tests import facts_reader as facts


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
        (lambda: Text(5), "text must be a string"),
        (lambda: Text(None), "text must be a string"),
        (lambda: Image(""), "url must not be empty"),
        (lambda: Image("u", width=-1), "width must be a number from 0"),
        (lambda: Image("u", width=float("nan")), "width must be a number"),
        (lambda: Image("u", file_length=1.5), "file_length must be a whole number"),
        (lambda: Audio("u", duration=10), "duration must be a timedelta"),
        (lambda: Audio("u", duration=timedelta(-1)), "duration must be a timedelta from 0"),
        (lambda: Location(91, 0, "x"), "latitude must be degrees from -90 to 90"),
        (lambda: Location(0, 181, "x"), "longitude"),
        (lambda: Location("north", 0, "x"), "number of degrees"),
        (lambda: Location(float("nan"), 0, "x"), "latitude"),
        (lambda: Custom("a b"), "1 to 32"),
        (lambda: Custom(""), "1 to 32"),
        (lambda: Custom("e\n"), "1 to 32"),
        (lambda: Custom("e", {str(n): "v" for n in range(17)}), "17 entries, at most 16"),
        (lambda: Custom("e", {"k": 1}), "maps strings to strings"),
        (lambda: PushOptions(mention="ann"), "list of usernames, or 'all'"),
    ],
)
def test_what_breaks_a_rule_is_refused_when_it_is_made(make: Any, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        make()


def test_secrets_are_not_shown() -> None:
    shown = repr(Video("u", secret="s3cret", thumb_secret="th3mb"))
    assert "s3cret" not in shown
    assert "th3mb" not in shown


@given(text=st.text(st.characters(codec="utf-8"), max_size=300), room=st.integers(0, 900))
def test_the_size_is_that_of_the_compact_utf8(text: str, room: int) -> None:
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


def test_all_push_options_are_the_documented_keys() -> None:
    options = PushOptions(
        devices=PushFilter(
            accept_device_id=[],
            ignore_device_id=[],
            accept_notifier_name=[],
            ignore_notifier_name=[],
        ),
        mention=["abc"],
        template=PushTemplate(
            name="test6", title_args=["test1"], content_args=["{$fromNickname}", "{$msg}"]
        ),
        custom={"test": 1},
        group_user_nickname="happy",
        silent=False,
        force=True,
        apns=ApnsOptions(
            category="",
            mutable_content=True,
            sound="appsound.mp3",
            badge=1,
            thread_id="abc",
            content_available=1,
        ),
        android={"fcm_options": {"key": "value"}, "fcm_channel_id": ""},
        harmony=HarmonyOptions(
            click_action="com.a.b.shot",
            category="IM",
            notify_id=1,
            receipt_id="RCP78C959D4",
            is_test_message=True,
        ),
    )
    documented = facts.read("push")["message_ext"]["examples"][0]["ext"]
    assert options.to_ext() == documented


def test_a_directed_template_and_a_call() -> None:
    options = PushOptions(
        title="Group Name",
        content="Allen: Sent a message",
        call=True,
        template=PushTemplate(
            directed_template=DirectedTemplate(
                target=["hxtest"],
                name="at_push_template",
                title_args=["Group Name"],
                content_args=["Allen", "Mentioned you in the group"],
            )
        ),
    )
    documented = facts.read("push")["message_ext"]["examples"][6]["ext"]
    assert options.to_ext() == documented
    assert PushOptions(mention="all").to_ext() == {"em_at_list": "all"}
    assert PushOptions().to_ext() == {}


def test_push_goes_into_the_ext_and_may_not_be_given_twice() -> None:
    push = PushOptions(silent=True)
    made = content("op", Text("x"), ext={"k": 1}, push=push, max_bytes=5120)
    assert made.ext == {"k": 1, "em_ignore_notification": True}
    with pytest.raises(InvalidArgumentError, match="em_ignore_notification is given both"):
        content("op", Text("x"), ext={"em_ignore_notification": 1}, push=push, max_bytes=5120)
