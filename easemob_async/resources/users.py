"""Users: registering, listing, banning and deleting them, and their online status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from easemob_async import api_limits, checks
from easemob_async.errors import BadRequestError, ConflictError
from easemob_async.models.pages import Page, Paginator, by_cursor, whole
from easemob_async.models.users import DeletedUsers, Device, NewUser, OnlineStatus, User
from easemob_async.operation import Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.batches import in_parts, settled
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

# User management and offline push are counted together (limits: group users+push).
SHARED: Final = Limit(100, per=SECOND, name="users+push")
_SHARED: Final = (SHARED,)

_CREATE_OPEN: Final = Operation("users.create_open", "POST", "/users", "once", _SHARED, auth=False)
_CREATE: Final = Operation("users.create", "POST", "/users", "once", _SHARED)
_CREATE_MANY: Final = Operation("users.create_many", "POST", "/users", "once", _SHARED)
_UPDATE_PASSWORD: Final = Operation(
    "users.update_password", "PUT", "/users/{username}/password", "safe", _SHARED
)
_GET: Final = Operation("users.get", "GET", "/users/{username}", "safe", _SHARED)
_LIST: Final = Operation("users.list", "GET", "/users", "safe", _SHARED)
_DELETE: Final = Operation("users.delete", "DELETE", "/users/{username}", "safe", _SHARED)
_DELETE_BATCH: Final = Operation(
    "users.delete_batch", "DELETE", "/users", "once", (Limit(30, per=SECOND), SHARED)
)
_BAN: Final = Operation("users.ban", "POST", "/users/{username}/deactivate", "safe", _SHARED)
_UNBAN: Final = Operation("users.unban", "POST", "/users/{username}/activate", "safe", _SHARED)
# A GET that acts: a retry would also disconnect a user who has logged in again meanwhile.
_DISCONNECT: Final = Operation(
    "users.disconnect", "GET", "/users/{username}/disconnect", "once", _SHARED
)
_DISCONNECT_DEVICE: Final = Operation(
    "users.disconnect_device",
    "DELETE",
    "/users/{username}/disconnect/{device_id}",
    "once",
    _SHARED,
)
_GET_STATUS: Final = Operation(
    "users.get_status", "GET", "/users/{username}/status", "safe", _SHARED
)
_GET_STATUSES: Final = Operation(
    "users.get_statuses", "POST", "/users/batch/status", "safe", _SHARED
)
_LIST_DEVICES: Final = Operation(
    "users.list_devices", "GET", "/users/{username}/resources", "safe", _SHARED
)

_STATUSES: Final = {status.value: status for status in OnlineStatus}


class Users:
    """The users of the app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(self, username: str, *, password: str, nickname: str | None = None) -> User:
        """Register a user, with the app's token.

        Args:
            username: the username, 1 to 64 of a-z, 0-9, ``_``, ``-``, ``.``; unique in the app.
            password: the password, 1 to 64 characters.
            nickname: the name shown in push notifications, at most 100 characters.

        Raises:
            InvalidArgumentError: an argument breaks a rule above.
            ConflictError: the name is taken (``duplicate_unique_property_exists``).
            RateLimitError: the plan's number of users is used up (not ``temporary``).

        Source: users.create (account_register_authorized_single.md)
        """
        new = NewUser(username, password, nickname)
        body = [_registration("users.create", new)]
        answer = await self._transport.call(_CREATE, json=body, about=username)
        return answer.first(User, "entities", known=User(Id(username), nickname=nickname))

    async def create_open(
        self, username: str, *, password: str, nickname: str | None = None
    ) -> User:
        """Register a user without a token; the app must allow open registration.

        Args:
            username: the username, 1 to 64 of a-z, 0-9, ``_``, ``-``, ``.``; unique in the app.
            password: the password, 1 to 64 characters.
            nickname: the name shown in push notifications, at most 100 characters.

        Raises:
            InvalidArgumentError: an argument breaks a rule above.
            AuthenticationError: the app does not allow open registration.
            ConflictError: the name is taken (``duplicate_unique_property_exists``).

        Source: users.create_open (account_register_open.md)
        """
        new = NewUser(username, password, nickname)
        body = _registration("users.create_open", new)
        answer = await self._transport.call(_CREATE_OPEN, json=body, about=username)
        return answer.first(User, "entities", known=User(Id(username), nickname=nickname))

    async def create_many(self, new_users: Iterable[NewUser]) -> BatchResult[User]:
        """Register any number of users, 60 per call.

        Args:
            new_users: the users to register; a name that is given twice is refused before any call.

        Returns:
            An outcome for each user. The outcome of a name that is taken has the service's reason.

        Raises:
            InvalidArgumentError: no user is given, a name is given twice, or a user breaks a rule.
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: users.create_many (account_register_authorized_batch.md)
        """
        operation = "users.create_many"
        users = list(checks.items(operation, "new_users", new_users, NewUser))
        if not users:
            raise checks.fail(operation, "new_users is empty; pass at least one")
        bodies = [_registration(operation, user) for user in users]
        checks.no_duplicates(operation, "username", [user.username for user in users])
        return await in_parts(
            checks.chunks(bodies, api_limits.USERS_PER_REGISTRATION), self._register
        )

    async def _register(self, bodies: Sequence[dict[str, str]]) -> Iterable[BatchOutcome[User]]:
        names = [body["username"] for body in bodies]
        try:
            answer = await self._transport.call(_CREATE_MANY, json=bodies, about=names)
        except (BadRequestError, ConflictError) as error:
            if len(names) > 1:
                raise
            # A call for one user is refused as a whole; a call for many answers for each.
            return [BatchOutcome(names[0], reason=error.description)]
        made = {str(user.username): user for user in answer.rows(User, "entities", skip_odd=True)}
        refused = {
            str(row["username"]): str(row.get("registerUserFailReason") or "no reason given")
            for row in answer.get("data") or ()
            if isinstance(row, dict) and row.get("username") is not None
        }
        return settled(answer, names, made, refused)

    async def update_password(self, username: str, *, password: str) -> None:
        """Set a user's password, without the old one.

        The user's tokens become invalid, and online devices are logged out.

        Args:
            username: the user.
            password: the new password, 6 to 64 characters.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.update_password (account_password_change.md)
        """
        checks.text(
            "users.update_password",
            "password",
            password,
            least=api_limits.NEW_PASSWORD_LENGTH_MIN,
            most=api_limits.PASSWORD_LENGTH,
        )
        await self._transport.call(_UPDATE_PASSWORD, username, json={"newpassword": password})

    async def get(self, username: str) -> User:
        """Return a user, with the user's push settings.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.get (account_detail_obtain_single.md)
        """
        answer = await self._transport.call(_GET, username)
        return answer.first(User, "entities")

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Paginator[User]:
        """List the app's users, the earliest created first.

        Args:
            limit: users per page, 1 to 100; 100 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Source: users.list (account_detail_obtain_batch.md)
        """
        size = checks.page_size("users.list", limit, api_limits.USERS_PER_PAGE)

        async def fetch(position: str | None) -> Page[User]:
            query = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST, query=query)
            users = answer.read(tuple[User, ...], "entities")
            return Page(users, answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST.id, cursor))

    async def delete(self, username: str) -> User:
        """Delete a user permanently, with the user's data and the groups and rooms the user owns.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.delete (account_delete_single.md)
        """
        answer = await self._transport.call(_DELETE, username)
        return answer.first(User, "entities", known=User(Id(username)))

    async def delete_batch(self, *, limit: int, cursor: str | None = None) -> DeletedUsers:
        """Delete the users who were created earliest; they cannot be chosen.

        Args:
            limit: the number of users to delete, 1 to 100; there is no default.
            cursor: the position to start from: the cursor of an earlier answer.

        Raises:
            InvalidArgumentError: the limit is out of range.

        Source: users.delete_batch (account_delete_batch.md)
        """
        most = api_limits.USERS_PER_DELETION
        checks.number("users.delete_batch", "limit", limit, least=1, most=most)
        query = {"limit": limit, "cursor": checks.cursor(_DELETE_BATCH.id, cursor)}
        answer = await self._transport.call(_DELETE_BATCH, query=query)
        return DeletedUsers(
            answer.read(tuple[User, ...], "entities"), answer.optional(str, "cursor")
        )

    async def ban(self, username: str) -> User:
        """Ban a user until `unban`; the user is logged out and gets no messages and no push.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.ban (account_ban.md)
        """
        answer = await self._transport.call(_BAN, username)
        return answer.first(User, "entities", known=User(Id(username)))

    async def unban(self, username: str) -> None:
        """Lift the ban of a user.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.unban (account_unban.md)
        """
        await self._transport.call(_UNBAN, username)

    async def disconnect(self, username: str) -> None:
        """Log a user out on all devices.

        Raises:
            APIError: the status code is 200, but the answer reports that nothing was done.
            NotFoundError: the user does not exist.

        Source: users.disconnect (account_offline_forced.md)
        """
        answer = await self._transport.call(_DISCONNECT, username)
        answer.confirm("data", "result")

    async def disconnect_device(self, username: str, device_id: str) -> None:
        """Log a user out on one device.

        Args:
            username: the user.
            device_id: the device, ``{type}_{id}``; `list_devices` returns it.

        Raises:
            APIError: the status code is 200, but the answer reports that nothing was done.

        Source: users.disconnect_device (account_offline_device_single.md)
        """
        answer = await self._transport.call(_DISCONNECT_DEVICE, username, device_id)
        answer.confirm("data", "result")

    async def get_status(self, username: str) -> OnlineStatus:
        """Return the online status of a user; online means on at least one device.

        Raises:
            NotFoundError: the user does not exist.

        Source: users.get_status (account_presence_obtain_single.md)
        """
        answer = await self._transport.call(_GET_STATUS, username)
        data: Any = answer.get("data")
        # {"ann": "online"}: the username is the key.
        if isinstance(data, dict) and len(data) == 1:
            (status,) = data.values()
            if isinstance(status, str):
                # A value that this version does not know stays a plain string.
                return _STATUSES.get(status, cast(OnlineStatus, status))
        raise answer.wrong("data must have one key, the username, with its status")

    async def get_statuses(self, usernames: Iterable[str]) -> dict[str, OnlineStatus]:
        """Return the online status of any number of users, 100 per call.

        Users who do not exist are reported as offline.

        Args:
            usernames: the users; a user who is given twice is checked once.

        Raises:
            InvalidArgumentError: no user is given, or a username is not valid.

        Source: users.get_statuses (account_presence_obtain_batch.md)
        """
        names = checks.references("users.get_statuses", "usernames", usernames)
        statuses: dict[str, OnlineStatus] = {}
        for part in checks.chunks(names, api_limits.STATUSES_PER_CALL):
            answer = await self._transport.call(_GET_STATUSES, json={"usernames": part}, about=part)
            found: dict[str, OnlineStatus] = {}
            for row in answer.rows(dict[str, Any], "data", skip_odd=True):
                # A value that this version does not know stays a plain string.
                found.update(
                    (name, _STATUSES.get(status, cast(OnlineStatus, status)))
                    for name, status in row.items()
                    if isinstance(status, str)
                )
            statuses.update(answer.named(found, part))
        return statuses

    def list_devices(self, username: str) -> Paginator[Device]:
        """List the devices on which a user is logged in and online; one page.

        Source: users.list_devices (account_online_device_obtain.md)
        """

        async def fetch() -> Sequence[Device]:
            answer = await self._transport.call(_LIST_DEVICES, username)
            return answer.read(tuple[Device, ...], "data")

        return whole(fetch)


def _registration(operation: str, user: NewUser) -> dict[str, str]:
    username = user.username
    if not isinstance(username, str) or not api_limits.USERNAME.fullmatch(username):
        raise checks.fail(
            operation,
            f"username {username!r} must be 1 to 64 of a-z, 0-9, '_', '-' and '.' (lower case)",
        )
    body = {
        "username": username,
        "password": checks.text(
            operation, "password", user.password, least=1, most=api_limits.PASSWORD_LENGTH
        ),
    }
    if user.nickname is not None:
        body["nickname"] = checks.text(
            operation, "nickname", user.nickname, most=api_limits.NICKNAME_LENGTH
        )
    return body
