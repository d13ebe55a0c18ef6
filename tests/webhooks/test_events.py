"""The classes of events: one for each documented event, with all its fields."""

from __future__ import annotations

import copy
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest

from easemob_async import Text, webhooks
from easemob_async.models.messages import Audio, Command, Custom, File, Image, Location, Video
from easemob_async.models.received import Combined
from easemob_async.webhooks import (
    EVENTS,
    ChatroomMessage,
    Event,
    GroupMemberJoined,
    GroupMessage,
    GroupMessageOffline,
    parse_event,
)
from easemob_async.webhooks.events.base import conversation_of
from easemob_async.webhooks.parse import classify
from easemob_async.wire.fields import READ, WIRE
from tests.webhooks import posts
from tests.webhooks.posts import MESSAGE, examples


@pytest.mark.parametrize(
    ("kind", "example"), examples(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_documented_event_belongs_to_a_conversation(
    kind: str, example: dict[str, Any]
) -> None:
    event = parse_event(example)
    named = [example.get(k) for k in ("from", "to", "id", "user", "name", "group_id")]
    if any(named) and event.kind != "message.pre_delivery":
        assert event.conversation.split(":")[0] in ("chat", "group", "thread", "user")


@pytest.mark.parametrize(
    ("change", "conversation"),
    [
        ({}, "chat:ann bot"),
        ({"from": "bot", "to": "ann"}, "chat:ann bot"),
        ({"from": "acme#shop_ANN@easemob.com/ios_1"}, "chat:ann bot"),
        ({"chat_type": "groupchat", "to": "7"}, "group:7"),
        ({"chat_type": "groupchat", "to": "bot", "group_id": "7"}, "group:7"),
        ({"chat_type": "groupchat", "to": "7", "content_type": "chat:room:text"}, "group:7"),
        ({"chat_type": "new", "to": None}, "user:ann"),
        ({"chat_type": "new", "from": None, "to": None}, ""),
    ],
)
def test_what_a_message_belongs_to(change: dict[str, Any], conversation: str) -> None:
    assert parse_event({**MESSAGE, **change}).conversation == conversation


def test_what_happens_to_a_group_belongs_where_its_messages_do() -> None:
    joined = {
        "event": "group_op_event",
        "operation": "JOIN",
        "type": "CHATROOM",
        "id": "7",
        "operator": "ann",
        "payload": {"type": "DIRECT", "member": ["bob"]},
        "callId": "1",
        "timestamp": 1,
        "appkey": "acme#shop",
    }
    event = parse_event(joined)
    assert isinstance(event, GroupMemberJoined)
    assert event.conversation == "group:7"


(ROOM_EXAMPLE,) = [e for kind, e in examples() if kind == "chatroom.message"][:1]


@pytest.mark.parametrize("event_type", ["chat", "chat_offline"])
@pytest.mark.parametrize(
    ("content_type", "type_", "is_room"),
    [
        (None, None, None),  # so is the documented example of a room's message
        ("chat:group:text", None, False),
        ("chat:room:text", None, True),
        ("chat:group:text", "chatroom", False),  # content_type comes first
        ("chat:room:text", "groupchat", True),
        ("chat:room:text", [], True),
        (None, "groupchat", False),
        (None, "chatroom", True),
        (None, "chat", None),
        (None, "CHATROOM", None),
        (None, "", None),
        (None, 1, None),
        (None, ["chatroom"], None),
        (None, {"chatroom": 1}, None),
    ],
)
def test_a_group_or_a_room_or_it_cannot_be_told(
    event_type: str, content_type: str | None, type_: object, is_room: bool | None
) -> None:
    post = {**ROOM_EXAMPLE, "eventType": event_type, "content_type": content_type}
    event = parse_event({**post, "payload": {"bodies": [], "type": type_}})
    assert isinstance(event, GroupMessage | GroupMessageOffline | ChatroomMessage)
    assert event.is_room is is_room
    assert isinstance(event, ChatroomMessage) is (is_room is True)
    place_id = event.room_id if isinstance(event, ChatroomMessage) else event.group_id
    assert place_id == ROOM_EXAMPLE["group_id"]
    assert event.conversation == f"group:{place_id}"
    kind = "room" if is_room else "group"
    assert event.origin is not None
    assert (event.origin.kind, event.origin.id) == (kind, place_id)


@pytest.mark.parametrize("content_type", ["chat:user:text", "chat:thread:text", "chat", "", 1, []])
@pytest.mark.parametrize("type_", [None, "groupchat", "chatroom"])
def test_a_content_type_of_another_kind_is_not_guessed_at(content_type: object, type_: str) -> None:
    post = {**ROOM_EXAMPLE, "content_type": content_type, "payload": {"type": type_}}
    event = parse_event(post)
    assert type(event) is webhooks.UnknownEvent
    assert event.conversation == f"group:{ROOM_EXAMPLE['group_id']}"


def test_a_payload_that_is_no_object_does_not_say_where_a_message_was_sent() -> None:
    payloads: tuple[object, ...] = ([], "chatroom", None)
    for payload in payloads:
        found = classify({**ROOM_EXAMPLE, "payload": payload})
        assert found is GroupMessageOffline


@pytest.mark.parametrize("kind", ["group", "room"])
def test_an_offline_member_is_not_the_place(kind: str) -> None:
    """`to` of such an event is the member; without a group_id nothing names the place."""
    post = {**ROOM_EXAMPLE, "content_type": f"chat:{kind}:text", "group_id": None}
    event = parse_event(post)
    assert isinstance(event, GroupMessageOffline | ChatroomMessage)
    assert event.origin is None
    sent = parse_event({**post, "eventType": "chat", "to": "7"})
    assert isinstance(sent, GroupMessage | ChatroomMessage)
    assert sent.origin is not None
    assert (sent.origin.kind, sent.origin.id) == (kind, "7")


def test_a_one_to_one_message_is_in_no_room() -> None:
    assert parse_event(MESSAGE).is_room is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        (entry["id"], content_type)
        for entry in posts.EVENTS
        for content_type in entry.get("content_types", ())
    ],
)
def test_every_documented_content_type_is_known(kind: str, content_type: str) -> None:
    event = parse_event({**ROOM_EXAMPLE, "eventType": "chat", "content_type": content_type})
    assert event.kind == kind


