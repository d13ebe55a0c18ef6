"""The answer to a post: 200 whatever it holds if it is signed, else the status of the refusal."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import ConfigurationError, WebhookError
from easemob_async.webhooks import (
    ChatMessage,
    DropReason,
    MessageEdited,
    PreDelivery,
    UnknownEvent,
    parse_event,
    sign,
)
from easemob_async.webhooks.duplicates import event_key
from easemob_async.webhooks.intake import Decision, Intake
from tests.webhooks.kept import Kept, post
from tests.webhooks.posts import (
    EDIT_QUESTION,
    MESSAGE,
    OLDER_EDIT,
    QUESTION,
    SECRET,
    examples,
    signed,
)


async def test_an_oversized_post_is_refused() -> None:
    kept = Kept(max_body=1000)
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE, host="x" * 1000)))[0] == 413
    assert kept.reasons() == [DropReason.TOO_LARGE]
    assert kept.events == []


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"\xff", b"[" * 5000])
async def test_what_is_not_json_is_refused(body: bytes) -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await post(receiver, body))[0] == 400
    assert kept.reasons() == [DropReason.DAMAGED]


async def test_a_damaged_event_that_is_signed_is_answered_200() -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE, **{"from": {}})))[0] == 200
        assert await post(receiver, signed(QUESTION, to=[])) == (200, {"valid": True})
    assert kept.reasons() == [DropReason.DAMAGED] * 2
    assert "chat.message" in str(kept.dropped[0].error)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(
    st.sampled_from(["callId", "timestamp", "security", "eventType", "chat_type", "payload", "to"]),
    i), max_leaves=12))  # fmt: skip
def test_no_post_makes_the_receiver_fail(payload: Any) -> None:
    async def work() -> int:
        async with Kept(allow_unsigned=True).listening() as receiver:
            body = json.dumps(payload).encode("utf-8", "surrogatepass")
            return (await receiver.answer(body)).status

    assert asyncio.run(work()) in (200, 400, 403)


def with_text(text: bytes, whole: dict[str, Any] = MESSAGE) -> bytes:
    """A signed post with something raw in its message."""
    post = signed({**whole, "payload": {"bodies": [{"type": "txt", "msg": "@@"}], "ext": {}}})
    return json.dumps(post).encode().replace(b'"@@"', text)


CONTENT = {
    "half an emoji": b'"cut \\ud83d"',
    "the other half": b'"\\ude00 cut"',
    "raw CESU-8": b'"\xed\xa0\xbd"',
    "no UTF-8": b'"\xff\xfe"',
    "NaN": b"NaN",
    "a raw tab": b'"a\tb"',
    "a raw NUL": b'"a\x00b"',
    "a number without bounds": b"1e999",
    "depth 900": b"[" * 900 + b"]" * 900,
    "depth 2000": b"[" * 2000 + b"]" * 2000,
    "depth 2000 with strings": b'{"a]}": [' * 2000 + b'"[\\"{"' + b"]}" * 2000,
    "depth 100000": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
async def test_a_signed_post_gets_200_whatever_it_holds(content: bytes) -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        for body in (with_text(content), b"\xef\xbb\xbf" + with_text(content, {**MESSAGE, "x": 1})):
            answer = await receiver.answer(body)
            assert answer.status == 200
        answer = await receiver.answer(with_text(content, QUESTION))
        assert (answer.status, json.loads(answer.body)) == (200, {"valid": True})
        forged = with_text(content).replace(b'"security": "', b'"security": "0')
        assert (await receiver.answer(forged)).status == 403
    (event,) = {type(event) for event in kept.events}
    deep = content.count(b"[") > 1000
    assert event is (UnknownEvent if deep else ChatMessage)
    assert parse_event(with_text(content)).payload["callId"] == MESSAGE["callId"]


@pytest.mark.parametrize("field", ["content_type", "eventType", "chat_type", "from", "host"])
async def test_depth_in_any_field_of_a_signed_post_gets_200(field: str) -> None:
    kept = Kept()
    post = {**MESSAGE, "chat_type": "groupchat", field: "@@"}
    body = json.dumps(signed(post)).encode().replace(b'"@@"', b"[" * 990 + b"]" * 990)
    async with kept.listening() as receiver:
        assert (await receiver.answer(body)).status == 200


# ---------------------------------------------------------------- decided without a receiver


UNASKED = ("eventType", "event", "step", "reason")


def intake(**options: Any) -> Intake:
    given: dict[str, Any] = {
        "allow_unsigned": False,
        "max_body": 10_000,
        "max_age": 300.0,
        "remember": 10,
        "now": lambda: QUESTION["timestamp"] / 1000,
        **options,
    }
    return Intake(SECRET, **given)


def body_of(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def decide(body: bytes | dict[str, Any], encoding: str | None = None, **options: Any) -> Decision:
    running = options.pop("running", True)
    body = body if isinstance(body, bytes) else body_of(body)
    return intake(**options).decide(body, encoding, running=running)


def without(payload: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in fields}


def test_a_signed_event_is_taken_with_its_size_and_its_key() -> None:
    body = body_of(signed(MESSAGE))
    decision = decide(body)
    assert (decision.status, decision.dropped, decision.error) == (200, None, None)
    assert isinstance(decision.event, ChatMessage)
    assert decision.asks is False
    assert decision.size == len(body)
    assert decision.key == event_key(decision.event)
    assert decision.key is not None


def test_a_signed_question_is_asked_and_is_no_duplicate_of_another() -> None:
    one = intake()
    for _ in range(2):
        decision = one.decide(body_of(signed(QUESTION)), None, running=True)
        assert (decision.status, decision.dropped, decision.asks) == (200, None, True)
        assert isinstance(decision.event, PreDelivery)
        assert decision.key is None
        one.remember(decision)


@pytest.mark.parametrize(
    ("post", "cls", "asks"),
    [
        (MESSAGE, ChatMessage, False),
        (QUESTION, PreDelivery, True),
        (EDIT_QUESTION, PreDelivery, True),
        ({**EDIT_QUESTION, "chat_type": "a-new-one"}, PreDelivery, True),
        (OLDER_EDIT, MessageEdited, True),
        ({**OLDER_EDIT, "eventType": "chat"}, MessageEdited, False),
        ({**EDIT_QUESTION, "chat_type": "a-new-one", "appkey": "acme#shop"}, UnknownEvent, True),
        ({"what": 1}, UnknownEvent, True),
        *(({"what": 1, name: "new"}, UnknownEvent, False) for name in UNASKED),
    ],
)
def test_what_may_be_a_question_gets_the_answer_of_one(
    post: dict[str, Any], cls: type, asks: bool
) -> None:
    """The service ignores the body of the answer if it did not ask."""
    one = intake()
    decision = one.decide(body_of(signed(post)), None, running=True)
    assert (type(decision.event), decision.asks) == (cls, asks)
    assert decision.dropped is None
    if cls is not PreDelivery:
        one.remember(decision)
        again = one.decide(body_of(signed(post)), None, running=True)
        assert (again.dropped, again.asks) == (DropReason.DUPLICATE, asks)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_post_may_be_as_large_as_is_allowed_and_not_larger(packed: bool) -> None:
    body = body_of(signed(MESSAGE))
    sent, encoding = (gzip.compress(body), "gzip") if packed else (body, None)
    assert decide(sent, encoding, max_body=len(body)).dropped is None
    refused = decide(sent, encoding, max_body=len(body) - 1)
    assert refused == Decision(413, DropReason.TOO_LARGE)


def test_a_post_that_is_packed_larger_than_is_allowed_is_not_unpacked() -> None:
    assert decide(b"x" * 11, "gzip", max_body=10) == Decision(413, DropReason.TOO_LARGE)


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"nonsense", None), (b"[]", None), (b"{}", "gzip"), (b"{}", "zstd")]
)
def test_what_cannot_be_read_is_refused_with_the_reason(body: bytes, encoding: str | None) -> None:
    decision = decide(body, encoding)
    assert (decision.status, decision.dropped) == (400, DropReason.DAMAGED)
    assert isinstance(decision.error, WebhookError)
    assert decision.event is None


@pytest.mark.parametrize("running", [True, False])
def test_what_is_forged_is_refused_whether_or_not_somebody_is_there(running: bool) -> None:
    for payload in (MESSAGE, QUESTION):
        forged = {**signed(payload), "security": "0" * 32}
        assert decide(forged, running=running) == Decision(403, DropReason.FORGED)


def test_while_nobody_is_there_the_service_is_asked_to_post_again() -> None:
    unsigned = without(signed(MESSAGE), "security")
    for payload in (signed(MESSAGE), signed(QUESTION), unsigned):
        assert decide(payload, running=False) == Decision(503, DropReason.NOT_RUNNING)


@pytest.mark.parametrize(("post", "asks"), [(MESSAGE, False), (QUESTION, True)])
def test_what_is_signed_and_damaged_gets_200_and_says_whether_it_asks(
    post: dict[str, Any], asks: bool
) -> None:
    decision = decide(signed(post, to=[]))
    assert (decision.status, decision.dropped) == (200, DropReason.DAMAGED)
    assert (decision.event, decision.asks) == (None, asks)
    assert isinstance(decision.error, WebhookError)


@pytest.mark.parametrize(("post", "asks"), [(MESSAGE, False), (QUESTION, True)])
def test_a_defect_of_ours_costs_a_signed_post_and_gets_200(
    post: dict[str, Any],
    asks: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def defect(*_: object, **__: object) -> None:
        raise LookupError("of ours")

    monkeypatch.setattr("easemob_async.webhooks.intake.to_event", defect)
    decision = decide(signed(post))
    assert (decision.status, decision.dropped) == (200, DropReason.DAMAGED)
    assert decision.asks is asks
    assert isinstance(decision.error, WebhookError)
    assert "of ours" in str(decision.error)
    assert "LookupError: of ours" in caplog.text


@pytest.mark.parametrize(("post", "asks"), [(MESSAGE, False), (QUESTION, True)])
def test_what_is_unsigned_is_dropped_with_its_event_unless_that_is_allowed(
    post: dict[str, Any], asks: bool
) -> None:
    unsigned = without(signed(post), "security")
    dropped = decide(unsigned)
    assert (dropped.status, dropped.dropped) == (200, DropReason.UNSIGNED)
    assert (type(dropped.event), dropped.asks) == (PreDelivery if asks else ChatMessage, asks)
    taken = decide(unsigned, allow_unsigned=True)
    assert (taken.dropped, taken.event, taken.asks) == (None, dropped.event, asks)


def test_only_what_was_remembered_comes_again_as_a_duplicate() -> None:
    one = intake(remember=2)
    bodies = [body_of(signed(MESSAGE, callId=f"acme#shop_{n}")) for n in range(3)]

    def take(number: int) -> Decision:
        return one.decide(bodies[number], None, running=True)

    first = take(0)
    assert take(0).dropped is None  # the first was not taken after all
    one.remember(first)
    again = take(0)
    assert again == Decision(dropped=DropReason.DUPLICATE, event=first.event)
    one.remember(again)  # it has no key of its own, and changes nothing
    for number in (1, 2):
        one.remember(take(number))
    assert [take(number).dropped for number in (1, 2)] == [DropReason.DUPLICATE] * 2
    assert take(0).dropped is None  # the oldest is forgotten


@pytest.mark.parametrize("kind", ["user.login", "user.logout", "user.replaced"])
def test_a_status_that_is_posted_again_after_a_minute_is_a_duplicate(kind: str) -> None:
    one = intake()
    (example,) = (example for found, example in examples() if found == kind)
    first = one.decide(body_of(signed(example)), None, running=True)
    assert (first.dropped, first.asks) == (None, False)
    one.remember(first)
    again = one.decide(body_of(signed(example)), None, running=True)
    assert again.dropped is DropReason.DUPLICATE


def test_what_is_nested_too_deeply_is_an_event_that_is_not_known() -> None:
    decision = decide(with_text(b"[" * 2000 + b"]" * 2000))
    assert type(decision.event) is UnknownEvent
    assert decision.dropped is None


def test_a_question_that_is_nested_too_deeply_is_still_a_question_the_second_time() -> None:
    one = intake()
    body = with_text(b"[" * 2000 + b"]" * 2000, QUESTION)
    first = one.decide(body, None, running=True)
    assert (type(first.event), first.asks, first.dropped) == (UnknownEvent, True, None)
    one.remember(first)
    again = one.decide(body, None, running=True)
    assert (again.asks, again.dropped) == (True, DropReason.DUPLICATE)


def test_each_rule_of_the_console_has_its_own_secret() -> None:
    one = Intake(
        iter(["first", SECRET]),
        allow_unsigned=False,
        max_body=10_000,
        max_age=300.0,
        remember=10,
        now=lambda: 0.0,
    )
    for secret, status in (("first", 200), (SECRET, 200), ("third", 403)):
        body = body_of(signed(MESSAGE, secret))
        assert one.decide(body, None, running=True).status == status


def test_a_call_id_that_is_no_text_is_known_by_its_bytes() -> None:
    raw = b"x\xed\xa0\xbdy"
    post = {**MESSAGE, "callId": "@@", "security": sign(raw, SECRET, MESSAGE["timestamp"])}
    body = body_of(post).replace(b"@@", raw)
    assert decide(body).dropped is None
    assert decide(body.replace(b"x\xed", b"z\xed")).dropped is DropReason.FORGED


@pytest.mark.parametrize(
    ("seconds", "stale"), [(0, False), (300, False), (-300, False), (300.1, True), (-300.1, True)]
)
def test_a_question_is_stale_when_it_is_older_or_newer_than_is_allowed(
    seconds: float, stale: bool
) -> None:
    now = QUESTION["timestamp"] / 1000 + seconds
    one = intake(now=lambda: now)
    event = one.decide(body_of(signed(QUESTION)), None, running=True).event
    assert isinstance(event, PreDelivery)
    assert one.is_stale(event) is stale


@pytest.mark.parametrize("secret", ["", [], ["good", ""], [b"bytes"], [5], ()])
def test_a_secret_is_a_text_or_several_and_not_empty(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        Intake(secret, allow_unsigned=False, max_body=1, max_age=1.0, remember=1, now=lambda: 0.0)
