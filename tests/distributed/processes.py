"""Worker processes that tests start, stop and kill, and a proxy before their database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.distributed.service import Service

ROOT = Path(__file__).parent.parent.parent
WITHIN = 60.0


class WorkerProcess:
    """A worker process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.paused = False

    def stopped_itself(self) -> bool:
        """Whether it has reached its point."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def pause(self) -> None:
        self.paused = True
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.paused = False
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(WITHIN)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(WITHIN)


class Machines:
    """The machines on which workers run."""

    def __init__(self, url: str, schema: str, service: Service, lease: float) -> None:
        self._given = {
            "url": url,
            "schema": schema,
            "base_url": service.emulator.base_url,
            "lease": lease,
        }
        self.workers: list[WorkerProcess] = []

    def start(
        self,
        *,
        point: str | None = None,
        concurrency: int = 1,
        without_ledger: bool = False,
    ) -> WorkerProcess:
        given = {
            **self._given,
            "point": point,
            "concurrency": concurrency,
            "without_ledger": without_ledger,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.distributed.worker_process", json.dumps(given)], cwd=ROOT
        )
        self.workers.append(WorkerProcess(process))
        return self.workers[-1]


@contextmanager
def machines(url: str, schema: str, service: Service, lease: float = 2.0) -> Iterator[Machines]:
    started = Machines(url, schema, service, lease)
    try:
        yield started
    finally:
        for worker in started.workers:
            if worker.process.poll() is None:
                worker.kill()


async def until(condition: object) -> None:
    """Wait until a function, sync or async, says that something holds."""
    end = time.monotonic() + WITHIN
    assert callable(condition)
    while True:
        holds = condition()
        if asyncio.iscoroutine(holds):
            holds = await holds
        if holds:
            return
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


class Proxy:
    """A proxy before a PostgreSQL, which can stall, or lose the answer to a statement."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = parts.hostname, parts.port
        self._server: asyncio.Server
        self._user, self._database = parts.username, parts.path
        self.lose: bytes | None = None
        """What a statement has in it whose answer is lost, once, with the connection."""
        self.lost = 0
        """How many answers were lost."""
        self.flows = asyncio.Event()
        self.flows.set()
        self._serving = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return f"postgresql://{self._user}@127.0.0.1:{port}{self._database}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Cut all connections: a client with a store keeps its own until it is closed."""
        self.flows.set()
        self._server.close()
        await asyncio.sleep(0)  # one that was just accepted
        while self._serving:
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._serving += 1
        self._writers.add(answer)
        try:
            server, request = await asyncio.open_connection(*self._to)
            self._writers.add(request)
            await self._pass_on(client, answer, server, request)
        finally:
            self._serving -= 1

    async def _pass_on(
        self,
        client: asyncio.StreamReader,
        answer: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        request: asyncio.StreamWriter,
    ) -> None:
        losing = asyncio.Event()

        async def there() -> None:
            while data := await client.read(65536):
                await self.flows.wait()
                if self.lose is not None and self.lose in data:
                    self.lose = None
                    losing.set()
                request.write(data)
                await request.drain()

        async def back() -> None:
            while data := await server.read(65536):
                await self.flows.wait()
                if losing.is_set():
                    self.lost += 1
                    return
                answer.write(data)
                await answer.drain()

        ways = [asyncio.create_task(there()), asyncio.create_task(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (request, answer):
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(url)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
