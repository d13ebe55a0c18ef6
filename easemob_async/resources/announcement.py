"""What every member of a chat group or a chat room is shown."""

from __future__ import annotations

from easemob_async import api_limits, checks
from easemob_async.resources.places import Part


class Announcement(Part):
    """What every member is shown."""

    async def get(self, place_id: str, /) -> str:
        """Get the announcement of a group or a room; ``""`` when there is none.

        Raises:
            NotFoundError: no such group or room.

        Source: chat_groups.announcement.get, chat_rooms.announcement.get
        """
        operation = self._place.operation("announcement.get", "GET", "/announcement", "safe")
        answer = await self._transport.call(operation, place_id)
        # The facts leave open what a group without one gives: nothing is read as empty.
        return answer.optional(str, "data", "announcement") or ""

    async def update(self, place_id: str, announcement: str, /) -> None:
        """Set the announcement of a group or a room, at most 512 characters.

        Raises:
            InvalidArgumentError: it is too long.
            PermissionDeniedError: it is against the rules.
            NotFoundError: no such group or room.

        Source: chat_groups.announcement.update, chat_rooms.announcement.update
        """
        operation = self._place.operation("announcement.update", "POST", "/announcement", "safe")
        most = api_limits.ANNOUNCEMENT_LENGTH
        text = checks.text(operation.id, "announcement", announcement, most=most)
        answer = await self._transport.call(operation, place_id, json={"announcement": text})
        answer.confirm("data", "result")
