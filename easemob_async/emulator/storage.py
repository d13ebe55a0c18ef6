"""The state of the emulator in a file, kept over restarts.

The file is a SQLite database with a row for each user, group, message, token and so on, and with
the contents of uploaded files. About twice a second a task encodes the rows that may have changed,
a few hundred in a turn of the event loop, and writes those that did change in a thread, in one
transaction with a write-ahead log. So requests wait for no disk; when the process is killed, the
last second is lost, which is the time between two writes and of one write. Everything that is left
is written when the emulator stops, also what was changed without a note (see `rows`).

A message and the list of its recipients are a row each; the mailboxes are made of them. Options of
the emulator, webhook rules, quotas and events that are waiting to be posted are not stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from easemob_async.emulator.app import App
from easemob_async.emulator.blobs import Blob
from easemob_async.emulator.rows import Rows, noting
from easemob_async.emulator.state import State
from easemob_async.emulator.stored_values import decode, encode

_LOGGER: Final = logging.getLogger(__name__)
_SECONDS: Final = 0.5
_SLICE: Final = 200
_APPLICATION: Final = 0x45734D62
FORMAT: Final = 1
"""The version of the format; a file of another version is refused."""
NOT_STORED: Final = frozenset(
    {
        # options
        *("org", "app", "client_id", "client_secret", "app_id", "app_certificate", "now"),
        *("token_ttl", "open_registration", "user_limit", "keep_messages", "max_messages"),
        *("switched_off", "listening"),
        # made of others, or waiting
        *("blobs", "received", "outbox", "_copies", "watch"),
    }
)
"""The fields of the state that are not stored."""
_FIELDS: Final = [f.name for f in attrs.fields(State) if f.name not in NOT_STORED]
_WALKED: Final = ("messages", "mailboxes")
_TABLES: Final = """
CREATE TABLE rows (app TEXT, field TEXT, key TEXT, value TEXT, PRIMARY KEY (app, field, key));
CREATE TABLE blobs (app TEXT, id TEXT, data BLOB, PRIMARY KEY (app, id));
"""


class StateFileError(RuntimeError):
    """The file cannot hold the state of the emulator."""


@attrs.frozen
class _Change:
    """A row to write; ``None`` as the value deletes it."""

    app: str
    field: str
    key: Any
    value: str | None
    new: bool


class Storage:
    """The file with the state of all apps of an emulator."""

    def __init__(self, path: str | os.PathLike[str], apps: Mapping[str, App]) -> None:
        self._database = _open(Path(path))
        self._apps = [_StoredApp(key, app, self._database) for key, app in apps.items()]
        self._unwritten: list[_Change] = []
        self._writing = asyncio.Lock()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write regularly, in the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write all changes and close the file."""
        self._closing.set()
        if self._task is not None:
            await self._task
        try:
            await self.save(everything=True)
        finally:
            self._database.close()

    async def save(self, *, everything: bool = False) -> None:
        """Write the changes; with `everything`, those without a note as well."""
        async with self._writing:
            for app in self._apps:
                for number, change in enumerate(app.changes(everything), 1):
                    if change is not None:
                        self._unwritten.append(change)
                    if number % _SLICE == 0:
                        await asyncio.sleep(0)
            await asyncio.to_thread(self._write)

    async def _run(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _SECONDS)
            try:
                await self.save()
            except Exception:
                _LOGGER.exception("the state was not written; it is tried again")

    def _write(self) -> None:
        changes = list(self._unwritten)
        with self._database as transaction:
            for app in self._apps:
                app.write_blobs(transaction)
            for change in changes:
                where = (change.app, change.field, encode(change.key))
                if change.value is None or change.new:  # a new row is the last
                    transaction.execute(
                        "DELETE FROM rows WHERE app = ? AND field = ? AND key = ?", where
                    )
                if change.value is not None:
                    transaction.execute(
                        "INSERT INTO rows VALUES (?, ?, ?, ?) ON CONFLICT (app, field, key) "
                        "DO UPDATE SET value = excluded.value",
                        (*where, change.value),
                    )
        del self._unwritten[: len(changes)]
        for app in self._apps:
            app.blobs_written()


