"""A small, fast HTTP server in a separate process, with the answers that the benchmarks need.

It uses little CPU time, so that the benchmarks measure the client.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

APP = "acme#shop"
PREFIX = "/acme/shop"
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_TO = re.compile(rb'"to" ?: ?\[([^\]]*)\]')
_STATUS = json.dumps(
    {
        "action": "get",
        "uri": "https://a1.easemob.com/acme/shop/users/ann/status",
        "entities": [],
        "data": {"ann": "online"},
        "timestamp": 1542601284531,
        "duration": 4,
    }
).encode()
_TOKEN = json.dumps({"access_token": "t" * 120, "expires_in": 5184000, "application": "x"}).encode()
_SENT = (
    b'{"path":"/messages/users","uri":"https://a1.easemob.com/acme/shop/messages/users",'
    b'"timestamp":1657254052191,"organization":"acme","application":"e82bcc5f","action":"post",'
    b'"data":{%s},"duration":0,"applicationName":"shop"}'
)


class _Protocol(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end]
            found = _LENGTH.search(head)
            length = int(found.group(1)) if found else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            content = _STATUS
        elif b"/token " in head[:200]:
            content = _TOKEN
        else:
            found = _TO.search(body)
            targets = found.group(1).replace(b" ", b"").split(b",") if found else []
            content = _SENT % b",".join(b'%s:"1029457500870543736"' % t for t in targets)
        self.transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(content), content)
        )


async def _serve(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Protocol, "127.0.0.1", 0, backlog=1024)
    pipe.send(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, pipe.recv)
    server.close()


def _run(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


@contextmanager
def running() -> Iterator[str]:
    """Run the server in another process and yield its base URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        ours.send(None)
        process.join(5)
        if process.is_alive():
            process.kill()
