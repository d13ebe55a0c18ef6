"""What an app keeps about the members of a chat group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.operation import Operation
from easemob_async.resources.batches import described, in_parts, settled
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_ROOT: Final = "/metadata/chatgroup/{group_id}"
_SET: Final = Operation(
    "chat_groups.member_attributes.set", "PUT", _ROOT + "/user/{username}", "safe"
)
_SET_MANY: Final = Operation(
    "chat_groups.member_attributes.set_many", "PUT", _ROOT + "/users/batch", "safe"
)
_GET: Final = Operation(
    "chat_groups.member_attributes.get", "GET", _ROOT + "/user/{username}", "safe"
)
_GET_MANY: Final = Operation(
    "chat_groups.member_attributes.get_many", "POST", _ROOT + "/get", "safe"
)


@attrs.frozen
class _Succeeded:
    username: Id
    metadata: dict[str, str] = attrs.field(factory=dict)


class MemberAttributes:
    """The app's own attributes of each member of a group; 4 KB for a member in all."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(
        self, group_id: str, username: str, attributes: Mapping[str, str]
    ) -> dict[str, str]:
        """Set attributes of a member; others stay, an empty value deletes.

        Args:
            group_id: the group.
            username: the member.
            attributes: names of at most 16 bytes to values of at most 512 bytes.

        Returns:
            The attributes that were set.

        Raises:
            InvalidArgumentError: nothing to set, or too long.

        Source: chat_groups.member_attributes.set
        """
        body = {"metaData": _checked(_SET.id, attributes)}
        answer = await self._transport.call(_SET, group_id, username, json=body)
        return answer.optional(dict[str, str], "data") or dict(attributes)

    async def set_many(
        self, group_id: str, attributes: Mapping[str, Mapping[str, str]]
    ) -> BatchResult[dict[str, str]]:
        """Set attributes of any number of members, each their own, 20 members a call.

        Args:
            group_id: the group.
            attributes: of each username; see `set`.

        Returns:
            An outcome for each member, with what was set.

        Raises:
            InvalidArgumentError: nobody given, or an attribute that is too long.
            EasemobError: a whole call failed, as when one of its users is not a member; ``partial``
                has what was settled before it.

        Source: chat_groups.member_attributes.set_many
        """
        checks.mapping(_SET_MANY.id, "attributes", attributes)
        names = checks.references(_SET_MANY.id, "usernames", attributes)
        rows = {name: _checked(_SET_MANY.id, attributes[name]) for name in names}

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[dict[str, str]]]:
            body = [{"username": name, "metadata": rows[name]} for name in part]
            answer = await self._transport.call(_SET_MANY, group_id, json=body, about=part)
            data: dict[str, Any] = answer.read(dict[str, Any], "data")
            # The keys of the printed answer end in a colon, those of its table do not.
            found = {key.rstrip(":"): value for key, value in data.items()}
            rows_done = found.get("updateMetadataSucceeded") or []
            decoded = answer.decode(tuple[_Succeeded, ...], rows_done, "updateMetadataSucceeded")
            done = {str(row.username): row.metadata for row in decoded}
            # open: how a failed entry is called; it is whatever names the user
            failed = {
                str(row.get("username")): str(row.get("error") or row.get("message") or row)
                for row in found.get("updateMetadataFailed") or ()
                if isinstance(row, dict)
            }
            return settled(answer, part, done, failed)

        return await in_parts(checks.chunks(names, api_limits.MEMBER_ATTRIBUTES_SET), settle)

    async def get(self, group_id: str, username: str) -> dict[str, str]:
        """Get all attributes of a member.

        Raises:
            NotFoundError: not a member.

        Source: chat_groups.member_attributes.get
        """
        answer = await self._transport.call(_GET, group_id, username)
        return answer.read(dict[str, str], "data")

    async def get_many(
        self, group_id: str, usernames: Iterable[str], *, keys: Sequence[str] | None = None
    ) -> BatchResult[dict[str, str]]:
        """Get attributes of any number of members, 10 a call.

        Args:
            group_id: the group.
            usernames: the members.
            keys: names of attributes; all when they are not given.

        Returns:
            The attributes of each member.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_groups.member_attributes.get_many
        """
        names = checks.references(_GET_MANY.id, "usernames", usernames)
        wanted = [] if keys is None else checks.references(_GET_MANY.id, "keys", keys, least=0)

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[dict[str, str]]]:
            body = {"targets": part, "properties": wanted}
            answer = await self._transport.call(_GET_MANY, group_id, json=body, about=part)
            return described(answer, part, dict[str, str], "data", absent={})

        return await in_parts(checks.chunks(names, api_limits.MEMBER_ATTRIBUTES_GET), settle)


def _checked(operation: str, attributes: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(attributes, Mapping) or not attributes:
        raise checks.fail(operation, "attributes must map names to values, at least one")
    for key, value in attributes.items():
        checks.text(operation, "a name", key, least=1, most_bytes=api_limits.MEMBER_ATTRIBUTE_NAME)
        checks.text(operation, f"{key!r}", value, most_bytes=api_limits.MEMBER_ATTRIBUTE_VALUE)
    return dict(attributes)
