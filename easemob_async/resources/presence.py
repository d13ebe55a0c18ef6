"""Presence of users on their devices, and subscriptions to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Literal

from easemob_async import api_limits, checks
from easemob_async.models.pages import Paginator, by_number
from easemob_async.models.presence import Presence as UserPresence
from easemob_async.models.presence import PresenceSubscription, PresenceSubscriptionsPage
from easemob_async.operation import PER_SECOND_50, Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import in_parts, settled
from easemob_async.transport.transport import Transport

# The pages say 100 a second, the table of limits 50: the lower one is used.
_USER: Final = "/users/{username}/presence"
_SET: Final = Operation(
    "presence.set", "POST", _USER + "/{device_id}/{status}", "safe", PER_SECOND_50
)
_SUBSCRIBE: Final = Operation(
    "presence.subscribe", "POST", _USER + "/{duration}", "safe", PER_SECOND_50
)
_UNSUBSCRIBE: Final = Operation("presence.unsubscribe", "DELETE", _USER, "safe", PER_SECOND_50)
_LIST: Final = Operation(
    "presence.list_subscriptions", "GET", _USER + "/sublist", "safe", PER_SECOND_50
)
_GET_MANY: Final = Operation("presence.get_many", "POST", _USER, "safe", PER_SECOND_50)
_GET_GROUP: Final = Operation(
    "presence.get_group_online_count", "GET", "/presence/online/{group_id}/type/{kind}", "safe"
)


class Presence:
    """The presence of users; the service must have enabled presence for the app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(self, username: str, device_id: str, *, status: int, ext: str) -> None:
        """Set a user's presence on one device.

        Args:
            username: the user.
            device_id: the device, ``{type}_{id}``, such as ``"android_123423453246"``.
            status: 0 for offline, 1 for online, or a number that the app defines.
            ext: the app's own description of the presence, not empty, at most 1 024 bytes.

        Raises:
            APIError: the status code is 200, but the answer reports why nothing was set.

        Source: presence.set (presence_set.md)
        """
        state = checks.number(_SET.id, "status", status, least=0)
        most = api_limits.PRESENCE_EXT_BYTES
        body = {"ext": checks.text(_SET.id, "ext", ext, least=1, most_bytes=most)}
        answer = await self._transport.call(_SET, username, device_id, str(state), json=body)
        answer.confirm("result", reason=("result",))  # "ok", or the reason

    async def subscribe(
        self, username: str, usernames: Iterable[str], *, duration: timedelta
    ) -> Sequence[UserPresence]:
        """Subscribe a user to the presence of at most 100 other users.

        Args:
            username: the subscriber.
            usernames: the users whose presence is subscribed to.
            duration: the length of the subscription, rounded up to seconds, at most 30 days.

        Returns:
            The current presence of these users.

        Source: presence.subscribe (presence_subscribe.md)
        """
        names = self._names(_SUBSCRIBE, usernames)
        if not isinstance(duration, timedelta):
            raise checks.fail(_SUBSCRIBE.id, f"duration must be a timedelta, not {duration!r}")
        seconds = -(-duration // timedelta(seconds=1))
        checks.number(
            _SUBSCRIBE.id, "duration in seconds", seconds, least=1, most=api_limits.PRESENCE_LONGEST
        )
        body = {"usernames": names}
        answer = await self._transport.call(_SUBSCRIBE, username, str(seconds), json=body)
        return answer.optional(tuple[UserPresence, ...], "result") or ()

    async def unsubscribe(self, username: str, usernames: Iterable[str]) -> None:
        """End a user's subscriptions to the presence of at most 100 other users.

        Raises:
            APIError: the status code is 200, but the answer reports why nothing was ended.

        Source: presence.unsubscribe (presence_unsubscribe.md)
        """
        names = self._names(_UNSUBSCRIBE, usernames)
        answer = await self._transport.call(_UNSUBSCRIBE, username, json=names)
        answer.confirm("result", reason=("result",))  # "ok", or the reason

    def list_subscriptions(
        self, username: str, *, limit: int | None = None
    ) -> Paginator[PresenceSubscription]:
        """List a user's presence subscriptions; the pages have a ``total``.

        Args:
            username: the subscriber.
            limit: subscriptions per page, 1 to 100; 100 by default.

        Source: presence.list_subscriptions (presence_subscription_list_obtain.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.PRESENCES_PER_CALL)

        async def fetch(number: int) -> tuple[PresenceSubscriptionsPage, bool]:
            query = {"pageNum": number, "pageSize": size}
            answer = await self._transport.call(_LIST, username, query=query)
            kind = tuple[PresenceSubscription, ...]
            rows: Sequence[PresenceSubscription] = answer.read(kind, "result", "sublist")
            total = answer.read(int, "result", "totalnum")
            page = PresenceSubscriptionsPage(rows, total=total)
            return page, (number - 1) * size + answer.count("result", "sublist") < total

        return by_number(fetch)

    async def get_many(self, username: str, usernames: Iterable[str]) -> BatchResult[UserPresence]:
        """Return the presence of any number of users, 100 per call.

        Args:
            username: the subscriber to their presence.
            usernames: the users whose presence is returned.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: presence.get_many (presence_get.md)
        """

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[UserPresence]]:
            answer = await self._transport.call(_GET_MANY, username, json={"usernames": part})
            rows = answer.rows(UserPresence, "result", skip_odd=True)
            found = {str(presence.username): presence for presence in rows}
            return settled(answer, part, found)

        names = checks.references(_GET_MANY.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.PRESENCES_PER_CALL), settle)

    async def get_group_online_count(self, group_id: str, *, query_type: Literal[0, 1] = 1) -> int:
        """Return the number of group members who are online.

        Args:
            group_id: the group.
            query_type: 1 for a chat group, 0 for the server of a super community.

        Source: presence.get_group_online_count (presence_group_online_count_obtain.md)
        """
        kind = checks.number(_GET_GROUP.id, "query_type", query_type, least=0, most=1)
        return (await self._transport.call(_GET_GROUP, group_id, str(kind))).read(int, "result")

    def _names(self, operation: Operation, usernames: Iterable[str]) -> list[str]:
        most = api_limits.PRESENCES_PER_CALL
        return checks.references(operation.id, "usernames", usernames, most=most)
