"""What an app keeps about a chat room, and the tags of its members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.models.chat_rooms import AutoDelete
from easemob_async.models.results import BatchResult
from easemob_async.operation import Operation
from easemob_async.resources.batches import settled
from easemob_async.resources.places import ROOMS, length_of_time
from easemob_async.transport.transport import Transport

_ROOT: Final = "/metadata/chatroom/{room_id}"
_SET: Final = Operation("chat_rooms.attributes.set", "PUT", _ROOT + "/user/{username}", "safe")
_SET_FORCED: Final = Operation(
    "chat_rooms.attributes.set_forced", "PUT", _ROOT + "/user/{username}/forced", "safe"
)
_GET: Final = Operation("chat_rooms.attributes.get", "POST", _ROOT, "safe")
# Repeated, a key that is gone would be reported as refused.
_DELETE: Final = Operation(
    "chat_rooms.attributes.delete", "DELETE", _ROOT + "/user/{username}", "once"
)
_DELETE_FORCED: Final = Operation(
    "chat_rooms.attributes.delete_forced", "DELETE", _ROOT + "/user/{username}/forced", "once"
)
_MUTE_TAG: Final = ROOMS.operation("tags.mute", "PUT", "/tag/mute", "safe")
_SET_TAGS: Final = ROOMS.operation("tags.set", "PUT", "/users/{username}/tag", "safe")
_GET_TAGS: Final = ROOMS.operation("tags.get", "GET", "/users/{username}/tag", "safe")
_SECOND: Final = timedelta(seconds=1)


class RoomAttributes:
    """The app's own attributes of a room; 100 at most, each set in the name of a member.

    Common arguments:
        attributes: at most 10 a call: names of 1 to 128 of a-z, A-Z, 0-9, ``_``, ``-``, ``.``, to
            values of at most 4 096 characters.
        auto_delete: whether they go when that member leaves; they do when it is not given.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(
        self,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        *,
        auto_delete: AutoDelete | str | None = None,
    ) -> BatchResult[None]:
        """Set at most 10 attributes in a member's name, over this member's own.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            BadRequestError: an attribute is another member's.
            PermissionDeniedError: not a member.

        Source: chat_rooms.attributes.set
        """
        return await self._set(_SET, room_id, username, attributes, auto_delete)

    async def set_forced(
        self,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        *,
        auto_delete: AutoDelete | str | None = None,
    ) -> BatchResult[None]:
        """Set at most 10 attributes in a member's name, over those of others.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            PermissionDeniedError: not a member.

        Source: chat_rooms.attributes.set_forced
        """
        return await self._set(_SET_FORCED, room_id, username, attributes, auto_delete)

    async def get(self, room_id: str, keys: Iterable[str] | None = None) -> dict[str, str]:
        """Get attributes of a room; all of them without keys.

        Raises:
            NotFoundError: no such room.

        Source: chat_rooms.attributes.get
        """
        body = None if keys is None else {"keys": checks.references(_GET.id, "keys", keys)}
        answer = await self._transport.call(_GET, room_id, json=body)
        return answer.read(dict[str, str], "data")

    async def delete(self, room_id: str, username: str, keys: Iterable[str]) -> BatchResult[None]:
        """Delete at most 10 attributes that a member has set.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            PermissionDeniedError: not a member.

        Source: chat_rooms.attributes.delete
        """
        return await self._delete(_DELETE, room_id, username, keys)

    async def delete_forced(
        self, room_id: str, username: str, keys: Iterable[str]
    ) -> BatchResult[None]:
        """Delete at most 10 attributes, whoever has set them.

        Returns:
            An outcome for each attribute, by its name.

        Source: chat_rooms.attributes.delete_forced
        """
        return await self._delete(_DELETE_FORCED, room_id, username, keys)

    async def _set(
        self,
        operation: Operation,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        auto_delete: str | None,
    ) -> BatchResult[None]:
        checks.mapping(operation.id, "attributes", attributes)
        keys = _keys(operation.id, attributes)
        for key in keys:
            most = api_limits.ROOM_ATTRIBUTE_VALUE
            checks.text(operation.id, f"the value of {key!r}", attributes[key], most=most)
        body: dict[str, Any] = {"metaData": dict(attributes)}
        if auto_delete is not None:
            body["autoDelete"] = checks.member(operation.id, "auto_delete", AutoDelete, auto_delete)
        return await self._call(operation, room_id, username, body, keys)

    async def _delete(
        self, operation: Operation, room_id: str, username: str, keys: Iterable[str]
    ) -> BatchResult[None]:
        names = _keys(operation.id, keys)
        return await self._call(operation, room_id, username, {"keys": names}, names)

    async def _call(
        self,
        operation: Operation,
        room_id: str,
        username: str,
        body: Mapping[str, Any],
        keys: Sequence[str],
    ) -> BatchResult[None]:
        answer = await self._transport.call(operation, room_id, username, json=body)
        done = answer.optional(tuple[str, ...], "data", "successKeys") or ()
        refused = answer.optional(dict[str, str], "data", "errorKeys")
        return BatchResult(tuple(settled(answer, keys, done, refused)))


