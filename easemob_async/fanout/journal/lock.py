"""The side file of a journal: a lock that one process can hold, and how far the journal had come.

Readers may look at the journal itself while a job runs, so the lock is on a file beside it. The
high-water mark stands there as well: SQLite by itself drops the commits behind a damaged frame of
its log in silence, and a file that was deleted or replaced says nothing of what it held. The mark
is written after each commit and not synced: it outlives the process, however that ends.
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
    """How far a journal had come."""

    journal: str
    """The journal's own id."""
    rows: int
    """How many rows it had."""

    def encode(self) -> bytes:
        """Return it as text of a fixed length."""
        text = f"{self.journal} {self.rows:020d}"
        return f"{text} {zlib.crc32(text.encode()):08x}".ljust(_MARK_BYTES).encode()

    @classmethod
    def decode(cls, data: bytes) -> Mark | None:
        """Read it; ``None`` where there is none, or none that is whole."""
        try:
            text, _, check = data.decode("ascii").strip().rpartition(" ")
            journal, _, rows = text.partition(" ")
            if f"{zlib.crc32(text.encode()):08x}" == check:
                return cls(journal, int(rows))
        except ValueError:
            pass
        return None


def side_file(journal: Path) -> Path:
    """Return where the side file of a journal is."""
    whole = journal.resolve()  # a link to a journal is the journal
    return whole.with_name(whole.name + ".lock")


def read_mark(journal: Path) -> Mark | None:
    """Read how far a journal had come; ``None`` when nobody knows."""
    try:
        with side_file(journal).open("rb") as file:
            file.seek(_OWNER_BYTES)
            return Mark.decode(file.read(_MARK_BYTES))
    except OSError:
        return None


class SideFile:
    """The lock of a journal, held by this process; it goes with the process, however that ends."""

    def __init__(self, journal: Path) -> None:
        """Take the lock.

        Raises:
            JournalError: another process holds it, or the file cannot be made.
        """
        path = side_file(journal)
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise JournalError(f"journal {path}: cannot be made: {error}") from None
        try:
            _take(handle)
        except OSError:
            owner = os.read(handle, _OWNER_BYTES).decode(errors="replace").strip()
            os.close(handle)
            who = f"process {owner}" if owner else "another process"
            raise JournalError(
                f"journal {journal}: in use by {who}; one job, one process"
            ) from None
        self._handle: int | None = handle
        self._write(0, str(os.getpid()).encode().ljust(_OWNER_BYTES))

    def write_mark(self, mark: Mark) -> None:
        """Note how far the journal has come."""
        self._write(_OWNER_BYTES, mark.encode())

    def release(self) -> None:
        """Let go of the lock; the side file stays, with its mark."""
        if self._handle is not None:
            self._write(0, b" " * _OWNER_BYTES)
            os.close(self._handle)
            self._handle = None

    def _write(self, at: int, data: bytes) -> None:
        assert self._handle is not None
        try:
            os.lseek(self._handle, at, os.SEEK_SET)
            os.write(self._handle, data)
        except OSError:
            pass  # a full disk: an older mark says less, and nothing wrong


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond what is written, which stays readable
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
