"""Writing a journal: what is recorded, and the job stops when it cannot be recorded."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from easemob_async import EasemobClient, FanoutJob, JournalError, Limit, Progress, Quotas, Text
from easemob_async.fanout.journal import opening, reader, rows, writer
from easemob_async.fanout.journal.lock import SideFile
from easemob_async.fanout.journal.rows import FAILED, UNKNOWN
from tests.conftest import Against
from tests.fanout.jobs import FREE, accept, adds_up, users
from tests.fanout.journal.journals import mixed, people, write
from tests.servers import CUT, Answer, Received, Reply, always
from tests.waiting import happens, until


async def test_a_full_disk_stops_the_job_and_nothing_leaves_unrecorded(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_little_room(file: Path) -> sqlite3.Connection:
        db = opening.connect(file)
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


async def test_a_second_message_that_breaks_a_rule_fails_its_target_alone(
    against: Against, path: Path
) -> None:
    pairs = [("a", Text("x")), ("b", Text("x")), ("a", Text("x" * 6000)), ("c", Text("x"))]
    async with against(accept, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(pairs, journal=path)
    assert (report.sent, report.failed) == (3, 1)
    assert adds_up(report)


@pytest.mark.parametrize("second", [Text("x" * 6000), ValueError("row 3"), "no message", Text("y")])
@pytest.mark.parametrize("workers", [1, 16])
async def test_who_is_unknown_stays_so_whatever_a_second_message_is(
    against: Against, path: Path, second: Any, workers: int
) -> None:
    answers = iter([CUT])

    def respond(request: Received) -> Answer:
        return next(answers, None) or accept(request)

    pairs = [("a", Text("x")), ("b", Text("x")), ("a", second), ("c", second)]
    async with against(respond, quotas=FREE) as (client, server):
        for retry_failed in (False, True, True):
            report = await client.fanout.to_users(
                pairs, journal=path, retry_failed=retry_failed, workers=workers
            )
            assert adds_up(report)
        sent = Counter(name for request in server.calls for name in request.json["to"])
    assert sent["a"] == sent["b"] == 1
    assert reader.count_last(path)[UNKNOWN] == 2
    assert not {item.target for item in reader.read_last(path, FAILED)} & {"a", "b"}


async def test_ids_that_no_database_takes_fail_alone(against: Against, path: Path) -> None:
    names = ["a", "\ud800", "b", "\ud800", "x\0y", "", "", "a", "\n", *users(700)]
    async with against(accept, quotas=FREE) as (client, _):
        for run in range(2):
            report = await client.fanout.to_users(names, Text("x"), journal=path)
            assert report.failed + report.skipped + report.sent == len(names)
            assert report.sent == (702, 0)[run]
            assert adds_up(report)
        assert {o.target for o in report.iter_failed()} >= {"", "\n", "\\ud800"}


async def test_a_refused_call_that_waits_is_not_unknown(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawn = asyncio.Event()
    withdraw = writer.Journal.withdraw

    def watched(journal: writer.Journal, call: int) -> asyncio.Future[None]:
        recorded = withdraw(journal, call)
        recorded.add_done_callback(lambda _: withdrawn.set())
        return recorded

    monkeypatch.setattr(writer.Journal, "withdraw", watched)
    refused = Reply(status=429, body={"error": "reach_limit"}, headers={"Retry-After": "60"})
    async with against(always(refused), quotas=FREE, token="t") as (client, _):
        task = asyncio.create_task(
            client.fanout.to_users(users(600), Text("x"), journal=path, workers=1).run()
        )
        await happens(withdrawn)
        assert list(reader.read_settled(path)) == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert list(reader.read_settled(path)) == []


@pytest.mark.parametrize("how", ["deleted", "replaced", "cut", "log deleted"])
async def test_a_journal_that_is_lost_while_it_runs_stops_the_job(
    against: Against, path: Path, how: str
) -> None:
    def harm() -> None:
        if how == "deleted":
            path.unlink()
        elif how == "replaced":
            other = path.with_name("other")
            other.write_bytes(path.read_bytes())
            other.replace(path)
        elif how == "cut":
            with path.open("r+b") as file:
                file.truncate(4096)
        else:
            path.with_name(path.name + "-wal").unlink()

    def respond(request: Received) -> Answer:
        if len(server.calls) == 3:
            harm()
        return accept(request)

    async with against(accept, quotas=FREE, token="t") as (client, server):
        server.respond = respond
        with pytest.raises(JournalError, match="while the job ran") as caught:
            await write(client, path, 600 * 20)
        report = caught.value.report
        assert report is not None
        assert len(server.calls) <= 4
        assert report.sent + report.unknown == 600 * len(server.calls)
        assert report.read == report.sent + report.unknown + report.not_sent


async def test_a_journal_that_is_deleted_at_the_very_end_is_an_error(
    against: Against, path: Path
) -> None:
    def progress(seen: Progress) -> None:
        if seen.report.sent == 600:
            path.unlink(missing_ok=True)

    async with against(accept, quotas=FREE) as (client, _):
        with pytest.raises(JournalError, match="was deleted while the job ran") as caught:
            await client.fanout.to_users(people(600), Text("x"), journal=path, progress=progress)
        assert caught.value.report is not None


async def test_message_ids_are_kept_where_that_is_wanted(against: Against, path: Path) -> None:
    async with against(mixed, quotas=FREE) as (client, _):
        job = client.fanout.to_users(people(600), Text("x"), journal=path, keep_message_ids=True)
        report = await job
        ids = {o.target: o.message_id for o in report.iter_sent()}
        assert ids == {name: f"id-{name}" for name in people(600)}
        await client.fanout.to_users(people(601), Text("x"), journal=path)
        kept = {o.target: o.message_id for o in report.iter_sent()}
        assert kept == {**ids, "user600": None}
        plain = client.fanout.to_users(people(2), Text("x"), journal=path.with_name("plain"))
        assert [o.message_id for o in (await plain).iter_sent()] == [None, None]


async def test_a_lost_id_is_kept_as_unknown_beside_the_others(against: Against, path: Path) -> None:
    def respond(request: Received) -> Answer:
        return Reply(body={"data": {"a": "1", "b": None, "c": "3"}})

    async with against(respond, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(
            ["a", "b", "c"], Text("x"), journal=path, keep_message_ids=True
        )
        assert (report.sent, report.unknown) == (2, 1)
        assert {o.target: o.message_id for o in report.iter_sent()} == {"a": "1", "c": "3"}
        assert [o.target for o in report.iter_unknown()] == ["b"]


HALF = "half \ud83d of it"


async def test_text_that_no_database_takes_hangs_no_job(against: Against, path: Path) -> None:
    """Half a surrogate pair, in whatever comes from outside."""

    def body(target: str) -> Text:
        if target == "bad":
            raise ValueError(HALF)
        return Text(f"hi {target}")

    def respond(request: Received) -> Answer:
        to = request.json["to"]
        if "no" in to:
            raw = b'{"error": "x", "error_description": "half \\ud83d"}'
            return Reply(status=400, body=raw)
        return Reply(body=b'{"data": {"%s": "id \\ud83d"}}' % to[0].encode())

    async with against(respond, quotas=FREE) as (client, _):
        names = ["ok", "bad", "no", f"x{HALF}"]
        report = await client.fanout.to_users(
            names, body, journal=path, keep_message_ids=True, job_id=HALF
        )
        assert (report.read, report.sent, report.failed) == (4, 1, 3)
        str(report).encode()
        assert {o.target for o in report.iter_failed()} == {"bad", "no", r"xhalf \ud83d of it"}
        again = await client.fanout.to_users(names, body, journal=path, job_id=HALF)
        assert (again.skipped, again.failed) == (3, 1)


@pytest.mark.parametrize("final", [True, False])
async def test_a_progress_callback_that_raises_releases_the_journal(
    against: Against, path: Path, final: bool
) -> None:
    def progress(seen: Progress) -> None:
        if final or seen.report.sent < 2400:
            raise RuntimeError(HALF)

    async with against(accept, quotas=FREE) as (client, _):
        with pytest.raises(RuntimeError) as caught:
            await client.fanout.to_users(people(2400), Text("x"), journal=path, progress=progress)
        assert caught.value.report.sent >= 600  # type: ignore[attr-defined]
        report = await client.fanout.to_users(people(2400), Text("x"), journal=path)
        assert report.sent + report.skipped == 2400
        assert report.complete


async def test_callbacks_that_raise_never_keep_the_lock(against: Against, path: Path) -> None:
    def decide(target: str) -> Any:
        raise KeyError(target)

    async def source() -> Any:
        yield "user1"
        raise OSError(HALF)

    async with against(mixed, quotas=FREE) as (client, server):
        await write(client, path, 1800)
        with pytest.raises(KeyError):
            await client.fanout.to_users(people(1800), Text("x"), journal=path, on_unknown=decide)
        with pytest.raises(OSError, match="half"):
            await client.fanout.to_users(source(), Text("x"), journal=path)
        await write(client, path, 1800)


def four_wait(client: EasemobClient, job: FanoutJob) -> bool:
    waiting = sum(usage.waiting for usage in client.quotas.usage())
    return job.report.sent == 2400 and waiting == 4


async def test_targets_that_waited_for_quota_are_not_sent_and_not_unknown(
    against: Against, path: Path
) -> None:
    """The calls before had left; these had not, and were said to be unknown."""
    limit = Limit(2400, per=timedelta(seconds=60), unit="messages")
    slow = Quotas(overrides={"messages.send_to_users": [limit]})
    async with against(accept, quotas=slow) as (client, server):
        for journal_path in (None, path):
            client2 = EasemobClient("acme#shop", token="t", base_url=server.url, quotas=slow)
            async with client2:
                job = client2.fanout.to_users(
                    people(4800), Text("x"), pace="burst", journal=journal_path
                )
                running = asyncio.create_task(job.run())
                await until(partial(four_wait, client2, job))
                job.cancel()
                report = await running
                assert (report.sent, report.unknown, report.not_sent) == (2400, 0, 2400)
    counts = Counter(reader.count_last(path))
    assert counts[rows.SENT] == 2400
    assert counts[rows.UNKNOWN] == 0


async def test_an_unexpected_error_in_the_journal_thread_stops_the_job(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("out of it")

    async with against(accept, quotas=FREE) as (client, server):
        monkeypatch.setattr(SideFile, "write_mark", broken)
        with pytest.raises((JournalError, MemoryError)):
            await write(client, path)
        assert len(server.calls) == 0
