"""The peak memory of this process."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> float:
    """Return the peak memory of this process in MB.

    It is read from ``/proc`` if available: ``ru_maxrss`` includes the memory of the parent process
    at the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
