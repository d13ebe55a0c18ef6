"""Jobs, end to end: five outcomes that add up, one bad target costing one, a clean stop."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async import (
    AuthenticationError,
    BadRequestError,
    ConnectError,
    EasemobClient,
    EasemobError,
    FanoutJob,
    FanoutReport,
    InvalidArgumentError,
    Limit,
    Message,
    Outcome,
    OutcomeStatus,
    Progress,
    Quotas,
    RateLimitError,
    RetryPolicy,
    Text,
)
from easemob_async.emulator import Emulator
from easemob_async.emulator import quotas as rules
from easemob_async.fanout.fanout import Target
from easemob_async.fanout.pacing import Pace
from tests.conftest import FAST, Against
from tests.fanout.jobs import FREE, accept, adds_up, tasks_beside, users
from tests.servers import CUT, HANG, Answer, Received, Reply
from tests.waiting import WITHIN, happens, turns, until


@pytest.fixture
async def shop(emulator: Emulator) -> AsyncIterator[EasemobClient]:
    emulator.quotas.scale = None
    async with EasemobClient(**emulator.credentials, quotas=FREE, retry=FAST) as client:
        yield client


async def test_a_message_reaches_every_target_once(shop: EasemobClient, emulator: Emulator) -> None:
    report = await shop.fanout.to_users(users(2000), Text("hi"), sender="shop", ext={"k": 1})
    assert (report.read, report.sent, report.calls) == (2000, 2000, 4)
    assert report.complete
    assert adds_up(report)
    for name in users(2000):
        (message,) = emulator.received(name)
        assert (message["from"], message["body"], message["ext"]) == (
            *("shop", {"msg": "hi"}),
            {"k": 1},
        )


async def test_groups_and_rooms(shop: EasemobClient, emulator: Emulator) -> None:
    groups = await shop.fanout.to_groups([str(n) for n in range(7)], Text("x"), need_group_ack=True)
    assert (groups.sent, groups.calls) == (7, 3)
    rooms = await shop.fanout.to_rooms([str(n) for n in range(25)], Text("x"), level="high")
    assert (rooms.sent, rooms.calls) == (25, 3)


async def test_iterated_it_gives_each_outcome_as_it_is_settled(shop: EasemobClient) -> None:
    outcomes = [o async for o in shop.fanout.to_users(["a", "", "b", "a"], Text("x"))]
    by_target = Counter((o.target, o.status.value) for o in outcomes)
    assert by_target == {("a", "sent"): 1, ("b", "sent"): 1, ("", "failed"): 1, ("a", "skipped"): 1}
    sent = [o for o in outcomes if o.status is OutcomeStatus.SENT]
    assert all(o.message_id and o.error is None for o in sent)
    (failed,) = (o for o in outcomes if o.status is OutcomeStatus.FAILED)
    assert isinstance(failed.error, InvalidArgumentError)


async def test_a_job_in_a_block_can_be_watched_and_stopped(against: Against) -> None:
    gate = asyncio.Event()
    reached = asyncio.Event()

    async def respond(request: Received) -> Answer:
        if len(server.calls) > 3:
            reached.set()
            await gate.wait()
        return accept(request)

    async with against(respond, quotas=FREE) as (client, server):
        async with client.fanout.to_users(users(100_000), Text("x"), workers=2) as job:
            await happens(reached)
            assert job.report.sent == 3 * 600
            job.cancel()
            gate.set()
        report = job.report
        assert adds_up(report)
        assert report.unknown == 0  # calls that were on their way were waited for
        assert report.sent == len(server.calls) * 600
        assert report.read < 100_000


async def test_leaving_the_loop_stops_the_job(against: Against) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        job = client.fanout.to_users(users(1_000_000), Text("x"), workers=2)
        async for _ in job:
            break
        async with asyncio.timeout(WITHIN):
            while left := tasks_beside(server):
                await asyncio.wait(left)
        assert len(server.calls) < 20
        assert job.report.sent == len(server.calls) * 600
        assert adds_up(job.report)
        assert job.report.unknown == 0


async def test_an_error_in_the_block_stops_the_job_and_is_what_is_raised(against: Against) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        with pytest.raises(ZeroDivisionError):
            async with client.fanout.to_users(users(1_000_000), Text("x"), workers=2) as job:
                await server.until(3)
                raise ZeroDivisionError
        assert job.report.read < 1_000_000
        assert adds_up(job.report)


async def test_a_job_runs_once_and_says_so(shop: EasemobClient) -> None:
    job = shop.fanout.to_users(["a"], Text("x"))
    await job
    with pytest.raises(RuntimeError, match="was started before"):
        await job
    with pytest.raises(RuntimeError, match="before it runs"):
        async for _ in job:
            pass


async def test_a_job_that_is_never_started_warns(shop: EasemobClient) -> None:
    job = shop.fanout.to_users(["a"], Text("x"))
    with pytest.warns(RuntimeWarning, match="never started"):
        del job
        gc.collect()


async def test_run_is_a_coroutine_for_create_task(shop: EasemobClient) -> None:
    task = asyncio.create_task(shop.fanout.to_users(["a"], Text("x")).run())
    assert (await task).sent == 1


async def test_async_sources_and_pairs_and_functions(
    shop: EasemobClient, emulator: Emulator
) -> None:
    async def lazily() -> AsyncIterator[str]:
        for name in users(1300):
            yield name

    assert (await shop.fanout.to_users(lazily(), Text("x"))).calls == 3
    pairs = [("ann", Text("to ann")), ("bob", Text("to both")), ("eve", Text("to both"))]
    report = await shop.fanout.to_users(pairs)
    assert (report.sent, report.calls) == (3, 2)  # who gets the same shares a call
    assert emulator.received("ann")[0]["body"]["msg"] == "to ann"

    async def later(target: str) -> Message:
        await turns()
        return Text(f"hello {target}")

    for make in (lambda target: Text(f"hello {target}"), later):
        report = await shop.fanout.to_users(["kim", "lee"], make)
        assert report.sent == 2
    assert [m["body"]["msg"] for m in emulator.received("kim")] == ["hello kim"] * 2


async def test_one_bad_target_or_body_costs_one_target(shop: EasemobClient) -> None:
    def make(target: str) -> Any:
        if target == "u1":
            raise KeyError("no such customer")
        if target == "u2":
            return Text("x" * 6000)
        if target == "u3":
            return "not a message"
        return Text("fine")

    targets = ["u0", "u1", "u2", "u3", "u4", "", "bad\n", 5]
    outcomes = {o.target: o async for o in shop.fanout.to_users(targets, make)}  # type: ignore[arg-type]
    status = {target: outcome.status.value for target, outcome in outcomes.items()}
    assert {t for t, s in status.items() if s == "sent"} == {"u0", "u4"}
    assert {t for t, s in status.items() if s == "failed"} == {"u1", "u2", "u3", "", "bad\n", "5"}
    assert isinstance(outcomes["u1"].error, KeyError)
    assert "too large" in str(outcomes["u2"].error)


async def test_a_target_that_brings_no_body_fails_alone(shop: EasemobClient) -> None:
    outcomes = {o.target: o async for o in shop.fanout.to_users([("a", Text("x")), "b"])}
    assert outcomes["a"].status == "sent"
    assert outcomes["b"].status == "failed"
    assert "no body" in str(outcomes["b"].error)


async def test_duplicates_within_a_window_are_sent_once(shop: EasemobClient) -> None:
    report = await shop.fanout.to_users([*users(700), *users(700)], Text("x"), dedupe=1000)
    assert (report.sent, report.skipped) == (700, 700)
    report = await shop.fanout.to_users([*users(700), *users(700)], Text("x"))
    assert report.sent + report.skipped == 1400
    assert report.sent > 1000  # without it only within one call


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param(CUT, "TransportError", id="cut"),
        pytest.param(Reply(status=500, body={"error": "x"}), "500: x", id="500"),
        pytest.param(Reply(status=503), "503", id="503"),
        pytest.param(Reply(body="<html>"), "200", id="not readable"),
        pytest.param(Reply(body={"data": {}}), "200", id="targets missing"),
    ],
)
async def test_no_definite_answer_is_unknown_and_never_repeated(
    against: Against, broken: Answer, reason: str
) -> None:
    def respond(request: Received) -> Answer:
        return broken if "u600" in request.json["to"] else accept(request)

    async with against(respond, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(users(1800), Text("x"))
    assert (report.sent, report.unknown) == (1200, 600)
    assert adds_up(report)
    assert len(server.calls) == 3
    assert list(report.reasons.values()) == [600]
    assert next(iter(report.reasons)).startswith(reason)


async def test_a_target_missing_from_an_answer_is_unknown(against: Against) -> None:
    def respond(request: Received) -> Answer:
        data = {target.lower(): "1" for target in request.json["to"] if target != "b"}
        return Reply(body={"data": data})

    async with against(respond, quotas=FREE) as (client, _):
        outcomes = [o async for o in client.fanout.to_users(["a", "b", "C"], Text("x"))]
    assert {o.target: o.status.value for o in outcomes} == {
        "a": "sent",
        "b": "unknown",
        "C": "sent",
    }


async def test_a_definite_refusal_fails_only_targets_that_are_refused_alone(
    against: Against,
) -> None:
    refusal = Reply(status=400, body={"error": "message_send_error", "error_description": "no"})

    def respond(request: Received) -> Answer:
        return refusal if "u600" in request.json["to"] else accept(request)

    async with against(respond, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(users(1800), Text("x"), workers=1)
    assert (report.sent, report.failed) == (1799, 1)
    assert report.reasons == {"400: message_send_error: no": 1}


async def test_what_every_call_would_meet_stops_the_job_with_its_report(against: Against) -> None:
    refusal = Reply(status=400, body={"error": "message_send_error", "error_description": "no"})
    async with against(lambda _: refusal, quotas=FREE) as (client, server):
        with pytest.raises(BadRequestError) as caught:
            await client.fanout.to_users(users(100_000), Text("x"), workers=1)
        report = caught.value.report
        assert report is not None
        assert (report.sent, report.failed) == (0, 20)
        assert (report.read, report.not_sent) == (600, 580)
        assert len(server.calls) == 1 + 20


@pytest.mark.parametrize(
    ("reply", "cls"),
    [
        (Reply(status=401, body={"error": "unauthorized"}), AuthenticationError),
        (Reply(status=429, body={"error": "resource_limited"}), RateLimitError),
    ],
)
async def test_errors_of_the_app_stop_a_job_that_was_going_well(
    against: Against, reply: Reply, cls: type[EasemobError]
) -> None:
    def respond(request: Received) -> Answer:
        return accept(request) if "u0" in request.json["to"] else reply

    async with against(respond, quotas=FREE) as (client, _):
        with pytest.raises(cls) as caught:
            await client.fanout.to_users(users(100_000), lambda t: Text("x"), workers=1)
    assert caught.value.report is not None
    assert caught.value.report.sent == 600
    assert adds_up(caught.value.report)


async def test_unsent_targets_are_yielded_before_the_error(against: Against) -> None:
    refusal = Reply(status=401, body={"error": "unauthorized"})
    seen: list[Outcome] = []
    async with against(lambda _: refusal, quotas=FREE) as (client, _):
        with pytest.raises(AuthenticationError):
            async for outcome in client.fanout.to_users(users(1000), Text("x"), workers=1):
                seen.append(outcome)
    assert {o.status.value for o in seen} == {"not_sent"}
    assert len(seen) == len({o.target for o in seen}) >= 600


async def test_wrong_credentials_stop_the_job_before_anything_is_sent(emulator: Emulator) -> None:
    options = {**emulator.credentials, "client_secret": "wrong-secret"}
    async with EasemobClient(**options) as client:  # type: ignore[arg-type]
        with pytest.raises(BadRequestError, match="client_secret does not match") as caught:
            await client.fanout.to_users(users(5000), Text("x"))
        assert caught.value.report is not None
        assert caught.value.report.sent == 0
        assert adds_up(caught.value.report)


async def test_a_server_that_is_not_there_stops_the_job() -> None:
    async with EasemobClient(
        "acme#shop", token="t", base_url="http://127.0.0.1:1", retry=FAST
    ) as client:
        with pytest.raises(ConnectError) as caught:
            await client.fanout.to_users(users(5000), Text("x"), workers=2)
        assert caught.value.report is not None
        assert (caught.value.report.sent, caught.value.report.unknown) == (0, 0)
        assert adds_up(caught.value.report)


async def test_refusals_are_waited_out_and_never_an_outcome(against: Against) -> None:
    refusals = [
        Reply(status=429, body={"error": "reach_limit"}),
        Reply(
            status=403,
            body={"error": "message_send_error", "error_description": "message send reach limit"},
        ),
        Reply(status=503, headers={"Retry-After": "0"}),
    ] * 7

    def respond(request: Received) -> Answer:
        return refusals.pop() if refusals else accept(request)

    async with against(respond, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(users(1800), Text("x"), workers=2)
    assert report.sent == 1800
    assert not refusals


async def test_an_exception_of_the_source_stops_the_job_and_is_raised(shop: EasemobClient) -> None:
    def source() -> Iterator[str]:
        yield from users(1000)
        raise OSError("the disk is gone")

    job = shop.fanout.to_users(source(), Text("x"), workers=1)
    with pytest.raises(OSError, match="the disk is gone"):
        await job
    assert adds_up(job.report)
    assert job.report.sent == 600


async def test_progress_is_reported_a_few_times_and_at_the_end(shop: EasemobClient) -> None:
    seen: list[Progress] = []
    await shop.fanout.to_users(users(6000), Text("x"), progress=seen.append)
    assert seen[-1].report.sent == 6000
    assert len(seen) < 10  # not once a call


async def test_a_job_is_refused_not_once_by_a_strict_service(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 30 messages in 100 ms on both sides, in calls of 10; each answer is late by up to 20 ms.
    emulator.quotas.scale = 1
    emulator._delay = (0.0, 0.02)
    window = timedelta(milliseconds=100)
    rule = rules.Rule(30, 0.1, "messages")
    monkeypatch.setattr(rules, "RULES", {**rules.RULES, "messages.users": (rule,)})
    quotas = Quotas(overrides={"messages.send_to_users": [Limit(30, per=window, unit="messages")]})
    paces: tuple[Pace, ...] = get_args(Pace)
    async with EasemobClient(**emulator.credentials, quotas=quotas) as client:
        for pace in paces:
            report = await client.fanout.to_users(users(400), Text("x"), pace=pace)
            assert report.sent == 400
    assert emulator.quotas.refusals == 0


async def test_single_calls_hardly_wait_beside_an_even_job(against: Against) -> None:
    # 100 messages in half a second, in calls of 100: an even job queues one call at a time.
    limit = Limit(100, per=timedelta(milliseconds=500), unit="messages")
    quotas = Quotas(overrides={"messages.send_to_users": [limit]})
    async with against(accept, quotas=quotas) as (client, server):
        async with client.fanout.to_users(users(1000), Text("x")) as job:
            await server.until(3)
            waiting = [u.waiting for u in client.quotas.usage() if "send" in u.name]
            assert max(waiting) <= 1
            job.cancel()


async def test_a_stopped_job_does_not_send_again_what_is_refused_meanwhile(
    against: Against,
) -> None:
    refused = Reply(status=429, body={"error": "reach_limit"})
    async with against(lambda _: refused, quotas=FREE) as (client, server):
        async with client.fanout.to_users(users(5000), Text("x"), workers=4) as job:
            await server.until(1)
            job.cancel()
        assert (job.report.sent, job.report.unknown) == (0, 0)
        assert adds_up(job.report)
        assert not tasks_beside(server)  # nothing is left that could send


async def test_a_job_stopped_while_it_yields_outcomes_yields_them_all(shop: EasemobClient) -> None:
    names = ["", *users(10), "bad\n"] * 40
    job = shop.fanout.to_users(names, lambda t: Text(t), workers=2)
    told = 0
    async for _ in job:
        told += 1
        if told == 5:
            job.cancel()
    assert told == job.report.read
    assert adds_up(job.report)


async def test_a_block_that_is_left_in_the_middle_of_iterating_ends(shop: EasemobClient) -> None:
    async with shop.fanout.to_users(users(20_000), Text("x"), workers=2) as job:
        outcomes = aiter(job)
        await anext(outcomes)
    assert job.report.sent == 20_000
    await outcomes.aclose()


async def test_a_cancelled_body_costs_one_target(shop: EasemobClient) -> None:
    async def make(target: str) -> Message:
        if target == "u3":
            raise asyncio.CancelledError
        return Text("x")

    report = await shop.fanout.to_users(users(10), make)
    assert (report.sent, report.failed) == (9, 1)


async def test_a_provider_that_breaks_stops_the_job_and_loses_nobody(against: Against) -> None:
    class Provider:
        async def get(self, *, username: str | None) -> Any:
            raise KeyError("no token here")

        def invalidate(self, token: Any) -> None: ...

    async with against(accept, quotas=FREE, token=Provider()) as (client, _):
        outcomes: list[Outcome] = []
        job = client.fanout.to_users(users(10), Text("x"))
        with pytest.raises(KeyError):
            async for outcome in job:
                outcomes.append(outcome)
        assert [o.status.value for o in outcomes] == ["not_sent"] * 10
        assert adds_up(job.report)


class TestCancelling:
    async def test_cancelled_once_it_waits_for_the_calls_in_flight(self, against: Against) -> None:
        gate = asyncio.Event()

        async def respond(request: Received) -> Answer:
            await gate.wait()
            return accept(request)

        async with against(respond, quotas=FREE) as (client, server):
            job = client.fanout.to_users(users(100_000), Text("x"), workers=2)
            task = asyncio.create_task(job.run())
            await server.until(2)
            task.cancel()
            await turns(20)
            assert not task.done()
            gate.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (job.report.sent, job.report.unknown) == (1200, 0)
            assert adds_up(job.report)

    async def test_cancelled_twice_it_gives_up_and_reports_unknown(self, against: Against) -> None:
        async with against(lambda _: HANG, quotas=FREE) as (client, server):
            job = client.fanout.to_users(users(100_000), Text("x"), workers=2)
            task = asyncio.create_task(job.run())
            await server.until(2)
            for _ in range(2):
                task.cancel()
                await turns(20)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (job.report.sent, job.report.unknown) == (0, 1200)
            assert adds_up(job.report)

    @settings(
        max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(number=st.integers(1, 60), pace=st.sampled_from(["even", "burst"]))
    def test_at_any_moment_the_counts_are_right_and_nothing_is_unknown(
        self, number: int, pace: Any
    ) -> None:
        async def work() -> None:
            async with Emulator(quotas=None) as emulator:
                quotas = Quotas(enabled=False) if pace == "burst" else Quotas(scale=1e6)
                async with EasemobClient(**emulator.credentials, quotas=quotas) as client:
                    await client.users.get_statuses(["warm"])
                    job = client.fanout.to_users(users(3000), Text("x"), workers=3, pace=pace)
                    task = asyncio.create_task(job.run())
                    await turns(number)
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                    assert adds_up(job.report)
                    assert job.report.unknown == 0
                    assert job.report.sent == emulator.state.delivered

        asyncio.run(work())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ann", Text("x")), "targets must be an iterable of ids, not a str"),
        ((b"ann", Text("x")), "not a bytes"),
        ((5, Text("x")), "not a int"),
        ((["a"], Text("x" * 6000)), "too large"),
        ((["a"], "x"), "body must be a message"),
    ],
)
async def test_bad_arguments_are_refused_when_the_job_is_made(
    shop: EasemobClient, arguments: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        shop.fanout.to_users(*arguments)
    for options in (
        {"workers": 0},
        {"pace": "fast"},
        {"sender": ""},
        {"ext": {1: 2}},
        {"ext": {"a": "x" * 6000}},
        {"dedupe": -1},
    ):
        with pytest.raises(InvalidArgumentError):
            shop.fanout.to_users(["a"], lambda t: Text(t), **options)


async def test_a_job_without_retries_still_waits_refusals_out(against: Against) -> None:
    replies = [Reply(status=429, body={"error": "reach_limit"})] * 3
    once = RetryPolicy(attempts=1, base=0.001, cap=0.001)
    async with against(
        lambda r: replies.pop() if replies else accept(r), quotas=FREE, retry=once
    ) as (client, _):
        assert (await client.fanout.to_users(["a"], Text("x"))).sent == 1


async def test_an_empty_source_is_an_empty_report(shop: EasemobClient) -> None:
    report = await shop.fanout.to_users([], Text("x"))
    assert report == FanoutReport(seconds=report.seconds)
    assert "0 read: 0 sent" in str(report)


async def test_a_plan_tells_what_a_job_would_do_and_sends_nothing(against: Against) -> None:
    async with against(accept) as (client, server):
        names = ["a", "a", "", *users(1300)]
        job = client.fanout.to_users(names, Text("x"))
        plan = await job.plan()
        assert (plan.read, plan.to_send, plan.calls) == (1303, 1301, 3)
        assert (plan.failed, plan.skipped, plan.unknown) == (1, 1, 0)
        assert plan.duration == timedelta(seconds=13.01)
        assert "3 calls; about 0:00:13 at the quota" in str(plan)
        with pytest.raises(RuntimeError, match="started before"):
            await job
        rooms = await client.fanout.to_rooms([str(n) for n in range(1000)], Text("x")).plan()
        assert (rooms.calls, rooms.duration) == (100, timedelta(seconds=10))
        free = await client.fanout.to_users(users(10), lambda t: Text(t)).plan()
        assert (free.calls, free.to_send) == (10, 10)
        assert not server.received


async def test_a_target_may_bring_the_reason_why_it_has_no_message(against: Against) -> None:
    pairs: list[Target] = [("a", Text("x")), ("b", ValueError("row 2 has no name")), "c"]
    async with against(accept, quotas=FREE) as (client, _):
        outcomes = [o async for o in client.fanout.to_users(pairs, Text("y"))]
    told = {o.target: (o.status.value, str(o.error or "")) for o in outcomes}
    assert told["b"] == ("failed", "row 2 has no name")
    assert told["a"][0] == told["c"][0] == "sent"


async def test_a_pair_without_a_message_takes_the_jobs_and_is_sent_to_once(
    against: Against,
) -> None:
    pairs: list[Any] = [("u1", None), ("u2", None), ("u1", None), "u2", ("u3", Text("own"))]
    async with against(accept, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(pairs, Text("x"))
        sent = Counter(name for call in server.calls for name in call.json["to"])
    assert (report.sent, report.skipped) == (3, 2)
    assert sent == Counter(["u1", "u2", "u3"])


@pytest.mark.parametrize(
    "odd", [(), ("u9",), ("u9", Text("a"), 1), (None, Text("a")), ("u9", b"{}"), ("u9", 5)], ids=str
)
async def test_what_is_not_a_pair_fails_alone(against: Against, odd: Any) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(["u1", odd, "u2"], Text("x"))
        sent = Counter(name for call in server.calls for name in call.json["to"])
    assert (report.read, report.sent, report.failed) == (3, 2, 1)
    assert adds_up(report)
    assert sent == Counter(["u1", "u2"])


async def test_a_job_that_is_held_can_be_awaited_as_well(against: Against) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        async with client.fanout.to_users(users(1200), Text("x")) as job:
            report = await job
            assert (report.read, report.sent) == (1200, 1200)
            assert await job.run() == report


async def test_cancelling_who_awaits_a_held_job_stops_it(against: Against) -> None:
    async with against(lambda _: HANG, quotas=FREE, timeout=0.5) as (client, server):
        with pytest.raises(asyncio.CancelledError):
            async with client.fanout.to_users(users(50_000), Text("x"), workers=2) as job:
                waiting = asyncio.create_task(job.run())
                async with asyncio.timeout(20):
                    await server.until(2)
                waiting.cancel()
                await waiting
    assert job.report.read < 50_000


def test_a_job_that_is_over_can_be_cancelled_without_an_event_loop() -> None:
    async def run() -> FanoutJob:
        async with EasemobClient("acme#shop", token="t", quotas=FREE) as client:
            job = client.fanout.to_users([], Text("hi"))
            await job
            return job

    job = asyncio.run(run())
    job.cancel()


async def test_a_job_without_calls_lets_others_have_a_turn() -> None:
    read = 0

    def same() -> Iterator[str]:
        nonlocal read
        for _ in range(10**9):
            read += 1
            yield ""

    async with EasemobClient("acme#shop", token="t", quotas=FREE) as client:
        job = client.fanout.to_users(same(), Text("hi"))
        running = asyncio.ensure_future(job.__aenter__())
        await running
        await until(lambda: read)
        job.cancel()
        await job.__aexit__(None, None, None)
    assert 0 < read < 10**6
    assert job.report.failed == read
