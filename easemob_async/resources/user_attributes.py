"""The app's own attributes of users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.operation import PER_SECOND_100, Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import described, in_parts
from easemob_async.transport.transport import Transport

_USER: Final = "/metadata/user/{username}"
_SET: Final = Operation("user_attributes.set", "PUT", _USER, "safe", PER_SECOND_100, form=True)
_DELETE: Final = Operation("user_attributes.delete", "DELETE", _USER, "safe")
_GET: Final = Operation("user_attributes.get", "GET", _USER, "safe")
_GET_MANY: Final = Operation("user_attributes.get_many", "POST", "/metadata/user/get", "safe")
_GET_CAPACITY: Final = Operation(
    "user_attributes.get_capacity", "GET", "/metadata/user/capacity", "safe"
)
# open: the attributes of a user with this name; their path is that of get_capacity
_CAPACITY: Final = "capacity"


class UserAttributes:
    """The app's own attributes of users; by default at most 2 KB per user, and 10 GB in all.

    The SDKs of client apps use ``nickname``, ``avatarurl``, ``phone``, ``mail``, ``gender``,
    ``sign``, ``birth`` and ``ext``; any other names are allowed.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(self, username: str, attributes: Mapping[str, str]) -> dict[str, str]:
        """Set attributes of a user.

        Returns:
            The attributes that were set.

        Raises:
            InvalidArgumentError: no attribute is given, or a name or a value is not a string.
            PermissionDeniedError: the user or the app has too many bytes of attributes, or they are
                not enabled for the app.

        Source: user_attributes.set (user_attribute_set.md)
        """
        if not isinstance(attributes, Mapping) or not attributes:
            raise checks.fail(_SET.id, "attributes must map names to values, at least one")
        for key, value in attributes.items():
            checks.text(_SET.id, "a name", key, least=1)
            checks.text(_SET.id, f"{key!r}", value)
        answer = await self._transport.call(_SET, username, json=dict(attributes))
        return answer.optional(dict[str, str], "data") or dict(attributes)

    async def delete(self, username: str) -> None:
        """Delete all attributes of a user; a user who does not exist has none.

        Source: user_attributes.delete (user_attribute_delete.md)
        """
        answer = await self._transport.call(_DELETE, username)
        answer.confirm("data")

    async def get(self, username: str) -> dict[str, str]:
        """Return all attributes of a user; a user who does not exist has none.

        Raises:
            InvalidArgumentError: a user named ``capacity``, whose path is that of `get_capacity`;
                use `get_many`.

        Source: user_attributes.get (user_attribute_obtain_single.md)
        """
        if username == _CAPACITY:
            raise checks.fail(
                _GET.id, "username 'capacity' names another operation in the path; use get_many"
            )
        return (await self._transport.call(_GET, username)).read(dict[str, str], "data")

    async def get_many(
        self, usernames: Iterable[str], *, keys: Iterable[str]
    ) -> BatchResult[dict[str, str]]:
        """Return attributes of any number of users, 100 per call.

        Args:
            usernames: the users.
            keys: the names of the attributes to return.

        Returns:
            The attributes of each user; a user who does not exist has none.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: user_attributes.get_many (user_attribute_obtain_batch.md)
        """
        names = checks.references(_GET_MANY.id, "usernames", usernames)
        wanted = checks.references(_GET_MANY.id, "keys", keys)

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[dict[str, str]]]:
            body = {"targets": part, "properties": wanted}
            answer = await self._transport.call(_GET_MANY, json=body, about=part)
            return described(answer, part, dict[str, str], "data", absent={})

        return await in_parts(checks.chunks(names, api_limits.USER_ATTRIBUTES_PER_CALL), settle)

    async def get_capacity(self) -> int:
        """Return the total size of all attributes of all users, in bytes.

        Source: user_attributes.get_capacity (user_attribute_capacity_get.md)
        """
        return (await self._transport.call(_GET_CAPACITY)).read(int, "data")
