"""A process that calls the service as fast as the shared quota allows: see `workers`.

It says ``ready``, begins when it reads a line, ends when it reads another, and says how it went.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

from easemob_async import EasemobClient, EasemobError, RetryPolicy


async def main() -> None:
    given = json.loads(sys.argv[1])
    went: Counter[str] = Counter()
    stopped = asyncio.Event()

    async def call_on(client: EasemobClient) -> None:
        while not stopped.is_set():
            try:
                await client.users.get_status("ann")
            except EasemobError as error:
                went[type(error).__name__] += 1
            else:
                went["answered"] += 1
            if given["once"]:
                return

    retry = RetryPolicy(attempts=1)
    async with EasemobClient(**given["client"], retry=retry) as client:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        calls = [asyncio.create_task(call_on(client)) for _ in range(given["callers"])]
        await asyncio.to_thread(sys.stdin.readline)
        stopped.set()
        await asyncio.gather(*calls)
    print(json.dumps(went), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
