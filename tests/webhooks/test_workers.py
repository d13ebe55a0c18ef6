"""Handlers run in order within a conversation, side by side otherwise, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from datetime import timedelta

import pytest

from easemob_async import Text
from easemob_async.webhooks import ChatMessage, DropReason, WebhookReceiver
from tests.clock import run_virtual
from tests.waiting import turns
from tests.webhooks.kept import NOW, Kept, post
from tests.webhooks.posts import MESSAGE, SECRET, signed


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


async def test_an_overflow_is_reported_counted_and_answered_200() -> None:
    kept = Kept(workers=1, queue_size=2)
    release = asyncio.Event()
    kept.receiver.on(ChatMessage)(lambda _: release.wait())
    async with kept.listening() as receiver:
        for number in range(5):
            assert (await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}")))[0] == 200
            await turns()  # the worker takes the first
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


async def test_handlers_that_raise_or_ignore_cancellation_do_not_stop_the_workers() -> None:
    class Odd(BaseException):
        pass

    seen: list[str] = []
    kept = Kept(workers=1, drain_within=timedelta(seconds=0.1))

    @kept.receiver.on(ChatMessage)
    async def handle(event: ChatMessage) -> None:
        number = len(seen)
        seen.append(str(event.call_id))
        if number == 0:
            raise Odd
        if number == 1:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await turns()
        while number == 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if done.is_set():
                    raise

    done = asyncio.Event()
    async with kept.receiver as receiver:
        for number in range(3):
            await receiver.answer(message(number, f"u{number}"))
        await receiver.idle()
        assert len(seen) == 3
        assert len(kept.failed) == 2
        await receiver.answer(message(3, "deaf"))
        (worker,) = receiver._workers._tasks  # type: ignore[union-attr]
    done.set()
    worker.cancel()
    await asyncio.wait([worker])


@pytest.mark.parametrize("more", [False, True])
async def test_a_handler_that_ignores_the_end_leaves_no_worker_behind(more: bool) -> None:
    kept = Kept(workers=1, drain_within=timedelta(seconds=0.05))
    release = asyncio.Event()

    @kept.receiver.on(ChatMessage)
    async def deaf(event: ChatMessage) -> None:
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    async with kept.receiver as receiver:
        for number in range(2 if more else 1):
            await receiver.answer(message(number))
        await turns()
        (worker,) = receiver._workers._tasks  # type: ignore[union-attr]
    release.set()
    async with asyncio.timeout(10):
        await asyncio.wait([worker])
    assert worker.exception() is None


def message(number: int, sender: str = "ann", to: str = "bot") -> bytes:
    post = {
        **MESSAGE,
        "from": sender,
        "to": to,
        "callId": f"acme#shop_{sender}{number}",
        "payload": {"bodies": [{"type": "txt", "msg": str(number)}], "ext": {}},
    }
    return json.dumps(signed(post)).encode()


def test_events_of_a_conversation_keep_their_order_and_others_run_beside() -> None:
    async def run(ordered: bool) -> tuple[dict[str, list[int]], float]:
        seen: dict[str, list[int]] = {}
        receiver = WebhookReceiver(SECRET, now=lambda: NOW, ordered=ordered)
        dice = random.Random(5)

        @receiver.on(ChatMessage)
        async def handle(event: ChatMessage) -> None:
            await asyncio.sleep(dice.random())
            assert isinstance(event.body, Text)
            name = event.target if event.sender == "bot" else event.sender
            seen.setdefault(str(name), []).append(int(event.body.text))

        async with receiver:
            began = asyncio.get_running_loop().time()
            for number in range(10):
                for user in ("ann", "bob", "eve", "joe"):
                    # What the bot says in between belongs to the same conversation.
                    sender, to = (user, "bot") if number % 3 else ("bot", user)
                    await receiver.answer(
                        message(number, sender, to).replace(b"bot0", b"b0" + user.encode())
                    )
            await receiver.idle()
            return seen, asyncio.get_running_loop().time() - began

    seen, took = run_virtual(run(ordered=True))
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert took < 10  # side by side: one after the other takes some 20 s
    seen, _ = run_virtual(run(ordered=False))
    assert any(numbers != sorted(numbers) for numbers in seen.values())


def test_a_slow_conversation_does_not_delay_the_others() -> None:
    async def run() -> list[str]:
        done: list[str] = []
        receiver = WebhookReceiver(
            SECRET, now=lambda: NOW, workers=2, drain_within=timedelta(seconds=9000)
        )

        @receiver.on(ChatMessage)
        async def handle(event: ChatMessage) -> None:
            await asyncio.sleep(1000 if event.sender == "slow" else 1)
            done.append(str(event.sender))

        async with receiver:
            for number in range(5):
                await receiver.answer(message(number, "slow"))
            for number in range(20):
                await receiver.answer(message(number, f"user{number}"))
        return done

    done = run_virtual(run())
    assert done.index("user19") < done.index("slow") + 1
    assert done.count("slow") == 5


async def test_the_queue_is_bounded_in_bytes() -> None:
    gate = asyncio.Event()
    kept = Kept(queue_bytes=10_000, max_body=100_000)
    kept.receiver.on(ChatMessage)(lambda _: gate.wait())
    async with kept.receiver as receiver:
        for number in range(40):
            post = {
                **MESSAGE,
                "callId": f"acme#shop_{number}",
                "from": f"u{number}",
                "pad": "x" * 900,
            }
            body = json.dumps(signed(post)).encode()
            assert (await receiver.answer(body)).status == 200
        assert receiver.counts.queued == 10_000 // len(body)
        assert set(kept.reasons()) == {"overflow"}
        gate.set()
        await receiver.idle()
        # One that is larger than all that may wait is taken when nothing waits.
        large = {**MESSAGE, "callId": "acme#shop_large", "pad": "x" * 20_000}
        await receiver.answer(json.dumps(signed(large)).encode())
        assert receiver.counts.queued == 10_000 // len(body) + 1