class Tags:
    """Tags of the members of a room, where the app has them switched on; lost on leaving it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def mute(self, room_id: str, tag: str, *, duration: timedelta) -> None:
        """Mute whoever carries a tag.

        Args:
            room_id: the room.
            tag: at most 32 characters.
            duration: for how long, rounded up to seconds, or `FOREVER`.

        Raises:
            NotFoundError: no such room or tag.
            PermissionDeniedError: tags are not switched on.

        Source: chat_rooms.tags.mute
        """
        name = _tag(_MUTE_TAG.id, tag)
        length = length_of_time(_MUTE_TAG.id, duration, _SECOND, instead="mutes.remove_many")
        body = {"tag": name, "mute_duration": length}
        answer = await self._transport.call(_MUTE_TAG, room_id, json=body, about=name)
        answer.confirm("data", "result")

    async def set(self, room_id: str, username: str, tags: Iterable[str]) -> None:
        """Replace all tags of a member: at most 10, of at most 32 characters; none is fine.

        Raises:
            APIError: not a member (``forbidden_op``), or tags are not switched on.

        Source: chat_rooms.tags.set
        """
        most = api_limits.TAGS_PER_MEMBER
        names = checks.references(_SET_TAGS.id, "tags", tags, most=most, least=0)
        body = {"tags": [_tag(_SET_TAGS.id, name) for name in names]}
        answer = await self._transport.call(_SET_TAGS, room_id, username, json=body)
        answer.confirm("data", "result")

    async def get(self, room_id: str, username: str) -> dict[str, datetime | None]:
        """Get the tags of a member, with the end of the mute of each; ``None`` for no end.

        Source: chat_rooms.tags.get
        """
        answer = await self._transport.call(_GET_TAGS, room_id, username)
        raw = answer.read(dict[str, str], "data")
        ends = {tag: end for tag, end in raw.items() if end != "-1"}
        known: dict[str, datetime] = answer.decode(dict[str, datetime], ends, "data")
        return {tag: known.get(tag) for tag in raw}


def _tag(operation: str, tag: str) -> str:
    return checks.text(operation, "tag", tag, least=1, most=api_limits.TAG_LENGTH)


def _keys(operation: str, keys: Iterable[str]) -> list[str]:
    most = api_limits.ROOM_ATTRIBUTES_PER_CALL
    names = checks.references(operation, "keys", keys, most=most)
    for name in names:
        if not api_limits.ROOM_ATTRIBUTE_NAME.fullmatch(name):
            raise checks.fail(
                operation, f"{name!r:.80} must be 1 to 128 of a-z, A-Z, 0-9, '_', '-' and '.'"
            )
    return names
