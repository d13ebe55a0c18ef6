"""Arguments that break a fixed rule are refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from easemob_async import InvalidArgumentError, Text
from tests.conftest import Against
from tests.servers import Reply


async def test_bad_arguments_are_refused_before_any_io(against: Against) -> None:
    many = [f"u{number}" for number in range(601)]
    not_a_message: Any = "x"
    not_a_mapping: Any = [1]
    async with against(lambda _: Reply()) as (client, server):
        messages, groups = client.messages, client.chat_groups
        refused: tuple[tuple[Callable[[], Awaitable[object]], str], ...] = (
            (lambda: messages.send_to_users([], Text("x")), "targets is empty"),
            (
                lambda: messages.send_to_users(many, Text("x")),
                r"601 ids.*at most 600.*client\.fanout",
            ),
            (lambda: messages.send_to_users("ann", Text("x")), "targets must be a list"),
            (lambda: messages.send_to_users(["ann", ""], Text("x")), "targets ''"),
            (lambda: messages.send_to_users(["ann"], Text("x" * 5200)), "too large.*5210 bytes"),
            (lambda: messages.send_to_users(["ann"], Text("x"), sender=""), "sender ''"),
            (
                lambda: messages.send_to_users(["ann"], not_a_message),
                r"such as Text\('hello'\), not str",
            ),
            (
                lambda: messages.send_to_users(["ann"], Text("x"), ext=not_a_mapping),
                "ext must be a mapping",
            ),
            (
                lambda: messages.send_to_users(["ann"], Text("x"), env="production"),
                "env 'production'",
            ),
            (
                lambda: messages.send_to_users(["ann"], Text("x"), route_type="ONLINE"),
                "route_type 'ONLINE' must be one of 'ROUTE_ONLINE'",
            ),
            (
                lambda: messages.send_to_groups(list("abcd"), Text("x")),
                "4 ids; a call takes at most 3",
            ),
            (
                lambda: messages.send_to_rooms(many[:11], Text("x")),
                "11 ids; a call takes at most 10",
            ),
            (lambda: messages.send_to_rooms(["1"], Text("x"), level="urgent"), "'high', 'normal'"),
            (lambda: messages.send_to_group_members("1", many[:21], Text("x")), "at most 20"),
            (lambda: messages.send_to_group_members("1", [], Text("x")), "usernames is empty"),
            (
                lambda: messages.send_to_groups(["1"], Text("x"), roam_ignore_users=many[:21]),
                "roam_ignore_users has 21",
            ),
            (
                lambda: messages.send_legacy(["a"], Text("x"), target_type="all"),
                "target_type 'all'",
            ),
            (lambda: client.users.create("Ann", password="x"), "username 'Ann' must be"),
            (lambda: client.users.create("a" * 65, password="x"), "must be 1 to 64"),
            (lambda: client.users.create("", password="x"), "username '' must be"),
            (lambda: client.users.create("ann\n", password="x"), "username"),
            (lambda: client.users.create("ann", password=""), "password must not be empty"),
            (lambda: client.users.create("ann", password="x" * 65), "password has 65 characters"),
            (lambda: client.users.update_password("ann", password="x" * 5), "at least 6"),
            (lambda: client.users.create_many([]), "new_users is empty"),
            (lambda: client.users.delete_batch(limit=0), "limit must be from 1 to 100"),
            (lambda: client.users.delete_batch(limit=101), "limit must be from 1 to 100"),
            (lambda: client.users.delete_batch(limit=True), "limit must be an int"),
            (lambda: client.users.get_statuses([]), "usernames is empty"),
            (lambda: groups.create("x" * 129, owner="ann"), "name has 129 characters"),
            (lambda: groups.create("x", owner=""), "owner ''"),
            (lambda: groups.create("x", owner="ann", group_id="A-1"), "group_id 'A-1'"),
            (lambda: groups.create("x", owner="ann", custom="ü" * 4097), "custom has 8194 bytes"),
            (lambda: groups.update("1"), "nothing to change"),
            (lambda: groups.announcement.update("1", "x" * 513), "513 characters"),
            (lambda: client.tokens.create_user_token("ann", ttl=timedelta(0)), "ttl must be"),
        )
        for call, says in refused:
            with pytest.raises(InvalidArgumentError, match=says) as caught:
                await call()
            assert caught.value.operation is not None
        listings: tuple[Callable[[], object], ...] = (
            lambda: client.users.list(limit=101),
            lambda: groups.list(limit=1001),
            lambda: groups.list_joined("ann", limit=21),
            lambda: groups.members.list("1", limit=0),
        )
        for listing in listings:
            with pytest.raises(InvalidArgumentError, match="limit must be from 1 to"):
                listing()
        assert not server.received


async def test_ext_none_is_not_sent_and_an_empty_one_is(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"a": "1"}})) as (client, server):
        await client.messages.send_to_users(["a"], Text("x"), ext=None)
        await client.messages.send_to_users(["a"], Text("x"), ext={})
        bodies = [request.json for request in server.calls]
        assert "ext" not in bodies[0]
        assert bodies[1]["ext"] == {}
        assert "from" not in bodies[0]


async def test_a_list_shape_method_does_not_take_a_list_for_one_id(against: Against) -> None:
    async with against(lambda _: Reply()) as (client, server):
        with pytest.raises(InvalidArgumentError, match="must be a string, not list"):
            await client.chat_groups.delete(["1", "2"])  # type: ignore[arg-type]
        assert not server.received
