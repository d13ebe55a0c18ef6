# pyright: strict
"""User code that must type-check; it is read by type checkers and never run."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, assert_type

import aiohttp
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Route

from easemob_async import (
    FOREVER,
    APIError,
    AppToken,
    AttemptEnded,
    AttemptStarted,
    BatchOutcome,
    BatchResult,
    ChatType,
    CreatedGroup,
    DataCenter,
    EasemobClient,
    EasemobError,
    FanoutPlan,
    FanoutReport,
    GroupMember,
    GroupSummary,
    Hooks,
    Image,
    InvalidArgumentError,
    Limit,
    Message,
    NewUser,
    OnlineStatus,
    Outcome,
    OutcomeStatus,
    Page,
    Paginator,
    Plan,
    PoolOptions,
    Progress,
    PushOptions,
    QuotaAccount,
    Quotas,
    RateLimitError,
    Request,
    RetryPolicy,
    RouteType,
    SentMessages,
    Text,
    Timeouts,
    Token,
    TokenProvider,
    UploadedFile,
    User,
)
from easemob_async import webhooks as wh
from easemob_async.emulator import Emulator
from easemob_async.webhooks import WebhookReceiver

# ---------------------------------------------------------------- the README and the docs


async def the_five_lines() -> None:
    async with EasemobClient.from_env() as client:
        report = await client.fanout.to_users(
            (f"user{n}" for n in range(10_000)), Text("Sale!"), sender="shop"
        )
        print(report)


async def the_calls() -> None:
    async with EasemobClient("acme#shop", client_id="...", client_secret="...") as client:
        await client.users.create("ann", password="s3cret")
        status = await client.users.get_status("ann")
        assert_type(status, OnlineStatus)
        sent = await client.messages.send_to_users(
            ["u1", "u2"], Text("hello"), sender="ann", ext={"k": 1}
        )
        assert_type(sent, SentMessages)
        assert_type(sent.message_ids["u1"], str)
        group = await client.chat_groups.create("friends", owner="ann", public=True)
        assert_type(group, CreatedGroup)
        async for summary in client.chat_groups.list():
            assert_type(summary, GroupSummary)
            print(summary.group_id, summary.name)
        page = await client.chat_groups.list(limit=50)
        assert_type(page, Page[GroupSummary])


async def test_welcome(easemob_client: EasemobClient, easemob_emulator: Emulator) -> None:
    await easemob_client.messages.send_to_users(["ann"], Text("welcome"))
    assert easemob_emulator.received("ann")[0]["body"] == {"msg": "welcome"}


async def a_journal() -> None:
    async with EasemobClient.from_env(quotas=Quotas(scale=1000)) as client:
        targets = (f"user{n:07}" for n in range(1, 1_000_001))
        job = client.fanout.to_users(targets, Text("Sale!"), sender="shop", journal="sale2.db")
        report = await job
        assert_type(report, FanoutReport)
        for outcome in report.iter_failed():
            assert_type(outcome.target, str)
            assert_type(outcome.error, Exception | None)
        async for outcome in report.iter_unknown():
            assert_type(outcome, Outcome)


# ---------------------------------------------------------------- making a client


class Vault:
    """A provider of tokens that a user wrote."""

    async def get(self, *, username: str | None) -> Token:
        return Token("YWMt" + (username or ""), datetime.now(UTC) + timedelta(hours=1))

    def invalidate(self, token: Token) -> None:
        print(token.expires_at)


def started(event: AttemptStarted) -> None:
    print(event.operation, event.attempt, event.quota_wait)


def clients(session: aiohttp.ClientSession) -> list[EasemobClient]:
    ended: list[AttemptEnded] = []
    provider: TokenProvider = Vault()
    limits = {"messages.send_to_users": [Limit(200, per=timedelta(seconds=1))]}
    quotas = Quotas(share=1 / 8, overrides=limits)
    bought = Quotas(packs={"messages.send_to_users": 2, "users+push": 1}, plan="flagship")
    plan: Plan = bought.plan or Plan.PROFESSIONAL
    rooms: int | None = plan.figures.chat_rooms
    print(rooms, [use.left for use in QuotaAccount(bought).usage() if use.left_is_exact])
    first = EasemobClient("acme#shop", token="YWMt", timeout=timedelta(seconds=3))
    return [
        first,
        EasemobClient("acme#shop", token=provider, timeout=5, session=session),
        EasemobClient("acme#shop", token=Vault(), base_url=DataCenter.SINGAPORE_1, timeout=None),
        EasemobClient("acme#shop", token="t", quotas=first.quotas, retry=RetryPolicy(attempts=1)),
        EasemobClient("acme#shop", token="t", quotas=quotas, pool=PoolOptions(keepalive=5)),
        EasemobClient(
            "acme#shop",
            client_id="id",
            client_secret="secret",
            timeout=Timeouts(total=timedelta(minutes=1), connect=3.5, read=None),
            hooks=Hooks(attempt_started=started, attempt_ended=ended.append),
        ),
        EasemobClient.from_env({"EASEMOB_APP_KEY": "acme#shop"}, token="t", timeout=3),
        first.with_options(timeout=3, retry=RetryPolicy(base=timedelta(seconds=1))),
        first.with_options(timeout=None, hooks=Hooks()),
    ]


class Shop(EasemobClient):
    """A client with methods of its own."""

    async def everybody(self) -> list[str]:
        return [user.username async for user in self.users.list()]


def from_env() -> Shop:
    return assert_type(Shop.from_env(), Shop)


async def the_emulator() -> None:
    async with Emulator(quotas=None) as emulator, EasemobClient(**emulator.credentials) as client:
        await client.users.get("ann")


# ---------------------------------------------------------------- lists and batches


async def lists(client: EasemobClient) -> None:
    listing = client.users.list(limit=10)
    assert_type(listing, Paginator[User])
    page = await listing
    for user in page.items:
        assert_type(user.username, str)
    following = await page.next()
    assert_type(following, Page[User] | None)
    names = [user.username async for user in client.users.list()]
    tasks = [asyncio.create_task(client.users.list().page()) for _ in names]
    assert_type(await asyncio.gather(*tasks), list[Page[User]])
    async for member in client.chat_groups.members.list("1"):
        assert_type(member, GroupMember)


async def batches(client: EasemobClient) -> None:
    new = [NewUser("ann", "s3cret"), NewUser("bob", "s3cret", nickname="B")]
    result = await client.users.create_many(new)
    assert_type(result, BatchResult[User])
    assert_type(result["ann"].value, User | None)
    for outcome in result:
        assert_type(outcome, BatchOutcome[User])
        assert_type(outcome.reason, str | None)
    for name, reason in result.failed.items():
        print(name, reason)
    statuses = await client.users.get_statuses(name for name in result.succeeded)
    assert_type(statuses["ann"], OnlineStatus)
    added = await client.chat_groups.members.add_many("1", ("ann", "bob"))
    print(added.ok, len(added))


# ---------------------------------------------------------------- messages


async def messages(client: EasemobClient) -> None:
    ext = {"order": 17}
    push = PushOptions(title="Sale")
    for body in (Text("hello"), Image("https://x/y", filename="y.jpg")):
        await client.messages.send_to_groups(["1"], body, ext=ext, push=push)
    await client.messages.send_to_users({"ann", "bob"}, Text("x"), route_type=RouteType.ONLINE)
    await client.messages.send_to_users(("ann",), Text("x"), route_type="ROUTE_ONLINE")
    await client.messages.send_to_rooms(["1"], Text("x"), level="high")
    await client.messages.recall("17", target="ann", chat_type=ChatType.CHAT)
    await client.messages.recall("17", target="1", chat_type="groupchat", force=True)
    await client.chat_groups.mutes.add_many("1", ["ann"], duration=FOREVER)
    async with client.messages.stream("u1", to="user", sender="bot") as out:
        await out.write("piece")


async def files(client: EasemobClient) -> None:
    uploaded = await client.files.upload(Path("a.jpg"), restrict_access=True)
    assert_type(uploaded, UploadedFile)
    content = await client.files.download(uploaded.file_id, share_secret=uploaded.secret)
    assert_type(content, bytes)
    await client.files.download(uploaded.file_id).save("b.jpg")
    async for piece in client.files.download(uploaded.file_id):
        assert_type(piece, bytes)


async def tokens(client: EasemobClient) -> None:
    made = await client.tokens.create_app_token(ttl=timedelta(days=1))
    assert_type(made, AppToken)
    assert_type(made.to_token(), Token)


# ---------------------------------------------------------------- bulk jobs


async def lines() -> AsyncIterator[str]:
    yield "ann"


async def pairs() -> AsyncIterator[tuple[str, Text]]:
    yield "ann", Text("Hi Ann")


def rows() -> Iterator[tuple[str, Message] | tuple[str, Exception] | str]:
    yield "ann"
    yield "bob", Text("Hi Bob")
    yield "row 3", ValueError("row 3 has no name")


def greeting(target: str) -> Text:
    return Text(f"Hi {target}")


async def looked_up(target: str) -> Message:
    await asyncio.sleep(0)
    return Image("https://x/y") if target == "ann" else Text("Hi")


def with_name(shop: str, target: str) -> Text:
    return Text(f"Hi {target}, this is {shop}")


class Template:
    """A function with a state."""

    def __call__(self, target: str) -> Text:
        return Text(target)


def decide(target: str) -> Literal["report", "resend"]:
    return "resend" if target == "ann" else "report"


def show(progress: Progress) -> None:
    print(progress.report.sent, progress.rate)


async def jobs(client: EasemobClient, names: list[str], rows_of_a_table: dict[str, Text]) -> None:
    hello = Text("hello")
    mixed: list[str | tuple[str, Text]] = ["ann", ("bob", Text("Hi Bob"))]
    for job in (
        client.fanout.to_users(names, hello),
        client.fanout.to_users(tuple(names), hello),
        client.fanout.to_users({"ann", "bob"}, hello),
        client.fanout.to_users(rows_of_a_table.keys(), hello),
        client.fanout.to_users((line.strip() for line in sys.stdin), hello),
        client.fanout.to_users(lines(), hello),
        client.fanout.to_users(rows_of_a_table.items()),
        client.fanout.to_users([(name, Text(name)) for name in names]),
        client.fanout.to_users((name, Text(name)) for name in names),
        client.fanout.to_users(pairs()),
        client.fanout.to_users(rows(), hello),
        client.fanout.to_users(mixed, hello),
        client.fanout.to_users(names, greeting),
        client.fanout.to_users(names, looked_up),
        client.fanout.to_users(names, Template()),
        client.fanout.to_users(names, functools.partial(with_name, "shop")),
        client.fanout.to_users(names, lambda target: Text(f"Hi {target}")),
        client.fanout.to_groups(names, hello, journal=Path("sale.db"), on_unknown=decide),
        client.fanout.to_rooms(names, hello, journal="sale.db", on_unknown="resend", level="high"),
        client.fanout.to_users(names, hello, pace="burst", workers=4, progress=show),
        client.fanout.to_users(names, hello, progress=print),
    ):
        async for outcome in job:
            assert_type(outcome.status, OutcomeStatus)
            assert_type(outcome.message_id, str | None)
    assert_type(await client.fanout.to_users(names, hello).plan(), FanoutPlan)
    task = asyncio.create_task(client.fanout.to_users(names, hello).run())
    assert_type(await task, FanoutReport)
    async with client.fanout.to_users(names, hello) as held:
        assert_type(held.report, FanoutReport)
        held.cancel()
    async with contextlib.aclosing(aiter(client.fanout.to_users(names, hello))) as outcomes:
        assert_type(await anext(outcomes), Outcome)


# ---------------------------------------------------------------- errors


async def errors(client: EasemobClient) -> None:
    try:
        await client.users.create_many([NewUser("ann", "s3cret")])
    except RateLimitError as error:
        assert_type(error.retry_after, timedelta | None)
        assert_type(error.temporary, bool)
    except InvalidArgumentError as error:
        assert_type(error.operation, str | None)
    except APIError as error:
        assert_type(error.status, int | None)
        assert_type(error.error, str)
        assert_type(error.error_code, int | None)
        assert_type(error.description, str)
        assert_type(error.request, Request | None)
    except EasemobError as error:
        assert_type(error.maybe_processed, bool)
        assert_type(error.report, FanoutReport | None)
        assert_type(error.partial, BatchResult[object] | None)


# ---------------------------------------------------------------- webhooks

receiver = WebhookReceiver(secret=["first", "second"], default=wh.Refuse("later"))


class Bot:
    """Handlers that are methods."""

    def __init__(self, client: EasemobClient) -> None:
        self.client = client
        self.events: list[wh.Event] = []
        receiver.on(wh.ChatMessage)(self.answer)
        receiver.on(wh.Event)(self.events.append)
        receiver.before_delivery()(self.screen)

    async def answer(self, event: wh.ChatMessage) -> None:
        assert_type(event.sender, str)
        if isinstance(event.body, Text):
            await self.client.messages.reply(event, Text(f"You said: {event.body.text}"))

    async def screen(self, message: wh.PreDelivery) -> wh.Verdict:
        shouting = isinstance(message.body, Text) and message.body.text.isupper()
        return wh.Refuse("no shouting") if shouting else wh.Allow()


@receiver.on(wh.GroupMemberJoined)
async def greet(event: wh.GroupMemberJoined) -> None:
    print("welcome", *event.usernames)


@receiver.on(wh.ChatMessage, wh.GroupMessage)
async def both(event: wh.ChatMessage | wh.GroupMessage) -> None:
    assert_type(event.timestamp, datetime)


@receiver.on(
    wh.ChatMessage,
    wh.ChatMessageOffline,
    wh.GroupMessage,
    wh.GroupMessageOffline,
    wh.ChatroomMessage,
    wh.UserLogin,
    wh.UserLogout,
)
def many(event: wh.MessageEvent | wh.UserLogin | wh.UserLogout) -> None:
    print(event.kind)


@receiver.on(wh.ChatMessage, wh.GroupMessage)
def wider(event: wh.Event) -> None:
    print(event.conversation)


@receiver.on(wh.MessageEvent)
async def any_message(event: wh.MessageEvent) -> SentMessages:
    client = EasemobClient.from_env()
    return await client.messages.reply(event, Text("hi"), sender="bot")


def verdicts() -> None:
    @WebhookReceiver("secret").before_delivery()
    async def narrow(message: wh.PreDelivery) -> wh.Allow:
        return wh.Allow(level="high")

    @WebhookReceiver("secret").before_delivery()
    def replaced(message: wh.PreDelivery) -> wh.Replace | wh.Allow:
        return wh.Replace(Text("***"), {"seen": True}) if message.ext else wh.Allow()

    WebhookReceiver("secret").before_delivery()(lambda message: wh.Allow())
    asyncio.run(asyncio.wait_for(narrow(wh.PreDelivery.__new__(wh.PreDelivery)), 1))
    assert_type(replaced(wh.PreDelivery.__new__(wh.PreDelivery)), wh.Replace | wh.Allow)


def dropped(drop: wh.Dropped) -> None:
    print(drop.reason is wh.DropReason.FORGED, drop.event, drop.error)


def servers(failures: list[wh.HandlerFailure]) -> tuple[web.Application, Starlette]:
    hooks = wh.WebhookHooks(dropped=dropped, failed=failures.append)
    own = WebhookReceiver("secret", hooks=hooks, answer_within=timedelta(milliseconds=100))
    app = web.Application()
    app.router.add_post("/easemob", own.aiohttp_handler)
    return app, Starlette(routes=[Route("/easemob", own.asgi_app)])


async def without_a_server(body: bytes) -> None:
    async with receiver:
        answer = await receiver.answer(body, content_encoding="gzip")
        print(answer.status, answer.body)
    event = wh.parse_event(body)
    match event:
        case wh.GroupMemberJoined():
            assert_type(event.usernames, tuple[str, ...])
        case wh.UnknownEvent():
            print(event.payload)
        case _:
            print(event.kind)
