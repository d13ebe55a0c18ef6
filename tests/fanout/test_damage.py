"""Journals that something happened to: damaged, cut, deleted, replaced, full; and old ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from easemob_async import (
    EasemobClient,
    FanoutReport,
    InvalidArgumentError,
    JournalError,
    Limit,
    Progress,
    Quotas,
    Text,
)
from easemob_async.fanout.journal import index, reader, writer
from easemob_async.fanout.journal.lock import Mark, read_mark, side_file
from tests.conftest import Against
from tests.servers import CUT, Answer, Received, Reply

FREE = Quotas(enabled=False)
JOB = {"kind": "fanout.to_users", "job_id": "", "message and options": "x"}


def users(number: int) -> list[str]:
    return [f"user{n}" for n in range(number)]


def accept(request: Received) -> Reply:
    return Reply(body={"data": {target: f"id-{target}" for target in request.json["to"]}})


def mixed(request: Received) -> Answer:
    """Some accepted, some refused, some unknown."""
    to = request.json["to"]
    if "user1" in to:
        return accept(request)
    if "user700" in to:
        return CUT
    if any(name.endswith("77") for name in to):
        return Reply(status=400, body={"error": "x", "error_description": f"no {to[0]}"})
    data = {name: f"id-{name}" for name in to if not name.endswith("5")}
    return Reply(body={"data": data})


def states(path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in reader.read_states(path, 0):
        for name, state in part:
            if found.get(name) != reader.SENT:
                found[name] = state
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sale.db"


async def write(client: EasemobClient, path: Path, number: int = 2400) -> FanoutReport:
    return await client.fanout.to_users(users(number), Text("x"), journal=path, workers=1)


async def test_a_flipped_byte_never_makes_a_second_message(against: Against, path: Path) -> None:
    """Whatever is flipped, it is noticed, or what the journal says is what it said."""
    async with against(mixed, quotas=FREE) as (client, _):
        await write(client, path)
    job = reader.read_job(path)
    wanted = {name: job[name] for name in JOB}
    whole, expected = path.read_bytes(), states(path)
    assert len(set(expected.values())) == 3
    noticed = 0
    dice = random.Random(7)
    # The header and every page's own are where it hurts most.
    places = [*range(100), *(page + at for page in range(0, len(whole), 4096) for at in range(12))]
    places += [dice.randrange(len(whole)) for _ in range(600)]
    for at in places:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            reader.prepare(path, wanted)
            assert states(path) == expected, at
        except JournalError:
            noticed += 1
            assert path.read_bytes() == damaged
        for read in (reader.count_last, lambda p: list(reader.read_last(p, reader.FAILED))):
            with contextlib.suppress(JournalError):
                read(path)
    assert noticed > len(places) / 2


async def test_a_damaged_journal_sends_nothing(against: Against, path: Path) -> None:
    async with against(mixed, quotas=FREE) as (client, server):
        await write(client, path)
        whole, before = path.read_bytes(), len(server.calls)
        at = whole.index(b"user1\nuser2")
        path.write_bytes(whole[:at] + b"x" + whole[at + 1 :])
        with pytest.raises(JournalError, match=r"sale\.db: damaged: row \d+ is not what") as caught:
            await write(client, path)
        assert caught.value.report is not None
        assert len(server.calls) == before


async def test_a_flipped_byte_in_its_log_does_not_lose_the_tail(
    against: Against, path: Path, tmp_path: Path
) -> None:
    """SQLite drops whatever stands behind a damaged frame, and says nothing."""
    copy = tmp_path / "copy"
    copy.mkdir()
    held = copy / path.name

    def respond(request: Received) -> Answer:
        if len(server.calls) == 8:  # as a kill would leave it: the log is not in the file yet
            for file in tmp_path.iterdir():
                if file.is_file():
                    shutil.copy(file, copy / file.name)
        return accept(request)

    async with against(accept, quotas=FREE, token="t") as (client, server):
        server.respond = respond
        await write(client, path, 600 * 10)
    wanted = {name: value for name, value in reader.read_job(path).items() if name in JOB}
    log = held.with_name("sale.db-wal")
    whole, main = log.read_bytes(), held.read_bytes()
    mark = read_mark(held)
    assert mark is not None
    assert mark.rows >= 14
    dice = random.Random(3)
    for at in [0, 4, 8, 12, 16, 20, 24, 28, *(dice.randrange(32, len(whole)) for _ in range(100))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << dice.randrange(8)
        held.write_bytes(main)
        log.write_bytes(damaged)
        held.with_name("sale.db-shm").unlink(missing_ok=True)
        with pytest.raises(JournalError, match="its end is missing|damaged"):
            reader.prepare(held, wanted)
    for size in (0, 1, 31, 32, 5000, len(whole) // 2, len(whole) - 1):
        held.write_bytes(main)
        log.write_bytes(whole[:size])
        held.with_name("sale.db-shm").unlink(missing_ok=True)
        with pytest.raises(JournalError, match="its end is missing|damaged"):
            reader.prepare(held, wanted)
    held.write_bytes(main)
    log.write_bytes(whole)
    held.with_name("sale.db-shm").unlink(missing_ok=True)
    assert reader.prepare(held, wanted).rows >= mark.rows  # whole, it is fine


def older(path: Path, before: bytes) -> None:
    path.write_bytes(before)


LOST: dict[str, Callable[[Path], None]] = {
    "cut to nothing": lambda path: path.write_bytes(b"") and None,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:20_000]) and None,
    "cut to a header": lambda path: path.write_bytes(path.read_bytes()[:100]) and None,
    "deleted": lambda path: path.unlink(),
    "replaced by another program's file": lambda path: path.write_bytes(b"hello" * 99) and None,
}


@pytest.mark.parametrize("how", LOST.values(), ids=LOST)
async def test_a_journal_that_was_lost_between_two_runs_is_not_begun_anew(
    against: Against, path: Path, how: Callable[[Path], None]
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        await write(client, path)
        how(path)
        before = len(server.calls)
        with pytest.raises(JournalError, match=r"sale\.db"):
            await write(client, path)
        for read in (
            reader.count_last,
            reader.read_job,
            lambda p: list(reader.read_settled(p)),
        ):
            with pytest.raises(JournalError):
                read(path)
        assert len(server.calls) == before
        # On purpose it can be begun anew, and the message says how.
        path.unlink(missing_ok=True)
        with pytest.raises(JournalError, match=r"delete .*sale\.db\.lock as well"):
            await write(client, path)
        side_file(path).unlink()
        assert (await write(client, path)).sent == 2400


async def test_an_older_copy_is_not_the_journal(
    against: Against, path: Path, tmp_path: Path
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        await write(client, path, 600)
        copy = path.read_bytes()
        await write(client, path, 1800)
        before = len(server.calls)
        path.write_bytes(copy)
        with pytest.raises(JournalError, match="its end is missing: it has 2 rows, and 6 were"):
            await write(client, path, 1800)
        other = tmp_path / "other.db"
        await write(client, other, 600)
        shutil.copy(other, path)
        before += 1
        with pytest.raises(JournalError, match="was replaced by another one"):
            await write(client, path, 1800)
        assert len(server.calls) == before


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


async def test_a_journal_that_is_deleted_at_the_very_end_is_said_to_be(
    against: Against, path: Path
) -> None:
    def progress(seen: Progress) -> None:
        if seen.report.sent == 600:
            path.unlink(missing_ok=True)

    async with against(accept, quotas=FREE) as (client, _):
        with pytest.raises(JournalError, match="was deleted while the job ran") as caught:
            await client.fanout.to_users(users(600), Text("x"), journal=path, progress=progress)
        assert caught.value.report is not None


OLD = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (id INTEGER PRIMARY KEY, targets TEXT NOT NULL);
CREATE TABLE answers (call INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason TEXT);
CREATE TABLE exceptions (
    call INTEGER, target TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT
);
CREATE INDEX exceptions_of_call ON exceptions (call);
CREATE TABLE tried_again (target TEXT, call INTEGER, PRIMARY KEY (target, call)) WITHOUT ROWID;
INSERT INTO calls VALUES (1, 'a' || char(10) || 'b'), (2, 'c'), (3, 'd'), (4, 'e'), (5, 'c');
INSERT INTO answers VALUES (1, 1, NULL), (2, 2, 'no'), (3, 4, NULL), (5, 1, NULL);
INSERT INTO exceptions VALUES (1, 'b', 3, 'lost'), (NULL, 'f', 2, 'bad id');
INSERT INTO tried_again VALUES ('c', 5);
PRAGMA application_id = 1700885349;
"""


