"""A picture of how a bulk job grows: ``python -m benchmarks.plot``; it needs the extra ``docs``.

Runs a simulated job of each size in a process of its own (see `benchmarks.simulated`), prints what
it took, and draws the targets a second and the peak memory over the size of the job into
``docs/images/jobs.svg`` and, with Chinese labels, ``docs/images/jobs.zh-CN.svg``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl

from benchmarks.simulated import ANY_ORDER

mpl.use("svg")
mpl.rcParams["svg.fonttype"] = "none"  # text stays text, in a font of the reader
# The text is not drawn here, so the fonts here do not matter.
warnings.filterwarnings("ignore", "Glyph .* missing from font")
mpl.rcParams["svg.hashsalt"] = "jobs"  # the same figures make the same file

from matplotlib import pyplot as plt  # noqa: E402

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
ENGLISH: Final = {
    "size": "targets of the job",
    "rate": "targets a second",
    "memory": "peak memory, MB",
    "1": "ids in order",
    str(ANY_ORDER): "ids in no order",
}
CHINESE: Final = {
    "size": "任务的目标数",
    "rate": "每秒处理的目标数",
    "memory": "内存峰值（MB）",
    "1": "ID 有序",
    str(ANY_ORDER): "ID 无序",
}
COLORS: Final = {"1": "#0b6bcb", str(ANY_ORDER): "#c2571a"}


def _measure(targets: int, step: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.simulated", "--json"]
    command += ["--targets", str(targets), "--step", step]
    found: dict[str, float] = json.loads(subprocess.check_output(command))
    return found


def _draw(
    file: Path, found: Mapping[str, Sequence[dict[str, float]]], words: Mapping[str, str]
) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, key in zip(axes, ("rate", "memory"), strict=True):
        for step, points in found.items():
            axis.plot(
                [point["targets"] for point in points],
                [point[key] for point in points],
                marker="o",
                color=COLORS[step],
                label=words[step],
            )
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.set_xlabel(words["size"])
        axis.set_title(words[key])
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [10_000, 100_000, 1_000_000, 10_000_000]
    parser.add_argument("--targets", type=int, nargs="+", default=sizes)
    options = parser.parse_args()
    found = {step: [_measure(targets, step) for targets in options.targets] for step in COLORS}
    for step, points in found.items():
        for point in points:
            print(
                f"{ENGLISH[step]}, {point['targets']:,} targets: {point['rate']:,.0f} a second, ",
                end="",
            )
            print(f"{point['memory']:.0f} MB, {point['journal']:.1f} bytes of journal a target")
    _draw(IMAGES / "jobs.svg", found, ENGLISH)
    _draw(IMAGES / "jobs.zh-CN.svg", found, CHINESE)


if __name__ == "__main__":
    main()