@pytest.mark.parametrize(
    ("edited", "conversation"),
    [
        ("chat:user", "chat:wzy wzy1"),
        ("chat:group", "group:wzy"),
        ("chat:room", "group:wzy"),
        (None, "chat:wzy wzy1"),
        ("", "chat:wzy wzy1"),
        ([], "chat:wzy wzy1"),
    ],
)
def test_an_edit_belongs_where_its_message_does(edited: object, conversation: str) -> None:
    post = copy.deepcopy(ENTRIES["message.edited"]["examples"][0])
    post["payload"]["meta"]["edit_msg"]["chat_type"] = edited
    assert conversation_of(post) == conversation


def test_every_example_of_the_facts_is_a_test_case() -> None:
    """A list of examples under a new name is not forgotten."""
    cases = [json.dumps(example) for _, example in examples()]
    parts = {"payload_examples"}  # payloads, which `examples` puts into whole posts
    for entry in posts.EVENTS:
        for key in entry:
            if key.endswith("examples") and key not in parts:
                for example in entry[key]:
                    assert json.dumps(example) in cases, f"{entry['id']}: {key}"


ENTRIES = {entry["id"]: entry for entry in posts.EVENTS}


# Byte for byte the example of a group's message: only ids tell (see its quirks).
LOOKS_LIKE_A_GROUP = "chatroom.message"


# What a class reads as a whole; what stands below it is not declared field by field.
WHOLE = ("payload.bodies", "payload.ext", "payload.role", "payload.data.last_message", "data")


# Discriminators that every event of its family has, and that say nothing more than its class.
SAID_BY_THE_CLASS = {"event", "payload", "payload.type", "payload.options"}


