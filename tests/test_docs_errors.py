"""The guide to errors: its code runs, and each message on it is what somebody would see."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from easemob_async import (
    EasemobClient,
    Limit,
    Quotas,
    RetryPolicy,
    Text,
    api_limits,
    errors,
)
from easemob_async.emulator import Emulator
from easemob_async.webhooks import DropReason
from tests.guide import DOCS, of, run_snippet, spans, tables

PAGE = "errors.md"
PAGES = (PAGE, "errors.zh-CN.md")
SHOWN = of(PAGE, "text")
"""What the two snippets print, and then the messages."""


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[tuple[Emulator, EasemobClient]]:
    given = {"delay", "user_limit", "switched_off"} & options.keys()
    async with Emulator(**{name: options.pop(name) for name in given}) as emulator:
        emulator.add_user("ann")
        credentials: dict[str, Any] = {**emulator.credentials, **options}
        async with EasemobClient(**credentials) as client:
            yield emulator, client


async def test_the_code_runs_as_printed() -> None:
    async with world() as (_, client):
        scope: dict[str, Any] = {"client": client}
        printed = "".join([await run_snippet(code, scope) for code in of(PAGE, "python")])
        assert printed == "".join(SHOWN[:2])


async def of_the_environment() -> None:
    EasemobClient.from_env({})


async def of_http() -> None:
    EasemobClient("acme#shop", token="t", base_url="http://a1.easemob.com")


async def of_the_path() -> None:
    EasemobClient("acme#shop", token="t", base_url="https://a1.easemob.com/acme/shop")


async def of_a_username() -> None:
    async with world() as (_, client):
        await client.users.create("Ann", password="pw")


async def of_too_many_targets() -> None:
    async with world() as (_, client):
        await client.messages.send_to_users([f"u{n}" for n in range(601)], Text("hi"))


async def of_a_long_text() -> None:
    async with world() as (_, client):
        await client.messages.send_to_users(["ann"], Text("x" * 6000))


async def of_a_wrong_secret() -> None:
    async with world(client_secret="wrong") as (_, client):
        await client.users.get("ann")


async def of_a_wrong_app() -> None:
    async with world(app_key="acme#shop") as (_, client):
        await client.users.get("ann")


async def of_an_old_token() -> None:
    async with world(client_id=None, client_secret=None, token="old") as (_, client):
        await client.users.get("ann")


async def of_no_connection() -> None:
    async with world(base_url="http://127.0.0.1:1", retry=RetryPolicy(attempts=1)) as (_, client):
        await client.users.get("ann")


async def of_the_quota() -> None:
    one = Quotas(overrides={"messages.send_to_users": [Limit(1, per=timedelta(minutes=1))]})
    async with world(quotas=one, timeout=30) as (_, client):
        for _ in range(2):
            await client.messages.send_to_users(["ann"], Text("hi"))


async def of_a_refusal() -> None:
    async with world() as (emulator, client):
        emulator.fail(
            "POST", "/messages/users", status=429, headers={"Retry-After": "900"}, times=9
        )
        await client.messages.send_to_users(["ann"], Text("hi"))


async def of_the_plan() -> None:
    async with world(user_limit=1) as (_, client):
        await client.users.create("bob", password="pw")


async def of_a_feature() -> None:
    async with world(switched_off=["presence"]) as (_, client):
        await client.presence.get_many("ann", ["bob"])


async def of_a_broken_connection() -> None:
    async with world() as (emulator, client):
        emulator.fail("POST", "/messages/users", processed=True)
        await client.messages.send_to_users(["ann"], Text("hi"))


async def of_a_500() -> None:
    async with world() as (emulator, client):
        emulator.fail("POST", "/messages/users", status=500)
        await client.messages.send_to_users(["ann"], Text("hi"))


async def of_the_deadline() -> None:
    async with world(delay=(30.0, 30.0), timeout=0.5) as (_, client):
        await client.users.get("ann")


async def of_another_loop() -> None:
    async with world() as (_, client):
        await client.users.list()
        await asyncio.to_thread(lambda: asyncio.run(client.users.list().page()))


async def of_a_closed_client() -> None:
    async with world() as (_, client):
        await client.close()
        await client.users.get("ann")


async def of_a_job_not_started() -> None:
    async with world() as (_, client):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client.fanout.to_users(["ann"], Text("hi"))
            gc.collect()
        raise errors.EasemobError(str(caught[0].message))


JOURNAL = "sale.db"


async def of_another_job() -> None:
    async with world() as (_, client):
        for text in ("one", "two"):
            await client.fanout.to_users(["ann"], Text(text), journal=JOURNAL)


async def of_a_cut_journal() -> None:
    async with world() as (_, client):
        await client.fanout.to_users(["ann"], Text("one"), journal=JOURNAL)
        with Path(JOURNAL).open("r+b") as file:
            file.truncate(100)
        await client.fanout.to_users(["ann"], Text("one"), journal=JOURNAL)


WAYS: list[Callable[[], Awaitable[None]]] = [
    of_the_environment,
    of_http,
    of_the_path,
    of_a_username,
    of_too_many_targets,
    of_a_long_text,
    of_a_wrong_secret,
    of_a_wrong_app,
    of_an_old_token,
    of_no_connection,
    of_the_quota,
    of_a_refusal,
    of_the_plan,
    of_a_feature,
    of_a_broken_connection,
    of_a_500,
    of_the_deadline,
    of_another_loop,
    of_a_closed_client,
    of_a_job_not_started,
    of_another_job,
    of_a_cut_journal,
]
"""How to get each message of the page, in its order."""


def test_every_message_has_a_way_to_it() -> None:
    assert len(SHOWN) == 2 + len(WAYS)


@pytest.mark.parametrize(("number", "way"), [*enumerate(WAYS)], ids=[way.__name__ for way in WAYS])
async def test_the_message_is_what_one_sees(
    number: int,
    way: Callable[[], Awaitable[None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.EasemobError) as caught:
        await way()
    said = str(caught.value)
    for varies, shown in (
        (r"^journal \S+: ", ""),  # its path
        (r"at least [\d.]+ s", "at least 60.0 s"),
        (r"\[Errno \d+\]", "[Errno 111]"),
    ):
        said = re.sub(varies, shown, said)
    assert f"{said}\n" == SHOWN[2 + number]


@pytest.mark.parametrize("page", PAGES)
def test_every_class_of_the_tree_is_in_the_table(page: str) -> None:
    named = {row[0].strip("`") for row in tables(page)[0]}
    tree = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.EasemobError)
    }
    grouped = {"EasemobError", "APIError"}  # the base classes
    assert named | grouped == tree


@pytest.mark.parametrize("page", PAGES)
def test_every_reason_to_drop_a_post_is_in_the_table(page: str) -> None:
    named = {span for row in tables(page)[-1] for span in spans(row[0])}
    assert named == {reason.value for reason in DropReason}


@pytest.mark.parametrize("page", PAGES)
def test_methods_and_figures_are_those_of_the_library(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    client = EasemobClient("a#b", token="t")
    for path in set(re.findall(r"`(users|push|offline_messages)\.(\w+)", text)):
        assert callable(getattr(getattr(client, path[0]), path[1]))
    assert "3000" in text.replace("3 000", "3000")
    assert api_limits.MESSAGE_BYTES == 5120
