"""Making a journal, or opening one of an earlier run for writing."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.lock import read_mark
from easemob_async.fanout.journal.reader import (
    count_rows,
    damaged,
    job_checksum,
    opened_for_reading,
    read_calls,
    read_exceptions,
    read_job,
    read_job_rows,
    read_own,
    refuse_lost,
)
from easemob_async.fanout.journal.rows import (
    ADD_AGAIN,
    ADD_ANSWER,
    ADD_CALL,
    ADD_EXCEPTION,
    FIRST_VERSION,
    INTERRUPTED,
    MAGIC,
    SCHEMA,
    SENT,
    SEPARATOR,
    SET_COUNT,
    UNKNOWN,
    VERSION,
    checksum,
)
from easemob_async.wire.codec import whole_text


@attrs.frozen
class Prepared:
    """A journal that is ready to be written."""

    journal_id: str
    """The id of the journal."""
    resumed: bool
    """Whether it existed before."""
    rows: int
    """The number of its rows."""
    counts: Mapping[str, int]
    """The counts of refusals from earlier runs."""


def prepare(path: Path, job: Mapping[str, str]) -> Prepared:
    """Create the file, or check that it belongs to this job and is complete.

    Raises:
        JournalError: the file belongs to another job, is not a journal, was damaged, cut or
            replaced, or cannot be created.
    """
    job = {name: whole_text(value) for name, value in job.items()}
    mark = read_mark(path)
    if path.exists() and not path.is_file():
        raise JournalError(f"journal {path}: not a file; it was not changed")
    if path.exists() and path.stat().st_size:
        with opened_for_reading(path, whole=False) as db:
            found = read_job_rows(path, db)
            _check_job(path, found, job)
        if found["version"] == FIRST_VERSION:
            _bring_up_to_date(path)
        with opened_for_reading(path) as db:
            counts = {str(name): int(value) for name, value in db.execute("SELECT * FROM counts")}
            return Prepared(read_job_rows(path, db)["journal"], True, count_rows(db)[1], counts)
    refuse_lost(path, mark)
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise damaged(path, "it is empty, but its log (-wal) is not")
    journal_id = secrets.token_hex(8)
    _make(path, {**job, "journal": journal_id}, lambda db: None)
    return Prepared(journal_id, False, 0, {})


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for writing."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # A call must be recorded on the disk before it is sent: FULL syncs every commit.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _make(path: Path, job: Mapping[str, str], fill: Callable[[sqlite3.Connection], None]) -> None:
    """Create a complete journal under another name, so that a kill leaves no incomplete one."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        # Only the owner may read the targets.
        os.close(os.open(new, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(connect(new)) as db:
            db.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            rows = {**job, "version": VERSION}
            rows["checksum"] = job_checksum(rows)
            db.executemany("INSERT INTO job VALUES (?, ?)", list(rows.items()))
            fill(db)
            db.execute(f"PRAGMA application_id = {MAGIC}")
            db.execute("COMMIT")
        new.replace(path)
    except (OSError, sqlite3.Error, UnicodeError) as error:
        raise JournalError(f"journal {path}: cannot be created: {error}") from None


def _bring_up_to_date(path: Path) -> None:
    """Convert a journal of the first version to the present one, with numbers and checksums."""
    try:
        with contextlib.closing(connect(path)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise JournalError(
            f"journal {path}: cannot be converted to the present version: {error}"
        ) from None
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise JournalError(
            f"journal {path}: cannot be converted to the present version while another program "
            "reads it; close that program"
        )

    def fill(db: sqlite3.Connection) -> None:
        number = 0

        def numbered(statement: str, *values: object, checked: tuple[object, ...]) -> int:
            nonlocal number
            number += 1
            db.execute(statement, (number, *values, checksum(number, *checked)))
            return number

        renamed: dict[int, int] = {}
        with opened_for_reading(path) as old:
            again = {call for (call,) in old.execute("SELECT DISTINCT call FROM tried_again")}
            for _, *row in read_exceptions(path, old, None):
                numbered(ADD_EXCEPTION, None, *row, checked=(None, *row))
            for call in read_calls(path, old):
                targets = SEPARATOR.join(call.targets)
                if call.state == SENT:
                    db.execute(SET_COUNT, ("accepted", 1))
                new = numbered(ADD_CALL, targets, checked=(targets,))
                if call.number in again:
                    renamed[call.number] = new
                if call.reason != INTERRUPTED or call.state != UNKNOWN:
                    row = [new, call.state, call.reason, None]
                    numbered(ADD_ANSWER, *row, checked=tuple(row))
                for _, *row in read_own(path, old, call):
                    numbered(ADD_EXCEPTION, new, *row, checked=(new, *row))
            for target, of_call in old.execute("SELECT target, call FROM tried_again"):
                if of_call in renamed:
                    row = [target, renamed[of_call]]
                    numbered(ADD_AGAIN, *row, checked=tuple(row))

    job = read_job(path)
    _make(path, {**job, "journal": secrets.token_hex(8)}, fill)


def _check_job(path: Path, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    different = sorted(name for name in wanted if found.get(name) != wanted[name])
    if different:
        raise JournalError(
            f"journal {path}: it is the journal of another job: it differs in "
            f"{', '.join(different)}; use another file, or the arguments of that job"
        )