def write_old(path: Path, job: dict[str, str]) -> None:
    db = sqlite3.connect(path)
    db.executescript(OLD)
    db.executemany("INSERT INTO job VALUES (?, ?)", [("version", "2"), *job.items()])
    db.commit()
    db.close()


async def test_a_journal_of_the_first_version_is_read_and_resumed(
    against: Against, path: Path
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        await client.fanout.to_users(["z"], Text("x"), journal=path)
        job = {name: reader.read_job(path)[name] for name in JOB}
        path.unlink()
        side_file(path).unlink()
        write_old(path, job)
        before = path.read_bytes()
        counts = {reader.SENT: 2, reader.FAILED: 1, reader.UNKNOWN: 2}
        assert reader.count_last(path) == counts
        assert {s.target for s in reader.read_last(path, reader.UNKNOWN)} == {"b", "e"}
        assert path.read_bytes() == before  # reading changes nothing
        report = await client.fanout.to_users(list("abcdefg"), Text("x"), journal=path)
        assert (report.sent, report.skipped, report.unknown) == (2, 3, 2)
        assert server.calls[-1].json["to"] == ["d", "g"]
        assert reader.count_last(path) == {**counts, reader.SENT: 4}
        assert {s.target for s in reader.read_last(path, reader.UNKNOWN)} == {"b", "e"}
        again = await client.fanout.to_users(list("abcdefg"), Text("x"), journal=path)
        assert (again.sent, again.skipped, again.unknown) == (0, 5, 2)


async def test_message_ids_are_kept_where_that_is_wanted(against: Against, path: Path) -> None:
    async with against(mixed, quotas=FREE) as (client, _):
        job = client.fanout.to_users(users(600), Text("x"), journal=path, keep_message_ids=True)
        report = await job
        ids = {o.target: o.message_id for o in report.iter_sent()}
        assert ids == {name: f"id-{name}" for name in users(600)}
        await client.fanout.to_users(users(601), Text("x"), journal=path)
        kept = {o.target: o.message_id for o in report.iter_sent()}
        assert kept == {**ids, "user600": None}
        plain = client.fanout.to_users(users(2), Text("x"), journal=path.with_name("plain"))
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
async def test_a_progress_callback_that_raises_lets_go_of_the_journal(
    against: Against, path: Path, final: bool
) -> None:
    def progress(seen: Progress) -> None:
        if final or seen.report.sent < 2400:
            raise RuntimeError(HALF)

    async with against(accept, quotas=FREE) as (client, _):
        with pytest.raises(RuntimeError) as caught:
            await client.fanout.to_users(users(2400), Text("x"), journal=path, progress=progress)
        assert caught.value.report.sent >= 600  # type: ignore[attr-defined]
        report = await client.fanout.to_users(users(2400), Text("x"), journal=path)
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
            await client.fanout.to_users(users(1800), Text("x"), journal=path, on_unknown=decide)
        with pytest.raises(OSError, match="half"):
            await client.fanout.to_users(source(), Text("x"), journal=path)
        await write(client, path, 1800)


@pytest.mark.parametrize("pages", [2, 3, 6, 20])
async def test_a_disk_that_is_full_while_the_index_is_written_is_told(
    against: Against, path: Path, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        await write(client, path, 12_000)
        before = len(server.calls)
        opened = index.Index._open

        def small(self: index.Index) -> sqlite3.Connection:
            db = opened(self)
            db.execute(f"PRAGMA max_page_count = {pages}")
            return db

        monkeypatch.setattr(index.Index, "_open", small)
        with pytest.raises(JournalError, match="index of the journal cannot be written") as caught:
            await write(client, path, 12_000)
        assert caught.value.report is not None
        assert len(server.calls) == before
        monkeypatch.setattr(index.Index, "_open", opened)
        assert (await write(client, path, 12_000)).skipped == 12_000


async def test_stopping_while_the_second_calls_wait_for_quota_invents_nothing(
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
                    users(4800), Text("x"), pace="burst", journal=journal_path
                )
                running = asyncio.create_task(job.run())
                while job.report.sent < 2400 or sum(u.waiting for u in client2.quotas.usage()) < 4:
                    await asyncio.sleep(0)
                job.cancel()
                report = await running
                assert (report.sent, report.unknown, report.not_sent) == (2400, 0, 2400)
    counts = Counter(reader.count_last(path))
    assert counts[reader.SENT] == 2400
    assert counts[reader.UNKNOWN] == 0


def test_the_mark_is_read_whole_or_not_at_all() -> None:
    mark = Mark("abc", 17)
    assert Mark.decode(mark.encode()) == mark
    for damaged in (b"", b"\0" * 96, mark.encode().replace(b"17", b"18"), mark.encode()[5:]):
        assert Mark.decode(damaged) is None


async def test_a_side_file_that_lost_its_mark_alarms_nobody(against: Against, path: Path) -> None:
    """After a power cut it may be empty: it was not synced."""
    async with against(accept, quotas=FREE) as (client, _):
        await write(client, path)
        side_file(path).write_bytes(b"")
        assert (await write(client, path)).skipped == 2400
        assert read_mark(path) is not None


async def test_a_journal_thread_that_meets_the_unexpected_stops_the_job(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("out of it")

    async with against(accept, quotas=FREE) as (client, server):
        monkeypatch.setattr(writer.SideFile, "write_mark", broken)
        with pytest.raises((JournalError, MemoryError)):
            await write(client, path)
        assert len(server.calls) == 0


async def test_a_link_to_a_journal_is_the_journal(
    against: Against, path: Path, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    async with against(accept, quotas=FREE) as (client, server):
        assert (await write(client, link)).sent == 2400
        assert side_file(link) == side_file(path)
        assert (await write(client, path)).skipped == 2400
        async with client.fanout.to_users(users(9), Text("x"), journal=path) as first:
            iterating = aiter(first)
            await anext(iterating)
            with pytest.raises(JournalError, match="in use"):
                await client.fanout.to_users(users(9), Text("x"), journal=link)
            await iterating.aclose()
        path.unlink()  # the link stays, and leads to nothing
        before = len(server.calls)
        with pytest.raises(JournalError, match=r"delete .*sale\.db\.lock as well"):
            await write(client, link)
        assert len(server.calls) == before


async def test_a_side_file_that_is_deleted_while_it_runs_stops_the_job(
    against: Against, path: Path
) -> None:
    """Another process could take its place: nobody would hold the journal then."""

    def respond(request: Received) -> Answer:
        side_file(path).unlink(missing_ok=True)
        return accept(request)

    async with against(accept, quotas=FREE, token="t") as (client, server):
        server.respond = respond
        with pytest.raises(JournalError, match=r"sale\.db\.lock was deleted while") as caught:
            await write(client, path, 600 * 40)
    report = caught.value.report
    assert report is not None
    assert report.sent == 0
    assert report.unknown <= 600  # what was on its way


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
async def test_what_is_no_file_is_no_journal(against: Against, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with against(accept, quotas=FREE) as (client, server):
        async with asyncio.timeout(30):
            with pytest.raises(JournalError, match="pipe"):
                await write(client, pipe)
        for odd in ("", "a\0b", tmp_path):
            with pytest.raises(InvalidArgumentError, match="journal"):
                client.fanout.to_users(users(9), Text("x"), journal=odd)
        assert server.calls == []


async def test_an_answer_without_its_call_is_damage(against: Against, path: Path) -> None:
    """A row that is gone would make its targets ones that were never tried."""
    async with against(accept, quotas=FREE) as (client, server):
        await write(client, path)
        with sqlite3.connect(path) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
            assert "calls" in tables
            database.execute("DELETE FROM calls WHERE rowid = (SELECT min(rowid) FROM calls)")
        database.close()
        before = len(server.calls)
        with pytest.raises(JournalError, match=r"sale\.db: damaged"):
            await write(client, path)
        assert len(server.calls) == before
