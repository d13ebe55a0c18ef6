"""Bulk push: the jobs of messages, over push.send_to_users with its own limits and answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from easemob_async import (
    APIError,
    BadRequestError,
    EasemobClient,
    EasemobError,
    InvalidArgumentError,
    JournalError,
    OutcomeStatus,
    PermissionDeniedError,
    PushNotification,
    PushStrategy,
    Quotas,
    ResponseError,
    Text,
)
from easemob_async.emulator import Emulator
from tests.conftest import FAST, Against
from tests.servers import Received, Reply

NOTE = PushNotification(title="Sale", content="today")
WIRE = {"title": "Sale", "content": "today"}
NO_QUOTAS = Quotas(enabled=False)


def accepted(request: Received) -> Reply:
    rows = [{"id": t, "pushStatus": "ASYNC_SUCCESS"} for t in request.json["targets"]]
    return Reply(body={"data": rows})


async def test_everybody_gets_the_push_in_calls_of_100() -> None:
    users = [f"u{number}" for number in range(250)]
    async with Emulator(quotas=None) as emulator:
        for user in users:
            emulator.add_user(user)
        async with EasemobClient(**emulator.credentials, quotas=NO_QUOTAS) as client:
            report = await client.fanout.push_to_users(
                iter(users), NOTE, strategy=PushStrategy.EASEMOB_ONLY
            )
        assert (report.read, report.sent, report.calls) == (250, 250, 3)
        assert report.complete
        for user in users:
            (push,) = emulator.pushed(user)
            assert (push["pushMessage"], push["strategy"]) == (WIRE, 1)


async def test_the_job_keeps_inside_the_limit_of_its_own_call(against: Against) -> None:
    async with against(accepted, token="t") as (client, _):
        plan = await client.fanout.push_to_users((f"u{n}" for n in range(5000)), NOTE).plan()
    assert (plan.calls, plan.to_send) == (50, 5000)
    assert plan.duration.total_seconds() == pytest.approx(4, abs=1)


def answering(request: Received) -> Reply:
    """Answer with what the page has and what the same call's page elsewhere lists."""
    rows: list[Any] = []
    for target in request.json["targets"]:
        status = {"f": "FAIL", "e": "ERROR", "s": "SUCCESS"}.get(target[0], "ASYNC_SUCCESS")
        if target[0] != "l":  # lost: the answer does not mention it
            rows.append({"id": target, "pushStatus": status, "desc": "no push binding"})
    return Reply(body={"data": [*rows, None, {"pushStatus": "SUCCESS"}]})


STATUS = {
    "f1": OutcomeStatus.FAILED,
    "e1": OutcomeStatus.UNKNOWN,
    "l1": OutcomeStatus.UNKNOWN,
    "s1": OutcomeStatus.SENT,
    "a1": OutcomeStatus.SENT,
}


async def test_every_user_has_an_outcome(against: Against) -> None:
    async with against(answering, token="t") as (client, _):
        outcomes = [one async for one in client.fanout.push_to_users([*STATUS, "f2"], NOTE)]
    found = {one.target: one for one in outcomes}
    assert {target: found[target].status for target in STATUS} == STATUS
    assert all(one.message_id is None for one in outcomes)
    assert isinstance(found["f1"].error, APIError)
    assert "no push binding" in str(found["f1"].error)
    assert isinstance(found["l1"].error, ResponseError)


async def test_a_resume_pushes_to_nobody_twice(against: Against, tmp_path: Path) -> None:
    journal = tmp_path / "push.db"
    async with against(answering, token="t") as (client, server):

        async def run(**options: Any) -> Any:
            return await client.fanout.push_to_users(
                STATUS, NOTE, journal=journal, retry_failed=options.pop("retry_failed", False)
            )

        first = await run()
        assert (first.sent, first.failed, first.unknown) == (2, 1, 2)
        assert {one.target for one in first.iter_failed()} == {"f1"}
        assert {one.target for one in first.iter_unknown()} == {"e1", "l1"}
        again = await run()
        assert (again.sent, again.skipped, again.unknown) == (0, 3, 2)
        assert len(server.calls) == 1
        await run(retry_failed=True)
        assert server.calls[1].json["targets"] == ["f1"]


