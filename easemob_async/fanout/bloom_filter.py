"""A filter that finds ids which are certainly new, with memory of a fixed size."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from operator import lt
from typing import Final

_WORDS: Final = 1 << 23
_BITS_OF_WORD: Final = 30  # the fastest integers of Python
_BITS_OF_ID: Final = 4
_PATTERNS: Final = 1 << 16
_KEPT: Final = 20_000
_EXACT: Final = 400_000


class BloomFilter:
    """A filter that never takes a known id for a new one, and very rarely a new id for a known one.

    While ids come in ascending order, as from a sorted file or a query by key, it compares each id
    with the last one: a greater id is new. After the first id out of order it keeps the next ids in
    a set, which is fast (and in a list, until one of them is met again), and when these would need
    more memory than a Bloom filter of 32 MB, it uses one. All bits of one id are in one word, so
    that one memory access is enough. Of a million new ids about ten are taken for known ones, of
    ten million about one in a thousand.
    """

    def __init__(self, words: int = _WORDS, exact: int = _EXACT) -> None:
        """Make an empty filter.

        Args:
            words: the size of the Bloom filter, a power of two.
            exact: how many ids the set holds at the most.
        """
        self._words = words
        self._exact = exact
        self._table = array("I")
        self._patterns: list[int] = []
        self._ascending = True
        # All ids so far, while they are few; later every id up to the highest may be a known one.
        self._first: list[str] | None = []
        self._highest = ""
        # The ids in the set; and in their order, until one of them is met again.
        self._known: set[str] | None = None
        self._in_order: list[str] | None = None

    def add(self, ids: list[str]) -> list[int]:
        """Add ids, and return the positions of those that may be known already."""
        if not ids:
            return []
        if self._ascending:
            if self._goes_on(ids):
                return []
            self._ascending = False
            self._in_order = self._first or []
            self._known = set(self._in_order)
            if self._first is not None:
                self._first, self._highest = None, ""
        if self._known is not None:
            if len(self._known) + len(ids) <= self._exact:
                return self._add_to(self._known, ids)
            self._take_over(self._known)
            self._known = self._in_order = None
        met = self._mark(ids)
        highest = self._highest
        if not met and (not highest or min(ids) > highest):
            return []
        left, found = Counter(met), []
        for at in range(len(ids) - 1, -1, -1):  # of two equal ids the later one is the duplicate
            digest = hash(ids[at])
            if left[digest] > 0:
                left[digest] -= 1
                found.append(at)
            elif ids[at] <= highest:
                found.append(at)
        return found[::-1]

    def _goes_on(self, ids: list[str]) -> bool:
        if ids[0] <= self._highest or not all(map(lt, ids, ids[1:])):
            return False
        self._highest = ids[-1]
        if self._first is not None:
            self._first += ids
            if len(self._first) > _KEPT:
                self._first = None
        return True

    def _add_to(self, known: set[str], ids: Sequence[str]) -> list[int]:
        highest = self._highest
        above = not highest or min(ids) > highest
        if above and self._in_order is not None:
            # The usual way, in one pass. If some were known, the set no longer tells which, since
            # it has all of them by now: the list does.
            if _are_new(known, ids):
                self._in_order += ids
                return []
            known = self._known = set(self._in_order)
        self._in_order = None
        if above and known.isdisjoint(ids):
            if _are_new(known, ids):
                return []
            known = set()  # some are equal among themselves
        found = []
        for at, name in enumerate(ids):
            if name in known or (highest and name <= highest):
                found.append(at)
            known.add(name)
        return found

    def _take_over(self, known: Iterable[str]) -> None:
        self._table = array("I", bytes(4 * self._words))
        bits = [1 << bit for bit in range(_BITS_OF_WORD)]
        some = [sum(chosen) for chosen in combinations(bits, _BITS_OF_ID)]
        self._patterns = (some * (_PATTERNS // len(some) + 1))[:_PATTERNS]
        self._mark(known)

    def _mark(self, ids: Iterable[str]) -> list[int]:
        """Set the bits of ids, and return the digests of those whose bits were all set before."""
        table, patterns, met = self._table, self._patterns, []
        mask, most = len(table) - 1, _PATTERNS - 1
        # Equal strings have the same hash throughout a process.
        for digest in map(hash, ids):
            slot = digest & mask
            word = table[slot]
            pattern = patterns[digest >> 32 & most]
            if word & pattern == pattern:
                met.append(digest)
            else:
                table[slot] = word | pattern
        return met


def _are_new(known: set[str], ids: Sequence[str]) -> bool:
    """Add ids to a set; return whether none was in it, and none is among them twice."""
    before = len(known)
    known.update(ids)
    return len(known) - before == len(ids)
