"""Push: devices, settings, templates and statistics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from easemob_async import EasemobClient, InvalidArgumentError, NotFoundError, User
from tests.conftest import Against
from tests.resources.stories import HOUR, every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("push") as (c, _):
        device = {"device_id": "d1", "notifier_name": "apns"}
        assert (await c.push.set_binding("ann", **device, device_token="tok"))[0].device_id == "d1"
        assert len((await c.push.list_bindings("ann")).items) == 1
        assert await c.push.set_binding("ann", **device, device_token="") == ()
        assert (await c.push.set_nickname("ann", "Ann")).nickname == "Ann"
        nicknames = {"bob": "Bob", "eve": "Eve"}
        assert await c.push.set_nicknames(nicknames) == nicknames
        assert (await c.push.set_display_style("ann", "1")).notification_display_style == 1
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
    ],
)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Callable[[EasemobClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)
