"""The most memory that this process ever had."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> float:
    """Give it in MB.

    Where there is a ``/proc``, from there: ``ru_maxrss`` counts what the parent had when it forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
