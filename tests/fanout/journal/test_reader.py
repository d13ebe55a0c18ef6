"""Opening a journal: of another job, damaged, lost, of an older version, or no journal at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from easemob_async import InvalidArgumentError, JournalError, Text
from easemob_async.fanout.journal import opening, reader, rows
from easemob_async.fanout.journal.lock import read_mark, side_file
from tests.conftest import Against
from tests.fanout.jobs import FREE, accept, users
from tests.fanout.journal.journals import JOB, mixed, people, states, write
from tests.servers import Answer, Received


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


@pytest.mark.parametrize("place", ["/nowhere/at/all/sale.db", "/proc/sale.db"])
async def test_a_place_that_cannot_be_written_is_a_clear_error(
    against: Against, place: str
) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        with pytest.raises(JournalError, match="cannot be created"):
            await client.fanout.to_users(["a"], Text("x"), journal=place)
        assert not server.calls


async def test_without_a_journal_nobody_knows_who_failed(against: Against) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        report = await client.fanout.to_users(["a"], Text("x"))
        for entries in (report.iter_failed, report.iter_unknown):
            with pytest.raises(JournalError, match="iterate the job: async for outcome"):
                entries()
        with pytest.raises(InvalidArgumentError, match="on_unknown must be"):
            client.fanout.to_users(["a"], Text("x"), journal="x", on_unknown="maybe")  # type: ignore[arg-type]


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

    connect = opening.connect
    monkeypatch.setattr(opening, "connect", lambda file: Dying(connect(file)))
    with pytest.raises(KilledError):
        opening.prepare(path, {"kind": "x"})
    monkeypatch.setattr(opening, "connect", connect)
    assert not path.exists()
    for db in opened:
        db.close()
    assert not opening.prepare(path, {"kind": "x"}).resumed
    assert opening.prepare(path, {"kind": "x"}).resumed


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
            opening.prepare(path, wanted)
            assert states(path) == expected, at
        except JournalError:
            noticed += 1
            assert path.read_bytes() == damaged
        for read in (reader.count_last, lambda p: list(reader.read_last(p, rows.FAILED))):
            with contextlib.suppress(JournalError):
                read(path)
    assert noticed > len(places) / 2


async def test_a_damaged_journal_sends_nothing(against: Against, path: Path) -> None:
    async with against(mixed, quotas=FREE) as (client, server):
        await write(client, path)
        whole, before = path.read_bytes(), len(server.calls)
        at = whole.index(b"user1\nuser2")
        path.write_bytes(whole[:at] + b"x" + whole[at + 1 :])
        with pytest.raises(JournalError, match=r"sale\.db: damaged: row \d+ does not") as caught:
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
            opening.prepare(held, wanted)
    for size in (0, 1, 31, 32, 5000, len(whole) // 2, len(whole) - 1):
        held.write_bytes(main)
        log.write_bytes(whole[:size])
        held.with_name("sale.db-shm").unlink(missing_ok=True)
        with pytest.raises(JournalError, match="its end is missing|damaged"):
            opening.prepare(held, wanted)
    held.write_bytes(main)
    log.write_bytes(whole)
    held.with_name("sale.db-shm").unlink(missing_ok=True)
    assert opening.prepare(held, wanted).rows >= mark.rows  # whole, it is fine


LOST: dict[str, Callable[[Path], object]] = {
    "cut to nothing": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    "cut to a header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "deleted": lambda path: path.unlink(),
    "replaced by another program's file": lambda path: path.write_bytes(b"hello" * 99),
}


@pytest.mark.parametrize("how", LOST.values(), ids=LOST)
async def test_a_journal_that_was_lost_between_two_runs_is_not_begun_anew(
    against: Against, path: Path, how: Callable[[Path], object]
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
        with pytest.raises(JournalError, match="its end is missing: it has 2 rows, but 6 were"):
            await write(client, path, 1800)
        other = tmp_path / "other.db"
        await write(client, other, 600)
        shutil.copy(other, path)
        before += 1
        with pytest.raises(JournalError, match="was replaced by another journal"):
            await write(client, path, 1800)
        assert len(server.calls) == before


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
        counts = {rows.SENT: 2, rows.FAILED: 1, rows.UNKNOWN: 2}
        assert reader.count_last(path) == counts
        assert {s.target for s in reader.read_last(path, rows.UNKNOWN)} == {"b", "e"}
        assert path.read_bytes() == before  # reading changes nothing
        report = await client.fanout.to_users(list("abcdefg"), Text("x"), journal=path)
        assert (report.sent, report.skipped, report.unknown) == (2, 3, 2)
        assert server.calls[-1].json["to"] == ["d", "g"]
        assert reader.count_last(path) == {**counts, rows.SENT: 4}
        assert {s.target for s in reader.read_last(path, rows.UNKNOWN)} == {"b", "e"}
        again = await client.fanout.to_users(list("abcdefg"), Text("x"), journal=path)
        assert (again.sent, again.skipped, again.unknown) == (0, 5, 2)


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
                client.fanout.to_users(people(9), Text("x"), journal=odd)
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
