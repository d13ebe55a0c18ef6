"""Word lists for the moderation of texts: which words a text contains, and what follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import attrs

from easemob_async.emulator.state import State

# The scopes of the lists that are used for each kind of conversation.
_SCOPES: Final = {
    "users": ("ALL", "CHAT"),
    "chatgroups": ("ALL", "GROUP"),
    "chatrooms": ("ALL", "ROOM"),
    "": ("ALL", "CHAT", "GROUP", "ROOM"),
}


@attrs.frozen
class Moderated:
    """A text after its moderation."""

    disposition: str | None
    """The strictest action of the lists with a word of the text: ``REJECT``, ``EXCHANGE`` or
    ``PASS``; ``None`` if no list has one."""
    words: Sequence[str]
    """The words that are blocked or replaced."""
    text: str
    """The text, with the words of lists with ``EXCHANGE`` replaced by ``***``."""


def moderate(state: State, text: str, kind: str = "") -> Moderated:
    """Look for words in a text, with the lists for a kind of conversation, or with all lists.

    Words are found in any case of letters. Lists with the scope ``TAG`` are not used, because the
    emulator has no such tags.
    """
    if not state.word_lists:
        return Moderated(None, [], text)
    found: dict[str, list[str]] = {"REJECT": [], "EXCHANGE": [], "PASS": []}
    low = text.casefold()
    for one in state.word_lists.values():
        if one["scope"] not in _SCOPES[kind]:
            continue
        for row in one["words"].values():
            word = row["word"].casefold()
            if word == low if one["fullMatch"] else word in low:
                found[one["disposition"]].append(row["word"])
    objected = dict.fromkeys(found["REJECT"] + found["EXCHANGE"])
    strictest = next((name for name, words in found.items() if words), None)
    return Moderated(strictest, list(objected), _without(text, found["EXCHANGE"]))


def _without(text: str, words: Sequence[str]) -> str:
    """Replace words in a text, the longest first; what was replaced is not looked at again."""
    if not words:
        return text
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = re.split(pattern, text, flags=re.IGNORECASE)
    left = [part.casefold() for part in parts]
    if any(word.casefold() in part for word in words for part in left):
        return "***"  # a word without letters of its own: "ss" is found in "\u00df"
    return "***".join(parts)