def class_of(kind: str) -> type[Event]:
    (found,) = (cls for cls in EVENTS if cls.kind == kind)
    return found


def test_there_is_a_class_for_every_entry() -> None:
    assert {cls.kind for cls in EVENTS} == set(ENTRIES)
    assert len(EVENTS) == len(ENTRIES) == 61


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_class_has_the_name_of_its_kind_and_names_its_source(kind: str) -> None:
    cls = class_of(kind)
    expected = "".join(part.capitalize() for part in re.split(r"[._]", kind))
    name = {"MessagePreDelivery": "PreDelivery"}.get(expected, expected)
    assert cls.__name__ == name
    assert getattr(webhooks, name) is cls
    source = (inspect.getdoc(cls) or "").rpartition("Source: ")[2]
    room = ENTRIES[kind].get("id_when_chatroom")
    assert source == (f"{kind}, {room}" if room else kind)


def wire_paths(cls: Any, prefix: str = "") -> Iterator[str]:
    hints = get_type_hints(cls)
    for field in attrs.fields(cls):
        for name in field.metadata.get(WIRE, (field.name,)):
            yield prefix + name
            for kind in (hints[field.name], *get_args(hints[field.name])):
                many = get_origin(hints[field.name]) is tuple
                if attrs.has(kind) and field.metadata.get(READ) is None:
                    yield from wire_paths(kind, f"{prefix}{name}{'[]' if many else ''}.")


@pytest.mark.parametrize("kind", ENTRIES)
def test_every_documented_field_is_declared(kind: str) -> None:
    declared = set(wire_paths(class_of(kind)))
    for field in ENTRIES[kind]["fields"]:
        name = field["name"]
        covered = (
            name in declared
            or name in SAID_BY_THE_CLASS
            or name.startswith((*(f"{whole}." for whole in WHOLE), "payload.bodies["))
            or any(path.startswith((f"{name}.", f"{name}[")) for path in declared)
        )
        # The combined message's example prints these, and they repeat what stands above.
        if kind != "message.edited" and name in ("payload.from", "payload.to"):
            continue
        if kind in ("chat.message", "chat.message_offline"):
            covered = covered or name == "group_id"  # a one-to-one message has none
        assert covered, f"{kind}: {name}"


def same(value: object, raw: object) -> bool:
    """Whether a typed value says what stands on the wire."""
    match value:
        case datetime():
            return round(value.timestamp() * 1000) == int(str(raw))
        case timedelta():
            return raw == -1 if value == timedelta.max else value.total_seconds() == raw
        case bool():
            return str(value).lower() == str(raw).lower()
        case tuple():
            return isinstance(raw, list) and len(raw) == len(value)
        case str():
            # Without the app's prefix, the server's name and the device.
            bare = re.sub(r"@(conference\.)?easemob\.com.*$", "", str(raw))
            return value == str(raw).strip() or bare.endswith(f"_{value}")
        case Mapping():
            return bool(value == raw)
        case int() | float():
            return float(value) == float(str(raw))
    return False


def at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def check_fields(found: Any, raw: dict[str, Any]) -> None:
    for field in attrs.fields(type(found)):
        names = field.metadata.get(WIRE, (field.name,))
        on_wire = next((v for name in names if (v := at(raw, name)) is not None), None)
        value = getattr(found, field.name)
        if on_wire is None or field.name == "payload":
            continue
        if field.name == "bodies":
            assert len(value) == len(on_wire)
        elif attrs.has(type(value)):
            check_fields(value, on_wire)
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            for one, of_wire in zip(value, on_wire, strict=True):
                check_fields(one, of_wire)
        else:
            assert same(value, on_wire), f"{field.name}: {value!r} of {on_wire!r}"


