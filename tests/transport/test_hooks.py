"""Hooks of attempts: they see every attempt, never a payload, and cannot break a call."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from easemob_async import (
    AttemptEnded,
    AttemptStarted,
    Hooks,
    Limit,
    PoolOptions,
    Quotas,
    ResponseError,
)
from tests.conftest import Against
from tests.servers import Reply


class TestHooks:
    async def test_they_see_every_attempt_and_never_a_payload(self, against: Against) -> None:
        seen: list[AttemptStarted | AttemptEnded] = []
        hooks = Hooks(attempt_started=seen.append, attempt_ended=seen.append)
        replies = iter([Reply(status=500), Reply(body={"data": {"ann": "online"}})])
        async with against(lambda _: next(replies), hooks=hooks, token="t") as (client, _):
            await client.users.get_status("ann")
        assert [(type(e).__name__, e.operation, e.attempt) for e in seen] == [
            ("AttemptStarted", "users.get_status", 1),
            ("AttemptEnded", "users.get_status", 1),
            ("AttemptStarted", "users.get_status", 2),
            ("AttemptEnded", "users.get_status", 2),
        ]
        ended = [e for e in seen if isinstance(e, AttemptEnded)]
        assert [(e.status, e.error) for e in ended] == [(500, None), (200, None)]
        assert "ann" not in repr(seen)

    async def test_one_that_fails_is_logged_and_not_raised(
        self, against: Against, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_: object) -> None:
            raise RuntimeError("a defect of the hook")

        hooks = Hooks(attempt_started=fail, attempt_ended=fail)
        ok = Reply(body={"data": {"ann": "online"}})
        async with against(lambda _: ok, hooks=hooks, token="t") as (client, _):
            assert await client.users.get_status("ann") == "online"
        assert "a defect of the hook" in caplog.text

    async def test_the_logger_says_the_same_at_debug_level(
        self, against: Against, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="easemob_async")
        ok = Reply(body={"data": {"ann": "online"}})
        async with against(lambda _: ok) as (client, _):
            await client.users.get_status("ann")
        assert "users.get_status attempt 1: 200" in caplog.text
        assert "ann" not in caplog.text
        assert not logging.getLogger("easemob_async").handlers


async def test_an_answer_that_is_too_large_has_a_status(against: Against) -> None:
    seen: list[AttemptEnded] = []
    large = Reply(body={"data": {"ann": "x" * 1000}})
    pool = PoolOptions(max_answer_bytes=100)
    async with against(
        lambda _: large, hooks=Hooks(attempt_ended=seen.append), token="t", pool=pool
    ) as (client, _):
        with pytest.raises(ResponseError, match="larger than 100 bytes"):
            await client.users.get_status("ann")
    assert [(e.status, e.error) for e in seen] == [(200, "ResponseError")]


class PanicError(BaseException):
    """No `Exception`, as those of some test libraries."""


async def test_a_hook_that_ends_an_attempt_costs_no_quota(against: Against) -> None:
    wrong = True

    def started(_: AttemptStarted) -> None:
        if wrong:
            raise PanicError

    quotas = Quotas(overrides={"users.get_status": [Limit(1, per=timedelta(hours=1))]})
    online = Reply(body={"data": {"ann": "online"}})
    hooks = Hooks(attempt_started=started)
    async with against(lambda _: online, token="t", timeout=1, hooks=hooks, quotas=quotas) as (
        client,
        server,
    ):
        with pytest.raises(PanicError):
            await client.users.get_status("ann")
        wrong = False
        assert await client.users.get_status("ann") == "online"
    assert len(server.calls) == 1
