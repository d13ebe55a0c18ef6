"""What a job decides: who fails, who is unknown, what is tried again and when it stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConnectError,
    EasemobClient,
    EasemobError,
    FanoutReport,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryPolicy,
    ServerError,
    Text,
    Token,
)
from easemob_async.config import Hooks, Timeouts
from easemob_async.fanout.refusals import (
    ALONE,
    ALONE_AT_FIRST,
    ENDED_EARLY_IN_A_ROW,
    ENDED_EARLY_IN_A_ROW_OWN,
    Refusals,
    about,
    halves,
    kind,
    spread,
)
from easemob_async.fanout.report import Progress
from easemob_async.fanout.runner import Runner
from easemob_async.operation import Operation
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.quotas import Limit
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Call, Journey
from easemob_async.transport.policy import Policy
from easemob_async.transport.state import Options
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec
from tests.clock import run_virtual
from tests.conftest import FAST
from tests.fanout.test_planner import SEND, job

Respond = Callable[[Sequence[str]], Mapping[str, str] | EasemobError]


def refusal(words: str = "bad user", status: int = 400, error: str = "x") -> BadRequestError:
    return BadRequestError(
        f"{status} {words}", operation=SEND.id, status=status, error=error, description=words
    )


TOO_LARGE = refusal("message too large", error="message_send_error")
NO_PLAN = APIError("402", operation=SEND.id, status=402, description="pay first")
CUT = RequestTimeoutError("cut", operation=SEND.id, maybe_processed=True)


class Service:
    """Stands for the transport: it carries calls without a socket, each for a second."""

    shares_quotas = False

    def __init__(self, respond: Respond, *limits: Limit) -> None:
        self.respond = respond
        self.options = Options(Timeouts(), RetryPolicy(attempts=1), Hooks())
        self.calls: list[list[str]] = []
        self.attempts: int | None = None
        self._limits = limits
        self.on_its_way = self.most_on_their_way = 0

    def with_retry(self, retry: RetryPolicy) -> Service:
        self.attempts = retry.attempts
        return self

    def limits(self, operation: Operation) -> tuple[Limit, ...]:
        return self._limits

    async def carry(self, call: Call, policy: Policy) -> Answer:
        assert policy.on_admission is not None
        assert policy.on_departure is not None
        async with policy.admission():
            call = policy.on_admission(call, call.messages)
        await policy.on_departure()
        request = codec.loads(call.body)
        assert request["from"] == "shop"
        targets = request["to"]
        assert call.messages == len(targets)
        self.calls.append(targets)
        self.on_its_way += 1
        self.most_on_their_way = max(self.most_on_their_way, self.on_its_way)
        await asyncio.sleep(1)
        self.on_its_way -= 1
        answer = self.respond(targets)
        if isinstance(answer, EasemobError):
            raise answer
        return Answer(Journey(call, "https://a1.easemob.com"), {"data": answer}, "")

    def accepted(self) -> Counter[str]:
        """Who was accepted, and how often."""
        given = ((self.respond(targets), targets) for targets in self.calls)
        return Counter(t for ids, _ in given if isinstance(ids, Mapping) for t in ids)


def accept(targets: Sequence[str]) -> Mapping[str, str]:
    return {target: f"id-{target}" for target in targets}


def refusing(bad: Iterable[str], error: APIError | None = None) -> Respond:
    """Refuse every call that has one of these targets."""
    wrong = set(bad)
    return lambda targets: (error or refusal()) if wrong.intersection(targets) else accept(targets)


@attrs.frozen
class Ran:
    report: FanoutReport
    error: EasemobError | None
    outcomes: list[Outcome]
    service: Service

    def who(self, status: OutcomeStatus) -> list[str]:
        return [outcome.target for outcome in self.outcomes if outcome.status is status]


def users(number: int) -> list[str]:
    return [f"u{n:05d}" for n in range(number)]


def ran(
    respond: Respond,
    targets: Iterable[Any],
    body: Text | Callable[[str], Any] | None = Text("hello"),  # noqa: B008 - a frozen value
    *,
    most: int = 10,
    workers: int = 1,
    **options: Any,
) -> Ran:
    """Run a job to its end; its account adds up, and each outcome was told once."""
    service = Service(respond)
    outcomes: list[Outcome] = []

    async def listen(told: Iterable[Outcome]) -> None:
        outcomes.extend(told)

    async def work() -> tuple[FanoutReport, EasemobError | None]:
        settings = job(body, most=most, workers=workers, **options)
        runner = Runner(cast(Transport, service), targets, settings)
        runner.attach_listener(listen)
        try:
            return await runner.run(), None
        except EasemobError as error:
            assert error.report is not None
            return error.report, error

    report, error = run_virtual(work())
    counts = Counter(outcome.status for outcome in outcomes)
    assert report.read == sum(counts.values())
    assert {status: getattr(report, status) for status in OutcomeStatus} == {
        status: counts[status] for status in OutcomeStatus
    }
    if error is None:
        assert report.calls == len(service.calls)
    assert max(service.accepted().values(), default=0) <= 1
    return Ran(report, error, outcomes, service)


# ---------------------------------------------------------------- each target's end


def test_everybody_is_sent_to_with_the_ids_of_their_messages() -> None:
    found = ran(accept, users(95))
    assert found.error is None
    assert found.report.complete
    assert len(found.service.calls) == 10
    assert {o.target: o.message_id for o in found.outcomes} == accept(users(95))


def test_as_many_calls_are_on_their_way_as_there_are_workers() -> None:
    for workers in (1, 3):
        service = ran(accept, users(100), workers=workers).service
        assert service.most_on_their_way == workers


def test_a_server_that_restarts_is_waited_for() -> None:
    assert ran(accept, users(1)).service.attempts == 8


@pytest.mark.parametrize(
    "error",
    [
        CUT,
        ServerError("500", operation=SEND.id, status=500, maybe_processed=True),
        ResponseError("not JSON", operation=SEND.id, status=200),
    ],
    ids=repr,
)
def test_a_call_without_a_definite_answer_is_unknown_and_never_repeated(
    error: EasemobError,
) -> None:
    found = ran(lambda t: error if "u00015" in t else accept(t), users(30))
    assert found.error is None
    assert found.who(OutcomeStatus.UNKNOWN) == users(30)[10:20]
    assert (found.report.sent, len(found.service.calls)) == (20, 3)
    assert {o.error for o in found.outcomes if o.status is OutcomeStatus.UNKNOWN} == {error}


def test_a_target_that_is_missing_from_an_answer_is_unknown_alone() -> None:
    found = ran(lambda t: {k: v for k, v in accept(t).items() if k != "u00003"}, users(10))
    assert found.who(OutcomeStatus.UNKNOWN) == ["u00003"]
    assert found.report.sent == 9
    (unknown,) = (o for o in found.outcomes if o.status is OutcomeStatus.UNKNOWN)
    assert isinstance(unknown.error, ResponseError)
    assert unknown.message_id is None


def test_an_answer_that_names_nobody_is_unknown_and_no_acceptance() -> None:
    found = ran(lambda t: {}, users(10))
    assert found.report.unknown == 10


def test_what_breaks_a_rule_or_comes_twice_needs_no_call() -> None:
    found = ran(accept, ["ann", "", "ann", ("bob", OSError("no template")), None])
    assert found.service.calls == [["ann"]]
    assert found.who(OutcomeStatus.FAILED) == ["", "bob", "None"]
    assert found.who(OutcomeStatus.SKIPPED) == ["ann"]


# ---------------------------------------------------------------- about every call


@pytest.mark.parametrize(
    "error",
    [
        NO_PLAN,
        AuthenticationError("401", operation=SEND.id, status=401),
        RateLimitError("plan", operation=SEND.id, status=429, temporary=False),
        APIError("408", operation=SEND.id, status=408),
        BadRequestError("no token", operation="tokens.create_app_token", status=400),
        ConnectError("no connection", operation=SEND.id),
        ServerError("503", operation=SEND.id, status=503, maybe_processed=False),
    ],
    ids=repr,
)
@pytest.mark.parametrize("well_before", [0, 1, 5])
def test_what_every_call_would_meet_stops_the_job_and_nobody_failed(
    error: EasemobError, well_before: int
) -> None:
    found = ran(refusing(users(1000)[well_before * 10 :], cast(APIError, error)), users(1000))
    assert found.error is error
    assert (found.report.sent, found.report.failed) == (well_before * 10, 0)
    assert found.report.not_sent == found.report.read - found.report.sent
    assert len(found.service.calls) == well_before + 1


def test_calls_on_their_way_finish_when_a_job_stops() -> None:
    found = ran(refusing(["u00005"], NO_PLAN), users(1000), workers=4)
    assert found.error is NO_PLAN
    assert (found.report.sent, found.report.unknown) == (30, 0)


# ---------------------------------------------------------------- about the message


def test_a_message_for_all_that_nobody_can_get_stops_the_job_at_once() -> None:
    found = ran(lambda _: TOO_LARGE, users(1000))
    assert found.error is TOO_LARGE
    assert (found.report.failed, found.report.sent) == (0, 0)
    assert len(found.service.calls) == 1


def test_a_message_of_some_targets_own_fails_those_and_is_not_taken_apart() -> None:
    def make(target: str) -> Text:
        return Text("large" if "3" <= target[-2] <= "4" else "small")

    def respond(targets: Sequence[str]) -> Mapping[str, str] | EasemobError:
        return TOO_LARGE if make(targets[0]).text == "large" else accept(targets)

    found = ran(respond, users(100), make)
    assert found.error is None
    assert sorted(found.who(OutcomeStatus.FAILED)) == users(100)[30:50]
    assert len(found.service.calls) == 10


def test_a_message_for_all_that_others_got_is_taken_apart() -> None:
    found = ran(refusing(["u00015"], TOO_LARGE), users(30))
    assert found.error is None
    assert found.who(OutcomeStatus.FAILED) == ["u00015"]


# ---------------------------------------------------------------- about one target


@given(
    bad=st.sets(st.integers(0, 59), max_size=6),
    most=st.integers(1, 20),
    workers=st.integers(1, 5),
)
def test_only_those_fail_who_are_refused_alone(bad: set[int], most: int, workers: int) -> None:
    names = users(80)
    wrong = [names[n] for n in bad]
    # Each for its own reason, so that no call ends early.
    found = ran(
        lambda targets: next(
            (refusal(f"no {t}-x", error=t) for t in targets if t in wrong), accept(targets)
        ),
        names,
        most=most,
        workers=workers,
    )
    if found.error is None:
        assert sorted(found.who(OutcomeStatus.FAILED)) == sorted(wrong)
        assert found.report.sent == 80 - len(wrong)
    assert set(found.who(OutcomeStatus.FAILED)) <= set(wrong)
    for outcome in found.outcomes:
        if outcome.status is OutcomeStatus.FAILED:
            assert outcome.target in str(outcome.error)  # with its own reason


@pytest.mark.parametrize("place", [600, 601, 899, 900, 1198, 1199])
def test_one_bad_target_of_six_hundred_costs_a_few_calls_more(place: int) -> None:
    names = users(1800)
    found = ran(refusing([names[place]]), names, most=600)
    assert found.who(OutcomeStatus.FAILED) == [names[place]]
    assert found.report.sent == 1799
    assert len(found.service.calls) <= 3 + ALONE + 19


def test_a_call_of_one_target_is_not_taken_apart() -> None:
    found = ran(refusing(["u00001"]), users(3), most=1)
    assert found.who(OutcomeStatus.FAILED) == ["u00001"]
    assert len(found.service.calls) == 3


def test_while_nobody_was_accepted_twenty_are_tried_and_the_rest_is_not_sent() -> None:
    for most, workers in ((600, 1), (3, 1), (1, 4)):
        found = ran(lambda _: refusal(), users(3000), most=most, workers=workers)
        assert isinstance(found.error, BadRequestError)
        assert found.report.failed == ALONE_AT_FIRST
        assert found.report.not_sent == found.report.read - ALONE_AT_FIRST


def test_after_others_were_accepted_a_call_of_which_three_are_refused_is_failed() -> None:
    names = users(50)
    found = ran(refusing(names[10:20]), names)
    assert found.error is None
    assert found.who(OutcomeStatus.FAILED) == [names[10], names[14], names[19], *(
        name for name in names[11:19] if name != names[14]
    )]  # fmt: skip
    assert len(found.service.calls) == 5 + ALONE


def test_three_calls_in_a_row_that_end_early_stop_the_job() -> None:
    names = users(1000)
    found = ran(refusing(names[10:]), names)
    assert isinstance(found.error, BadRequestError)
    assert "".join(getattr(found.error, "__notes__", []))
    assert (found.report.sent, found.report.failed) == (10, 10 * ENDED_EARLY_IN_A_ROW)


def test_ten_in_a_row_where_each_has_its_own_message() -> None:
    names = users(1000)
    found = ran(refusing(names[10:]), names, lambda _: Text("the same"))
    assert (found.report.sent, found.report.failed) == (10, 10 * ENDED_EARLY_IN_A_ROW_OWN)


def test_an_acceptance_in_between_begins_the_count_anew() -> None:
    names = users(200)
    bad = [name for n, name in enumerate(names) if n // 10 % 3]  # two calls of three
    found = ran(refusing(bad), names)
    assert found.error is None
    assert sorted(found.who(OutcomeStatus.FAILED)) == bad


def test_refusals_of_different_kinds_do_not_end_a_call_early() -> None:
    names = users(20)
    found = ran(
        lambda t: (
            refusal(error=t[0]) if len(t) == 1 and t[0] in names[10:] else accept(t)
            if t[0] < names[10] or len(t) == 1 else refusal()
        ),
        names,
    )  # fmt: skip
    assert sorted(found.who(OutcomeStatus.FAILED)) == names[10:]
    assert len(found.service.calls) > 2 + 10


# ---------------------------------------------------------------- stopping, telling


def test_a_job_that_is_stopped_sends_nothing_more_and_finishes_what_is_on_its_way() -> None:
    service = Service(accept)

    async def work() -> FanoutReport:
        runner = Runner(cast(Transport, service), users(1000), job(most=10, workers=2))
        running = asyncio.create_task(runner.run())
        await asyncio.sleep(2.5)
        runner.stop()
        return await running

    report = run_virtual(work())
    assert (report.sent, report.unknown) == (60, 0)
    assert report.not_sent == report.read - 60
    assert len(service.calls) == 6


def test_a_job_that_is_stopped_before_it_runs_reads_nothing() -> None:
    service = Service(accept)

    async def work() -> FanoutReport:
        runner = Runner(cast(Transport, service), users(10), job())
        runner.stop()
        return await runner.run()

    assert run_virtual(work()).read == 0


def test_the_reason_of_a_stop_is_raised_with_the_report() -> None:
    async def work() -> None:
        runner = Runner(cast(Transport, Service(accept)), users(100), job(most=10, workers=1))
        running = asyncio.create_task(runner.run())
        await asyncio.sleep(2.5)
        first = EasemobError("the first reason")
        runner.stop(first)
        runner.stop(EasemobError("another"))
        with pytest.raises(EasemobError) as caught:
            await running
        assert caught.value is first
        assert first.report == runner.report()
        assert runner.report().sent == 30

    run_virtual(work())


def test_a_job_that_is_cancelled_once_finishes_and_twice_gives_up() -> None:
    for times, sent, unknown in ((1, 10, 0), (2, 0, 10)):

        async def work(times: int = times, sent: int = sent, unknown: int = unknown) -> None:
            runner = Runner(cast(Transport, Service(accept)), users(100), job(most=10, workers=1))
            running = asyncio.create_task(runner.run())
            await asyncio.sleep(0.5)
            for _ in range(times):
                running.cancel()
                await asyncio.sleep(0.1)
            with pytest.raises(asyncio.CancelledError):
                await running
            report = runner.report()
            assert (report.sent, report.unknown) == (sent, unknown)
            assert report.not_sent == report.read - 10

        run_virtual(work())


def test_a_source_that_raises_stops_the_job_and_its_error_is_raised() -> None:
    def broken() -> Iterable[str]:
        yield from users(15)
        raise LookupError("the file ends here")

    async def work() -> None:
        runner = Runner(cast(Transport, Service(accept)), broken(), job(most=10, workers=1))
        with pytest.raises(LookupError, match="the file ends here"):
            await runner.run()
        report = runner.report()
        assert (report.read, report.sent, report.not_sent) == (15, 10, 5)

    run_virtual(work())


def test_an_exception_of_progress_stops_the_job_and_loses_nobody() -> None:
    told: list[Progress] = []

    def progress(now: Progress) -> None:
        told.append(now)
        raise LookupError("of progress")

    async def work() -> None:
        settings = job(most=10, workers=1, progress=progress)
        runner = Runner(cast(Transport, Service(accept)), users(100), settings)
        with pytest.raises(LookupError):
            await runner.run()
        report = runner.report()
        assert report.read == report.sent + report.not_sent
        assert report.unknown == 0

    run_virtual(work())
    assert told


def test_the_rate_of_the_first_progress_is_that_of_the_job_so_far() -> None:
    told: list[Progress] = []
    ran(accept, users(30), progress=told.append)
    first = told[0]
    assert first.rate * max(1.0, first.report.seconds) == pytest.approx(first.report.sent, rel=0.5)


def test_the_last_progress_is_the_report() -> None:
    told: list[Progress] = []
    report = ran(accept, users(30), progress=told.append).report
    assert told[-1].report == attrs.evolve(report, seconds=told[-1].report.seconds)


def test_a_job_is_iterated_before_it_runs() -> None:
    async def listen(_: Iterable[Outcome]) -> None:
        pass

    async def work() -> None:
        runner = Runner(cast(Transport, Service(accept)), users(1), job())
        await runner.run()
        with pytest.raises(RuntimeError):
            runner.attach_listener(listen)

    run_virtual(work())


# ---------------------------------------------------------------- the counts


def test_twenty_that_are_refused_alone_stop_a_job_in_which_nobody_was_accepted() -> None:
    refusals = Refusals(own_messages=False, counts={})
    assert refusals.alone() == ALONE_AT_FIRST
    assert [refusals.note_refused_alone() for _ in range(ALONE_AT_FIRST)] == [
        *[False] * (ALONE_AT_FIRST - 1),
        True,
    ]
    # Another run begins anew.
    assert not refusals.note_refused_alone()
    assert refusals.changes() == {"refused alone": 1}
    assert not refusals.note_ended_early()
    assert refusals.changes() == {}


@pytest.mark.parametrize(
    ("own", "number"), [(False, ENDED_EARLY_IN_A_ROW), (True, ENDED_EARLY_IN_A_ROW_OWN)]
)
def test_so_many_calls_in_a_row_that_end_early_stop_a_job(own: bool, number: int) -> None:
    refusals = Refusals(own_messages=own, counts={"accepted": 1})
    assert refusals.accepted is True
    assert refusals.alone() == ALONE
    assert not refusals.note_refused_alone()
    for _ in range(2):
        assert [refusals.note_ended_early() for _ in range(number)] == [
            *[False] * (number - 1),
            True,
        ]


def test_an_acceptance_clears_the_counts() -> None:
    refusals = Refusals(own_messages=False, counts={"refused alone": 19})
    assert refusals.accepted is False
    refusals.note_accepted()
    assert refusals.changes() == {"accepted": 1, "refused alone": 0}
    for _ in range(ENDED_EARLY_IN_A_ROW - 1):
        refusals.note_ended_early()
    refusals.note_accepted()
    assert not refusals.note_ended_early()


def test_the_counts_of_a_job_go_on_in_its_next_run() -> None:
    refusals = Refusals(own_messages=False, counts={"refused alone": 18})
    assert refusals.changes() == {}
    assert not refusals.note_refused_alone()
    assert refusals.changes() == {"refused alone": 19}
    assert refusals.changes() == {}
    again = Refusals(own_messages=False, counts={"refused alone": 19})
    assert again.note_refused_alone()
    assert again.changes() == {"refused alone": 0}
    early = Refusals(own_messages=False, counts={"accepted": 1, "ended early": 2})
    assert early.changes() == {}
    assert early.note_ended_early()
    assert early.changes() == {"ended early": 0}


@given(number=st.integers(0, 700), alone=st.sampled_from([ALONE, ALONE_AT_FIRST]))
def test_who_is_tried_alone_is_spread_over_the_call(number: int, alone: int) -> None:
    names = users(number)
    chosen, rest = spread(names, alone) if names else ([], [])
    assert sorted([*chosen, *rest]) == names
    assert rest == sorted(rest)
    assert len(chosen) == min(number, alone)
    if number >= 3:
        middle = names[round((number - 1) / 2)]
        assert chosen[:3] == [names[0], middle, names[-1]]
    if number > alone:  # evenly
        places = sorted(map(names.index, chosen))
        gaps = [b - a for a, b in pairwise(places)]
        assert max(gaps) <= (number - 1) / (alone - 1) * 2 + 1


@given(st.integers(0, 700))
def test_halves_are_halves(number: int) -> None:
    names = users(number)
    parts = halves(names)
    assert [name for part in parts for name in part] == names
    assert all(parts)
    assert [len(part) for part in parts] == [
        size for size in ((number + 1) // 2, number // 2) if size
    ]


def test_two_refusals_are_of_one_kind_but_for_names_and_numbers() -> None:
    one = refusal("no user ann, request 8f3a-1")
    assert kind(one, "ann") == kind(refusal("no user bob, request 77-2"), "bob")
    assert kind(one, "ann") != kind(refusal("no group ann, request 1"), "ann")
    assert kind(one, "ann") != kind(refusal("no user ann, request 1", error="y"), "ann")
    assert kind(one, "ann") != kind(refusal("no user ann, request 1", status=403), "ann")
    assert kind(one, "ann") != kind(one, "bob")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal(), "a target"),
        (refusal("no such user", status=404), "a target"),
        (refusal("not a member", status=403), "a target"),
        (refusal("param from can't be empty", error="illegal_argument"), "the message"),
        (refusal("param from can’t be empty", error="illegal_argument"), "the message"),
        (refusal("ext must be JSONObject", error=""), "the message"),
        (refusal("ext must be JSONObject", error="other"), "a target"),
        (refusal("can't be empty", error="illegal_argument", status=403), "a target"),
        (refusal("anything", error="invalid_request_body"), "the message"),
        (refusal("anything", error="json_parse"), "the message"),
        (refusal("anything", error="json_parse", status=404), "a target"),
        (TOO_LARGE, "the message"),
        (refusal("the service is unopened", status=403), "every call"),
        (refusal("message roaming is NOT OPEN", status=400), "every call"),
        (refusal("reopened", status=400), "a target"),
        (NO_PLAN, "every call"),
        (APIError("a 200 that says no", operation=SEND.id, status=200), "a target"),
        (APIError("before anything was sent", operation=SEND.id), "every call"),
        (ServerError("x", operation=SEND.id, status=500), "every call"),
        (APIError("x", operation=SEND.id, status=499), "a target"),
        (BadRequestError("x", operation="users.get", status=400), "every call"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_a_refusal_is_about(error: APIError, expected: str) -> None:
    assert about(error, SEND.id) == expected


def test_a_refusal_by_the_number_for_too_large_is_about_the_message() -> None:
    by_number = APIError("x", operation=SEND.id, status=400, error_code=14007)
    assert about(by_number, SEND.id) == "the message"
    assert about(APIError("x", operation=SEND.id, status=400, error_code=14008), SEND.id) == (
        "a target"
    )


@pytest.mark.parametrize("status", [401, 402, 405, 407, 408, 411, 415, 421, 425, 426, 431, 451])
def test_statuses_that_say_nothing_of_a_target(status: int) -> None:
    assert about(APIError("x", operation=SEND.id, status=status), SEND.id) == "every call"


def test_an_hour_is_not_slept_through() -> None:
    later = RateLimitError(
        "429", operation=SEND.id, status=429, retry_after=timedelta(hours=2), temporary=True
    )
    found = ran(lambda _: later, users(10))
    assert found.error is later
    assert found.report.not_sent == 10


class HangingTokens:
    """A provider that never answers."""

    async def get(self, *, username: str | None) -> Token:
        await asyncio.Event().wait()
        raise AssertionError("never reached")

    def invalidate(self, token: Token) -> None:
        """There is none."""


async def test_a_token_that_never_comes_ends_at_the_deadline_of_each_attempt() -> None:
    options = EasemobClient("a#b", token=HangingTokens(), timeout=0.01, retry=FAST)
    async with asyncio.timeout(60), options as client:
        with pytest.raises(RequestTimeoutError, match="it never left") as caught:
            await client.fanout.to_users(["ann", "bob"], Text("x"))
    report = caught.value.report
    assert report is not None
    assert (report.read, report.not_sent, report.unknown) == (2, 2, 0)
