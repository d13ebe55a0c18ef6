"""Jobs and single calls on one quota, in virtual time: exact, nearly all of it used, no crumbs."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async import AttemptStarted, EasemobClient, FanoutReport, Hooks, Limit, Quotas, Text
from easemob_async.config import Timeouts
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.packing import call_sizes
from easemob_async.quotas import SECOND
from easemob_async.transport.call import Journey
from easemob_async.transport.departure import Departure
from easemob_async.transport.permit import Permit
from easemob_async.transport.reading import Reply
from easemob_async.transport.transport import Transport
from tests.clock import run_virtual

MOST = {"users": 600, "groups": 3, "rooms": 10}


@attrs.frozen
class Request:
    """One request: when it left, when the service counted it, and whom it was for."""

    departed: float
    counted: float
    targets: list[str]
    content: object


class Wire:
    """Stands for the network and the service: answers after a delay, or refuses for the rate.

    It refuses a few times only: who is refused again and again slows down until nothing moves.
    """

    def __init__(self, chance: random.Random, longest: float, refused: float = 0.0) -> None:
        self.chance = chance
        self.longest = longest
        self.refused = refused
        self.refusals_left = 5
        self.requests: list[Request] = []

    async def send(self, journey: Journey, departure: Departure, permit: Permit) -> Reply:
        if departure._on_departure is not None:
            await departure._on_departure()
        departure.left = True
        body = json.loads(journey.call.body)
        targets = body["to"]
        assert permit.messages == journey.call.messages == len(targets)
        now = asyncio.get_running_loop().time()
        delay = self.chance.uniform(0.0, self.longest)
        refused = self.chance.random() < self.refused and self.refusals_left > 0
        if refused:
            self.refusals_left -= 1
        else:
            counted = now + delay * self.chance.random()
            self.requests.append(Request(now, counted, targets, body["body"]))
        await asyncio.sleep(delay)
        permit.settle()
        if refused:
            return Reply(429, None, b'{"error": "reach_limit"}')
        return Reply(200, None, json.dumps({"data": dict.fromkeys(targets, "id")}).encode())


@attrs.frozen
class Ran:
    """What a job and the single calls beside it did."""

    report: FanoutReport
    seconds: float
    requests: list[Request]
    waits: list[float]

    @property
    def of_the_job(self) -> list[Request]:
        return [request for request in self.requests if request.targets[0][0] == "t"]

    @property
    def messages(self) -> int:
        return sum(len(request.targets) for request in self.requests)


def ran(
    number: int,
    *limits: Limit,
    kind: str = "users",
    pace: Pace = "even",
    every: float | None = None,
    largest: int = 1,
    longest: float = 0.0,
    refused: float = 0.0,
    body: Text | Callable[[str], Text] = Text("hello"),  # noqa: B008 - a frozen value
    seed: int = 1,
) -> Ran:
    """Run a job, with a single call every so many seconds, to as many targets at the most."""
    chance = random.Random(seed)
    wire = Wire(chance, longest, refused)
    waits: list[float] = []

    def started(event: AttemptStarted) -> None:
        waits.append(event.quota_wait)

    async def singles(client: EasemobClient) -> None:
        hooks, patient = Hooks(attempt_started=started), Timeouts(total=10**6)
        beside = client.with_options(hooks=hooks, timeout=patient)
        send = getattr(beside.messages, f"send_to_{kind}")
        async with asyncio.TaskGroup() as group:
            while True:
                targets = [f"s{n}" for n in range(chance.randint(1, largest))]
                group.create_task(send(targets, Text("hello")))
                await asyncio.sleep(every or 0.0)

    async def work() -> tuple[FanoutReport, float]:
        quotas = Quotas(overrides={f"messages.send_to_{kind}": limits})
        async with EasemobClient("acme#shop", token="t", quotas=quotas) as client:
            start = getattr(client.fanout, f"to_{kind}")
            beside = asyncio.create_task(singles(client)) if every else None
            began = asyncio.get_running_loop().time()
            report = await start((f"t{n}" for n in range(number)), body, pace=pace)
            ended = asyncio.get_running_loop().time()
            if beside is not None:
                beside.cancel()
                await asyncio.wait([beside])
            return report, ended - began

    async def send(_: Transport, *call: Any) -> Reply:
        return await wire.send(*call)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "_send", send)
        report, seconds = run_virtual(work())
    return Ran(report, seconds, wire.requests, waits)


def a_second(units: int, seconds: float = 1.0) -> Limit:
    return Limit(units, per=timedelta(seconds=seconds), unit="messages")


def most_in_a_window(requests: list[Request], limit: Limit) -> int:
    """The most that a window of the service holds; the worst one starts at a counted request."""
    window = limit.per.total_seconds() - 1e-9
    return max(
        sum(
            len(request.targets) if limit.unit == "messages" else 1
            for request in requests
            if first.counted <= request.counted < first.counted + window
        )
        for first in requests
    )


# ---------------------------------------------------------------- how much is used


@pytest.mark.parametrize("pace", ["even", "burst"])
@pytest.mark.parametrize("longest", [0.0, 0.05])
@pytest.mark.parametrize(
    ("kind", "number", "limit", "every"),
    [
        ("users", 60_000, a_second(3000, 5), 1.0),
        ("users", 60_000, a_second(3000, 5), None),
        ("users", 60_000, a_second(6000, 60), 1.0),
        ("users", 20_000, a_second(659, 5), 1.0),
        ("users", 60_000, a_second(30_000, 5), 0.1),
        ("groups", 1_000, a_second(20), 1.0),
        ("groups", 1_000, a_second(20), 0.3),
        ("rooms", 5_000, a_second(100), 1.0),
        ("rooms", 5_000, a_second(100), 0.1),
    ],
)
def test_a_job_uses_nearly_all_that_single_calls_leave(
    kind: str, number: int, limit: Limit, every: float | None, longest: float, pace: Pace
) -> None:
    found = ran(number, limit, kind=kind, pace=pace, every=every, longest=longest)
    assert found.report.sent == number
    # Units are held from the departure until a window after the answer. A job at "burst" has the
    # first window at once, and the rest of its last one is not waited for.
    window = limit.per.total_seconds() + longest / 2
    windows = found.messages / limit.units
    possible = windows * window if pace == "even" else (int(windows - 1e-9)) * window
    assert found.seconds <= possible / 0.97
    assert most_in_a_window(found.requests, limit) <= limit.units


@pytest.mark.parametrize(("pace", "possible"), [("even", 15.0), ("burst", 15.0)])
def test_one_single_call_a_second_does_not_cost_a_fifth_of_the_quota(
    pace: Pace, possible: float
) -> None:
    found = ran(9000, a_second(3000, 5), pace=pace, every=1.0)
    assert found.seconds <= possible / 0.97
    assert len(found.of_the_job) <= 17


def test_single_calls_hardly_wait() -> None:
    found = ran(60_000, a_second(3000, 5), every=1.0, longest=0.05)
    assert statistics.median(found.waits) == 0.0
    assert max(found.waits) < 0.5  # a call of the job is a second's worth
    found = ran(5_000, a_second(100), kind="rooms", every=1.0, longest=0.05)
    assert statistics.median(found.waits) == 0.0
    assert max(found.waits) < 0.1
    found = ran(1_000, a_second(20), kind="groups", every=1.0, longest=0.05)
    assert max(found.waits) < 0.3  # two calls of the job


# ---------------------------------------------------------------- whatever comes together


@settings(max_examples=100)
@given(
    kind=st.sampled_from(["groups", "rooms"]),
    number=st.integers(1, 300),
    units=st.integers(1, 120),
    calls=st.sampled_from([None, 5, 100]),
    pace=st.sampled_from(["even", "burst"]),
    every=st.sampled_from([None, 0.1, 0.37, 1.0]),
    largest=st.integers(1, 3),
    longest=st.sampled_from([0.0, 0.05, 1.5]),
    refused=st.sampled_from([0.0, 0.0, 0.1]),
    seed=st.integers(0, 1000),
)
def test_no_window_holds_more_every_target_is_sent_to_once_and_calls_do_not_crumble(
    kind: str,
    number: int,
    units: int,
    calls: int | None,
    pace: Pace,
    every: float | None,
    largest: int,
    longest: float,
    refused: float,
    seed: int,
) -> None:
    limits = [a_second(units), a_second(units * 5, 7)]
    if calls is not None:
        limits.append(Limit(calls, per=SECOND))
    largest = min(largest, units)
    if every is not None:  # more than the quota allows would wait in an ever longer queue
        every = max(every, 3 * (1 + longest) * largest / units, 3 * (1 + longest) / (calls or 100))
    found = ran(
        number,
        *limits,
        kind=kind,
        pace=pace,
        every=every,
        largest=largest,
        longest=longest,
        refused=refused,
        seed=seed,
    )
    assert found.report.sent == found.report.read == number
    sent = Counter(target for request in found.of_the_job for target in request.targets)
    assert sent == Counter(f"t{n}" for n in range(number))
    for limit in limits:
        assert most_in_a_window(found.requests, limit) <= limit.units
    full, least = call_sizes(MOST[kind], limits)
    sizes = [len(request.targets) for request in found.of_the_job]
    assert max(sizes) <= full
    if not refused:
        assert min(sizes[:-1], default=full) >= min(least, full)


@pytest.mark.parametrize("pace", ["even", "burst"])
def test_targets_for_which_there_is_no_room_go_first_in_the_next_call(pace: Pace) -> None:
    found = ran(3000, a_second(1000, 5), pace=pace, every=0.5, largest=50)
    sizes = {len(request.targets) for request in found.of_the_job}
    assert len(sizes) > 1  # some left with fewer
    sent = [target for request in found.of_the_job for target in request.targets]
    if pace == "even":
        assert sent == [f"t{n}" for n in range(3000)]
    else:  # several are planned ahead: what they put back comes behind them
        assert sorted(sent) == sorted(f"t{n}" for n in range(3000))


@pytest.mark.parametrize("pace", ["even", "burst"])
def test_messages_of_the_targets_own_stay_with_their_targets(pace: Pace) -> None:
    found = ran(
        2000,
        a_second(500, 5),
        pace=pace,
        every=0.5,
        largest=20,
        body=lambda target: Text(f"hello {int(target[1:]) % 3}"),
    )
    assert found.report.sent == 2000
    for request in found.of_the_job:
        (number,) = {int(target[1:]) % 3 for target in request.targets}
        assert request.content == {"msg": f"hello {number}"}
    sent = Counter(target for request in found.of_the_job for target in request.targets)
    assert sent == Counter(f"t{n}" for n in range(2000))


def test_a_quota_of_calls_alone_is_used_with_full_calls() -> None:
    limit = Limit(10, per=SECOND)
    found = ran(60_000, limit, every=1.0, longest=0.05)
    assert {len(request.targets) for request in found.of_the_job} == {600}
    assert most_in_a_window(found.requests, limit) <= 10
    assert found.seconds <= len(found.requests) / 10 * 1.025 / 0.97