@pytest.mark.parametrize(("kind", "example"), posts.examples())
def test_an_example_becomes_its_class_with_all_its_fields(
    kind: str, example: dict[str, Any]
) -> None:
    event = parse_event(json.dumps(example).encode())
    if kind == LOOKS_LIKE_A_GROUP:
        assert event.kind == "group.message_offline"
        example = {**example, "content_type": "chat:room:text"}
        event = parse_event(example)
    assert event.kind == kind
    assert type(event) is class_of(kind)
    assert event.payload == example
    check_fields(event, example)


@pytest.mark.parametrize("kind", ["group.member_left", "push.error"])
def test_events_without_an_example_become_their_class(kind: str) -> None:
    near = {"group.member_left": "chatroom.member_left", "push.error": "push.failed"}[kind]
    example = copy.deepcopy(ENTRIES[near]["examples"][0])
    if kind == "push.error":
        example |= {"status": "error", "e_message": "timed out"}
    else:
        del example["payload"]["action"]
        example["type"] = "GROUP"
    event = parse_event(example)
    assert event.kind == kind
    check_fields(event, example)


@pytest.mark.parametrize(
    "kind", [kind for kind, entry in ENTRIES.items() if entry.get("id_when_chatroom")]
)
def test_a_room_has_the_same_class_with_its_own_kind(kind: str) -> None:
    entry = ENTRIES[kind]
    event: Any = parse_event({**entry["examples"][0], "type": "CHATROOM"})
    assert event.kind == entry["id_when_chatroom"]
    assert event.is_room
    assert type(event) is class_of(kind)
    in_a_group: Any = parse_event(entry["examples"][0])
    assert not in_a_group.is_room


def test_details_that_need_more_than_a_type() -> None:
    info: Any = parse_event(ENTRIES["group.created"]["examples"][0])
    assert info.info.mute_duration == timedelta.max  # -1: for good
    assert info.info.public is True
    assert info.info.max_users == 200
    assert info.info.owner == "tst"
    assert info.roles == {"tst": "owner", "abc": "admin"}
    assert info.timestamp == datetime(2024, 10, 21, 7, 43, 18, 231000, UTC)
    deleted = copy.deepcopy(ENTRIES["group.announcement_updated"]["examples"][0])
    del deleted["payload"]["announcement"]
    assert parse_event(deleted).announcement is None  # type: ignore[attr-defined]
    banned = copy.deepcopy(ENTRIES["group.ban_changed"]["examples"][0])
    banned["payload"] = {"type": "DISABLE", "disabled": False}  # the table's name of it
    assert parse_event(banned).banned is False  # type: ignore[attr-defined]
    older = copy.deepcopy(ENTRIES["user.login"]["examples"][0])
    older["user"] = "XXXX#XXXX_ann@easemob.com/ios_1"
    del older["name"]  # as in 2023
    login: Any = parse_event(older)
    assert (login.username, login.device_id) == ("ann", "ios_1")
    quit_: Any = copy.deepcopy(ENTRIES["chatroom.member_left"]["examples"][0])
    del quit_["payload"]["action"]
    assert parse_event(quit_).kind == "chatroom.member_left"
    failed = copy.deepcopy(ENTRIES["push.failed"]["examples"][0])
    failed["detail"] = "push yet but fail "
    assert parse_event(failed).detail is webhooks.PushFailure.REFUSED  # type: ignore[attr-defined]
    recalled: Any = parse_event(ENTRIES["message.recalled"]["examples"][0])
    assert recalled.recalled_message_id == "966475220900644860"
    requested = {**ENTRIES["contact.requested"]["examples"][0]}
    requested["from"] = "XXXX#XXXX_ann/android_1"
    event = parse_event({**requested, "payload": {"reason": {}, "operation": "add"}})
    assert isinstance(event, webhooks.ContactRequested)


def test_every_documented_reason_of_a_failed_push_is_known() -> None:
    assert set(ENTRIES["push.failed"]["details"]) == set(webhooks.PushFailure)


