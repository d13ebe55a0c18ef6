"""The side file of a journal: one process writes and others read; the high-water mark."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from easemob_async import EasemobClient, JournalError, Text
from easemob_async.fanout.journal import reader, rows
from easemob_async.fanout.journal.lock import Mark, read_mark, side_file
from tests.conftest import Against
from tests.fanout.jobs import FREE, accept, users
from tests.fanout.journal.journals import people, write
from tests.servers import Answer, Received


async def test_one_process_writes_and_others_may_read(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, server):
        server_gate = asyncio.Event()

        async def respond(request: Received) -> Answer:
            await server_gate.wait()
            return accept(request)

        server.respond = respond
        async with EasemobClient("acme#shop", token="t", base_url=server.url, quotas=FREE) as other:
            async with other.fanout.to_users(users(600), Text("x"), journal=path):
                await server.until(1)
                with pytest.raises(JournalError, match=f"in use by process {os.getpid()}"):
                    await other.fanout.to_users(users(600), Text("x"), journal=path)
                looked = list(reader.read_settled(path))
                assert {item.state for item in looked} == {rows.UNKNOWN}
                assert looked[0].reason == rows.INTERRUPTED
                server_gate.set()
        assert {item.state for item in reader.read_settled(path)} == {rows.SENT}


async def test_the_file_is_the_owners_alone(against: Against, path: Path) -> None:
    async with against(accept, quotas=FREE) as (client, _):
        await client.fanout.to_users(["a"], Text("x"), journal=path)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert {file.name for file in path.parent.iterdir()} == {"sale.db", "sale.db.lock"}


def test_the_mark_is_read_whole_or_not_at_all() -> None:
    mark = Mark("abc", 17)
    assert Mark.decode(mark.encode()) == mark
    for damaged in (b"", b"\0" * 96, mark.encode().replace(b"17", b"18"), mark.encode()[5:]):
        assert Mark.decode(damaged) is None


async def test_a_side_file_without_its_mark_is_accepted(against: Against, path: Path) -> None:
    """After a power cut it may be empty: it was not synced."""
    async with against(accept, quotas=FREE) as (client, _):
        await write(client, path)
        side_file(path).write_bytes(b"")
        assert (await write(client, path)).skipped == 2400
        assert read_mark(path) is not None


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
        async with client.fanout.to_users(people(9), Text("x"), journal=path) as first:
            iterating = aiter(first)
            await anext(iterating)
            with pytest.raises(JournalError, match="in use"):
                await client.fanout.to_users(people(9), Text("x"), journal=link)
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
