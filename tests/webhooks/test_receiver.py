"""The receiver: what is answered, what reaches a handler, and what is dropped."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import Command, ConfigurationError, InvalidArgumentError, Text
from easemob_async.webhooks import (
    Allow,
    ChatMessage,
    Dropped,
    DropReason,
    Event,
    GroupMemberJoined,
    HandlerFailure,
    PreDelivery,
    Refuse,
    Replace,
    UnknownEvent,
    WebhookHooks,
    WebhookReceiver,
    sign,
)
from tests.clock import run_virtual
from tests.webhooks.posts import DELIVERY, MESSAGE, QUESTION, SECRET, signed

NOW = QUESTION["timestamp"] / 1000


class Kept:
    """A receiver with hooks that remember."""

    def __init__(self, **options: Any) -> None:
        self.dropped: list[Dropped] = []
        self.failed: list[HandlerFailure] = []
        self.events: list[Event] = []
        hooks = WebhookHooks(dropped=self.dropped.append, failed=self.failed.append)
        settings: dict[str, Any] = {"secret": SECRET, "hooks": hooks, "now": lambda: NOW, **options}
        self.receiver = WebhookReceiver(**settings)

    def reasons(self) -> list[str]:
        return [drop.reason for drop in self.dropped]

    def listening(self) -> WebhookReceiver:
        self.receiver.on(Event)(self.events.append)
        return self.receiver


async def post(receiver: WebhookReceiver, payload: dict[str, Any] | bytes) -> tuple[int, Any]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    answer = await receiver.answer(body)
    return answer.status, json.loads(answer.body)


# ---------------------------------------------------------------- signatures


@pytest.mark.parametrize("example", DELIVERY["signature"]["worked_examples"])
def test_the_worked_examples_of_the_signature(example: dict[str, Any]) -> None:
    found = sign(example["callId"], example["secret"], example["timestamp"])
    assert found == example["security"]


async def test_an_event_with_a_good_signature_reaches_its_handlers() -> None:
    kept = Kept()
    greeted: list[str] = []

    @kept.receiver.on(GroupMemberJoined)
    async def greet(event: GroupMemberJoined) -> None:
        greeted.extend(event.usernames)

    joined = {
        "event": "group_op_event",
        "operation": "JOIN",
        "type": "GROUP",
        "id": "1",
        "operator": "ann",
        "payload": {"type": "DIRECT", "member": ["bob"]},
    }
    async with kept.listening() as receiver:
        assert await post(receiver, signed(joined)) == (200, {})
        assert await post(receiver, signed(MESSAGE)) == (200, {})
    assert greeted == ["bob"]
    assert [event.kind for event in kept.events] == ["group.member_joined", "chat.message"]
    assert receiver.counts.queued == receiver.counts.handled == 2


async def test_each_of_several_secrets_is_good() -> None:
    kept = Kept(secret=["first", "second"])
    async with kept.listening() as receiver:
        for number, secret in enumerate(("first", "second", "third")):
            status, _ = await post(receiver, signed(MESSAGE, secret, callId=f"acme#shop_{number}"))
            assert status == (403 if secret == "third" else 200)
    assert len(kept.events) == 2
    assert kept.reasons() == [DropReason.FORGED]


@pytest.mark.parametrize(
    "change",
    [
        {"security": "0" * 32},
        {"security": "é"},
        {"security": 5},
        {"security": ["a"]},
        {"callId": "acme#shop_other"},
        {"timestamp": 1},
        {"timestamp": 1.5},
        {"timestamp": True},
        {"callId": {"a": 1}},
    ],
)
@pytest.mark.parametrize("post_", [MESSAGE, QUESTION])
async def test_a_forged_post_is_refused(post_: dict[str, Any], change: dict[str, Any]) -> None:
    kept = Kept(allow_unsigned=True)
    asked: list[PreDelivery] = []
    kept.receiver.before_delivery()(lambda message: asked.append(message) or Allow())
    async with kept.listening() as receiver:
        status, _ = await post(receiver, {**signed(post_), **change})
    assert status == 403
    assert (kept.events, asked) == ([], [])
    assert kept.reasons() == [DropReason.FORGED]


async def test_a_timestamp_may_be_text() -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE, timestamp="1600060847294")))[0] == 200
    assert len(kept.events) == 1


@pytest.mark.parametrize("missing", ["security", "callId", "timestamp"])
async def test_an_unsigned_event_is_dropped_with_a_200(missing: str) -> None:
    kept = Kept()
    payload = signed(MESSAGE)
    del payload[missing]
    async with kept.listening() as receiver:
        assert await post(receiver, payload) == (200, {})
    assert kept.events == []
    expected = DropReason.DAMAGED if missing == "timestamp" else DropReason.UNSIGNED
    assert kept.reasons() == [expected]


async def test_unsigned_events_are_taken_where_that_is_allowed() -> None:
    kept = Kept(allow_unsigned=True)
    reaction = {
        "chat_type": "notify",
        "eventType": "chat",
        "timestamp": 1,
        "from": "a",
        "to": "b",
        "payload": {"type": "reaction", "data": []},
    }
    async with kept.listening() as receiver:
        assert await post(receiver, reaction) == (200, {})
        # It has no callId: nothing tells whether it has come before.
        assert await post(receiver, reaction) == (200, {})
    assert [event.kind for event in kept.events] == ["message.reaction_changed"] * 2


# ---------------------------------------------------------------- what else is no event


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


async def test_an_unknown_event_reaches_who_wants_it() -> None:
    kept = Kept()
    found: list[UnknownEvent] = []
    kept.receiver.on(UnknownEvent)(found.append)
    async with kept.receiver as receiver:
        await post(receiver, signed({"event": "new_one", "eventType": "x"}))
    assert found[0].payload["event"] == "new_one"


# ---------------------------------------------------------------- duplicates


async def test_a_repeated_event_is_handled_once() -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        for _ in range(3):
            assert await post(receiver, signed(MESSAGE)) == (200, {})
    assert len(kept.events) == 1
    assert kept.reasons() == [DropReason.DUPLICATE] * 2


async def test_events_that_share_a_call_id_are_not_duplicates() -> None:
    accepted = {
        "chat_type": "roster",
        "eventType": "chat",
        "from": "acme#shop_ann@easemob.com",
        "to": "bob",
    }
    posts = [
        MESSAGE,
        {**MESSAGE, "eventType": "chat_offline"},
        {**MESSAGE, "eventType": "chat_offline", "to": "bob"},
        {**accepted, "payload": {"operation": "accept"}},
        {**accepted, "payload": {"operation": "remote_accept"}},
        {**accepted, "payload": {"operation": "remote_accept"}, "to": "ann"},
    ]
    kept = Kept()
    async with kept.listening() as receiver:
        for payload in posts:
            await post(receiver, signed(payload, callId="acme#shop_1"))
    assert len(kept.events) == len(posts)


async def test_duplicates_are_recognised_in_bounded_memory() -> None:
    kept = Kept(remember=10)
    async with kept.listening() as receiver:
        for number in range(100):
            await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
        assert len(receiver._intake._seen._keys) == 10
        await post(receiver, signed(MESSAGE, callId="acme#shop_95"))
        await post(receiver, signed(MESSAGE, callId="acme#shop_5"))  # forgotten by now
    assert len(kept.events) == 101
    assert kept.reasons() == [DropReason.DUPLICATE]


# ---------------------------------------------------------------- handlers


async def test_a_slow_handler_does_not_reach_the_answer() -> None:
    kept = Kept(workers=1)
    release = asyncio.Event()

    @kept.receiver.on(ChatMessage)
    async def slow(event: ChatMessage) -> None:
        await release.wait()

    async with kept.listening() as receiver:
        for number in range(5):
            assert (await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}")))[0] == 200
        assert receiver.counts.handled == 0
        release.set()
    assert receiver.counts.handled == 5


async def test_an_overflow_is_told_and_counted_and_answered_200() -> None:
    kept = Kept(workers=1, queue_size=2)
    release = asyncio.Event()
    kept.receiver.on(ChatMessage)(lambda _: release.wait())
    async with kept.listening() as receiver:
        for number in range(5):
            assert (await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}")))[0] == 200
            await asyncio.sleep(0)  # the worker takes the first
        assert receiver.counts.dropped == {DropReason.OVERFLOW: 2}
        release.set()
        await receiver.idle()
        # What overflowed is new when it comes again.
        await post(receiver, signed(MESSAGE, callId="acme#shop_4"))
    assert [event.call_id for event in kept.events] == [f"acme#shop_{n}" for n in (0, 1, 2, 4)]
    assert [drop.event.call_id for drop in kept.dropped if drop.event] == [
        "acme#shop_3",
        "acme#shop_4",
    ]


async def test_a_handler_that_fails_costs_its_event_alone() -> None:
    kept = Kept(workers=1)

    @kept.receiver.on(ChatMessage)
    async def bad(event: ChatMessage) -> None:
        raise RuntimeError("boom")

    @kept.receiver.on(ChatMessage)
    def worse(event: ChatMessage) -> None:
        raise asyncio.CancelledError

    async with kept.listening() as receiver:
        for number in range(2):
            assert (await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}")))[0] == 200
    assert [type(failure.error) for failure in kept.failed] == [
        RuntimeError,
        asyncio.CancelledError,
    ] * 2
    assert kept.failed[0].handler.endswith("bad")
    assert len(kept.events) == 2
    assert receiver.counts.failures == 4


async def test_a_hook_that_fails_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    def bad(_: object) -> None:
        raise RuntimeError("a bad hook")

    receiver = WebhookReceiver(SECRET, hooks=WebhookHooks(dropped=bad, failed=bad))
    receiver.on(ChatMessage)(bad)
    async with receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
    assert caplog.text.count("a webhook hook failed") == 2


async def test_without_hooks_failures_are_logged_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = WebhookReceiver(SECRET)

    @receiver.on(ChatMessage)
    def bad(event: ChatMessage) -> None:
        raise RuntimeError("boom")

    with caplog.at_level(logging.DEBUG):
        async with receiver:
            await post(receiver, signed(MESSAGE))
            await post(receiver, signed(MESSAGE, "another"))
    assert "boom" in caplog.text
    assert "webhook dropped: forged" in caplog.text
    assert SECRET not in caplog.text + repr(receiver) + str(vars(receiver).get("_hooks"))


# ---------------------------------------------------------------- starting and ending


async def test_a_receiver_that_does_not_run_says_503() -> None:
    kept = Kept()
    receiver = kept.listening()
    assert (await post(receiver, signed(MESSAGE)))[0] == 503
    async with receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
        with pytest.raises(ConfigurationError, match="running already"):
            await receiver.start()
    assert (await post(receiver, signed(QUESTION)))[0] == 503
    async with receiver:  # and again
        assert (await post(receiver, signed(MESSAGE, callId="acme#shop_2")))[0] == 200
    assert len(kept.events) == 2


async def test_the_end_drains() -> None:
    kept = Kept(workers=2)
    done: list[str | None] = []

    @kept.receiver.on(ChatMessage)
    async def slow(event: ChatMessage) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        done.append(event.call_id)

    async with kept.receiver as receiver:
        for number in range(10):
            await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
    assert len(done) == 10


def test_the_end_gives_up_in_time_and_tells_what_is_lost() -> None:
    kept = Kept(workers=1, drain_within=timedelta(seconds=3))

    @kept.receiver.on(ChatMessage)
    async def never(event: ChatMessage) -> None:
        await asyncio.Event().wait()

    async def work() -> float:
        async with kept.receiver as receiver:
            for number in range(3):
                await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
            began = asyncio.get_running_loop().time()
        return asyncio.get_running_loop().time() - began

    assert run_virtual(work()) == pytest.approx(3)
    assert kept.reasons() == [DropReason.ABANDONED] * 2
    assert isinstance(kept.failed[0].error, asyncio.CancelledError)


def test_who_waits_for_the_handlers_does_not_wait_for_ever() -> None:
    kept = Kept(workers=1, drain_within=timedelta(0))
    kept.receiver.on(ChatMessage)(lambda _: asyncio.Event().wait())

    async def work() -> None:
        async with kept.receiver as receiver:
            for number in range(2):
                await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
            waiting = asyncio.create_task(receiver.idle())
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await waiting

    run_virtual(work())


# ---------------------------------------------------------------- before delivery


def asking(screen: Callable[[PreDelivery], object], **options: Any) -> Kept:
    kept = Kept(**options)
    kept.receiver.before_delivery()(screen)
    return kept


async def answered(kept: Kept, payload: dict[str, Any] = QUESTION) -> Any:
    async with kept.receiver as receiver:
        status, answer = await post(receiver, signed(payload))
    assert status == 200
    return answer


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Allow(), {"valid": True}),
        (Allow(level="high"), {"valid": True, "chatroom_msg_level": "high"}),
        (Refuse(), {"valid": False}),
        (Refuse(""), {"valid": False, "code": ""}),
        (Refuse("no such words"), {"valid": False, "code": "no such words"}),
        (
            Replace(Text("***")),
            {
                "valid": True,
                "payload": {"bodies": [{"msg": "***", "type": "txt"}], "ext": {"k": 1}},
            },
        ),
        (
            Replace(Text("***"), {"seen": 2}, level="low"),
            {
                "valid": True,
                "payload": {"bodies": [{"msg": "***", "type": "txt"}], "ext": {"seen": 2}},
                "chatroom_msg_level": "low",
            },
        ),
    ],
)
async def test_a_verdict_is_the_answer(verdict: Any, expected: Any) -> None:
    async def screen(message: PreDelivery) -> Any:
        assert message.body == Text("hello")
        return verdict

    assert await answered(asking(screen)) == expected
    assert await answered(asking(lambda _: verdict)) == expected  # async or not


async def test_a_replacement_comes_in_the_form_of_the_question() -> None:
    flat = {**QUESTION, "payload": {"msg": "hello", "type": "txt"}}
    found = await answered(asking(lambda _: Replace(Text("***"))), flat)
    assert found == {"valid": True, "payload": {"msg": "***", "type": "txt"}}


async def test_without_a_handler_the_default_is_the_answer() -> None:
    assert await answered(Kept()) == {"valid": True}
    assert await answered(Kept(default=Refuse("closed"))) == {"valid": False, "code": "closed"}


@pytest.mark.parametrize(
    "screen",
    [
        lambda _: 1 / 0,
        lambda _: None,
        lambda _: True,
        lambda _: Refuse("x" * 1000),
        lambda _: Allow(level="highest"),
        lambda _: Replace(Text("a"), {"k": float("nan")}),
        lambda _: Replace(Command("a")),
    ],
)
async def test_a_failed_or_too_long_verdict_is_the_default(screen: Any) -> None:
    kept = asking(screen, default=Refuse("later"))
    assert await answered(kept) == {"valid": False, "code": "later"}
    assert len(kept.failed) == 1
    assert kept.receiver.counts.defaulted == 1


async def test_the_longest_verdict_that_the_service_takes() -> None:
    room = 1000 - len('{"valid":false,"code":""}')
    found = await answered(asking(lambda _: Refuse("长" * room)))
    assert found["code"] == "长" * room
    assert await answered(asking(lambda _: Refuse("长" * (room + 1)))) == {"valid": True}


@pytest.mark.parametrize("listens", [True, False])
def test_a_late_verdict_is_the_default_in_time(listens: bool) -> None:
    async def screen(message: PreDelivery) -> Allow:
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                if listens:
                    raise
        raise RuntimeError("nobody waits for it any more")

    kept = asking(screen, default=Refuse("late"), answer_within=timedelta(milliseconds=150))

    async def work() -> float:
        async with kept.receiver as receiver:
            began = asyncio.get_running_loop().time()
            assert await post(receiver, signed(QUESTION)) == (200, {"valid": False, "code": "late"})
            return asyncio.get_running_loop().time() - began

    assert run_virtual(work()) == pytest.approx(0.15)
    assert isinstance(kept.failed[0].error, TimeoutError)


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_stale_question_does_not_reach_the_handler(seconds: int) -> None:
    kept = asking(lambda _: 1 / 0, now=lambda: NOW + seconds)
    assert await answered(kept) == {"valid": True}
    assert kept.reasons() == [DropReason.STALE]
    assert kept.failed == []


async def test_the_age_of_an_event_after_delivery_does_not_count() -> None:
    kept = Kept(now=lambda: NOW + 3 * 86_400)
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
    assert len(kept.events) == 1


async def test_a_question_is_answered_each_time() -> None:
    asked: list[PreDelivery] = []
    kept = asking(lambda message: asked.append(message) or Allow())
    async with kept.receiver as receiver:
        for _ in range(2):
            assert (await post(receiver, signed(QUESTION)))[1] == {"valid": True}
    assert len(asked) == 2


async def test_an_unsigned_question_gets_the_default() -> None:
    kept = asking(lambda _: 1 / 0, default=Refuse("no"))
    async with kept.receiver as receiver:
        assert await post(receiver, QUESTION) == (200, {"valid": False, "code": "no"})
    assert kept.reasons() == [DropReason.UNSIGNED]


async def test_who_asks_may_leave() -> None:
    gone = asyncio.Event()

    async def screen(message: PreDelivery) -> Allow:
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        return Allow()

    async with asking(screen).receiver as receiver:
        task = asyncio.create_task(post(receiver, signed(QUESTION)))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await gone.wait()


# ---------------------------------------------------------------- how it is set up


@pytest.mark.parametrize(
    "options",
    [
        {"secret": ""},
        {"secret": []},
        {"secret": ["a", ""]},
        {"secret": [5]},
        {"workers": 0},
        {"queue_size": True},
        {"max_body": "1"},
        {"remember": -1},
        {"answer_within": 0.2},
        {"max_age": timedelta(seconds=-1)},
        {"default": None},
        {"default": Refuse("x" * 1000)},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WebhookReceiver(**{"secret": SECRET, **options})


def test_handlers_that_make_no_sense_are_refused() -> None:
    receiver = WebhookReceiver(SECRET)
    with pytest.raises(ConfigurationError, match="use before_delivery"):
        receiver.on(PreDelivery)
    with pytest.raises(ConfigurationError, match="no class of events"):
        receiver.on("chat.message")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="at least one"):
        receiver.on()
    receiver.before_delivery()(lambda _: Allow())
    with pytest.raises(ConfigurationError, match="already"):
        receiver.before_delivery()
    with pytest.raises(InvalidArgumentError, match="must be one of"):
        Replace("text")  # type: ignore[arg-type]


@given(st.recursive(st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(
    st.sampled_from(["callId", "timestamp", "security", "eventType", "chat_type", "payload", "to"]),
    i), max_leaves=12))  # fmt: skip
def test_no_post_makes_the_receiver_fail(payload: Any) -> None:
    async def work() -> int:
        async with Kept(allow_unsigned=True).listening() as receiver:
            body = json.dumps(payload).encode("utf-8", "surrogatepass")
            return (await receiver.answer(body)).status

    assert asyncio.run(work()) in (200, 400, 403)
