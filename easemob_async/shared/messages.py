"""The messages of the protocol as the lists that scripts and functions of the stores read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from easemob_async.shared.protocol import (
    Answer,
    LimitState,
    Reply,
    Request,
    TakeReply,
    TokenReply,
)


def as_lists(request: Request) -> Mapping[str, object]:
    """Return a request as JSON, its parts as lists in the order of the protocol's fields."""
    return {
        "known": request.known,
        "fresh": request.fresh,
        "stepped": request.stepped,
        "limits": [(key.name, key.capacity, key.window) for key in request.limits],
        "kept": [(one.permit, one.hold, one.units) for one in request.kept],
        "settled": [(one.permit, one.age, one.units) for one in request.settled],
        "returned": [(one.permit, one.limits) for one in request.returned],
        "refused": [
            (one.permit, -1 if one.pause is None else one.pause, one.since, one.limits)
            for one in request.refused
        ],
        "takes": [
            (one.permit, one.group, one.hold, one.again, one.messages, one.wanted)
            for one in request.takes
        ],
    }


def reply_of(lists: Sequence[Any]) -> Reply:
    """Return the reply that a store's lists mean."""
    now, generation, takes, limits = lists
    return Reply(
        int(now),
        generation,
        [TakeReply(Answer(answer), *rest) for answer, *rest in takes],
        [LimitState(*state) for state in limits],
    )


def token_reply_of(lists: Sequence[Any]) -> TokenReply:
    """Return the reply to a token request that a store's list means."""
    token, left, fetch, wait, error, failures = lists
    return TokenReply(token, None if left < 0 else left, bool(fetch), wait, error, failures)
