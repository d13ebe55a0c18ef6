"""Ids as one text: hundreds of them are written, sent and compared without touching each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import overload

from easemob_async.checks import ID_SEPARATOR
from easemob_async.wire import codec


class Ids(Sequence[str]):
    """The ids of a full call with one message, checked together and kept as text alone.

    While a call waits and is answered, the strings of its ids would leave the processor's cache: to
    compare or just to free each of them costs more than to split a text in the rare case. So each
    index splits it: iterate, or make a list.
    """

    __slots__ = ("_number", "encoded", "joined")

    def __init__(self, ids: list[str], joined: str) -> None:
        """Keep the texts of ids.

        Args:
            ids: at least one id.
            joined: what `checks.joined_ids` returned for them.
        """
        self._number = len(ids)
        self.joined = joined
        """The ids in one text, separated by `ID_SEPARATOR`."""
        self.encoded = codec.dumps(ids)
        """The ids in JSON."""

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[str]:
        return iter(self.joined.split(ID_SEPARATOR))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self.joined.split(ID_SEPARATOR)[index]


def join_ids(ids: Sequence[str]) -> str:
    """Return ids in one text, separated by `ID_SEPARATOR`."""
    return ids.joined if isinstance(ids, Ids) else ID_SEPARATOR.join(ids)


def encode_ids(ids: Sequence[str]) -> bytes:
    """Return ids in JSON."""
    return ids.encoded if isinstance(ids, Ids) else codec.dumps(ids)


def are_same_ids(ids: Sequence[str], others: Collection[str]) -> bool:
    """Return whether other texts are the same ids in the same order."""
    if isinstance(ids, Ids):
        # No id contains the separator: in as many texts it is nowhere else either.
        return len(ids) == len(others) and ids.joined == ID_SEPARATOR.join(others)
    return list(ids) == list(others)
