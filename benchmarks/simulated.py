"""A job of any number of targets without a network: ``python -m benchmarks.simulated``.

Source and answers are made up, quotas are off, the journal is on. Prints the time of each part of
the job (it is linear if they are equal), the peak memory and the size of the journal.
``--targets 100000000`` runs for minutes; ``--any-order`` yields the ids in no order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peak import peak
from benchmarks.server import APP
from easemob_async import EasemobClient, Quotas, RetryPolicy, Text
from easemob_async.fanout.fanout import Fanout
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Call, Journey
from easemob_async.transport.policy import SINGLE, Policy
from easemob_async.transport.transport import Transport

_PARTS = 10
ANY_ORDER = 7_368_787
"""A prime number: a source that goes on by so many ids has no order."""
_MESSAGE_ID = "1029457500870543736"


class _MadeUp(Transport):
    """A transport whose service accepts each call at once."""

    async def carry(self, call: Call, policy: Policy = SINGLE) -> Answer:
        assert policy.on_admission is not None
        assert policy.on_departure is not None
        assert call.about is not None
        async with policy.admission():
            policy.on_admission(call, call.messages)
        await policy.on_departure()
        body = {"data": dict.fromkeys(call.about, _MESSAGE_ID)}
        return Answer(
            Journey(call, self.state.hosts.unchosen_url), body, self.state.app_key.id_prefix
        )

    def with_retry(self, retry: RetryPolicy) -> Transport:
        return self


async def _run(targets: int, step: int, workers: int, path: Path, *, silent: bool) -> float:
    """Run a job, and return its seconds."""
    part = max(1, targets // _PARTS)
    read_at = time.perf_counter()

    def users() -> Iterator[str]:
        nonlocal read_at
        for number in range(targets):
            yield f"user{number * step % targets:09}"
            if (number + 1) % part == 0 and not silent:
                now = time.perf_counter()
                seconds, read_at = (now - read_at) / part * 1e6, now
                print(f"    read {number + 1:,}: {seconds:.2f} s a million, {peak():.0f} MB")

    async with EasemobClient(APP, token="t", quotas=Quotas(enabled=False)) as client:
        transport = _MadeUp(client._transport.state, client._transport.options)
        report = await Fanout(transport).to_users(
            users(), Text("Sale!"), sender="shop", workers=workers, journal=path
        )
    assert report.sent == targets, report
    return report.seconds


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=2_000_000)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--step", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--any-order", dest="step", action="store_const", const=ANY_ORDER)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON only")
    options = parser.parse_args()
    targets = options.targets
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sale.db"
        run = _run(targets, options.step, options.workers, path, silent=options.json)
        seconds = asyncio.run(run)
        journal = path.stat().st_size / targets
    if options.json:
        figures = {"targets": targets, "rate": targets / seconds, "memory": peak()}
        print(json.dumps({**figures, "journal": journal}))
        return
    each = seconds / targets * 1e6
    print(f"{targets:,} targets: {seconds:.1f} s, {each:.2f} s a million, {peak():.0f} MB")
    print(f"journal: {journal:.1f} bytes a target")


if __name__ == "__main__":
    main()
