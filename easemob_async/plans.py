"""The plans (套餐) of the service, and the figures of an app that depend on its plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class PlanFigures:
    """What an app has on a plan. ``None``: without a limit; 0: not offered on this plan."""

    daily_active_users: int
    """The largest number of users who are active on one day."""
    registered_users: int | None
    """Registered users of the app; more are a `RateLimitError` that is not ``temporary``."""
    friends_per_user: int
    """Friends of a user."""
    conversations_per_user: int
    """Conversations of a user that the service keeps."""
    history: timedelta
    """How long the service keeps one-to-one and group messages."""
    groups: int | None
    """Groups of the app."""
    members_per_group: int
    """Members of a group."""
    groups_per_user: int
    """Groups that a user can be in."""
    chat_rooms: int | None
    """Chat rooms of the app."""
    free_room_messages: int
    """Messages to chat rooms that cost nothing, per day and 10 000 daily active users."""
    more_for_a_fee: frozenset[str] = frozenset()
    """The names of the figures that the service raises for a fee."""


class Plan(StrEnum):
    """A plan of the service; its documented figures are `Plan.figures`.

    Source: product_package_feature.md
    """

    FREE = "free"
    PROFESSIONAL = "professional"
    FLAGSHIP = "flagship"

    @property
    def figures(self) -> PlanFigures:
        """The figures of an app on this plan, from the service's documentation of its plans."""
        return _FIGURES[self]


_FOR_A_FEE: Final = frozenset({"history", "members_per_group", "groups_per_user"})
_FIGURES: Final[Mapping[Plan, PlanFigures]] = {
    Plan.FREE: PlanFigures(
        daily_active_users=100,
        registered_users=100,
        friends_per_user=100,
        conversations_per_user=100,
        history=timedelta(days=3),
        groups=100,
        members_per_group=100,
        groups_per_user=100,
        chat_rooms=0,
        free_room_messages=0,
    ),
    Plan.PROFESSIONAL: PlanFigures(
        daily_active_users=10_000,
        registered_users=None,
        friends_per_user=3000,
        conversations_per_user=100,
        history=timedelta(days=7),
        groups=None,
        members_per_group=300,
        groups_per_user=600,
        chat_rooms=None,
        free_room_messages=10_000_000,
        more_for_a_fee=_FOR_A_FEE,
    ),
    Plan.FLAGSHIP: PlanFigures(
        daily_active_users=10_000,
        registered_users=None,
        friends_per_user=3000,
        conversations_per_user=500,
        history=timedelta(days=90),
        groups=None,
        members_per_group=3000,
        groups_per_user=3000,
        chat_rooms=None,
        free_room_messages=10_000_000,
        more_for_a_fee=_FOR_A_FEE,
    ),
}
