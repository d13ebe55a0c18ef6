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
from easemob_async.webhooks import Event, UnknownEvent, parse_event
from easemob_async.webhooks.parse import classify
from tests.webhooks import posts
from tests.webhooks.test_events import at


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