async def test_a_journal_belongs_to_one_kind_of_job(against: Against, tmp_path: Path) -> None:
    journal = tmp_path / "push.db"
    async with against(accepted, token="t") as (client, server):
        await client.fanout.push_to_users(["u1"], NOTE, journal=journal)
        calls = len(server.calls)
        other = PushNotification(title="Sale", content="tomorrow")
        jobs: list[Callable[[], Any]] = [
            lambda: client.fanout.push_to_users(["u2"], other, journal=journal),
            lambda: client.fanout.push_to_users(["u2"], NOTE, strategy=1, journal=journal),
            lambda: client.fanout.to_users(["u2"], Text("x"), journal=journal),
        ]
        for job in jobs:
            with pytest.raises(JournalError):
                await job()
        assert len(server.calls) == calls


async def test_each_user_may_have_a_notification(against: Against) -> None:
    def made(user: str) -> PushNotification:
        return PushNotification(title=f"Dear {user}", content="x")

    async def later(user: str) -> PushNotification:
        return made(user)

    jobs: list[Callable[[EasemobClient], Any]] = [
        lambda c: c.fanout.push_to_users([(user, made(user)) for user in ("ann", "bob")]),
        lambda c: c.fanout.push_to_users(["ann", "bob"], made),
        lambda c: c.fanout.push_to_users(["ann", "bob"], later),
    ]
    for job in jobs:
        async with against(accepted, token="t") as (client, server):
            report = await job(client)
            assert report.sent == 2
            sent = {call.json["targets"][0]: call.json for call in server.calls}
        assert sent["bob"]["pushMessage"] == {"title": "Dear bob", "content": "x"}


async def test_a_users_notification_that_breaks_a_rule_fails_alone(against: Against) -> None:
    targets: list[Any] = [("ann", NOTE), ("bob", 5), ("eve", {"title": 1j})]
    async with against(accepted, token="t") as (client, _):
        report = await client.fanout.push_to_users(targets)
    assert (report.sent, report.failed) == (1, 2)


REFUSALS: list[tuple[int, dict[str, str], type[EasemobError]]] = [
    (
        403,
        {"error": "ServiceNotOpenException", "error_description": "push service not open"},
        PermissionDeniedError,
    ),
    (400, {"error": "MessageException", "error_description": "bad_request"}, BadRequestError),
    (400, {"error": "IllegalArgumentException", "error_description": "x"}, BadRequestError),
    (
        404,
        {"error": "Request path does not exist", "error_description": "url is invalid"},
        EasemobError,
    ),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
async def test_a_refusal_that_every_call_would_get_stops_the_job_at_once(
    against: Against, status: int, body: dict[str, str], kind: type[EasemobError]
) -> None:
    async with against(lambda _: Reply(status, body), token="t") as (client, server):
        with pytest.raises(kind) as caught:
            await client.fanout.push_to_users((f"u{n}" for n in range(500)), NOTE, workers=1)
        assert len(server.calls) == 1
    report = caught.value.report
    assert report is not None
    assert (report.sent, report.failed, report.unknown) == (0, 0, 0)
    assert report.not_sent == report.read > 0


async def test_the_limit_exception_is_waited_for(against: Against) -> None:
    refused = {"error": "LimitException", "error_description": "limit request"}
    answers = iter([Reply(403, refused)] * 3)
    async with against(lambda request: next(answers, accepted(request)), token="t", retry=FAST) as (
        client,
        server,
    ):
        report = await client.fanout.push_to_users(["ann"], NOTE)
        assert (report.sent, len(server.calls)) == (1, 4)


async def test_an_answer_that_never_comes_leaves_the_push_unknown(against: Against) -> None:
    async with against(lambda _: Reply(500, {"error": "x"}), token="t") as (client, server):
        report = await client.fanout.push_to_users(["ann", "bob"], NOTE)
        assert (report.unknown, len(server.calls)) == (2, 1)


BAD: list[Callable[[EasemobClient], object]] = [
    lambda c: c.fanout.push_to_users("ann", NOTE),
    lambda c: c.fanout.push_to_users(["ann"], "hello"),  # type: ignore[arg-type]
    lambda c: c.fanout.push_to_users(["ann"], {}),
    lambda c: c.fanout.push_to_users(["ann"], NOTE, strategy=7),
    lambda c: c.fanout.push_to_users(["ann"], NOTE, workers=0),
    lambda c: c.fanout.push_to_users(["ann"], lambda _: NOTE, strategy=7),
]


@pytest.mark.parametrize("make", BAD)
async def test_what_breaks_a_rule_is_refused_before_anything_is_read(
    make: Callable[[EasemobClient], object],
) -> None:
    with pytest.raises(InvalidArgumentError):
        make(EasemobClient("a#b", token="t"))
