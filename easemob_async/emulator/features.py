"""The features of an app that can be switched off, as an app has them before they are bought."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

FEATURES: Final = (
    "threads",
    "presence",
    "reactions",
    "tags",
    "user_attributes",
    "member_attributes",
    "mutes",
    "broadcasts",
    "recall",
    "edits",
    "roaming",
    "lifetimes",
    "group_online_count",
    "push_statistics",
    "instant_push",
    "webhook_storage",
    "message_search",
    "translation",
    "moderation",
    "rtc",
)
"""Their names, as `Emulator(switched_off=...)` and ``--switched-off`` take them."""


def features(names: Collection[str]) -> frozenset[str]:
    """Return the names of features as a set.

    Raises:
        ValueError: there is no feature of that name, or the names are one string.
    """
    if isinstance(names, str):
        raise ValueError(f"features must be a collection of names, not the string {names!r}")
    for name in names:
        if name not in FEATURES:
            near = get_close_matches(name, FEATURES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(FEATURES)}"
            raise ValueError(f"there is no feature {name!r}; {hint}")
    return frozenset(names)