@pytest.mark.parametrize(
    ("type_", "cls"),
    [
        ("txt", Text),
        ("img", Image),
        ("audio", Audio),
        ("video", Video),
        ("file", File),
        ("loc", Location),
        ("custom", Custom),
        ("combined", Combined),
    ],
)
def test_bodies_are_the_classes_that_are_sent(type_: str, cls: type) -> None:
    (part,) = (p for p in ENTRIES["chat.message"]["payload_examples"] if p["type"] == type_)
    event: Any = parse_event({**posts.MESSAGE, "payload": part["payload"]})
    (body,) = part["payload"]["bodies"]
    assert type(event.body) is cls
    assert event.ext == part["payload"]["ext"]
    known = {
        "filename": body.get("filename"),
        "secret": body.get("secret"),
        "file_length": body.get("file_length"),
        "url": body.get("url"),
        "thumb": body.get("thumb"),
        "thumb_secret": body.get("thumb_secret"),
        "title": body.get("title"),
        "summary": body.get("summary"),
        "level": body.get("combineLevel"),
        "text": body.get("msg"),
        "latitude": body.get("lat"),
        "longitude": body.get("lng"),
        "address": body.get("addr"),
        "event": body.get("customEvent"),
        "exts": body.get("v2:customExts"),
        "duration": timedelta(seconds=body["length"]) if "length" in body else None,
    }
    size = body.get("size") or {}
    for side in ("width", "height"):
        known[side if type_ == "img" else f"thumb_{side}"] = size.get(side)
    for name, value in known.items():
        if value is not None:
            assert getattr(event.body, name) == value, name
    if "secret" in body:
        assert body["secret"] not in repr(event)


def test_a_command_may_have_the_structure_of_a_text() -> None:
    for body in ({"type": "cmd", "action": "run"}, {"type": "cmd", "msg": "run"}):
        event: Any = parse_event({**posts.MESSAGE, "payload": {"bodies": [body]}})
        assert event.body == Command("run")


def test_an_unknown_type_stays_as_it_is() -> None:
    body = {"type": "unknown", "what": [1]}
    event: Any = parse_event({**posts.MESSAGE, "payload": {"bodies": [body]}})
    assert event.body == body


@pytest.mark.parametrize("payload", posts.EDIT_QUESTION["payload"], ids=str)
def test_an_edit_may_be_asked_about_without_a_part_of_its_content(payload: str) -> None:
    content = {k: v for k, v in posts.EDIT_QUESTION["payload"].items() if k != payload}
    event = parse_event({**posts.EDIT_QUESTION, "payload": content})
    assert isinstance(event, webhooks.PreDelivery)
    assert event.is_edit
    assert event.is_flat is False
    assert event.edited_message_id == content.get("edit_message_id")
    assert event.body == (None if payload == "bodies" else Text("hello"))
    assert event.payload["payload"] == content
    assert event.conversation == "edit"


def test_an_edit_is_known_by_any_of_its_marks() -> None:
    for change, is_edit in (
        ({}, False),
        ({"chat_type": "edit"}, True),
        ({"payload": {"edit_message_id": 1}}, True),
        ({"payload": {"type": "edit"}}, True),
        ({"payload": {"type": "chat"}}, False),
        ({"chat_type": "a-new-one"}, False),
    ):
        event = parse_event({**posts.QUESTION, **change})
        assert isinstance(event, webhooks.PreDelivery)
        assert event.is_edit is is_edit, change


def test_a_question_may_have_its_body_bare() -> None:
    flat = {"msg": "welcome to easemob!", "type": "txt"}
    event: Any = parse_event({**posts.QUESTION, "payload": flat})
    assert event.body == Text("welcome to easemob!")
    assert event.is_flat
    assert parse_event(posts.QUESTION).is_flat is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("chat_type", "conversation"),
    [
        ("chat", "chat"),
        ("group", "groupchat"),
        ("groupchat", "groupchat"),
        ("chatroom", "chatroom"),
    ],
)
def test_both_words_for_a_group_are_one(chat_type: str, conversation: str) -> None:
    event: Any = parse_event({**posts.QUESTION, "chat_type": chat_type, "group_id": 1})
    assert event.conversation == conversation
    assert event.group_id == "1"
