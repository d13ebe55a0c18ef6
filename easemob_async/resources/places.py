"""What chat groups and chat rooms have in common: the classes are made once, for a place each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final, Literal

import attrs

from easemob_async import api_limits, checks
from easemob_async.models.chat_groups import GroupMember
from easemob_async.models.pages import Page, Paginator, by_number
from easemob_async.models.tokens import FOREVER
from easemob_async.operation import Operation
from easemob_async.transport.answer import Answer, says_yes
from easemob_async.transport.transport import Transport


@attrs.frozen
class Place:
    """Groups, or rooms: what their operations are called, and where they are."""

    resource: str
    """``"chat_groups"``."""
    path: str
    """``"/chatgroups/{group_id}"``."""
    most_added: int
    """The most members that a call adds."""
    most_blocked: int
    """The most users that a call puts on the blocklist."""

    @cache  # noqa: B019 - there are two places
    def operation(
        self,
        name: str,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        repeat: Literal["safe", "once"],
        one_of_many: bool = False,
    ) -> Operation:
        """Describe an operation of the place: ``("mutes.list", "GET", ...)``."""
        id_ = f"{self.resource}.{name}"
        return Operation(id_, method, self.path + path, repeat, one_of_many=one_of_many)


GROUPS: Final = Place("chat_groups", "/chatgroups/{group_id}", 60, 100)
"""Of the documented 100 and 60 for adding members the lower."""
ROOMS: Final = Place("chat_rooms", "/chatrooms/{room_id}", 100, 60)
"""Of the documented 60 and 100 for blocking the lower."""


class Part:
    """A part of a group or a room: a reference to the transport, and which of the two it is."""

    def __init__(self, transport: Transport, place: Place) -> None:
        self._transport = transport
        self._place = place


def list_members(
    transport: Transport,
    operation: Operation,
    place_id: str,
    limit: int | None,
    **query: bool | None,
) -> Paginator[GroupMember]:
    """List members by page number: no total and no cursor, so a short page is the last."""
    size = checks.page_size(operation.id, limit, api_limits.MEMBERS_PER_PAGE)

    async def fetch(number: int) -> tuple[Page[GroupMember], bool]:
        asked = {"pagenum": number, "pagesize": size, **query}
        answer = await transport.call(operation, place_id, query=asked)
        members: Sequence[GroupMember] = answer.read(tuple[GroupMember, ...], "data")
        return Page(members), answer.count("data") >= size

    return by_number(fetch)


def length_of_time(operation: str, duration: timedelta, unit: timedelta, *, instead: str) -> int:
    """Give a length of time in the wire's units; -1 for `FOREVER`.

    Raises:
        InvalidArgumentError: not positive, where the wire would take it for something else.
    """
    if not isinstance(duration, timedelta):
        raise checks.fail(operation, f"duration must be a timedelta, not {duration!r}")
    if duration == FOREVER:
        return -1
    if duration <= timedelta(0):
        raise checks.fail(operation, f"duration must be above 0; to lift it, use {instead}")
    return -(-duration // unit)


def confirm_settings(
    answer: Answer, settings: Iterable[str], called: Mapping[str, str] | None = None
) -> None:
    """Raise unless the answer says of each setting that it was changed.

    Args:
        answer: the answer.
        settings: what was to be changed, as the request names it.
        called: what the answer calls some of them.

    Raises:
        APIError: the service says which it did not change.
        ResponseError: it does not say it of one, or of none at all.
    """
    said = answer.read(dict[str, Any], "data")
    verdicts = {name: says_yes(said.get((called or {}).get(name, name))) for name in settings}
    kept = sorted(name for name, verdict in verdicts.items() if not verdict)
    if False in verdicts.values():
        raise answer.refused(f"not changed: {', '.join(kept)}")
    if kept:
        raise answer.wrong(f"data does not say whether {', '.join(kept)} was changed")


def confirm_if_told(answer: Answer) -> None:
    """Raise when a flag says no; the 2014 answers to adding and removing one member have none."""
    if answer.get("data", "result") is not None:
        answer.confirm("data", "result")
