"""A file that one process can hold: on a side file, so that readers may look at the main one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from easemob_async.errors import JournalError


class FileLock:
    """An operating system's lock; it goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            JournalError: another process holds it, or the file cannot be made.
        """
        self._path = path
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise JournalError(f"journal {path}: cannot be made: {error}") from None
        self._file: IO[bytes] | None = os.fdopen(handle, "r+b", buffering=0)
        try:
            _take(handle)
        except OSError:
            owner = self._file.read().decode(errors="replace").strip()
            self._file.close()
            who = f"process {owner}" if owner else "another process"
            raise JournalError(
                f"journal {path.with_suffix('')}: in use by {who}; one job, one process"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()).encode())

    def release(self) -> None:
        """Let go of it; the side file stays, empty."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the owner's number, which stays readable
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
