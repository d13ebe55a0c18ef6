"""The rows of a journal: its schema, states and checksums. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

import attrs

from easemob_async.checks import ID_SEPARATOR
from easemob_async.outcomes import OutcomeStatus

MAGIC: Final = 0x65617365  # "ease"
VERSION: Final = "3"
FIRST_VERSION: Final = "2"
# A row of `calls` is long and never changed: an update would write all of its pages again.
SCHEMA: Final = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (id INTEGER PRIMARY KEY, targets TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE answers (
    call INTEGER PRIMARY KEY, id INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT,
    message_ids TEXT, crc INTEGER NOT NULL
);
CREATE TABLE exceptions (
    id INTEGER PRIMARY KEY, call INTEGER, target TEXT NOT NULL, state INTEGER NOT NULL,
    reason TEXT, crc INTEGER NOT NULL
);
CREATE INDEX exceptions_of_call ON exceptions (call);
CREATE TABLE tried_again (
    target TEXT, call INTEGER, id INTEGER NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (target, call)
) WITHOUT ROWID;
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

# The states of a call. A target with its own state is in `exceptions`, also without a call.
SENT: Final = 1
FAILED: Final = 2
UNKNOWN: Final = 3
WITHDRAWN: Final = 4
"""It was not sent, or was refused as a whole: it counts as if it did not exist."""
STATES: Final = frozenset({SENT, FAILED, UNKNOWN, WITHDRAWN})

STATE_OF: Final[Mapping[OutcomeStatus, int]] = {
    OutcomeStatus.SENT: SENT,
    OutcomeStatus.FAILED: FAILED,
    OutcomeStatus.UNKNOWN: UNKNOWN,
}
INTERRUPTED: Final = "it was sent, and the job ended before its answer was recorded"

SEPARATOR: Final = ID_SEPARATOR
"""Separates the targets of a call, and the ids of their messages."""


@attrs.frozen
class Settled:
    """The record of a target in a journal."""

    target: str
    """The target."""
    state: int
    """Its state: `SENT`, `FAILED` or `UNKNOWN`."""
    reason: str | None
    """The reason of a state other than `SENT`."""
    message_id: str | None = None
    """The message's id, if the journal stores it."""


# For more bytes at once, zlib lets the other threads run: to wait for them costs more than the sum.
_PIECE: Final = 5 * 1024


def checksum(*values: object) -> int:
    """Return the checksum of a row: of its number and all of its values, one after the other."""
    text = b"\x1f".join([b"\0" if value is None else str(value).encode() for value in values])
    total = 0
    for start in range(0, len(text), _PIECE):
        total = zlib.crc32(text[start : start + _PIECE], total)
    return total


ADD_CALL: Final = "INSERT INTO calls (id, targets, crc) VALUES (?, ?, ?)"
ADD_ANSWER: Final = (
    "INSERT INTO answers (id, call, state, reason, message_ids, crc) VALUES (?, ?, ?, ?, ?, ?)"
)
ADD_EXCEPTION: Final = (
    "INSERT INTO exceptions (id, call, target, state, reason, crc) VALUES (?, ?, ?, ?, ?, ?)"
)
ADD_AGAIN: Final = "INSERT INTO tried_again (id, target, call, crc) VALUES (?, ?, ?, ?)"
SET_COUNT: Final = "INSERT OR REPLACE INTO counts VALUES (?, ?)"


def call_row(number: int, targets: str) -> tuple[str, tuple[object, ...]]:
    """Return the row which records that a call is sent."""
    return ADD_CALL, (number, targets, checksum(number, targets))


def answer_row(
    number: int, call: int, state: int, reason: str | None, message_ids: str | None = None
) -> tuple[str, tuple[object, ...]]:
    """Return the row which records the outcome of a call."""
    row = (number, call, state, reason, message_ids)
    return ADD_ANSWER, (*row, checksum(*row))


def exception_row(
    number: int, call: int | None, target: str, state: int, reason: str | None
) -> tuple[str, tuple[object, ...]]:
    """Return the row which records that a target has its own state."""
    row = (number, call, target, state, reason)
    return ADD_EXCEPTION, (*row, checksum(*row))


def again_row(number: int, target: str, call: int) -> tuple[str, tuple[object, ...]]:
    """Return the row which records that a call replaces a target's state from earlier runs."""
    row = (number, target, call)
    return ADD_AGAIN, (*row, checksum(*row))
