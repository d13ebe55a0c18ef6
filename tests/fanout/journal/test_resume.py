"""A job that is run again sends to no target twice and loses none, whatever happened to it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async import EasemobClient, JournalError, OutcomeStatus, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.fanout.journal import reader, rows
from tests.conftest import FAST, Against
from tests.fanout.jobs import FREE, accept, adds_up, users
from tests.servers import CUT, HANG, Answer, Received, Reply, scripted
from tests.waiting import WITHIN, happens, turns


async def test_run_again_only_what_is_not_settled_is_sent(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        first = await client.fanout.to_users(users(1000), Text("x"), journal=path)
        assert (first.sent, first.skipped) == (1000, 0)
        # The source may come in any order, and be longer than before.
        again = list(users(1500))
        random.Random(1).shuffle(again)
        second = await client.fanout.to_users(again, Text("x"), journal=path)
        assert (second.sent, second.skipped) == (500, 1000)
        assert second.complete
        third = await client.fanout.to_users(users(1500), Text("x"), journal=str(path))
        assert (third.sent, third.skipped) == (0, 1500)
        sent = Counter(name for request in server.calls for name in request.json["to"])
    assert sent == Counter(users(1500))


async def test_an_id_is_sent_to_at_most_once_a_job(against: Against, path: Path) -> None:
    names = [*users(2000), *users(2000), *users(50), "new"]
    async with against(accept, quotas=FREE) as (client, server):
        report = await client.fanout.to_users(names, Text("x"), journal=path, workers=3)
        sent = Counter(name for request in server.calls for name in request.json["to"])
    assert sent == Counter([*users(2000), "new"])
    assert (report.sent, report.skipped) == (2001, 2050)
    assert adds_up(report)


async def test_failed_targets_stay_failed_unless_they_are_tried_again(
    against: Against, path: Path
) -> None:
    refuse = True

    def respond(request: Received) -> Answer:
        if refuse and {*users(1200, 600)}.intersection(request.json["to"]):
            return Reply(status=400, body={"error": "x", "error_description": "no"})
        return accept(request)

    def run(client: EasemobClient, **options: Any) -> Any:
        names = [*users(1800), ""]
        return client.fanout.to_users(names, Text("x"), journal=path, workers=1, **options)

    async with against(respond, quotas=FREE) as (client, server):
        first = await run(client)
        assert (first.sent, first.failed) == (1200, 601)
        failed = {outcome.target: str(outcome.error) for outcome in first.iter_failed()}
        assert set(failed) == {*users(1200, 600), ""}
        assert "400 x: no" in failed["u600"]
        assert [o.status async for o in first.iter_failed()] == [OutcomeStatus.FAILED] * 601
        assert list(first.iter_unknown()) == []
        refuse = False
        second = await run(client)
        assert (second.sent, second.skipped, second.failed_before) == (0, 1801, 601)
        assert not second.complete
        assert second.reasons == {
            "EasemobError: failed in an earlier run; retry_failed=True sends it again": 601
        }
        third = await run(client, retry_failed=True)
        assert (third.sent, third.failed, third.skipped) == (600, 1, 1200)
        assert {outcome.target for outcome in third.iter_failed()} == {""}


@pytest.mark.parametrize("decide", ["report", "resend", lambda target: "resend"])
async def test_unknown_stays_unknown_unless_told_otherwise(
    against: Against, path: Path, decide: Any
) -> None:
    broken = True

    def respond(request: Received) -> Answer:
        return CUT if broken and "u0" in request.json["to"] else accept(request)

    async with against(respond, quotas=FREE) as (client, _):
        first = await client.fanout.to_users(users(1000), Text("x"), journal=path)
        assert (first.sent, first.unknown) == (400, 600)
        broken = False
        job = client.fanout.to_users(users(1000), Text("x"), journal=path, on_unknown=decide)
        second = await job
        if decide == "report":
            assert (second.unknown, second.skipped) == (600, 400)
            assert len(list(second.iter_unknown())) == 600
        else:
            assert (second.sent, second.skipped) == (600, 400)
            assert list(second.iter_unknown()) == []
        assert adds_up(second)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    runs=st.lists(
        st.tuples(
            st.lists(st.integers(0, 60), max_size=80),  # who, in which order, some twice
            st.sampled_from(["report", "resend"]),
            st.booleans(),
            st.integers(0, 3),  # calls until the service starts to misbehave
            st.sampled_from(["ok", "cut", "500", "400", "hang and crash"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_order_of_sends_answers_crashes_and_resumes(
    runs: list[tuple[list[int], str, bool, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "sale.db"
    delivered: Counter[str] = Counter()
    allowed: Counter[str] = Counter()  # once, and once more for each time it was told to resend

    async def one(names: list[str], decide: Any, retry: bool, good: int, fault: str) -> None:
        count = 0
        hung = asyncio.Event()

        def respond(request: Received) -> Answer:
            nonlocal count
            count += 1
            targets = request.json["to"]
            if count > good and fault == "400":
                return Reply(status=400, body={"error": "x"})
            delivered.update(targets)
            if count > good and fault == "cut":
                return CUT
            if count > good and fault == "500":
                return Reply(status=500)
            if count > good and fault == "hang and crash":
                hung.set()
                return HANG
            return accept(request)

        before = list(reader.read_settled(path)) if path.exists() else []
        unknown = {s.target for s in before if s.state == rows.UNKNOWN}
        if decide == "resend":
            allowed.update(unknown & set(names))
        async with (
            scripted(respond) as server,
            EasemobClient("a#b", token="t", base_url=server.url, quotas=FREE, retry=FAST) as client,
        ):
            server.respond = respond
            job = client.fanout.to_users(
                names,
                lambda target: Text("x"),
                journal=path,
                workers=2,
                on_unknown=decide,
                retry_failed=retry,
            )
            task = asyncio.create_task(job.run())
            hanging = asyncio.create_task(happens(hung))
            await asyncio.wait([task, hanging], return_when=asyncio.FIRST_COMPLETED)
            for _ in range(2):
                task.cancel()
                await turns(20)
            hanging.cancel()
            await asyncio.gather(task, hanging, return_exceptions=True)
            assert adds_up(job.report)

    for numbers, decide, retry, good, fault in runs:
        names = [f"u{number}" for number in numbers]
        asyncio.run(one(names, decide, retry, good, fault))
        told = {item.target: item.state for item in reader.read_settled(path)}
        for name, times in delivered.items():
            assert times <= 1 + allowed[name], name
            assert told[name] in (rows.SENT, rows.UNKNOWN, rows.FAILED)
        for name, state in told.items():
            if state == rows.SENT:
                assert delivered[name] >= 1


CHILD = """
import asyncio, sys
from easemob_async import EasemobClient, Quotas, Text

