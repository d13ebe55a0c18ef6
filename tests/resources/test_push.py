"""Push: devices, settings, templates and statistics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from easemob_async import (
    DataCenter,
    EasemobClient,
    EasemobError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    PushBadge,
    PushCounts,
    PushNotification,
    PushPlatform,
    PushStatus,
    PushStrategy,
    Quotas,
    RateLimitError,
    ResponseError,
    RetryPolicy,
    User,
)
from easemob_async.emulator import Emulator
from easemob_async.resources import operations
from tests import facts_reader as facts
from tests.conftest import Against
from tests.resources.stories import HOUR, every_operation
from tests.servers import Reply

ONCE = RetryPolicy(attempts=1)
NOTE = {"title": "a", "content": "b"}


async def test_every_operation_end_to_end() -> None:
    async with every_operation("push") as (c, emulator):
        device = {"device_id": "d1", "notifier_name": "apns"}
        assert (await c.push.set_binding("ann", **device, device_token="tok"))[0].device_id == "d1"
        assert len((await c.push.list_bindings("ann")).items) == 1
        assert await c.push.set_binding("ann", **device, device_token="") == ()
        assert (await c.push.set_nickname("ann", "Ann")).nickname == "Ann"
        nicknames = {"bob": "Bob", "eve": "Eve"}
        assert await c.push.set_nicknames(nicknames) == nicknames
        assert (await c.push.set_display_style("ann", "1")).notification_display_style == "1"
        settings = await c.push.set_settings("ann", mode="NONE", ignore_duration=HOUR)
        assert settings.ignored_until is not None
        assert (await c.push.get_settings("ann")).mode == "NONE"
        assert (await c.push.get_settings("ann", "bob")).mode == "DEFAULT"
        assert await c.push.set_language("ann", "en") == await c.push.get_language("ann") == "en"
        pattern = {"title_pattern": "Hi {0}", "content_pattern": "{$msg}"}
        await c.push.templates.create("t1", **pattern)
        await c.push.templates.update("t1", title_pattern="Ho", content_pattern="x")
        assert (await c.push.templates.get("t1")).title_pattern == "Ho"
        assert await c.push.templates.set_for_user("ann", "t1") == "t1"
        assert await c.push.templates.get_for_user("ann") == "t1"
        await c.push.templates.delete("t1")
        with pytest.raises(NotFoundError, match="not exist"):
            await c.push.templates.get("t1")
        assert await c.push.get_statistics(date(2026, 1, 1), date(2026, 1, 2)) == {}
        await labels(c)
        await sends(c, emulator)
        await stored(c, emulator)


async def labels(c: EasemobClient) -> None:
    label = await c.push.labels.create("vip", description="they pay")
    assert (label.name, label.description, label.count) == ("vip", "they pay", None)
    await c.push.labels.create("Vip")
    assert [found.name async for found in c.push.labels.list(limit=1)] == ["Vip", "vip"]
    added = await c.push.labels.users.add_many("vip", ["ann", "BOB", "nobody"])
    assert added.failed == {"nobody": "appUser not exists"}
    assert (await c.push.labels.get("vip")).count == 2
    listed = [user.username async for user in c.push.labels.users.list("vip", limit=1)]
    assert listed == ["ann", "bob"]
    found = await c.push.labels.users.get("vip", "ann")
    assert found is not None
    assert found.created is not None
    assert await c.push.labels.users.get("vip", "eve") is None
    removed = await c.push.labels.users.remove_many("vip", ["bob", "eve"])
    assert list(removed.succeeded) == ["bob"]
    await c.push.labels.delete("Vip")
    with pytest.raises(NotFoundError, match="push label not exists of Vip"):
        await c.push.labels.get("Vip")


async def sends(c: EasemobClient, emulator: Emulator) -> None:
    note = PushNotification(title="Sale", content="today", badge=PushBadge(add_num=1))
    wire = {"title": "Sale", "content": "today", "config": {"badge": {"addNum": 1}}}
    (result,) = await c.push.send_to_user_sync("ann", note)
    assert (result.ok, result.status, result.description) == (False, "FAIL", "no push binding")
    (result,) = await c.push.send_to_user_sync("nobody", note)
    assert result.description == "appUser not exists"
    await c.push.set_binding("ann", device_id="d", notifier_name="apns", device_token="t")
    (result,) = await c.push.send_to_user_sync("ann", note)
    assert result.ok
    assert emulator.pushed("ann") == [{"channel": "vendor", "strategy": 2, "pushMessage": wire}]
    emulator.log_in("bob")
    (result,) = await c.push.send_to_user("bob", wire, strategy=PushStrategy.EASEMOB_ONLINE_ONLY)
    assert result.status == PushStatus.ACCEPTED
    assert emulator.pushed("bob")[0]["channel"] == "easemob"
    batch = await c.push.send_to_users(["ann", "bob", "nobody"], note, strategy=1)
    assert batch.ok
    assert [len(emulator.pushed(name)) for name in ("ann", "bob", "nobody")] == [2, 2, 0]
    task = await c.push.send_to_label("vip", note, strategy=1)
    assert task is not None
    assert task > 2**53
    assert [len(emulator.pushed(name)) for name in ("ann", "bob")] == [3, 2]
    assert isinstance(await c.push.send_to_all(note, strategy=1, start=in_hours(2)), int)
    assert [len(emulator.pushed(name)) for name in ("ann", "eve")] == [4, 1]


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


async def stored(c: EasemobClient, emulator: Emulator) -> None:
    number = await c.push.notifications.create(PushNotification(title="Later", content="x"))
    for id_ in (number, str(number)):
        found = await c.push.notifications.get(id_)
        assert found.notification == {"title": "Later", "content": "x"}
    assert await c.push.notifications.send_to_all(number, strategy=1) != number
    assert emulator.pushed("eve")[-1]["pushMessage"] == found.notification
    with pytest.raises(NotFoundError):
        await c.push.notifications.get(1)


async def test_the_start_of_a_task_is_in_the_time_zone_of_the_service(against: Against) -> None:
    bodies = []
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    for url, hours in (("127.0.0.1", 8), (DataCenter.SINGAPORE_1, 0)):
        transport = EasemobClient("a#b", token="t", base_url=f"http://{url}" if hours else url)
        there = start.astimezone(timezone(timedelta(hours=hours)))
        body = await transport.push._start("push.send_to_all", start)
        bodies.append((body["startDate"], there.strftime("%Y-%m-%d %H:%M:%S")))
    for sent, wanted in bodies:
        assert sent == wanted


STRATEGIES = list(PushStrategy)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_strategy_is_sent_as_its_number(against: Against, strategy: PushStrategy) -> None:
    documented = facts.read("push_notifications")["push_strategies"][strategy]
    assert documented["name"].upper() == strategy.name
    for given in (strategy, int(strategy)):
        async with against(lambda _: Reply(body={"data": 1}), token="t") as (client, server):
            await client.push.send_to_all({"title": "a", "content": "b"}, strategy=given)
            assert server.calls[0].json["strategy"] == documented["value"]


async def test_an_outcome_is_what_the_row_of_the_user_says(against: Against) -> None:
    """Beside what the page has, a page of the same call elsewhere lists SUCCESS, FAIL, ERROR."""
    rows = [
        {"id": "ann", "pushStatus": "ASYNC_SUCCESS", "desc": "async success."},
        {"id": "bob", "pushStatus": "SUCCESS"},
        {"id": "eve", "pushStatus": "FAIL", "desc": "no push binding"},
        {"id": "joe", "pushStatus": "ERROR", "desc": "timeout"},
        {"id": "odd", "pushStatus": None},
        None,
        {"pushStatus": "SUCCESS"},
    ]
    names = ["Ann", "bob", "eve", "joe", "odd", "lost"]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        result = await client.push.send_to_users(names, {"title": "a", "content": "b"})
    assert list(result.succeeded) == ["Ann", "bob"]
    assert result["eve"].reason == "no push binding"
    for name in ("joe", "odd", "lost"):
        assert isinstance(result[name].error, ResponseError), name


@pytest.mark.parametrize("spelled", ["success", "Success"])
async def test_who_lost_a_label_is_read_in_both_spellings(against: Against, spelled: str) -> None:
    """The table of the page has one, its example the other."""
    body = {"data": {spelled: ["ann"], "fail": {"bob": "no"}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await client.push.labels.users.remove_many("vip", ["ann", "bob"])
    assert (list(result.succeeded), result.failed) == (["ann"], {"bob": "no"})


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": {"count": 0}}])
async def test_a_label_is_known_without_the_answer(against: Against, body: object) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        label = await client.push.labels.create("vip", description="they pay")
    assert (label.name, label.description) == ("vip", "they pay")


TASKLESS: list[Any] = [{}, {"data": None}, {"data": "x"}, {"data": {}}, {"data": {"taskId": "x"}}]
TASKS: list[Callable[[EasemobClient], Awaitable[int | None]]] = [
    lambda c: c.push.send_to_label("vip", NOTE),
    lambda c: c.push.send_to_all(NOTE),
    lambda c: c.push.notifications.send_to_all(1),
]


@pytest.mark.parametrize("body", TASKLESS)
@pytest.mark.parametrize("push", TASKS, ids=["send_to_label", "send_to_all", "stored"])
async def test_a_push_is_done_though_the_id_of_its_task_is_missing(
    against: Against, push: Callable[[EasemobClient], Awaitable[int | None]], body: Any
) -> None:
    """An error would make the caller push to everybody once more."""
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert await push(client) is None


async def test_a_count_that_is_passed_is_not_waited_for(against: Against) -> None:
    refused = Reply(403, {"error": "LimitException", "error_description": "limit request"})
    async with against(lambda _: refused, token="t") as (client, server):
        with pytest.raises(RateLimitError) as caught:
            await client.push.labels.create("vip")
        assert (caught.value.temporary, len(server.calls)) == (False, 1)


NOT_UNDER_IT = [{"data": {}}, {"data": None}, {}]


@pytest.mark.parametrize("body", NOT_UNDER_IT)
async def test_a_user_without_a_label_is_none_however_it_is_said(
    against: Against, body: object
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert await client.push.labels.users.get("vip", "ann") is None


REFUSED = [
    ({"error": "ResourceNotFoundException"}, 400, NotFoundError),
    (
        {"error": "Bad Request", "exception": "com.easemob.push.ResourceNotFoundException"},
        400,
        NotFoundError,
    ),
    ({"exception": "LimitException", "error_description": "limit request"}, 403, RateLimitError),
    ({"error": "ServiceNotOpenException"}, 403, PermissionDeniedError),
]


@pytest.mark.parametrize(("body", "status", "kind"), REFUSED)
async def test_a_refusal_is_known_by_error_or_exception(
    against: Against, body: object, status: int, kind: type[EasemobError]
) -> None:
    async with against(lambda _: Reply(status, body), token="t", retry=ONCE) as (client, _):
        with pytest.raises(kind):
            await client.push.labels.get("vip")


async def test_the_fourth_task_in_five_minutes_is_refused() -> None:
    """Which of the documented errors comes is open: LimitException by its meaning."""
    async with Emulator() as emulator:
        hasty = EasemobClient(**emulator.credentials, quotas=Quotas(enabled=False), retry=ONCE)
        async with hasty as client:
            await client.push.labels.create("vip")
            note = PushNotification(title="a", content="b")
            for _ in range(2):
                await client.push.send_to_label("vip", note)
            await client.push.send_to_all(note)
            with pytest.raises(RateLimitError, match="limit request"):
                await client.push.send_to_label("vip", note)
        waiting = EasemobClient(**emulator.credentials, timeout=1)
        async with waiting as client:  # the client itself does not send it
            for _ in range(3):
                client.quotas.take(operations()["push.send_to_label"], 1, ())
            with pytest.raises(RateLimitError) as caught:
                await client.push.send_to_label("vip", note)
            assert caught.value.status is None


async def test_a_result_is_found_under_the_name_that_was_asked_for(against: Against) -> None:
    body = {"entities": [{"username": "ann", "push_nickname": "a"}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert "Ann" in await client.push.set_nicknames({"Ann": "a", "BOB": "b"})


Deed = Callable[[EasemobClient], Awaitable[User]]
DEEDS: list[Deed] = [
    lambda c: c.push.set_nickname("ann", "n"),
    lambda c: c.push.set_display_style("ann", "1"),
]


@pytest.mark.parametrize("body", [{}, {"entities": []}, {"entities": None}, {"entities": [{}]}])
@pytest.mark.parametrize("deed", DEEDS, ids=["set_nickname", "set_display_style"])
async def test_what_was_done_is_returned_as_far_as_it_is_known(
    against: Against, deed: Deed, body: object
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await deed(client)).username == "ann"


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.push.set_nicknames(["ann"]),
        lambda c: c.push.set_settings("ann", ignore_interval=5),
        lambda c: c.push.set_settings("ann", ignore_duration=5),
        lambda c: c.push.labels.create("Größe"),
        lambda c: c.push.labels.create("a" * 65),
        lambda c: c.push.labels.create("a", description="a" * 256),
        lambda c: c.push.labels.users.add_many("a", "ann"),
        lambda c: c.push.labels.users.add_many("a", []),
        lambda c: c.push.send_to_users([f"u{n}" for n in range(101)], NOTE),
        lambda c: c.push.send_to_user("ann", "text"),
        lambda c: c.push.send_to_user("ann", {}),
        lambda c: c.push.send_to_user("ann", {"title": {1}}),
        lambda c: c.push.send_to_user("ann", {"title": "\udc00"}),
        lambda c: c.push.send_to_user("ann", NOTE, strategy=5),
        lambda c: c.push.send_to_user("ann", NOTE, strategy=True),
        lambda c: c.push.send_to_user("ann", NOTE, strategy="2"),
        lambda c: c.push.send_to_all(NOTE, start=in_hours(2).replace(tzinfo=None)),
        lambda c: c.push.send_to_all(NOTE, start=in_hours(0.5)),
        lambda c: c.push.send_to_all(NOTE, start=in_hours(31 * 24)),
        lambda c: c.push.send_to_all(NOTE, start="2030-01-01 00:00:00"),
        lambda c: c.push.notifications.get("x"),
        lambda c: c.push.notifications.get(True),
        lambda c: c.push.notifications.send_to_all(0),
    ],
)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Callable[[EasemobClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)


async def test_statistics_have_the_counts_that_the_service_reports(against: Against) -> None:
    xiaomi, unknown = {"successCount": 5}, {"successCount": 2, "failCount": 1, "arriveCount": 1}
    body = {"status": "OK", "data": {"2026-01-02": {"XIAOMIPUSH": xiaomi, "NEWPUSH": unknown}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        day = date(2026, 1, 2)
        found = (await client.push.get_statistics(day, day))[day]
    assert found == {"XIAOMIPUSH": PushCounts(5, None, None), "NEWPUSH": PushCounts(2, 1, 1)}
    assert [type(platform) for platform in found] == [PushPlatform, str]
