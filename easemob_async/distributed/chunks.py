"""A chunk: some 12 000 targets in one row, with their own messages if they have any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from easemob_async.fanout.journal.rows import SEPARATOR

CHUNK: Final = 12_000
"""The number of targets of a full chunk: two minutes of the default quota."""
MOST_BYTES: Final = 4 << 20
"""The size of a chunk's own messages from which on it is full."""


class Chunk:
    """The targets of a chunk while it is filled."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._which: list[int] = []
        self._contents: dict[bytes, int] = {}
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether it takes no others."""
        return len(self.names) >= CHUNK or self._bytes >= MOST_BYTES

    def add(self, targets: Sequence[str], content: bytes | None) -> Sequence[str]:
        """Add targets that share a message; return those for which there is no room.

        Args:
            targets: the targets.
            content: their message; ``None`` for that of the job.
        """
        taken = targets[: CHUNK - len(self.names)]
        self.names += taken
        number = 0
        if content is not None:
            number = self._contents.get(content, 0)
            if not number:
                number = self._contents[content] = len(self._contents) + 1
                self._bytes += len(content)
        self._which += [number] * len(taken)
        return targets[len(taken) :]

    def row(self) -> tuple[str, str | None]:
        """Return it as the database has it: the names, and the contents if there are any."""
        names = SEPARATOR.join(self.names)
        if not self._contents:
            return names, None
        which = ",".join(map(str, self._which))
        return names, SEPARATOR.join([which, *(content.decode() for content in self._contents)])


def read_names(names: str) -> list[str]:
    """Return the targets of a row, in the order of their positions."""
    return names.split(SEPARATOR)


def read_contents(contents: str | None, size: int) -> list[bytes | None]:
    """Return the own message of each target of a row; ``None`` for that of the job."""
    if contents is None:
        return [None] * size
    which, *own = contents.split(SEPARATOR)
    messages: list[bytes | None] = [None, *(content.encode() for content in own)]
    return [messages[int(number)] for number in which.split(",")]
