"""The index of settled targets: exact where the Bloom filter is not; a full disk is an error."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from easemob_async import JournalError, Text
from easemob_async.fanout import deduplication
from easemob_async.fanout.bloom_filter import BloomFilter
from easemob_async.fanout.journal import index
from tests.conftest import Against
from tests.fanout.jobs import FREE, accept, users
from tests.fanout.journal.journals import write


@pytest.mark.parametrize("scanned", [0, 100_000], ids=["by index", "by scan"])
async def test_a_false_positive_of_the_bloom_filter_is_sent_to(
    against: Against, path: Path, monkeypatch: pytest.MonkeyPatch, scanned: int
) -> None:
    # A filter of 256 slots takes almost everybody for met: the second look must sort it out.
    monkeypatch.setattr(deduplication, "BloomFilter", lambda: BloomFilter(8, exact=0))
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


async def test_a_resume_that_fails_at_its_start_releases_the_lock(
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


@pytest.mark.parametrize("pages", [2, 3, 6, 20])
async def test_a_full_disk_while_the_index_is_written_is_an_error(
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
