"""The time to start, compared with the least that it can take: ``python -m benchmarks.start``.

Whole processes, in pairs and in turn: an import of the client beside an import of the libraries
below it, and ``easemob --help`` beside the help of a bare click program. All of them have cached
bytecode, as installed packages do. Prints the medians of the ratios, and their spread.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Final

_LIBRARIES: Final = ("-c", "import aiohttp, attrs, cattrs")
_BARE_CLICK: Final = (
    "-c",
    """
import click

@click.group()
def bare():
    "Do a few things."

@bare.command()
@click.argument("name")
def greet(name):
    "Greet someone."

bare()
""",
    "--help",
)
_CLIENT: Final = "from easemob_async import EasemobClient"
_PAIRS: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "import easemob_async / aiohttp, attrs, cattrs": (
        ("-c", "import easemob_async"),
        _LIBRARIES,
    ),
    "import EasemobClient / aiohttp, attrs, cattrs": (("-c", _CLIENT), _LIBRARIES),
    "import EasemobClient, take client.messages / aiohttp, attrs, cattrs": (
        ("-c", f"{_CLIENT}; EasemobClient('org#app', token='t').messages"),
        _LIBRARIES,
    ),
    "python -m easemob_async --help / a bare click program": (
        ("-m", "easemob_async", "--help"),
        _BARE_CLICK,
    ),
    "easemob --help / a bare click program": (
        ("-c", "from easemob_async.cli import main; main()", "--help"),
        _BARE_CLICK,
    ),
}


def _run(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Run Python, and return the seconds of CPU and wall that the process took."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environ, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall


def _measure(
    ours: Sequence[str], bare: Sequence[str], environ: Mapping[str, str], rounds: int
) -> None:
    """Print the ratios of CPU and wall time; the first pair writes the bytecode."""
    pairs = []
    for number in range(rounds + 1):
        if number % 2:
            pair = _run(ours, environ), _run(bare, environ)
        else:
            pair = (_run(bare, environ), _run(ours, environ))[::-1]
        if number:
            pairs.append(pair)
    for index, name in enumerate(("CPU", "wall")):
        ratios = [mine[index] / least[index] for mine, least in pairs]
        times = [statistics.median(one[index] for one in side) for side in zip(*pairs, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"    {name:4} {middle:.2f} (half of the pairs {low:.2f} to {high:.2f}, all "
            f"{min(ratios):.2f} to {max(ratios):.2f}); "
            f"{times[0] * 1000:.0f} ms, {times[1] * 1000:.0f} ms"
        )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as bytecode:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for title, (ours, bare) in _PAIRS.items():
            print(f"{title}, {rounds} pairs of processes")
            _measure(ours, bare, environ, rounds)


if __name__ == "__main__":
    main()
