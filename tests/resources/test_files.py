"""Files: uploads, downloads and lifetimes."""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from threading import Event, Thread, current_thread
from threading import enumerate as enumerate_threads
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from easemob_async import (
    APIError,
    EasemobClient,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    TransportError,
)
from easemob_async.emulator import Emulator
from easemob_async.transport import downloads
from easemob_async.transport.downloads import Download, Sink, ToFile, ToQueue
from tests.conftest import Against
from tests.resources import names
from tests.resources.stories import every_operation
from tests.servers import Reply
from tests.waiting import turns, until

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

BIG = bytes(2_000_000)


async def test_every_operation_end_to_end() -> None:
    async with every_operation("files") as (c, _):
        uploaded = await c.files.upload(b"x" * 100_000, filename="a.bin", restrict_access=True)
        with pytest.raises(PermissionDeniedError):
            await c.files.download(uploaded.file_id)
        content = await c.files.download(uploaded.file_id, share_secret=uploaded.secret)
        assert content == b"x" * 100_000
        picture = await c.files.upload(b"png", thumbnail_width=10)
        assert await c.files.download_thumbnail(picture.file_id) == b"png"
        kept = await c.files.set_lifetime("ann", [picture.file_id, "none"], lifetime="forever")
        assert kept.failed == {"none": "failed"}
        with pytest.raises(NotFoundError, match="may not exists"):
            await c.files.download("none")


async def test_ten_megabytes_move_either_way_by_path_and_by_pieces(
    client: EasemobClient, tmp_path: Path
) -> None:
    content = bytes(range(256)) * (10 * 1024 * 4)
    source = tmp_path / "source.bin"
    source.write_bytes(content)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    for form in (source, str(source), pieces(), content):
        uploaded = await client.files.upload(form)
        saved = tmp_path / "saved.bin"
        await client.files.download(uploaded.file_id).save(saved)
        assert saved.read_bytes() == content
        got = [piece async for piece in client.files.download(uploaded.file_id)]
        assert b"".join(got) == content
        assert max(map(len, got)) <= 64 * 1024
    with pytest.raises(InvalidArgumentError, match="no such file"):
        await client.files.upload(tmp_path / "missing")
    with pytest.raises(APIError, match="exceeds the maximum limit"):
        await client.files.upload(content + b"!")
    with pytest.raises(NotFoundError):
        await client.files.download("none").save(tmp_path / "none")
    assert {path.name for path in tmp_path.iterdir()} == {"source.bin", "saved.bin"}


