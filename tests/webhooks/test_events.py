"""Posts become events: all documented ones, by the documented order of questions, and no crash."""

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
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import webhooks
from easemob_async.errors import WebhookError
from easemob_async.models.messages import Audio, Command, Custom, File, Image, Location, Text, Video
from easemob_async.models.received import Combined
from easemob_async.webhooks import EVENTS, Event, UnknownEvent, parse_event
from easemob_async.webhooks.parse import classify
from easemob_async.wire.fields import READ, WIRE
from tests.webhooks import posts

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


# ---------------------------------------------------------------- one class for each entry


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
        # Only the combined message's example prints these, and they repeat what stands above.
        if name in ("payload.from", "payload.to"):
            continue
        if kind in ("chat.message", "chat.message_offline"):
            covered = covered or name == "group_id"  # a one-to-one message has none
        assert covered, f"{kind}: {name}"


# ---------------------------------------------------------------- all examples, with all fields


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
    assert type(event) is class_of(kind)
    assert event.is_room
    assert not parse_event(entry["examples"][0]).is_room  # type: ignore[attr-defined]


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
    assert parse_event({**requested, "payload": {"reason": {}, "operation": "add"}})


def test_every_documented_reason_of_a_failed_push_is_known() -> None:
    assert set(ENTRIES["push.failed"]["details"]) == set(webhooks.PushFailure)


# ---------------------------------------------------------------- bodies


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


# ---------------------------------------------------------------- the documented order alone


def matches(match: Mapping[str, Any], payload: dict[str, Any]) -> bool:
    """The facts' own words: any of a list, a prefix, dotted keys, absent keys."""
    for key, wanted in match.items():
        if key == "absent":
            if any(at(payload, name) is not None for name in wanted):
                return False
            continue
        value = at(payload, key)
        if key == "content_type" and value is None:
            continue
        options = wanted if isinstance(wanted, list) else [wanted]
        if not any(
            value is option
            or (
                isinstance(value, str)
                and isinstance(option, str)
                and (
                    value == option
                    or (option.endswith("*") and value.startswith(option.removesuffix("*")))
                )
            )
            for option in options
        ):
            return False
    return True


def stage(payload: dict[str, Any]) -> tuple[str, ...]:
    """The order of dispatch, in the facts' words: whose entries are asked at all."""
    said = {k: v for k, v in payload.items() if v is not None}
    chat_type = said.get("chat_type") if isinstance(said.get("chat_type"), str) else None
    event_type = said.get("eventType") if isinstance(said.get("eventType"), str) else None
    if said.get("event") == "group_op_event":
        return ("group.", "chatroom.")
    if event_type in ("moderation", "keyword_alert"):
        return ("moderation.",)
    if said.get("step") == "push":
        return ("push.",)
    if "reason" in said and "status" in said and chat_type is None:
        return ("user.",)
    if chat_type == "roster":
        return ("contact.",)
    if chat_type in ("recall", "edit", "channel_ack", "read_ack"):
        return ("message.recalled", "message.edited", "chat.conversation", "chat.message_read",
                "group.message_read")  # fmt: skip
    if chat_type == "notify":
        return ("message.reaction", "thread.")
    if chat_type == "muc":
        return ()
    if event_type is None:
        return ("message.pre_delivery",)
    return ("chat.message", "group.message", "chatroom.message")


def expected_kind(payload: dict[str, Any]) -> str | None:
    for prefix in stage(payload):
        for entry in posts.EVENTS:
            if entry["id"].startswith(prefix) and matches(entry["match"], payload):
                return str(entry["id"])
    # A QUIT of a room without an action is the user's own.
    quit_ = {"event": "group_op_event", "operation": "LEAVE", "type": "CHATROOM"}
    is_quit = all(payload.get(k) == v for k, v in quit_.items())
    bare = at(payload, "payload.type") == "QUIT" and at(payload, "payload.action") is None
    if is_quit and bare:
        return "chatroom.member_left"
    return None


WORDS = sorted(
    {
        str(option).rstrip("*") + ("text" if str(option).endswith("*") else "")
        for entry in posts.EVENTS
        for key, value in entry["match"].items()
        if key != "absent"
        for option in (value if isinstance(value, list) else [value])
    }
)
KEYS = sorted({key for entry in posts.EVENTS for key in entry["match"]} - {"absent"})


