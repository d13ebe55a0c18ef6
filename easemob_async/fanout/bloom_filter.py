"""Which ids are surely new: memory of a fixed size, whatever the number of ids."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, islice
from operator import lt
from typing import Final

_WORDS: Final = 1 << 23
_BITS_OF_WORD: Final = 30  # what Python computes with fastest
_BITS_OF_ID: Final = 4
_PATTERNS: Final = 1 << 16
_KEPT: Final = 20_000


class BloomFilter:
    """Takes no id that was met before for new, and very few that are new for met.

    While ids come in ascending order, as from a sorted file or a query by key, the last one says it
    all: whatever is above it is new. Once they do not, a Bloom filter takes over, whose bits of one
    id are all in one word, so that it looks at memory once: 32 MB, and of a million ids some ten
    are taken for met, of ten millions one in a thousand.
    """

    def __init__(self, words: int = _WORDS) -> None:
        """Make it empty; the number of words must be a power of two."""
        self._words = words
        self._table = array("I")
        self._patterns: list[int] = []
        self._ascending = True
        # All ids so far, while they are few; then whatever is not above the highest may be met.
        self._first: list[str] | None = []
        self._highest = ""

    def add(self, ids: Sequence[str]) -> list[int]:
        """Take note of ids; gives the positions of those that may have been met before."""
        if not ids:
            return []
        if self._ascending:
            if self._goes_on(ids):
                return []
            self._take_over()
        met = self._mark(ids)
        highest = self._highest
        if not met and (not highest or min(ids) > highest):
            return []
        left, found = Counter(met), []
        for at in range(len(ids) - 1, -1, -1):  # of two in one part it is the later that was met
            digest = hash(ids[at])
            if left[digest] > 0:
                left[digest] -= 1
                found.append(at)
            elif ids[at] <= highest:
                found.append(at)
        return found[::-1]

    def _goes_on(self, ids: Sequence[str]) -> bool:
        if ids[0] <= self._highest or not all(map(lt, ids, islice(ids, 1, None))):
            return False
        self._highest = ids[-1]
        if self._first is not None:
            self._first += ids
            if len(self._first) > _KEPT:
                self._first = None
        return True

    def _take_over(self) -> None:
        self._ascending = False
        self._table = array("I", bytes(4 * self._words))
        bits = [1 << bit for bit in range(_BITS_OF_WORD)]
        some = [sum(chosen) for chosen in combinations(bits, _BITS_OF_ID)]
        self._patterns = (some * (_PATTERNS // len(some) + 1))[:_PATTERNS]
        if self._first is not None:
            self._mark(self._first)
            self._first, self._highest = None, ""

    def _mark(self, ids: Iterable[str]) -> list[int]:
        """Set the bits of ids; gives the digests of those whose bits were all set."""
        table, patterns, met = self._table, self._patterns, []
        mask, most = len(table) - 1, _PATTERNS - 1
        # The same string hashes alike all through a process.
        for digest in map(hash, ids):
            slot = digest & mask
            word = table[slot]
            pattern = patterns[digest >> 32 & most]
            if word & pattern == pattern:
                met.append(digest)
            else:
                table[slot] = word | pattern
        return met
