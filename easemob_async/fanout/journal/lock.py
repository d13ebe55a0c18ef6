"""The side file of a journal: the lock of one process, and the journal's number of rows.

Programs may read the journal itself while a job runs, so the lock is on a file beside it. The
number of rows is there too, as a high-water mark: SQLite silently drops the commits after a damaged
frame of its log, and a file that was deleted or replaced does not show that rows are missing. The
mark is written after each commit and not synced; it survives the process, however that ends.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import JournalError

_OWNER_BYTES: Final = 32
_MARK_BYTES: Final = 96


@attrs.frozen
class Mark:
    """The high-water mark of a journal."""

    journal: str
    """The id of the journal."""
    rows: int
    """The number of rows that were written."""

    def encode(self) -> bytes:
        """Return the mark as text of a fixed length."""
        text = f"{self.journal} {self.rows:020d}"
        return f"{text} {zlib.crc32(text.encode()):08x}".ljust(_MARK_BYTES).encode()

    @classmethod
    def decode(cls, data: bytes) -> Mark | None:
        """Read a mark; return ``None`` if there is none, or if it is damaged."""
        try:
            text, _, check = data.decode("ascii").strip().rpartition(" ")
            journal, _, rows = text.partition(" ")
            if f"{zlib.crc32(text.encode()):08x}" == check:
                return cls(journal, int(rows))
        except ValueError:
            pass
        return None


def side_file(journal: Path) -> Path:
    """Return the path of a journal's side file."""
    whole = journal.resolve()  # a symbolic link to a journal has the same side file
    return whole.with_name(whole.name + ".lock")


def read_mark(journal: Path) -> Mark | None:
    """Read the high-water mark of a journal; return ``None`` if it is not known."""
    try:
        with side_file(journal).open("rb") as file:
            file.seek(_OWNER_BYTES)
            return Mark.decode(file.read(_MARK_BYTES))
    except OSError:
        return None


class SideFile:
    """The lock of a journal, held by this process; it ends with the process, however that ends."""

    def __init__(self, journal: Path) -> None:
        """Take the lock.

        Raises:
            JournalError: another process holds the lock, or the file cannot be created.
        """
        path = side_file(journal)
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise JournalError(f"journal {path}: cannot be created: {error}") from None
        try:
            _take(handle)
        except OSError:
            owner = os.read(handle, _OWNER_BYTES).decode(errors="replace").strip()
            os.close(handle)
            who = f"process {owner}" if owner else "another process"
            raise JournalError(
                f"journal {journal}: in use by {who}; only one process can run a job"
            ) from None
        self._handle: int | None = handle
        self._write(0, str(os.getpid()).encode().ljust(_OWNER_BYTES))

    def write_mark(self, mark: Mark) -> None:
        """Write the high-water mark."""
        self._write(_OWNER_BYTES, mark.encode())

    def release(self) -> None:
        """Release the lock; the side file stays, with its mark."""
        if self._handle is not None:
            self._write(0, b" " * _OWNER_BYTES)
            _free(self._handle)
            os.close(self._handle)
            self._handle = None

    def _write(self, at: int, data: bytes) -> None:
        assert self._handle is not None
        try:
            os.lseek(self._handle, at, os.SEEK_SET)
            os.write(self._handle, data)
        except OSError:
            pass  # a full disk: an older mark detects less, but it is not wrong


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the content, which stays readable
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

    def _free(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _free(handle: int) -> None:
        # A child that was forked meanwhile has the file open too: closing ours would not do.
        fcntl.flock(handle, fcntl.LOCK_UN)
