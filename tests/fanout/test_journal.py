"""The journal: whatever happens to the process, nobody is sent to twice and nobody is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async import (
    EasemobClient,
    FanoutReport,
    InvalidArgumentError,
    JournalError,
    OutcomeStatus,
    Quotas,
    Text,
)
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.fanout import deduplication
from easemob_async.fanout.bloom_filter import BloomFilter
from easemob_async.fanout.journal import index, reader, writer
from tests.conftest import FAST, Against
from tests.servers import CUT, HANG, Answer, Received, Reply

FREE = Quotas(enabled=False)


def users(number: int, start: int = 0) -> Iterator[str]:
    return (f"u{n}" for n in range(start, number))


def accept(request: Received) -> Reply:
    return Reply(body={"data": {target: f"id-{target}" for target in request.json["to"]}})


def adds_up(report: FanoutReport) -> bool:
    return report.read == (
        report.sent + report.failed + report.unknown + report.skipped + report.not_sent
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sale.db"


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


@pytest.mark.parametrize("scanned", [0, 100_000], ids=["by index", "by scan"])
async def test_what_only_seems_to_have_been_met_is_sent_all_the_same(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch, scanned: int
) -> None:
    # A filter of 256 slots takes almost everybody for met: the second look must sort it out.
    monkeypatch.setattr(deduplication, "BloomFilter", lambda: BloomFilter(8))
    monkeypatch.setattr(deduplication, "_SCANNED", scanned)
    pairs = [(name, Text("same") if n % 2 else Text("other")) for n, name in enumerate(users(700))]
    async with against(accept, quotas=FREE) as (client, server):
        report = await client.fanout.to_users([*pairs, *pairs], journal=path, workers=3)
        bodies = {
            name: request.json["body"]["msg"]
            for request in server.calls
            for name in request.json["to"]
        }
        sent = Counter(name for request in server.calls for name in request.json["to"])
    assert sent == Counter(users(700))
    assert (report.sent, report.skipped) == (700, 700)
    assert bodies == {name: body.text for name, body in pairs}


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
            "EasemobError: failed in an earlier run; retry_failed=True tries it again": 601
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


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"body": Text("another")}, "message and options"),
        ({"sender": "eve"}, "message and options"),
        ({"ext": {"k": 1}}, "message and options"),
        ({"body": lambda t: Text("x")}, "message and options"),
        ({"job_id": "2"}, "job_id"),
        ({"rooms": True}, "kind"),
    ],
)
async def test_a_journal_belongs_to_one_job(
    against: Against, path: Path, change: dict[str, Any], differs: str
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        await client.fanout.to_users(["a"], Text("x"), sender="shop", journal=path)
        before = path.read_bytes()
        options = {"body": Text("x"), "sender": "shop", **change}
        send = client.fanout.to_rooms if options.pop("rooms", False) else client.fanout.to_users
        with pytest.raises(JournalError, match=f"another job: it differs in .*{differs}"):
            await send(["b"], journal=path, **options)
        assert path.read_bytes() == before
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    "content",
    [b"not a database at all", b"SQLite format 3\0 and then rubbish" * 50, b"x"],
)
async def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(
    against: Against, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    async with against(accept, quotas=FREE) as (client, server):
        with pytest.raises(JournalError, match=r"sale\.db"):
            await client.fanout.to_users(["a"], Text("x"), journal=path)
        assert path.read_bytes() == content
        assert not server.calls


async def test_another_programs_database_is_refused_and_left_as_it_is(
    against: Against, path: Path
) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE calls (id)")
    db.close()
    content = path.read_bytes()
    async with against(accept, quotas=FREE) as (client, _):
        with pytest.raises(JournalError, match="not a journal"):
            await client.fanout.to_users(["a"], Text("x"), journal=path)
    assert path.read_bytes() == content


async def test_a_damaged_journal_is_refused(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        await client.fanout.to_users(users(5000), Text("x"), journal=path)
        content = path.read_bytes()
        path.write_bytes(content[:1500])
        with pytest.raises(JournalError, match=r"sale\.db"):
            await client.fanout.to_users(users(5000), Text("x"), journal=path)
        assert path.read_bytes() == content[:1500]


async def test_one_process_writes_and_others_may_read(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        server_gate = asyncio.Event()

        async def respond(request: Received) -> Answer:
            await server_gate.wait()
            return accept(request)

        server.respond = respond  # type: ignore[assignment]
        async with EasemobClient("acme#shop", token="t", base_url=server.url, quotas=FREE) as other:
            async with other.fanout.to_users(users(600), Text("x"), journal=path):
                while not server.calls:
                    await asyncio.sleep(0.01)
                with pytest.raises(JournalError, match=f"in use by process {os.getpid()}"):
                    await other.fanout.to_users(users(600), Text("x"), journal=path)
                looked = list(reader.read_settled(path))
                assert {item.state for item in looked} == {reader.UNKNOWN}
                assert looked[0].reason == reader.INTERRUPTED
                server_gate.set()
        assert {item.state for item in reader.read_settled(path)} == {reader.SENT}


async def test_the_file_is_the_owners_alone(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        await client.fanout.to_users(["a"], Text("x"), journal=path)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert {file.name for file in path.parent.iterdir()} == {"sale.db", "sale.db.lock"}


@pytest.mark.parametrize("place", ["/nowhere/at/all/sale.db", "/proc/sale.db"])
async def test_a_place_that_cannot_be_written_is_a_clear_error(
    against: Against, place: str
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        with pytest.raises(JournalError, match="cannot be made"):
            await client.fanout.to_users(["a"], Text("x"), journal=place)
        assert not server.calls


async def test_a_full_disk_stops_the_job_and_nothing_leaves_unrecorded(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = writer.connect

    def with_little_room(file: Path) -> sqlite3.Connection:
        db = connect(file)
        db.execute("PRAGMA max_page_count = 12")
        return db

    monkeypatch.setattr(writer, "connect", with_little_room)
    async with against(accept, quotas=FREE) as (client, server):
        with pytest.raises(JournalError, match="cannot be written.*full") as caught:
            await client.fanout.to_users(users(60_000), Text("x"), journal=path, workers=4)
        report = caught.value.report
        assert report is not None
        assert adds_up(report)
        assert report.not_sent > 0
        sent = [name for request in server.calls for name in request.json["to"]]
    recorded = {item.target for item in reader.read_settled(path)}
    assert set(sent) <= recorded
    assert report.sent + report.unknown == len(sent)


async def test_without_a_journal_nobody_knows_who_failed(against: Against) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(["a"], Text("x"))
        for entries in (report.iter_failed, report.iter_unknown):
            with pytest.raises(JournalError, match="iterate it: async for outcome"):
                entries()
        with pytest.raises(InvalidArgumentError, match="on_unknown must be"):
            client.fanout.to_users(["a"], Text("x"), journal="x", on_unknown="maybe")  # type: ignore[arg-type]


async def test_a_second_message_that_breaks_a_rule_costs_its_target_alone(
    against: Against, path: Path
) -> None:
    pairs = [("a", Text("x")), ("b", Text("x")), ("a", Text("x" * 6000)), ("c", Text("x"))]
    async with against(accept, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(pairs, journal=path)
    assert (report.sent, report.failed) == (3, 1)
    assert adds_up(report)


async def test_ids_that_no_database_takes_cost_themselves_alone(
    against: Against, path: Path
) -> None:
    names = ["a", "\ud800", "b", "\ud800", "x\0y", "", "", "a", "\n", *users(700)]
    async with against(accept, quotas=FREE) as (client, _):
        for run in range(2):
            report = await client.fanout.to_users(names, Text("x"), journal=path)
            assert report.failed + report.skipped + report.sent == len(names)
            assert report.sent == (702, 0)[run]
            assert adds_up(report)
        assert {o.target for o in report.iter_failed()} >= {"", "\n", "\\ud800"}


async def test_a_resume_that_fails_at_its_start_lets_go_of_the_file(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room for an index")

    async with against(accept, quotas=FREE) as (client, _):
        await client.fanout.to_users(["a"], Text("x"), journal=path)
        with monkeypatch.context() as patch:
            patch.setattr(index.Index, "build", fail)
            with pytest.raises(OSError, match="no room for an index"):
                await client.fanout.to_users(["a"], Text("x"), journal=path)
        assert (await client.fanout.to_users(["a"], Text("x"), journal=path)).skipped == 1


async def test_a_refused_call_that_waits_is_not_unknown(against: Against, path: Path) -> None:
    refused = Reply(status=429, body={"error": "reach_limit"}, headers={"Retry-After": "60"})
    async with against(lambda _: refused, quotas=FREE, token="t") as (client, server):
        server.respond = lambda _: refused
        task = asyncio.create_task(
            client.fanout.to_users(users(600), Text("x"), journal=path, workers=1).run()
        )
        while not server.calls:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert list(reader.read_settled(path)) == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert list(reader.read_settled(path)) == []


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
                return HANG
            return accept(request)

        from tests.servers import scripted

        before = list(reader.read_settled(path)) if path.exists() else []
        unknown = {s.target for s in before if s.state == reader.UNKNOWN}
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
            await asyncio.sleep(0)
            while not task.done() and not (fault == "hang and crash" and count > good):
                await asyncio.sleep(0.001)
            for _ in range(2):
                task.cancel()
                await asyncio.sleep(0.002)
            await asyncio.gather(task, return_exceptions=True)
            assert adds_up(job.report)

    for numbers, decide, retry, good, fault in runs:
        names = [f"u{number}" for number in numbers]
        asyncio.run(one(names, decide, retry, good, fault))
        told = {item.target: item.state for item in reader.read_settled(path)}
        for name, times in delivered.items():
            assert times <= 1 + allowed[name], name
            assert told[name] in (reader.SENT, reader.UNKNOWN, reader.FAILED)
        for name, state in told.items():
            if state == reader.SENT:
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


@pytest.mark.parametrize("step", range(6))
async def test_killed_while_the_journal_is_made_it_can_be_made_again(
    against: Against, path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    steps = 0
    opened: list[sqlite3.Connection] = []

    class Dying:
        def __init__(self, db: sqlite3.Connection) -> None:
            self.db = db
            opened.append(db)

        def __getattr__(self, name: str) -> Any:
            nonlocal steps
            steps += 1
            if steps > step:
                raise KilledError
            return getattr(self.db, name)

        def close(self) -> None:
            pass  # as it is with a kill: nothing is tidied up

    connect = reader.connect
    monkeypatch.setattr(reader, "connect", lambda file: Dying(connect(file)))
    with pytest.raises(KilledError):
        reader.prepare(path, {"kind": "x"})
    monkeypatch.setattr(reader, "connect", connect)
    assert not path.exists()
    for db in opened:
        db.close()
    assert not reader.prepare(path, {"kind": "x"}).resumed
    assert reader.prepare(path, {"kind": "x"}).resumed


def test_killed_at_any_instant_it_resumes_without_sending_twice(path: Path) -> None:
    count, chance = 30_000, random.Random(7)
    with running(Emulator(quotas=None, delay=(0.0, 0.01))) as emulator:
        command = [sys.executable, "-c", CHILD, emulator.base_url, str(path), str(count)]
        kills = 0
        for _ in range(25):
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                time.sleep(chance.uniform(0.0, 0.12))
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
            if state == reader.SENT:
                assert times[name] == 1
        never = {name for name, number in times.items() if number == 0}
        assert all(told[name] == reader.UNKNOWN for name in never)


@pytest.mark.parametrize("twice", [False, True], ids=["cancelled once", "cancelled twice"])
async def test_cancelled_at_any_await_the_journal_stays_true(
    against: Against, tmp_path: Path, twice: bool
) -> None:
    names = [*users(9), "u3", ""]
    for turns in range(2, 60):
        path = tmp_path / f"{turns}.db"
        delivered: Counter[str] = Counter()

        async def respond(request: Received, delivered: Counter[str] = delivered) -> Answer:
            delivered.update(request.json["to"])
            await asyncio.sleep(0)
            return accept(request)

        async with against(respond, quotas=FREE, token="t") as (client, server):
            server.respond = respond  # type: ignore[assignment]
            send = client.fanout.to_users
            job = send(names, lambda t: Text(t[-1:]), journal=path, workers=3)
            task = asyncio.create_task(job.run())
            for _ in range(turns * turns // 3):
                await asyncio.sleep(0)
            for _ in range(1 + twice):
                task.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(task, return_exceptions=True)
            assert adds_up(job.report), turns
            sent_before = Counter(delivered)
            for _ in range(200):  # told twice, it does not wait for its threads
                with contextlib.suppress(JournalError):
                    last = await send(names, lambda t: Text(t[-1:]), journal=path, workers=3)
                    break
                await asyncio.sleep(0.01)
            assert adds_up(last)
        told = {item.target: item.state for item in reader.read_settled(path)}
        assert set(told) == set(names)
        for name in set(names) - {""}:
            assert delivered[name] <= 1, (turns, name)
            # Who left and has no answer is unknown; whoever is unknown may have got it.
            assert delivered[name] == 1 or told[name] == reader.UNKNOWN
            if told[name] == reader.UNKNOWN:
                assert delivered[name] == sent_before[name]
