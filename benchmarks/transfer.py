"""Uploads and downloads of 100 MB beside the same by hand: ``python -m benchmarks.transfer``.

By hand means a `FormData` with an open file, and ``iter_chunked`` of 64 KiB into a file. The server
is another process, which throws an upload away and makes a download up; the rounds alternate.
Prints the medians of ours / by hand, and their spread: less is better.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from benchmarks.rounds import Work, in_turn, spread
from benchmarks.server import APP, PREFIX
from easemob_async import EasemobClient

_MEGABYTE: Final = 1 << 20
_PIECE: Final = 1 << 16
_UPLOADED: Final = {"entities": [{"uuid": "5fd74830", "type": "chatfile", "share-secret": "s"}]}


async def _take(request: web.Request) -> web.Response:
    async for _ in request.content.iter_any():
        pass
    return web.json_response(_UPLOADED)


async def _give(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = megabytes = int(request.match_info["name"]) * _MEGABYTE
    await response.prepare(request)
    for _ in range(megabytes // _MEGABYTE):
        await response.write(bytes(_MEGABYTE))
    return response


async def _serve(pipe: Connection) -> None:
    app = web.Application(client_max_size=1 << 40)
    app.router.add_post(f"{PREFIX}/chatfiles", _take)
    app.router.add_get(PREFIX + "/chatfiles/{name}", _give)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()


def _run(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


async def _compare(base_url: str, megabytes: int, rounds: int, folder: Path) -> None:
    source, target, url = folder / "up", folder / "down", f"{base_url}{PREFIX}/chatfiles"
    source.write_bytes(bytes(megabytes * _MEGABYTE))
    headers = {"Authorization": "Bearer " + "t" * 120}

    async with (
        EasemobClient(APP, token="t" * 120, base_url=base_url) as ours,
        aiohttp.ClientSession() as session,
    ):

        async def upload() -> None:
            assert (await ours.files.upload(source)).file_id

        async def upload_by_hand() -> None:
            form = aiohttp.FormData()
            with source.open("rb") as file:
                form.add_field("file", file, filename="up")
                async with session.post(url, data=form, headers=headers) as response:
                    assert (await response.json())["entities"][0]["uuid"]

        async def download() -> None:
            target.unlink(missing_ok=True)
            await ours.files.download(str(megabytes)).save(target)

        async def download_by_hand() -> None:
            target.unlink(missing_ok=True)
            async with session.get(f"{url}/{megabytes}", headers=headers) as response:
                with target.open("wb") as file:
                    async for piece in response.content.iter_chunked(_PIECE):
                        file.write(piece)

        pairs: dict[str, tuple[Work, Work]] = {
            "upload": (upload, upload_by_hand),
            "download": (download, download_by_hand),
        }
        for name, (our_work, by_hand) in pairs.items():
            spent = await in_turn({"ours": our_work, "by hand": by_hand}, rounds)
            mine, hand = spent["ours"], spent["by hand"]
            wall, cpu = spread(mine.wall, hand.wall), spread(mine.cpu, hand.cpu)
            print(f"{name} of {megabytes} MB, ours / by hand: wall {wall}, CPU {cpu}")
        assert target.stat().st_size == source.stat().st_size


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    pipe, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            base_url = f"http://127.0.0.1:{pipe.recv()}"
            asyncio.run(_compare(base_url, options.megabytes, options.rounds, Path(folder)))
    finally:
        pipe.send(None)
        process.join(10)


if __name__ == "__main__":
    main()
