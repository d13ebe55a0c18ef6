"""Calls that are refused as a whole: only targets that are refused alone fail, in few calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async import (
    APIError,
    BadRequestError,
    EasemobError,
    FanoutJob,
    OutcomeStatus,
    PermissionDeniedError,
    Text,
)
from easemob_async.fanout.refusals import ALONE_AT_FIRST, Refusals, about, halves, kind, spread
from easemob_async.transport.refusals import classify
from tests.conftest import Against
from tests.fanout.jobs import FREE, accept, adds_up, users
from tests.servers import Answer, Received, Reply, ScriptedServer, always

NOT_THERE = Reply(status=400, body={"error": "illegal_argument", "error_description": "bad group"})


def refusing(bad: set[str], refusal: Reply = NOT_THERE) -> Callable[[Received], Reply]:
    """Refuse every call that has one of these targets."""
    return lambda request: refusal if bad.intersection(request.json["to"]) else accept(request)


def delivered(server: ScriptedServer, respond: Callable[[Received], Reply]) -> Counter[str]:
    accepted = [r for r in server.calls if respond(r).status == 200]
    return Counter(target for request in accepted for target in request.json["to"])


@pytest.mark.parametrize("place", [0, 1, 2, 299, 300, 301, 598, 599, 600, 1799])
@pytest.mark.parametrize("workers", [1, 16])
async def test_one_bad_target_costs_one_target_wherever_it_stands(
    against: Against, place: int, workers: int
) -> None:
    respond = refusing({f"u{place}"})
    async with against(respond, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(users(1800), Text("x"), workers=workers)
        assert (report.sent, report.failed) == (1799, 1)
        assert report.reasons == {"400: illegal_argument: bad group": 1}
        assert len(server.calls) <= 3 + ALONE_AT_FIRST + 20
        assert set(delivered(server, respond).values()) == {1}


async def test_a_bad_group_at_the_front_of_three_thousand_does_not_stop_the_job(
    against: Against, tmp_path: Path
) -> None:
    """It used to stop the job, and every resume there again."""
    respond = refusing({"0"})
    async with against(respond, quotas=FREE) as (client, server):
        groups = [str(n) for n in range(3001)]
        report = await client.fanout.to_groups(groups, Text("x"), journal=tmp_path / "j")
        assert (report.sent, report.failed) == (3000, 1)
        again = await client.fanout.to_groups(groups, Text("x"), journal=tmp_path / "j")
        assert (again.sent, again.skipped, again.failed_before) == (0, 3001, 1)


@pytest.mark.parametrize("bad", [3, 5, 8])
async def test_some_bad_ones_at_the_front_do_not_stop_a_job(against: Against, bad: int) -> None:
    respond = refusing({str(n) for n in range(bad)})
    async with against(respond, quotas=FREE) as (client, server):
        report = await client.fanout.to_groups([str(n) for n in range(300)], Text("x"))
        assert (report.sent, report.failed) == (300 - bad, bad)


async def test_ten_bad_targets_in_a_hundred_fail_alone(against: Against) -> None:
    bad = {f"u{n}" for n in range(7, 1800, 10)}
    respond = refusing(bad)
    async with against(respond, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(users(1800), Text("x"))
        assert (report.sent, report.failed) == (1800 - len(bad), len(bad))
        assert set(delivered(server, respond).values()) == {1}


@pytest.mark.parametrize("kind_of_job", ["users", "groups", "own", "pairs"])
async def test_a_refusal_of_everybody_costs_a_few_requests(
    against: Against, kind_of_job: str, tmp_path: Path
) -> None:
    async with against(lambda _: NOT_THERE, quotas=FREE) as (client, server):
        names = list(users(20_000))
        journal = tmp_path / "j"
        jobs: dict[str, Callable[[], FanoutJob]] = {
            "users": lambda: client.fanout.to_users(names, Text("x"), journal=journal),
            "groups": lambda: client.fanout.to_groups(names, Text("x"), journal=journal),
            "own": lambda: client.fanout.to_users(
                names, lambda t: Text(f"hi {t}"), journal=journal, job_id="1"
            ),
            "pairs": lambda: client.fanout.to_users(
                ((t, Text(f"hi {t}")) for t in names), journal=journal
            ),
        }
        job = jobs[kind_of_job]
        with pytest.raises(BadRequestError) as caught:
            await job()
        report = caught.value.report
        assert report is not None
        assert adds_up(report)
        assert (report.sent, report.failed, report.unknown) == (0, ALONE_AT_FIRST, 0)
        assert len(server.calls) <= 60
        # With the mistake put right, everybody else is sent to.
        server.respond = accept
        second = await job()
        assert (second.sent, second.failed_before) == (20_000 - ALONE_AT_FIRST, ALONE_AT_FIRST)


async def test_a_message_that_the_service_cannot_take_fails_nobody(against: Against) -> None:
    too_large = Reply(
        status=400,
        body={"error": "message_send_error", "error_description": "message is too large"},
    )
    for refusal in (too_large, Reply(status=413)):
        async with against(always(refusal), quotas=FREE) as (client, server):
            with pytest.raises(APIError) as caught:
                await client.fanout.to_users(users(20_000), Text("x"), workers=16)
            report = caught.value.report
            assert report is not None
            assert (report.failed, report.sent, report.unknown) == (0, 0, 0)
            assert len(server.calls) <= 16


async def test_a_message_of_its_own_that_cannot_be_taken_fails_its_target(
    against: Against,
) -> None:
    def respond(request: Received) -> Answer:
        if "long" in request.json["body"]["msg"]:
            body = {"error": "message_send_error", "error_description": "message is too large"}
            return Reply(status=400, body=body)
        return accept(request)

    async with against(respond, quotas=FREE) as (client, server):
        pairs = [(f"u{n}", Text("long" if n % 7 == 0 else f"hi {n}")) for n in range(70)]
        report = await client.fanout.to_users(pairs)
        assert (report.sent, report.failed) == (60, 10)


@pytest.mark.parametrize("workers", [1, 16])
async def test_a_sender_banned_in_the_middle_stops_the_job(against: Against, workers: int) -> None:
    banned = Reply(status=403, body={"error": "forbidden_op", "error_description": "banned"})

    def respond(request: Received) -> Answer:
        return accept(request) if len(server.calls) <= 20 else banned

    async with against(respond, quotas=FREE) as (client, server):
        with pytest.raises(PermissionDeniedError) as caught:
            await client.fanout.to_users(users(600 * 200), Text("x"), workers=workers)
        report = caught.value.report
        assert report is not None
        assert report.sent == 20 * 600
        assert report.failed <= 600 * 3 + 3 * workers
        assert adds_up(report)
        assert len(server.calls) <= 20 + 5 * workers + 12
        assert "stopped" in " ".join(caught.value.__notes__)


async def test_ten_own_messages_in_a_row_that_are_refused_stop_the_job(against: Against) -> None:
    banned = Reply(status=403, body={"error": "forbidden_op", "error_description": "banned"})

    def respond(request: Received) -> Answer:
        return accept(request) if len(server.calls) <= 5 else banned

    async with against(respond, quotas=FREE) as (client, server):
        with pytest.raises(PermissionDeniedError) as caught:
            await client.fanout.to_users(users(1000), lambda t: Text(f"hi {t}"), workers=1)
        report = caught.value.report
        assert report is not None
        assert (report.sent, report.failed) == (5, 10)


NOT_ABOUT_A_TARGET = [
    Reply(status=401, body={"error": "unauthorized"}),
    Reply(status=402),
    Reply(status=404, body={"error": "organization_application_not_found"}),
    Reply(status=405),
    Reply(status=408),
    Reply(status=421),
    Reply(status=425),
    Reply(status=415),
    Reply(status=429, body={"error": "resource_limited"}),
    Reply(status=429, headers={"Retry-After": "99999999"}),
    Reply(status=503, headers={"Retry-After": "99999999"}),
    Reply(status=403, body={"error": "forbidden_op", "error_description": "x is unopened"}),
    Reply(status=400, body={"error": "service open exception", "error_description": "x"}),
]


@pytest.mark.parametrize("refusal", NOT_ABOUT_A_TARGET, ids=lambda r: f"{r.status} {r.body}")
@pytest.mark.parametrize("before", [0, 2])
async def test_what_every_call_would_meet_stops_the_job_and_fails_nobody(
    against: Against, refusal: Reply, before: int
) -> None:
    def respond(request: Received) -> Answer:
        return accept(request) if len(server.calls) <= before else refusal

    async with against(respond, quotas=FREE) as (client, server):
        with pytest.raises(EasemobError) as caught:
            await client.fanout.to_users(users(6000), Text("x"), workers=2)
        report = caught.value.report
        assert report is not None
        assert (report.sent, report.failed, report.unknown) == (before * 600, 0, 0)
        assert adds_up(report)
        assert len(server.calls) <= before + 2 * 8


async def test_a_kill_in_the_middle_does_not_begin_the_count_anew(
    against: Against, tmp_path: Path
) -> None:
    """Twelve refused alone, stopped, and the next run refuses eight more: then it is enough."""
    async with against(lambda _: NOT_THERE, quotas=FREE, token="t") as (client, server):

        def respond(request: Received) -> Answer:
            if len(server.calls) == 13:
                job.cancel()
            return NOT_THERE

        server.respond = respond
        job = client.fanout.to_users(users(6000), Text("x"), journal=tmp_path / "j", workers=1)
        first = await job
        assert first.failed in (12, 13)
        server.respond = lambda _: NOT_THERE
        with pytest.raises(BadRequestError) as caught:
            await client.fanout.to_users(users(6000), Text("x"), journal=tmp_path / "j")
        assert caught.value.report is not None
        assert caught.value.report.failed == ALONE_AT_FIRST - first.failed


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bad=st.sets(st.integers(0, 119), max_size=40),
    size=st.sampled_from([3, 10, 30]),
    workers=st.integers(1, 4),
    reasons=st.integers(1, 3),
    stop_after=st.none() | st.integers(1, 60),
)
def test_whoever_is_refused_alone_fails_and_nobody_is_lost_or_sent_twice(
    against: Against, bad: set[int], size: int, workers: int, reasons: int, stop_after: int | None
) -> None:
    names = [str(n) for n in range(120)]

    async def run() -> None:
        def respond(request: Received) -> Reply:
            if stop_after is not None and len(server.calls) == stop_after:
                job.cancel()
            found = [n for n in request.json["to"] if int(n) in bad]
            if not found:
                return accept(request)
            text = f"bad {int(found[0]) % reasons}"
            return Reply(status=400, body={"error": "x", "error_description": text})

        async with against(respond, quotas=FREE) as (client, server):
            targets = iter(names)
            if size == 3:
                job = client.fanout.to_groups(targets, Text("x"), workers=workers)
            elif size == 10:
                job = client.fanout.to_rooms(targets, Text("x"), workers=workers)
            else:
                job = client.fanout.to_users(targets, Text("x"), workers=workers)
            outcomes: dict[str, OutcomeStatus] = {}
            try:
                async for outcome in job:
                    assert outcome.target not in outcomes
                    outcomes[outcome.target] = outcome.status
            except APIError as error:
                assert error.report is not None
            report = job.report
            assert adds_up(report)
            assert report.read == len(outcomes)
            sent = delivered(
                server,
                lambda r: NOT_THERE if {int(n) for n in r.json["to"]} & bad else accept(r),
            )
            assert set(sent.values()) <= {1}
            for name, status in outcomes.items():
                assert (status is OutcomeStatus.SENT) == (sent[name] == 1)
                assert status is not OutcomeStatus.UNKNOWN
            if stop_after is None and len(bad) < 3:
                failed = {n for n, s in outcomes.items() if s is OutcomeStatus.FAILED}
                assert failed == {str(n) for n in bad}

    asyncio.run(run())


def refusal(status: int, error: str = "", description: str = "", **more: Any) -> APIError:
    cls = classify(status, error, description)
    return cls(
        "m",
        operation="messages.send_to_users",
        status=status,
        error=error,
        description=description,
        **more,
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal(401, "unauthorized"), "every call"),
        (refusal(401, "MetadataException"), "every call"),
        (refusal(403, "x", "The message feature is not open."), "every call"),
        (refusal(403, "FORBIDDEN", "{appkey} user metadata service not allow"), "every call"),
        (refusal(413), "the message"),
        (refusal(400, "message_send_error", "param from can't be empty"), "the message"),
        (refusal(400, "message_send_error", "param ext must be JSONObject"), "the message"),
        (refusal(400, "invalid_request_body", "Request body is invalid."), "the message"),
        (refusal(400, "x", "y", error_code=14007), "the message"),
        (refusal(400, "illegal_argument", "group 7 does not exist"), "a target"),
        (refusal(403, "group_error", "not a member"), "a target"),
        (refusal(404, "service_resource_not_found"), "a target"),
        (refusal(409), "a target"),
        (refusal(422), "a target"),
    ],
)
def test_what_a_refusal_is_about(error: APIError, expected: str) -> None:
    assert about(error, "messages.send_to_users") == expected
    assert about(error, "another.operation") == "every call"


def test_two_refusals_of_a_kind_differ_only_in_the_name() -> None:
    one, two = refusal(400, "x", "group 17 is gone"), refusal(400, "x", "group 18 is gone")
    assert kind(one, "17") == kind(two, "18")
    assert kind(one, "17") != kind(refusal(400, "x", "group 17 is full"), "17")
    assert kind(one, "1") == kind(two, "1")  # a number in it is a name like any other


@given(st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=80), st.integers(3, 25))
def test_spreading_and_halving_lose_nobody(names: list[str], number: int) -> None:
    alone, rest = spread(names, number)
    assert sorted([*alone, *rest]) == sorted(names)
    assert len(alone) == min(number, len(names))
    last = len(names) - 1
    assert {names[0], names[round(last / 2)], names[last]} == set(alone[:3])  # tried first
    parts = halves(names)
    assert [n for part in parts for n in part] == names
    assert all(parts)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_counts_go_to_the_journal_once_they_change() -> None:
    refusals = Refusals(own_messages=False, counts={})
    assert refusals.changes() == {}
    assert not refusals.note_refused_alone()
    assert refusals.changes() == {"refused alone": 1}
    assert refusals.changes() == {}
    for _ in range(18):
        assert not refusals.note_refused_alone()
    assert refusals.note_refused_alone()
    refusals.note_accepted()
    assert refusals.alone() == 3
    assert [refusals.note_ended_early() for _ in range(3)] == [False, False, True]
    assert refusals.changes() == {"accepted": 1, "refused alone": 0}
    again = Refusals(own_messages=True, counts={"accepted": 1, "ended early": 9})
    assert again.note_ended_early()