async def main(url, path, count):
    async with EasemobClient(
        "easemob-demo#testapp", client_id="YXA6-emulator-id", client_secret="YXA6-emulator-secret",
        base_url=url, quotas=Quotas(enabled=False),
    ) as client:
        names = (f"u{n}" for n in range(int(count)))
        print("ready", flush=True)
        report = await client.fanout.to_users(names, Text("x"), journal=path, workers=4)
        print(report.sent, report.unknown, report.skipped, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def test_killed_at_any_instant_it_resumes_without_sending_twice(path: Path) -> None:
    count, chance = 30_000, random.Random(7)
    with running(Emulator(quotas=None, delay=(0.0, 0.01))) as emulator:
        command = [sys.executable, "-c", CHILD, emulator.base_url, str(path), str(count)]
        kills = 0
        for _ in range(25):
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0.0, 0.12))  # any instant will do
                process.send_signal(signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
            if path.exists() and sum(1 for _ in reader.read_settled(path)) >= count:
                break
        assert kills >= 3
        last = subprocess.run(command, capture_output=True, text=True, check=True)
        sent, unknown, skipped = map(int, last.stdout.split()[1:])
        assert sent + unknown + skipped == count
        told = {item.target: item.state for item in reader.read_settled(path)}
        assert len(told) == count
        times = Counter({name: len(emulator.received(name)) for name in told})
        assert max(times.values()) == 1
        for name, state in told.items():
            if state == rows.SENT:
                assert times[name] == 1
        never = {name for name, number in times.items() if number == 0}
        assert all(told[name] == rows.UNKNOWN for name in never)


@pytest.mark.parametrize("twice", [False, True], ids=["cancelled once", "cancelled twice"])
async def test_cancelled_at_any_await_the_journal_stays_true(
    against: Against, tmp_path: Path, twice: bool
) -> None:
    names = [*users(9), "u3", ""]
    for number in range(2, 60):
        path = tmp_path / f"{number}.db"
        delivered: Counter[str] = Counter()

        async def respond(request: Received, delivered: Counter[str] = delivered) -> Answer:
            delivered.update(request.json["to"])
            await turns()
            return accept(request)

        async with against(respond, quotas=FREE, token="t") as (client, server):
            server.respond = respond
            send = client.fanout.to_users
            job = send(names, lambda t: Text(t[-1:]), journal=path, workers=3)
            task = asyncio.create_task(job.run())
            await turns(number * number // 3)
            for _ in range(1 + twice):
                task.cancel()
                await turns()
            await asyncio.gather(task, return_exceptions=True)
            assert adds_up(job.report), number
            sent_before = Counter(delivered)
            last = None
            async with asyncio.timeout(WITHIN):
                while last is None:
                    try:
                        last = await send(names, lambda t: Text(t[-1:]), journal=path, workers=3)
                    except JournalError as error:  # cancelled twice, it does not wait for threads
                        assert "in use by" in str(error)
            assert adds_up(last)
        told = {item.target: item.state for item in reader.read_settled(path)}
        assert set(told) == set(names)
        for name in set(names) - {""}:
            assert delivered[name] <= 1, (number, name)
            # Who left and has no answer is unknown; whoever is unknown may have got it.
            assert delivered[name] == 1 or told[name] == rows.UNKNOWN
            if told[name] == rows.UNKNOWN:
                assert delivered[name] == sent_before[name]
