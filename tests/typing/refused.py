# pyright: strict
"""User code that must not type-check: a line that ends with ``# error`` has an error, no other."""

from __future__ import annotations

from datetime import timedelta

from easemob_async import (
    BatchResult,
    EasemobClient,
    EasemobError,
    Hooks,
    Limit,
    NewUser,
    Outcome,
    Quotas,
    RateLimitError,
    Text,
    Timeouts,
    Token,
    User,
)
from easemob_async import webhooks as wh

# ---------------------------------------------------------------- making a client


class NotAsync:
    def get(self, *, username: str | None) -> Token:
        return Token(username or "")

    def invalidate(self, token: Token) -> None: ...


class NoInvalidate:
    async def get(self, *, username: str | None) -> Token:
        return Token(username or "")


def takes_nothing() -> None: ...


def clients(client: EasemobClient) -> None:
    EasemobClient()  # error
    EasemobClient("acme#shop", "id", "secret")  # error
    EasemobClient("acme#shop", clientid="id")  # error
    EasemobClient("acme#shop", token=5)  # error
    EasemobClient("acme#shop", token=NotAsync())  # error
    EasemobClient("acme#shop", token=NoInvalidate())  # error
    EasemobClient("acme#shop", token="t", timeout="5")  # error
    EasemobClient("acme#shop", token="t", hooks=Hooks(attempt_started=takes_nothing))  # error
    EasemobClient("acme#shop", token="t", quotas={"scale": 2})  # error
    EasemobClient.from_env(timout=3)  # error
    EasemobClient.from_env(timeout="3")  # error
    client.with_options(token="t")  # error
    client.user.get("ann")  # error
    client.quotas = None  # error
    Limit(100, per=1)  # error
    Limit(100, per=timedelta(seconds=1), unit="bytes")  # error
    Quotas(overrides={"users.get": Limit(100, per=timedelta(seconds=1))})  # error
    Quotas(packs={"users+push": 0.5})  # error
    Quotas(plan="gold")  # error
    Timeouts(total="60")  # error


# ---------------------------------------------------------------- calls


async def calls(client: EasemobClient, result: BatchResult[User]) -> None:
    await client.users.get(5)  # error
    await client.users.get()  # error
    await client.users.create("ann")  # error
    await client.users.create("ann", "s3cret")  # error
    await client.users.create("ann", pasword="s3cret")  # error
    await client.users.create_many(["ann"])  # error
    await client.users.create_many(NewUser("ann", "s3cret"))  # error
    await client.users.delete_batch()  # error
    await client.chat_groups.members.list()  # error
    await client.chat_groups.mutes.add_many("1", ["ann"], duration=60)  # error
    await client.messages.send_to_users(["ann"], "hello")  # error
    await client.messages.send_to_users([1, 2], Text("x"))  # error
    await client.messages.send_to_users(["ann"], Text(5))  # error
    await client.messages.send_to_users(["ann"], Text("x"), ext=[1])  # error
    await client.messages.send_to_users(["ann"], Text("x"), form="bob")  # error
    client.messages.stream("ann", to="room")  # error
    Text("x").text = "y"  # error
    print(result["ann"].value.username)  # error
    print((await client.users.get("ann")).user_name)  # error


async def without_await(client: EasemobClient) -> None:
    client.users.get("ann")  # error
    print(client.users.get("ann").username)  # error
    print(client.users.list().items)  # error
    print(client.fanout.to_users(["ann"], Text("x")).sent)  # error
    client.messages.stream("ann").write("piece")  # error
    with client:  # error
        pass


async def lists(client: EasemobClient) -> None:
    await client.users.list(limit="10")  # error
    for _ in client.users.list():  # error
        ...
    async for _ in await client.users.list():  # error
        ...
    cursor: str = (await client.users.list()).cursor  # error
    async for name in client.users.list():
        print(cursor, name.upper())  # error


# ---------------------------------------------------------------- bulk jobs


def text_of(target: str) -> str:
    return target


def of_a_number(target: int) -> Text:
    return Text(str(target))


def decide(target: str) -> bool:
    return target == "ann"


async def jobs(client: EasemobClient) -> None:
    await client.fanout.to_users(["ann"], "hello")  # error
    await client.fanout.to_users([1, 2], Text("x"))  # error
    await client.fanout.to_users([("ann", "hello")])  # error
    await client.fanout.to_users(["ann"], text_of)  # error
    await client.fanout.to_users(["ann"], of_a_number)  # error
    await client.fanout.to_users(["ann"], lambda: Text("x"))  # error
    await client.fanout.to_users(["ann"], Text("x"), pace="fast")  # error
    await client.fanout.to_users(["ann"], Text("x"), on_unknown="maybe")  # error
    await client.fanout.to_users(["ann"], Text("x"), on_unknown=decide)  # error
    await client.fanout.to_users(["ann"], Text("x"), level="high")  # error
    await client.fanout.to_users(["ann"], Text("x"), progress=takes_nothing)  # error
    for _ in client.fanout.to_users(["ann"], Text("x")):  # error
        ...
    outcome = Outcome("ann")  # error
    print(outcome)


# ---------------------------------------------------------------- errors


async def errors(client: EasemobClient) -> None:
    try:
        await client.users.get("ann")
    except RateLimitError as error:
        print(error.retry_after.total_seconds())  # error
    except EasemobError as error:
        print(error.status)  # error
        print(error.report.sent)  # error


# ---------------------------------------------------------------- webhooks

receiver = wh.WebhookReceiver("secret")


@receiver.on(wh.ChatMessage)  # error
def of_groups(event: wh.GroupMessage) -> None: ...


@receiver.on(wh.ChatMessage, wh.GroupMessage)  # error
async def too_narrow(event: wh.ChatMessage) -> None: ...


@receiver.on(wh.ChatMessage)  # error
def without_the_event() -> None: ...


def receivers(event: wh.Event, message: wh.MessageEvent) -> None:
    receiver.on("chat.message")  # error
    receiver.on()  # error
    receiver.on(Text)  # error
    wh.WebhookReceiver()  # error
    wh.WebhookReceiver(5)  # error
    wh.WebhookReceiver("secret", default=True)  # error
    wh.WebhookReceiver("secret", answer_within=0.1)  # error
    wh.WebhookReceiver("secret", hooks=wh.WebhookHooks(dropped=takes_nothing))  # error
    wh.Refuse(5)  # error
    wh.Replace("***")  # error
    print(event.group_id)  # error
    print(message.body.text)  # error


async def replies(client: EasemobClient, event: wh.Event) -> None:
    await client.messages.reply(event, Text("x"))  # error


# ---------------------------------------------------------------- verdicts before delivery


def no_verdict(message: wh.PreDelivery) -> bool:
    return message.sender == "ann"


async def late_no_verdict(message: wh.PreDelivery) -> str:
    return "refused"


wh.WebhookReceiver("secret").before_delivery()(no_verdict)  # error
wh.WebhookReceiver("secret").before_delivery()(late_no_verdict)  # error
