"""Which targets a job has met before: an index of full ids on disk, for jobs with a journal.

What may have been met in this run is put aside here, and looked up at the end; for many of them an
index of all ids is built once, sorted by SQLite outside of memory.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.reader import SENT

_BUILD_KIBIBYTES: Final = 16_000


class Index:
    """Full ids with what became of them, in a file beside the journal that goes with the job."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".index")
        self._db: sqlite3.Connection | None = None

    def build(self, states: Iterable[Iterable[tuple[str, int]]]) -> None:
        """Index what a journal says: targets with their states, in the order of its writing."""
        with self._opened() as db:
            db.execute(f"PRAGMA cache_size = -{_BUILD_KIBIBYTES}")
            db.execute("DROP TABLE IF EXISTS seen")
            db.execute("CREATE TABLE seen (target TEXT NOT NULL, state INTEGER NOT NULL)")
            db.execute("BEGIN")
            for rows in states:
                db.executemany("INSERT INTO seen VALUES (?, ?)", rows)
            db.execute("COMMIT")
            db.execute("CREATE INDEX seen_target ON seen (target, state)")

    def look_up(self, targets: Sequence[str | None]) -> dict[str, int]:
        """Give the state of each target that the index has: sent, if it ever was; else the last."""
        states: dict[str, int] = {}
        with self._opened() as db:
            rows = db.execute(
                "SELECT target, state FROM json_each(?) CROSS JOIN seen ON target = value "
                "ORDER BY seen.rowid",
                (json.dumps(targets),),
            )
            for target, state in rows:
                if states.get(target) != SENT:
                    states[target] = state
        return states

    def put_aside(self, items: Iterable[tuple[str, bytes | None]]) -> None:
        """Keep targets, with the content of who brought one, until the end."""
        with self._opened() as db:
            db.execute("CREATE TABLE IF NOT EXISTS aside (target TEXT NOT NULL, content BLOB)")
            db.execute("BEGIN")
            db.executemany("INSERT INTO aside VALUES (?, ?)", items)
            db.execute("COMMIT")

    def aside(self, number: int) -> Iterator[list[tuple[str, bytes | None, bool]]]:
        """Give what was put aside, in its order; the flag says that it came up here before."""
        with self._opened() as db:
            db.execute("CREATE TABLE IF NOT EXISTS aside (target TEXT NOT NULL, content BLOB)")
            db.execute("CREATE INDEX IF NOT EXISTS aside_target ON aside (target)")
            rows = db.execute(
                "SELECT target, content, EXISTS (SELECT 1 FROM aside AS earlier "
                "WHERE earlier.target = aside.target AND earlier.rowid < aside.rowid) "
                "FROM aside ORDER BY rowid"
            )
            while batch := rows.fetchmany(number):
                yield [(target, content, bool(again)) for target, content, again in batch]

    def close(self) -> None:
        """Remove the file: what it says can be read from the journal again."""
        if self._db is not None:
            self._db.close()
            self._db = None
        with contextlib.suppress(OSError):
            self._path.unlink()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._open()
        except (sqlite3.Error, OSError) as error:
            raise JournalError(
                f"{self._path}: the index of the journal cannot be written: {error}"
            ) from None

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._path.touch(mode=0o600)
            db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            # It can be built again at any time: nothing here has to survive.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA temp_store = FILE")
            self._db = db
        return self._db
