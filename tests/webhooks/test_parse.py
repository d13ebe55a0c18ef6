"""Posts become events by the documented order of questions, or a typed error; no crash."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.errors import WebhookError
from easemob_async.webhooks import (
    Event,
    MessageEdited,
    PreDelivery,
    UnknownEvent,
    parse_event,
)
from easemob_async.webhooks.parse import classify
from tests.webhooks import posts
from tests.webhooks.test_events import at

BY_TYPE = {"groupchat": "chat:group:*", "chatroom": "chat:room:*"}
NEVER_ASKED = ("roster", "recall", "channel_ack", "read_ack", "notify", "muc")


def is_asked_about(payload: dict[str, Any]) -> bool:
    """A question of no documented type, e.g. about an edit: the envelope of a question, whole."""
    said = {k for k, v in payload.items() if v is not None}
    return (
        isinstance(payload.get("chat_type"), str)
        and payload["chat_type"] not in NEVER_ASKED
        and isinstance(payload.get("payload"), dict)
        and {"timestamp", "from", "to"} <= said
        and not {"eventType", "event", "step", "reason", "appkey", "host"} & said
    )


def matches(match: Mapping[str, Any], payload: dict[str, Any]) -> bool:
    """The facts' own words: any of a list, a prefix, dotted keys, absent keys."""
    for key, wanted in match.items():
        if key == "absent":
            if any(at(payload, name) is not None for name in wanted):
                return False
            continue
        value = at(payload, key)
        if key == "content_type" and value is None:
            # Then payload.type decides; if it says nothing, the event is that of a group.
            kind = at(payload, "payload.type")
            if isinstance(kind, str) and BY_TYPE.get(kind, wanted) != wanted:
                return False
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
    if is_asked_about(payload):
        return "message.pre_delivery"
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


# What tells the messages of groups and rooms apart.
PLACES = st.builds(
    lambda fields, type_: {**fields, "chat_type": "groupchat", "payload": {"type": type_}},
    st.fixed_dictionaries(
        {"eventType": st.sampled_from(["chat", "chat_offline"])},
        optional={
            "content_type": st.sampled_from(["chat:group:text", "chat:room:text", "chat:user:x", 1])
        },
    ),
    st.sampled_from(["groupchat", "chatroom", "chat", 1, None]),
)
# What tells questions from the posts that come after delivery.
QUESTIONS = st.builds(
    lambda chat_type, left_out, marks, type_: {
        **{k: "1" for k in ("timestamp", "from", "to") if k not in left_out},
        **({} if "payload" in left_out else {"payload": {"type": type_}}),
        **marks,
        "chat_type": chat_type,
    },
    st.sampled_from(["edit", "a-new-one", "chat", "group", "recall", "roster", None]),
    st.sampled_from([(), (), (), ("timestamp",), ("from",), ("to",), ("payload",)]),
    st.dictionaries(
        st.sampled_from(["appkey", "host", "eventType", "event", "step", "reason"]),
        st.sampled_from(["new", None]),
        max_size=2,
    ),
    st.sampled_from(["edit", "chat", None]),
)


def check_kind(payload: dict[str, Any]) -> None:
    found = classify(payload)
    assert (found.kind if found else None) == expected_kind(payload)


@given(matching_posts())
def test_nothing_but_the_documented_order_decides(payload: dict[str, Any]) -> None:
    check_kind(payload)


@given(PLACES)
def test_nothing_but_the_documented_order_tells_groups_from_rooms(payload: dict[str, Any]) -> None:
    check_kind(payload)


@given(QUESTIONS)
def test_nothing_but_the_envelope_tells_questions_from_events(payload: dict[str, Any]) -> None:
    check_kind(payload)


def test_what_matches_nothing_is_kept() -> None:
    payload = {"event": "group_op_event", "operation": "NEW", "type": "GROUP", "callId": "a#b_1"}
    event = parse_event(payload)
    assert type(event) is UnknownEvent
    assert event.kind == "unknown"
    assert event.payload == payload
    assert event.call_id == "a#b_1"


LEGACY = posts.DELIVERY["legacy_muc_events"]


@pytest.mark.parametrize("example", LEGACY["examples"], ids=lambda e: e["payload"]["operation"])
@pytest.mark.parametrize("operation", [None, *LEGACY["operations"]])
def test_the_older_form_of_group_events_is_kept_as_it_is(
    example: dict[str, Any], operation: str | None
) -> None:
    post = copy.deepcopy(example)
    if operation is not None:
        post["payload"]["operation"] = operation
    event = parse_event(json.dumps(post).encode())
    assert type(event) is UnknownEvent
    assert event.payload == post
    assert event.conversation == f"group:{example['group_id'].lower()}"


def test_an_edit_without_an_event_type_is_the_older_form_or_a_question() -> None:
    """Only what comes after delivery names the app and the server."""
    older = parse_event(posts.OLDER_EDIT)
    assert isinstance(older, MessageEdited)
    assert older.event_type is None
    # The top-level names of this form are internal.
    assert (older.sender, older.target, older.conversation) == ("p1", "p2", "chat:p1 p2")
    assert older.edited_message_id == "1373914550281177044"
    assert older.edit is not None
    assert (older.edit.operator, older.edit.count) == ("easemob_rest_app_admin", 1)
    nameless = {k: v for k, v in posts.OLDER_EDIT.items() if k != "appkey"}
    question = parse_event(nameless)
    assert isinstance(question, PreDelivery)
    assert question.payload == nameless
    for name in ("appkey", "host"):
        assert isinstance(parse_event({**nameless, name: "x"}), MessageEdited)
    assert isinstance(parse_event({**nameless, "eventType": "chat"}), MessageEdited)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "message.pre_delivery"),
        ({"chat_type": "a-new-one"}, "message.pre_delivery"),
        ({"chat_type": None}, "unknown"),
        ({"chat_type": {}}, "unknown"),
        ({"chat_type": "recall", "recall_id": "1"}, "message.recalled"),
        ({"chat_type": "muc"}, "unknown"),
        ({"from": None}, "message.edited"),
        ({"from": None, "chat_type": "a-new-one"}, "unknown"),
        ({"to": None, "chat_type": "a-new-one"}, "unknown"),
        ({"timestamp": None, "chat_type": "a-new-one"}, "unknown"),
        ({"payload": "x", "chat_type": "a-new-one"}, "unknown"),
        ({"eventType": "new", "chat_type": "a-new-one"}, "unknown"),
        ({"event": "new", "chat_type": "a-new-one"}, "unknown"),
        ({"step": "new", "chat_type": "a-new-one"}, "unknown"),
        ({"reason": "new", "chat_type": "a-new-one"}, "unknown"),
        ({"appkey": "acme#shop", "chat_type": "a-new-one"}, "unknown"),
        ({"host": "server-1", "chat_type": "a-new-one"}, "unknown"),
    ],
)
def test_a_question_of_an_unknown_type_is_known_by_its_envelope(
    change: dict[str, Any], kind: str
) -> None:
    found = classify({**posts.EDIT_QUESTION, **change})
    assert (found.kind if found else "unknown") == kind


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
    values: list[object] = [None, 1, "{}", [{}], bytearray(b"{}")]
    for value in values:
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
ALL = [example for _, example in posts.examples()] + [posts.QUESTION, posts.EDIT_QUESTION]


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
    payload: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(ALL)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(list(paths(payload)) or [("x",)]))
        place: Any = payload
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
