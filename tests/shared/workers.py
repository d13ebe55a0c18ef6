"""Processes of one app for tests, and a way to their store that can be blocked."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

WITHIN = 30.0


class Worker:
    """A process that makes calls."""

    def __init__(self, client: dict[str, Any], *, callers: int, once: bool) -> None:
        given = json.dumps({"client": client, "callers": callers, "once": once})
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared.worker", given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    async def ready(self) -> None:
        assert await asyncio.to_thread(self.hear) == "ready\n"

    async def ended(self) -> dict[str, int]:
        """Let it end, and return how its calls went."""
        self.say()
        went: dict[str, int] = json.loads(await asyncio.to_thread(self.hear))
        assert self.process.wait(WITHIN) == 0
        return went

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)


@contextmanager
def workers(
    number: int, client: dict[str, Any], *, callers: int = 8, once: bool = False
) -> Iterator[list[Worker]]:
    """Start processes; they are gone in the end."""
    started = [Worker(client, callers=callers, once=once) for _ in range(number)]
    try:
        yield started
    finally:
        for worker in started:
            with suppress(ProcessLookupError):
                worker.kill()
            worker.process.wait(WITHIN)
            for pipe in (worker.process.stdin, worker.process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


class Proxy:
    """A way to a server that can be blocked: bytes then wait, and no connection breaks."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def block(self) -> None:
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    async def end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