class _StoredApp:
    """What is in the file of one app."""

    def __init__(self, key: str, app: App, database: sqlite3.Connection) -> None:
        self._key, self._app, self._state = key, app, app.state
        self._stored: dict[str, dict[Any, int]] = {field: {} for field in _FIELDS}
        """Field and key of each stored row to the hash of its text."""
        self._blobs: set[str] = set()
        self._written_blobs: set[str] = set()
        self._load(database)

    def _load(self, database: sqlite3.Connection) -> None:
        state, blobs = self._state, self._state.blobs

        def blob(blob_id: str) -> Blob:
            query = "SELECT data FROM blobs WHERE app = ? AND id = ?"
            row = database.execute(query, (self._key, blob_id)).fetchone()
            # A file that was deleted in the last moment has no content.
            return blobs.keep(b"" if row is None else row[0], blob_id)

        found: dict[str, dict[Any, Any]] = {}
        query = "SELECT field, key, value FROM rows WHERE app = ? ORDER BY rowid"
        for field, name, text in database.execute(query, (self._key,)):
            if field in self._stored:  # a release may have removed it
                key = decode(name, blob)
                found.setdefault(field, {})[key] = decode(text, blob)
                self._stored[field][key] = hash(text)
        for field, rows in found.items():
            value = getattr(state, field)
            if isinstance(value, dict):
                more = {key: row for key, row in value.items() if key not in rows}
                value.clear()
                value.update(rows)
                value.update(more)  # added before the start
            else:
                setattr(state, field, rows[""])
        state.received.clear()
        # A kill between two slices of a write may have left one without the other.
        names = {message_id: state.mailboxes.get(message_id, []) for message_id in state.messages}
        state.mailboxes = names
        for message_id, message in state.messages.items():
            for name in names[message_id]:
                state.received[name].append(message)
        for message_id, stream in state.streams.items():
            stream.message = state.messages.get(message_id, stream.message)
        ids = database.execute("SELECT id FROM blobs WHERE app = ?", (self._key,))
        self._blobs = {blob_id for (blob_id,) in ids}

    def changes(self, everything: bool) -> Iterator[_Change | None]:
        """Yield the changes of rows that may have changed; ``None`` for one that has not."""
        state = self._app.state
        everything |= state is not self._state
        self._state = state
        if isinstance(state.streams, Rows) and isinstance(state.messages, Rows):
            for message_id in state.streams.noted:  # its text is in both
                if message_id in state.messages:
                    state.messages.note(message_id)
        # All notes are of one moment, so that a message is written with its recipients.
        return self._changes([self._noted(field, everything) for field in _FIELDS])

    def _noted(self, field: str, everything: bool) -> tuple[str, Any, Mapping[Any, bool]]:
        """Return a field, its value, the keys of the rows to look at, and which are new."""
        value = getattr(self._state, field)
        if not isinstance(value, dict):
            return field, value, {"": False}
        if not isinstance(value, Rows):
            value = noting(value, walked=field in _WALKED)
            setattr(self._state, field, value)
        noted, all_noted = value.take()
        if everything or all_noted:
            gone = [key for key in self._stored[field] if key not in value]
            noted = dict.fromkeys([*gone, *value], False) | noted
        return field, value, noted

    def _changes(
        self, noted: Iterable[tuple[str, Any, Mapping[Any, bool]]]
    ) -> Iterator[_Change | None]:
        for field, rows, keys in noted:
            if not isinstance(rows, Rows):
                yield self._change(field, "", rows, new=False)
                continue
            for key, new in keys.items():
                if key in rows:
                    yield self._change(field, key, rows.peek(key), new=new)
                elif self._stored[field].pop(key, None) is not None:
                    yield _Change(self._key, field, key, None, new=False)
                else:
                    yield None

    def _change(self, field: str, key: Any, value: Any, *, new: bool) -> _Change | None:
        text = encode(value)
        if not new and self._stored[field].get(key) == hash(text):
            return None
        self._stored[field][key] = hash(text)
        return _Change(self._key, field, key, text, new)

    def write_blobs(self, database: sqlite3.Connection) -> None:
        """Write the new contents of files and delete those that nobody refers to."""
        blobs = self._state.blobs
        ids = blobs.ids()
        for blob_id in list(ids - self._blobs):
            try:
                data = blobs.read(blob_id)
            except KeyError:  # deleted in this moment
                ids.remove(blob_id)
                continue
            database.execute("INSERT INTO blobs VALUES (?, ?, ?)", (self._key, blob_id, data))
        for blob_id in self._blobs - ids:
            database.execute("DELETE FROM blobs WHERE app = ? AND id = ?", (self._key, blob_id))
        self._written_blobs = ids

    def blobs_written(self) -> None:
        """Note that the transaction with the contents of files has succeeded."""
        self._blobs = self._written_blobs


def _open(path: Path) -> sqlite3.Connection:
    """Open and lock the file, or create it.

    Raises:
        StateFileError: the file belongs to another program, has another format, or is in use.
    """
    try:
        database = sqlite3.connect(path, timeout=0, check_same_thread=False)
    except sqlite3.Error as error:
        raise StateFileError(f"the state file {path} cannot be opened: {error}") from None
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check(path, database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript("BEGIN IMMEDIATE; COMMIT;")  # takes the lock until it is closed
    except sqlite3.Error as error:
        database.close()
        if "locked" in str(error):
            problem = "is in use by another emulator; stop it, or use another file"
        else:
            problem = f"cannot be used: {error}"
        raise StateFileError(f"the state file {path} {problem}") from None
    except BaseException:
        database.close()
        raise
    return database


def _check(path: Path, database: sqlite3.Connection) -> None:
    number = {
        name: database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version", "schema_version")
    }
    if number["schema_version"] == 0:
        database.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {_APPLICATION};"
            f"PRAGMA user_version = {FORMAT}; COMMIT;"
        )
    elif number["application_id"] != _APPLICATION:
        raise StateFileError(f"{path} is not a state file of the emulator; use another file")
    elif number["user_version"] != FORMAT:
        raise StateFileError(
            f"the state file {path} has the format {number['user_version']}, this release reads "
            f"the format {FORMAT}; use another file"
        )
