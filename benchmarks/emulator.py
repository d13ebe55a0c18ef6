"""The rate of the emulator on one core, compared with bare `aiohttp.web`, and its memory.

``python -m benchmarks.emulator [--requests N] [--rounds N] [--messages N]``

Bare means a handler that reads the request and answers a constant: the bytes that the emulator
answers the same request with. Each server has a process of its own, on one core where the system
can bind it to one; the same load comes from this process over kept-alive connections, to the two
servers in turn. The emulator counts quotas, which are never exceeded, and keeps what it receives.
Prints the medians of the requests per second of wall time and of the server's CPU time, their
spread, and the ratios. Wall time is that of a machine with nothing else to do.

The memory is that of the emulator's process while a million messages arrive, of which it keeps
``max_messages``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection

from aiohttp import web

from easemob_async.emulator import Emulator

CONNECTIONS = 16
APP = "/easemob-demo/testapp"
TARGETS = 500
MESSAGE = {"from": "ann", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}}


# ---------------------------------------------------------------- the servers


def _core(number: int) -> None:
    """Bind this process to a core, if there are several and the system can."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {number})


async def _answers(pipe: Connection) -> None:
    """Report the CPU time and the memory of this process until the other side is done."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, pipe.recv):
        pipe.send((time.process_time(), _resident()))


def _resident() -> float:
    """Return the memory of this process in MiB; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _emulator(pipe: Connection) -> None:
    async def serve() -> None:
        async with Emulator(quotas=1e9, max_messages=100_000) as emulator:
            for name in ("ann", "bob"):
                emulator.add_user(name)
            token = emulator.state.issue_token(None, 0)
            pipe.send((int(emulator.base_url.rpartition(":")[2]), token))
            await _answers(pipe)

    _core(0)
    asyncio.run(serve())


def _bare(pipe: Connection) -> None:
    content: Mapping[str, bytes] = pipe.recv()

    async def get(_: web.Request) -> web.Response:
        return web.Response(body=content["GET"], content_type="application/json")

    async def post(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=content["POST"], content_type="application/json")

    async def serve() -> None:
        app = web.Application()
        app.router.add_get(f"{APP}/users/ann", get)
        app.router.add_post(f"{APP}/messages/users", post)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        pipe.send((runner.addresses[0][1], ""))
        await _answers(pipe)
        await runner.cleanup()

    _core(0)
    asyncio.run(serve())


@contextmanager
def _running(serve: Callable[[Connection], None], first: object = None) -> Iterator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs,), daemon=True
    )
    process.start()
    if first is not None:
        ours.send(first)
    try:
        yield ours
    finally:
        ours.send(False)
        process.join(10)
        if process.is_alive():
            process.kill()


def _usage(pipe: Connection) -> tuple[float, float]:
    pipe.send(True)
    cpu, memory = pipe.recv()
    return cpu, memory


# ---------------------------------------------------------------- the load


def _request(method: str, path: str, token: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {APP}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _load(port: int, request: bytes, number: int, connections: int = CONNECTIONS) -> bytes:
    """Send a request a number of times, and return the last answer."""

    async def connection(mine: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = b""
        for _ in range(mine):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:16]:
                raise RuntimeError(f"the server answered {head!r}")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
        writer.close()
        return answer

    parts = [number // connections] * connections
    return (await asyncio.gather(*map(connection, parts)))[-1]


# ---------------------------------------------------------------- what is printed


async def _rates(requests: int, rounds: int) -> None:
    with _running(_emulator) as ours:
        port, token = ours.recv()
        sent = {
            "GET": _request("GET", "/users/ann", token),
            "POST": _request("POST", "/messages/users", token, MESSAGE),
        }
        constants = {name: await _load(port, request, 1, 1) for name, request in sent.items()}
        with _running(_bare, constants) as bare:
            servers = {"emulator": (ours, port), "bare": (bare, bare.recv()[0])}
            for name, path in (("GET", "users/{username}"), ("POST", "messages/users")):
                print(f"{name} {path}: {rounds} rounds of {requests} requests, medians (spread)")
                found = await _in_turn(servers, sent[name], requests, rounds)
                _show(found)


async def _in_turn(
    servers: Mapping[str, tuple[Connection, int]], request: bytes, requests: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Return the requests per second of wall and of CPU time; the first round is not counted."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name in list(servers) if number % 2 else list(servers)[::-1]:
            pipe, port = servers[name]
            cpu, wall = _usage(pipe)[0], time.perf_counter()
            await _load(port, request, requests)
            wall, cpu = time.perf_counter() - wall, _usage(pipe)[0] - cpu
            if number:
                found[name].append((requests / wall, requests / cpu))
    return found


def _show(found: Mapping[str, list[tuple[float, float]]]) -> None:
    for index, kind in ((0, "wall"), (1, "CPU")):
        medians = {}
        for name, pairs in found.items():
            values = [pair[index] for pair in pairs]
            medians[name] = statistics.median(values)
            print(
                f"    {name:8} {medians[name]:8.0f} requests per {kind} second "
                f"({min(values):.0f} to {max(values):.0f})"
            )
        ratios = [
            ours[index] / bare[index]
            for ours, bare in zip(found["emulator"], found["bare"], strict=True)
        ]
        print(
            f"    ratio    {statistics.median(ratios):8.2f} per {kind} second "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


async def _memory(messages: int, steps: int = 5) -> None:
    with _running(_emulator) as pipe:
        port, token = pipe.recv()
        body = {**MESSAGE, "to": [f"user{number}" for number in range(TARGETS)]}
        request = _request("POST", "/messages/users", token, body)
        print(f"memory of the emulator, which keeps 100000 messages: {_usage(pipe)[1]:.0f} MiB")
        for step in range(1, steps + 1):
            await _load(port, request, messages // steps // TARGETS, 4)
            print(f"    {messages * step // steps:8} messages: {_usage(pipe)[1]:6.0f} MiB")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4800)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--messages", type=int, default=1_000_000)
    options = parser.parse_args()
    _core(1)
    parts: list[Awaitable[None]] = [_rates(options.requests, options.rounds)]
    if options.messages:
        parts.append(_memory(options.messages))

    async def run() -> None:
        for part in parts:
            await part

    asyncio.run(run())


if __name__ == "__main__":
    main()
