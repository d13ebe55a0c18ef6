"""The peak memory of uploads and downloads of 1, 4 and 10 MB: ``python -m benchmarks.files``.

Each run is a separate process that uploads a file from a path, downloads it to another path, and
prints its peak memory. The emulator runs in the main process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peak import peak
from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running

_MEGABYTES = (1, 4, 10)
_TIMES = 5


async def _move(credentials: dict[str, Any], source: Path) -> None:
    target = source.with_suffix(".copy")
    async with EasemobClient(**credentials) as client:
        for _ in range(_TIMES):
            uploaded = await client.files.upload(source)
            await client.files.download(uploaded.file_id).save(target)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--move", nargs=2, metavar=("CREDENTIALS", "FILE"))
    options = parser.parse_args()
    if options.move:
        asyncio.run(_move(json.loads(options.move[0]), Path(options.move[1])))
        print(peak())
        return
    with running(Emulator()) as emulator, tempfile.TemporaryDirectory() as folder:
        peaks = []
        for megabytes in _MEGABYTES:
            source = Path(folder) / f"{megabytes}.bin"
            source.write_bytes(bytes(megabytes * 1024 * 1024))
            command = [sys.executable, "-m", "benchmarks.files", "--move"]
            command += [json.dumps(emulator.credentials), str(source)]
            peaks.append(float(subprocess.check_output(command)))
    shown = ", ".join(f"{peak:.1f}" for peak in peaks)
    spread = max(peaks) - min(peaks)
    print(
        f"{shown} MB for files of 1, 4, 10 MB, {_TIMES} times each; they differ by {spread:.1f} MB"
    )


if __name__ == "__main__":
    main()
