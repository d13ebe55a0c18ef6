"""The emulator in a thread, for tests and programs without their own event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from easemob_async.emulator.server import Emulator


@contextmanager
def running(emulator: Emulator) -> Iterator[Emulator]:
    """Run an emulator in its own thread until the ``with`` block ends."""
    started = threading.Event()
    stop: asyncio.Event
    loop: asyncio.AbstractEventLoop
    failure: list[BaseException] = []

    async def serve() -> None:
        nonlocal stop, loop
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        try:
            await emulator.start()
        except BaseException as error:
            failure.append(error)
            raise
        finally:
            started.set()
        await stop.wait()
        await emulator.stop()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if not failure:
                failure.append(error)

    thread = threading.Thread(target=run, name="easemob-emulator", daemon=True)
    thread.start()
    started.wait()
    if failure:
        raise failure[0]
    try:
        yield emulator
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
