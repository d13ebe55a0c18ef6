"""The contents of uploaded files: in memory up to a limit, the oldest in a temporary file."""

from __future__ import annotations

import sqlite3
import threading
import uuid
import weakref


class Blob:
    """The content of an uploaded file."""

    def __init__(self, store: Blobs, blob_id: str) -> None:
        self.blob_id = blob_id
        """The id of the content."""
        self._store = store

    def read(self) -> bytes:
        """Return the content; may be called from any thread."""
        return self._store.read(self.blob_id)


class Blobs:
    """The contents of the uploaded files of an app, each kept as long as its `Blob` is.

    The temporary file is a database without a name: SQLite deletes it, whatever ends the process.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        """The largest number of bytes in memory."""
        self.in_memory = 0
        """The number of bytes in memory."""
        self._memory: dict[str, bytes] = {}
        self._moved: set[str] = set()
        self._file: sqlite3.Connection | None = None
        self._lock = threading.RLock()  # a finalizer may run at any place of its own thread

    def keep(self, data: bytes, blob_id: str | None = None) -> Blob:
        """Keep a content, with a new id by default; may be called from any thread.

        Beyond the limit the oldest contents are moved to the file.
        """
        blob = Blob(self, blob_id or uuid.uuid4().hex)
        with self._lock:
            self._memory[blob.blob_id] = data
            self.in_memory += len(data)
            weakref.finalize(blob, self._forget, blob.blob_id).atexit = False
            while self.in_memory > self.most:
                self._move(next(iter(self._memory)))
        return blob

    def read(self, blob_id: str) -> bytes:
        """Return a content.

        Raises:
            KeyError: it is no longer kept.
        """
        with self._lock:
            if blob_id in self._memory:
                return self._memory[blob_id]
            query = "SELECT data FROM blobs WHERE id = ?"
            row = self._opened().execute(query, (blob_id,)).fetchone()
            if row is None:
                raise KeyError(blob_id)
            data: bytes = row[0]
            return data

    def ids(self) -> set[str]:
        """Return the ids of all contents."""
        with self._lock:
            return self._memory.keys() | self._moved

    def _move(self, blob_id: str) -> None:
        data = self._memory.pop(blob_id)
        self.in_memory -= len(data)
        self._moved.add(blob_id)
        self._opened().execute("INSERT INTO blobs VALUES (?, ?)", (blob_id, data))

    def _forget(self, blob_id: str) -> None:
        with self._lock:
            if blob_id in self._memory:
                self.in_memory -= len(self._memory.pop(blob_id))
            else:
                self._moved.remove(blob_id)
                self._opened().execute("DELETE FROM blobs WHERE id = ?", (blob_id,))

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.execute("CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB)")
            weakref.finalize(self, self._file.close).atexit = False
        return self._file
