"""The peak memory of a job with 1, 2 and 4 million targets: ``python -m benchmarks.memory``.

Each run is a separate process that sends to users from a generator, with or without a journal, and
prints its peak memory.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.peak import peak
from benchmarks.server import APP, running
from easemob_async import EasemobClient, Quotas, Text

_MILLIONS = (1, 2, 4)


async def _send(base_url: str, targets: int, journal: str | None) -> None:
    users = (f"user{number:08}" for number in range(targets))
    async with EasemobClient(
        APP, token="t", base_url=base_url, quotas=Quotas(enabled=False)
    ) as client:
        report = await client.fanout.to_users(users, Text("Sale!"), journal=journal)
        assert report.sent == targets, report


def _peak(base_url: str, targets: int, journal: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", "--send", base_url, str(targets), journal]
    return float(subprocess.check_output(command))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--send", nargs=3, metavar=("URL", "TARGETS", "JOURNAL"))
    options = parser.parse_args()
    if options.send:
        url, targets, journal = options.send
        asyncio.run(_send(url, int(targets), journal or None))
        print(peak())
        return
    with running() as base_url, tempfile.TemporaryDirectory() as folder:
        for kind in ("without a journal", "with a journal"):
            peaks = []
            for millions in _MILLIONS:
                journal = str(Path(folder) / f"{millions}.db") if kind == "with a journal" else ""
                peaks.append(_peak(base_url, millions * 1_000_000, journal))
            shown = ", ".join(f"{peak:.1f}" for peak in peaks)
            spread = max(peaks) - min(peaks)
            print(f"{kind}: {shown} MB for 1, 2, 4 million targets; they differ by {spread:.1f} MB")


if __name__ == "__main__":
    main()
