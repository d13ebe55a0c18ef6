"""The index of the targets that a job has met before: full ids on disk, for jobs with a journal.

Possible duplicates in this run are set aside here and looked up at the end. If they are many, an
index of all ids is built once, which SQLite sorts outside of memory.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.rows import SENT

_BUILD_KIBIBYTES: Final = 16_000

# A statement for many rows: SQLite reads their JSON in a third of the time of a statement for each.
_ROWS: Final = 1_000
_ADD: Final = "INSERT INTO seen SELECT value, ? FROM json_each(?) WHERE value IS NOT NULL"
_ADD_MIXED: Final = (  # a state is the first character
    "INSERT INTO seen SELECT substr(value, 2), substr(value, 1, 1) FROM json_each(?) "
    "WHERE value IS NOT NULL"
)
# SQLite would cut a text at a NUL, and join two halves of a pair: no id has them.
_CHANGED: Final = re.compile("[\0\ud800-\udfff]")
_NOT_SENT: Final = """
    SELECT key, state FROM json_each(?) LEFT JOIN seen ON target = value WHERE state IS NOT ?
"""
_STATES: Final = """
    SELECT target, state FROM json_each(?) CROSS JOIN seen ON target = value ORDER BY seen.rowid
"""

_ASIDE: Final = (
    "CREATE TABLE IF NOT EXISTS aside (target TEXT NOT NULL, content BLOB, problem TEXT)"
)


class SetAside(NamedTuple):
    """A target that may be a duplicate; whether it is, is decided at the end."""

    target: str
    content: bytes | None = None
    """The content of its own message, if it has one."""
    problem: str | None = None
    """Why its own message cannot be sent."""


class Index:
    """The full ids and their states, in a file beside the journal that is removed with the job."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".index")
        self._db: sqlite3.Connection | None = None

    def build(self, states: Iterable[Iterable[tuple[str, int]]]) -> None:
        """Index the targets of a journal with their states, in the order of its rows."""
        with self._opened() as db:
            db.execute(f"PRAGMA cache_size = -{_BUILD_KIBIBYTES}")
            db.execute("DROP TABLE IF EXISTS seen")
            db.execute("CREATE TABLE seen (target TEXT NOT NULL, state INTEGER NOT NULL)")
            db.execute("BEGIN")
            rows = chain.from_iterable(states)
            while part := list(islice(rows, _ROWS)):
                if len({state for _, state in part}) == 1:
                    db.execute(_ADD, (part[0][1], _json([target for target, _ in part])))
                else:
                    db.execute(_ADD_MIXED, (_json([f"{state}{name}" for name, state in part]),))
            db.execute("COMMIT")
            db.execute("CREATE INDEX seen_target ON seen (target, state)")

    def look_up(self, targets: Sequence[str | None]) -> dict[str, int]:
        """Return the state of each target in the index: sent, if it ever was; else the last."""
        # Sent, until SQLite says something else: most are.
        found = {target: SENT for target in targets if target is not None}
        with self._opened() as db:
            # Rows that need not be passed on cost half as much.
            again = []
            names = sorted(found)  # neighbours are on one page
            for at, state in db.execute(_NOT_SENT, (_json(names), SENT)):
                found.pop(names[at], None)
                if state is not None:
                    again.append(names[at])
            if again:
                for target, state in db.execute(_STATES, (_json(again),)):
                    if found.get(target) != SENT:
                        found[target] = state
        return found

    def put_aside(self, items: Iterable[SetAside]) -> None:
        """Store targets until the end."""
        with self._opened() as db:
            db.execute(_ASIDE)
            db.execute("BEGIN")
            db.executemany("INSERT INTO aside VALUES (?, ?, ?)", items)
            db.execute("COMMIT")

    def aside(self, number: int) -> Iterator[list[tuple[SetAside, bool]]]:
        """Yield the targets that were set aside, in order, with a flag that marks duplicates."""
        with self._opened() as db:
            db.execute(_ASIDE)
            db.execute("CREATE INDEX IF NOT EXISTS aside_target ON aside (target)")
            rows = db.execute(
                "SELECT target, content, problem, EXISTS (SELECT 1 FROM aside AS earlier "
                "WHERE earlier.target = aside.target AND earlier.rowid < aside.rowid) "
                "FROM aside ORDER BY rowid"
            )
            while batch := rows.fetchmany(number):
                yield [(SetAside(*item), bool(again)) for *item, again in batch]

    def close(self) -> None:
        """Remove the file: its content can be read from the journal again."""
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
            # The file can be built again at any time: it does not have to survive a crash.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA temp_store = FILE")
            self._db = db
        return self._db


def _json(texts: Sequence[str]) -> str:
    """Encode texts for SQLite; a text that it would change is ``null``."""
    encoded = json.dumps(texts)
    if "\\u0000" in encoded or "\\ud" in encoded:
        encoded = json.dumps([None if _CHANGED.search(text) else text for text in texts])
    return encoded
