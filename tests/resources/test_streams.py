"""Streams: messages that grow while they are written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from easemob_async import (
    APIError,
    AttemptStarted,
    EasemobClient,
    Hooks,
    InvalidArgumentError,
    ResponseError,
    Token,
)
from easemob_async.emulator import Emulator
from tests.conftest import Against
from tests.servers import Answer, Received, Reply
from tests.waiting import until


def piece(request: Received) -> Any:
    """Return the piece that a request carries."""
    return request.json["body"]


def taken(_: Received) -> Reply:
    return Reply(body={"data": {"msgId": "1"}})


async def test_the_pieces_become_one_message(client: EasemobClient, emulator: Emulator) -> None:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    group = await client.chat_groups.create("g", owner="ann", members=["bob"])
    async with client.messages.stream(group.group_id, to="group", sender="ann", join=0.0) as out:
        for text in ("one ", "two ", "three"):
            await out.write(text)
    assert emulator.received("bob")[0]["body"] == {"msg": "one two three"}


async def test_the_pieces_are_numbered_and_the_last_one_ends_the_stream(against: Against) -> None:
    async with against(taken, token="t") as (client, server):
        async with client.messages.stream("ann", sender="bot", join=0) as out:
            for number, text in enumerate(["one ", "two ", "three"], start=1):
                await out.write(text)
                await server.until(number)
        assert [piece(request) for request in server.calls] == [
            {"msg": "one ", "seq": 0},
            {"msg": "two ", "seq": 1, "msgId": "1"},
            {"msg": "three", "seq": 2, "msgId": "1"},
            {"msg": "", "seq": 3, "msgId": "1", "finish": True},
        ]


async def test_pieces_that_are_written_within_the_time_are_joined(against: Against) -> None:
    async with against(taken, token="t") as (client, server):
        async with client.messages.stream("ann", join=19) as out:
            for text in ("one ", "two ", "three"):
                await out.write(text)
        assert [piece(request) for request in server.calls] == [
            {"msg": "one two three", "seq": 0, "finish": True}
        ]


async def test_a_failed_stream_is_marked_as_such(emulator: Emulator) -> None:
    emulator.add_user("ann")
    left = asyncio.Event()

    def started(event: AttemptStarted) -> None:
        left.set()

    hooks = Hooks(attempt_started=started)
    async with EasemobClient(**emulator.credentials, hooks=hooks) as client:
        with pytest.raises(ZeroDivisionError):
            async with client.messages.stream("ann", sender="bot", join=0.0) as out:
                await out.write("half an ans")
                await left.wait()
                raise ZeroDivisionError
        (message,) = emulator.received("ann")
        assert message["body"] == {"msg": "half an ans"}
        assert message["finishReason"] == 1


async def test_a_stream_over_128_kb_is_refused(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError, match="at most 131072 are allowed"):
        async with unconnected.messages.stream("ann", sender="bot") as out:
            await out.write("x" * 131_073)


@pytest.mark.parametrize("join", [-1, "x", 30])
async def test_the_time_to_join_is_checked(unconnected: EasemobClient, join: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="join"):
        unconnected.messages.stream("ann", join=join)


async def test_a_stream_whose_exit_is_cancelled_says_nothing_more(
    against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("easemob_async.resources.streams._KEEP_ALIVE", 0.0)
    gate = asyncio.Event()

    async def respond(request: Received) -> Answer:
        await gate.wait()
        return taken(request)

    async with against(respond, token="t") as (client, server), asyncio.timeout(10):
        leaving = asyncio.Event()
        senders: set[asyncio.Task[Any]] = set()

        async def write() -> None:
            before = asyncio.all_tasks()
            async with client.messages.stream("ann", join=0) as out:
                senders.update(asyncio.all_tasks() - before)
                await out.write("x")
                await server.until(1)
                leaving.set()

        writer = asyncio.create_task(write())
        await leaving.wait()
        writer.cancel()  # while the exit waits for the answer
        await asyncio.wait([writer])
        assert writer.cancelled()
        gate.set()
        assert senders
        await asyncio.wait(senders)  # a stream that goes on keeps itself alive without an end
        assert len(server.received) == 1


async def test_a_first_answer_without_an_id_breaks_the_stream(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {}}), token="t") as (client, server):
        with pytest.raises(ResponseError, match=r"data\.msgId is missing"):
            async with client.messages.stream("ann", join=0) as out:
                await out.write("x")
        assert len(server.received) == 1


async def test_a_stream_that_could_not_go_on_is_marked_as_failed(against: Against) -> None:
    def respond(request: Received) -> Answer:
        return Reply(status=502) if piece(request)["seq"] == 1 else taken(request)

    async with against(respond, token="t") as (client, server):
        with pytest.raises(APIError, match="502"):
            async with client.messages.stream("ann", join=0) as out:
                await out.write("one")
                await server.until(1)
                await out.write("two")
                await server.until(2)
        last = piece(server.received[-1])
    assert (last["finish"], last["finishReason"], last["seq"]) == (True, 1, 2)


async def test_a_stream_without_a_word_sends_nothing(against: Against) -> None:
    async with against(lambda _: Reply(), token="t") as (client, server):
        async with client.messages.stream("ann"):
            pass
        assert server.received == []


class Vault:
    """A provider that is away once, when it is asked a second time."""

    def __init__(self) -> None:
        self.asked = 0

    async def get(self, *, username: str | None) -> Token:
        self.asked += 1
        if self.asked == 2:
            raise OSError("the vault is away")
        return Token("t")

    def invalidate(self, token: Token) -> None:
        """It is kept."""


async def test_no_text_is_lost_in_silence(against: Against) -> None:
    async with against(taken, token=Vault()) as (client, server):
        stream = client.messages.stream("u1", to="user", sender="bot", join=0.0)

        async def write() -> None:
            async with stream as out:
                await out.write("one ")
                await until(lambda: out.message_id)
                await out.write("two ")
                await until(lambda: len(server.calls) > 1 or out._error)
                await out.write("three ")

        with pytest.raises(OSError, match="away"):
            await write()
    last = piece(server.calls[-1])
    assert (last["finish"], last["msg"]) == (True, "")  # marked as failed for its readers