async def test_leaving_a_download_early_ends_its_call(
    against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = asyncio.Event()
    taken = 0
    take = ToQueue.take

    async def watched(sink: ToQueue, piece: bytes) -> None:
        nonlocal taken
        taken += 1
        if taken == 4:  # one was read, two fill the queue, and this one waits
            full.set()
        await take(sink, piece)

    monkeypatch.setattr(ToQueue, "take", watched)
    async with against(lambda _: Reply(body=BIG), token="t") as (client, _), asyncio.timeout(10):
        before = len(asyncio.all_tasks())
        pieces = aiter(client.files.download("f"))
        assert isinstance(pieces, AsyncGenerator)
        await anext(pieces)
        await full.wait()
        await pieces.aclose()
        assert len(asyncio.all_tasks()) <= before + 1  # the server's own


async def test_cancelling_the_reader_of_a_download_ends_its_call(against: Against) -> None:
    async with against(lambda _: Reply(body=BIG), token="t") as (client, _), asyncio.timeout(10):
        before = asyncio.all_tasks()
        reading = asyncio.Event()

        async def read() -> None:
            async for _ in client.files.download("f"):
                reading.set()
                await asyncio.Event().wait()

        reader = asyncio.create_task(read())
        await reading.wait()
        reader.cancel()
        await asyncio.wait([reader])
        assert reader.cancelled()
        await asyncio.wait(asyncio.all_tasks() - before)  # those of the call and of the server


@pytest.mark.parametrize("buffered", [False, True], ids=["unbuffered", "buffered"])
@pytest.mark.parametrize("content", [b"x", BIG], ids=["small", "big"])
async def test_a_full_disk_is_the_disks_error_at_once(
    against: Against,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    buffered: bool,
) -> None:
    class Full(io.FileIO):
        def write(self, data: Buffer) -> int:
            raise OSError(28, "No space left on device")

    def opened(path: Path, mode: str) -> io.RawIOBase | io.BufferedWriter:
        raw = Full(path, mode.replace("b", ""))
        return io.BufferedWriter(raw) if buffered else raw

    monkeypatch.setattr(Path, "open", opened)
    async with against(lambda _: Reply(body=content), token="t") as (client, server):
        with pytest.raises(OSError, match="No space left") as caught:
            await client.files.download("f").save(tmp_path / "f")
        assert not isinstance(caught.value, TransportError)
        assert len(server.received) == 1
    assert list(tmp_path.iterdir()) == []
    assert writers() == []


def writers() -> list[Thread]:
    """Return the threads that write files."""
    return [thread for thread in enumerate_threads() if thread.name == "easemob-download"]


class KeptFile(io.BytesIO):
    """A file that can be looked at when it is closed; it notes which threads touch it."""

    content = b""

    def __init__(self) -> None:
        super().__init__()
        self.touched_by: set[str] = set()

    def write(self, data: Buffer) -> int:
        self.touched_by.add(current_thread().name)
        return super().write(data)

    def flush(self) -> None:
        self.touched_by.add(current_thread().name)

    def close(self) -> None:
        self.touched_by.add(current_thread().name)
        if not self.closed:
            self.content = self.getvalue()
        super().close()


class SlowFile(KeptFile):
    """A file whose writes wait."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()
        self.began = False

    def write(self, data: Buffer) -> int:
        self.began = True
        assert self.gate.wait(30)
        return super().write(data)


async def test_a_slow_disk_holds_up_its_own_download_and_nothing_else() -> None:
    file, piece, taken = SlowFile(), bytes(64 * 1024), 0
    sink = ToFile(file)

    async def take_all() -> None:
        nonlocal taken
        for _ in range(100):
            await sink.take(piece)
            taken += 1
        await sink.end()

    try:
        await sink.begin()
        taking = asyncio.create_task(take_all())
        await turns(200)
        assert not taking.done()
        assert taken * len(piece) <= 1 << 20  # what is not written yet is not much
    finally:
        file.gate.set()
    await taking
    await sink.close()
    assert file.content == piece * 100
    assert file.touched_by == {"easemob-download"}
    assert writers() == []


async def test_a_repeated_attempt_begins_the_file_anew() -> None:
    file = KeptFile()
    sink = ToFile(file)
    for attempt in (b"a" * 3_000_000, b"b" * 10):
        await sink.begin()
        await sink.take(attempt)
    await sink.end()
    await sink.close()
    assert file.content == b"b" * 10


async def test_a_cancelled_save_waits_for_its_thread_and_the_loop_does_not(
    against: Against, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SlowFile()
    monkeypatch.setattr(downloads, "_beside", lambda target: (target.with_suffix(".part"), file))
    async with against(lambda _: Reply(body=BIG), token="t") as (client, _):
        save = asyncio.create_task(client.files.download("f").save(tmp_path / "f"))
        try:
            await until(lambda: file.began)
            for _ in range(3):
                save.cancel()
                await turns(20)
            assert not save.done()
            assert not file.closed
        finally:
            file.gate.set()
        await asyncio.wait([save])
        assert save.cancelled()
        assert file.closed
    assert writers() == []
    assert list(tmp_path.iterdir()) == []


async def test_a_thread_that_cannot_be_started_is_told_at_once(
    against: Against, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    async with against(lambda _: Reply(body=BIG), token="t") as (client, server):
        await asyncio.to_thread(int)  # the pool of threads for the rest has one
        with monkeypatch.context() as patch:
            patch.setattr(Thread, "start", full)
            async with asyncio.timeout(10):
                with pytest.raises(RuntimeError, match="can't start new thread"):
                    await client.files.download("f").save(tmp_path / "f")
        assert len(server.received) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), SystemExit(3), KeyError("x")])
async def test_whatever_a_file_raises_ends_the_save(
    error: BaseException, against: Against, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(KeptFile):
        def flush(self) -> None:
            raise error

    file = Broken()
    monkeypatch.setattr(downloads, "_beside", lambda target: (target.with_suffix(".part"), file))
    async with against(lambda _: Reply(body=BIG), token="t") as (client, _), asyncio.timeout(10):
        with pytest.raises(type(error)):
            await client.files.download("f").save(tmp_path / "f")
    assert file.closed
    assert writers() == []


@pytest.mark.parametrize("moved", [False, True], ids=["no loop runs", "another loop runs"])
def test_a_save_whose_loop_was_closed_leaves_neither_thread_nor_file(
    tmp_path: Path, moved: bool
) -> None:
    async def fetch(sink: Sink) -> None:
        await sink.begin()
        await sink.take(BIG)
        await asyncio.Event().wait()

    async def left_behind() -> None:
        kept.append(asyncio.ensure_future(Download(fetch).save(tmp_path / "f")))
        await until(writers)
        await turns(20)

    def collect() -> None:
        kept.clear()
        for _ in range(100):  # the thread may still be busy with what refers to the save
            gc.collect()
            for thread in writers():
                thread.join(0.1)
            if not writers():
                return

    async def collect_in_a_loop() -> None:
        collect()

    kept: list[Any] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(left_behind())
    loop.close()
    if moved:
        asyncio.run(collect_in_a_loop())
    else:
        collect()
    assert writers() == []
    assert list(tmp_path.iterdir()) == []


async def test_two_downloads_to_one_path_are_in_nobodys_way(
    against: Against, tmp_path: Path
) -> None:
    async with against(lambda _: Reply(body=BIG), token="t") as (client, _):
        (tmp_path / "f.part").write_text("mine")
        saves = (client.files.download("f").save(tmp_path / "f") for _ in range(4))
        await asyncio.gather(*saves)
    assert (tmp_path / "f").read_bytes() == BIG
    assert {path.name for path in tmp_path.iterdir()} == {"f", "f.part"}


async def test_an_error_of_the_callers_iterator_is_raised_as_it_is() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("mine")

    async def text() -> AsyncIterator[Any]:
        yield "no bytes"

    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        with pytest.raises(KeyError, match="mine"):
            await client.files.upload(broken())
        with pytest.raises(TypeError, match="must be bytes"):
            await client.files.upload(text())
        assert emulator.state.files == {}


async def test_a_share_secret_is_in_no_error(against: Against) -> None:
    no = Reply(status=403, body={"error": "x", "error_description": "share-secret TOPSECRETZ no"})
    async with against(lambda _: no, token="t") as (client, _):
        with pytest.raises(PermissionDeniedError) as caught:
            await client.files.download("f", share_secret="TOPSECRETZ")
    assert "TOPSECRETZ" not in f"{caught.value!r} {caught.value.description}"


async def test_bad_input_is_a_clear_error_before_any_io(unconnected: EasemobClient) -> None:
    wrong: Any = 5
    with pytest.raises(InvalidArgumentError):
        await unconnected.files.upload(b"", filename=wrong)


@pytest.mark.parametrize("name", names.TAKEN)
async def test_names_that_people_have_are_taken(
    against: Against, name: str, tmp_path: Path
) -> None:
    async with against(lambda _: Reply(body={"entities": [{"uuid": "1"}]}), token="t") as (
        client,
        server,
    ):
        if "\\" not in name:
            path = tmp_path / name
            path.write_bytes(b"x")
            await client.files.upload(path)
        await client.files.upload(b"x", filename=name)
        assert f"filename*=utf-8''{quote(name, safe='')}".encode() in server.calls[-1].body or (
            name.isascii()
        )


@pytest.mark.parametrize(("name", "says"), names.REFUSED)
async def test_control_characters_and_half_pairs_are_refused(
    unconnected: EasemobClient, name: str, says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        await unconnected.files.upload(b"x", filename=name)


async def test_a_cancelled_save_leaves_nothing(tmp_path: Path, against: Against) -> None:
    async with against(lambda _: Reply(body={"a": "b"}), token="t") as (client, _):
        for turn in range(30):
            task = asyncio.ensure_future(client.files.download("f").save(tmp_path / "file"))
            for _ in range(turn % 6):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert [path.name for path in tmp_path.iterdir() if path.name != "file"] == []