def put(payload: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        if not isinstance(payload.get(key), dict):
            payload[key] = {}
        payload = payload[key]
    payload[last] = value


@st.composite
def matching_posts(draw: st.DrawFn) -> dict[str, Any]:
    """What one entry matches, with some keys changed, added or taken away."""
    entry = draw(st.sampled_from(posts.EVENTS))
    payload: dict[str, Any] = {}
    for key, value in entry["match"].items():
        if key != "absent":
            option = draw(st.sampled_from(value)) if isinstance(value, list) else value
            if isinstance(option, str) and option.endswith("*"):
                option = option.removesuffix("*") + "text"
            put(payload, key, option)
    for _ in range(draw(st.integers(0, 3))):
        wanted: Any = (
            st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers() | st.just({})
        )
        put(payload, draw(st.sampled_from(KEYS)), draw(wanted))
    return payload


@given(matching_posts())
def test_nothing_but_the_documented_order_decides(payload: dict[str, Any]) -> None:
    found = classify(payload)
    assert (found.kind if found else None) == expected_kind(payload)


# ---------------------------------------------------------------- odd, unknown and damaged posts


def test_what_matches_nothing_is_kept() -> None:
    payload = {"event": "group_op_event", "operation": "NEW", "type": "GROUP", "callId": "a#b_1"}
    event = parse_event(payload)
    assert type(event) is UnknownEvent
    assert event.kind == "unknown"
    assert event.payload == payload
    assert event.call_id == "a#b_1"


def test_the_older_form_of_group_events_is_kept_as_it_is() -> None:
    for example in posts.DELIVERY["legacy_muc_events"]["examples"]:
        event = parse_event(example)
        assert type(event) is UnknownEvent
        assert event.payload["payload"]["operation"] == "create"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "must be a JSON object, not list"),
        (b'"x"', "must be a JSON object, not str"),
        (b"NaN", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({**posts.MESSAGE, "from": {}}, "chat.message event: from must be a string, not dict"),
        ({**posts.MESSAGE, "from": None}, "chat.message event: from is missing"),
        ({**posts.MESSAGE, "timestamp": "soon"}, "timestamp must be a time"),
        ({**posts.MESSAGE, "payload": {"bodies": 1}}, "payload.bodies must be a list"),
        ({**posts.MESSAGE, "payload": {"ext": []}}, "payload.ext must be an object"),
    ],
)
def test_a_damaged_post_is_a_typed_error_that_names_the_field(payload: Any, words: str) -> None:
    with pytest.raises(WebhookError, match=re.escape(words)):
        parse_event(payload)


def test_what_is_no_post_at_all_is_a_typed_error() -> None:
    for value in (None, 1, "{}", [{}], bytearray(b"{}")):
        with pytest.raises(WebhookError, match="must be a JSON object"):
            parse_event(value)  # type: ignore[arg-type]


def test_an_error_does_not_show_what_was_posted() -> None:
    with pytest.raises(WebhookError) as caught:
        parse_event({**posts.MESSAGE, "from": {"password": "hunter2"}})
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*KEYS, "payload", "bodies", "ext", "type", "msg", "url"]) | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
ALL = [example for _, example in posts.examples()] + [posts.QUESTION]


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    if isinstance(value, dict | list):
        items: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from paths(inner, (*here, key))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A documented example with some of its parts replaced, removed or made null."""
    payload = copy.deepcopy(draw(st.sampled_from(ALL)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(list(paths(payload)) or [("x",)]))
        place = payload
        for key in parents:
            place = place[key]
        if isinstance(place, dict) and draw(st.booleans()):
            place.pop(last, None)
        else:
            place[last] = draw(JSON)
        if not payload:
            break
    return payload


@given(mutated())
def test_a_changed_example_is_an_event_or_a_typed_error(payload: dict[str, Any]) -> None:
    try:
        event = parse_event(payload)
    except WebhookError:
        return
    assert event.payload == payload
    repr(event)


@given(JSON | st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_json_is_an_event_or_a_typed_error(payload: Any) -> None:
    try:
        event = parse_event(json.dumps(payload).encode("utf-8", "surrogatepass"))
    except WebhookError:
        return
    assert isinstance(event, Event)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_typed_error(body: bytes) -> None:
    with pytest.raises(WebhookError):
        parse_event(body)
        raise WebhookError("an object by chance")
