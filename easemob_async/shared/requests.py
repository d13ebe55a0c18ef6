"""A request to the store, put together from what there is to say."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence

from easemob_async.shared.asking import Asking, Granted
from easemob_async.shared.news import News
from easemob_async.shared.protocol import (
    SECOND,
    Kept,
    LimitKey,
    Refused,
    Request,
    Returned,
    Settled,
    Take,
    Units,
    Wanted,
)
from easemob_async.shared.reliance import Reliance


def compose(
    reliance: Reliance,
    *,
    used: Iterable[LimitKey],
    kept: Sequence[Granted],
    news: News,
    asked: Sequence[Asking],
    now: float,
) -> Request:
    """Put a request together.

    Args:
        reliance: what the process relies on.
        used: limits whose state is asked for, whether or not anything else is about them.
        kept: what is entered again into a new account.
        news: what is told.
        asked: the calls that ask for units.
        now: the time, by the process's clock.
    """
    wanted = dict.fromkeys([*used, *news.limits()])
    for granted in kept:
        wanted.update(dict.fromkeys(granted.units))
    for asking in asked:
        wanted.update(dict.fromkeys(asking.wish.amounts))
    limits = sorted(wanted, key=lambda limit: limit.name)
    number = {limit: place for place, limit in enumerate(limits)}
    return Request(
        known=reliance.known,
        fresh=secrets.token_hex(8),
        stepped=reliance.stepped,
        limits=limits,
        kept=[Kept(one.permit, _micro(one.ends - now), _units(number, one.units)) for one in kept],
        settled=[
            Settled(granted.permit, _micro(now - at), _units(number, granted.units))
            for granted, at in news.settled
        ],
        returned=[Returned(permit, _numbers(number, those)) for permit, those in news.returned],
        refused=[
            Refused(granted.permit, pause, granted.since, _numbers(number, those))
            for granted, pause, those in news.refused
        ],
        takes=[
            Take(
                one.permit,
                one.group.key,
                _micro(one.ends(now) - now),
                one.first_asked is not None,
                one.wish.messages,
                [Wanted(number[limit], *amount) for limit, amount in one.wish.amounts.items()],
            )
            for one in asked
        ],
    )


def _numbers(number: Mapping[LimitKey, int], limits: Iterable[LimitKey]) -> list[int]:
    return [number[limit] for limit in limits]


def _units(number: Mapping[LimitKey, int], units: Mapping[LimitKey, int]) -> list[Units]:
    return [(number[limit], count) for limit, count in units.items()]


def _micro(seconds: float) -> int:
    return max(0, int(seconds * SECOND))
