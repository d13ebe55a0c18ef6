"""Tokens of the app and of its users."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from easemob_async import checks
from easemob_async.errors import ConfigurationError, InvalidArgumentError
from easemob_async.models.tokens import FOREVER, AppToken
from easemob_async.models.users import UserToken
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec

_PER_APP: Final = (Limit(300, per=SECOND, name="tokens"),)

CREATE_APP_TOKEN: Final = Operation(
    "tokens.create_app_token", "POST", "/token", "safe", _PER_APP, auth=False
)
_CREATE_USER_TOKEN: Final = Operation(
    "tokens.create_user_token", "POST", "/token", "safe", _PER_APP
)
_CREATE_WITH_PASSWORD: Final = Operation(
    "tokens.create_user_token_with_password", "POST", "/token", "safe", _PER_APP, auth=False
)


class Tokens:
    """Tokens of the app and of its users, for your own use.

    The client gets and renews its own app token automatically.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_app_token(
        self,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        ttl: timedelta | None = None,
    ) -> AppToken:
        """Create an app token from client credentials.

        The service bans accounts that request tokens too often: keep the token and use it again.

        Args:
            client_id: the client id; by default the one that this client was created with.
            client_secret: the client secret; by default the one that this client was created with.
            ttl: how long the token is valid, in whole seconds; `FOREVER` for no expiry; by default
                the setting of the console.

        Raises:
            ConfigurationError: no credentials are given and the client has none.
            BadRequestError: the credentials do not belong to this app.
            AppNotFoundError: the App Key does not exist on this host.

        Source: tokens.create_app_token (easemob_app_token.md)
        """
        own = self._transport.credentials
        if own is not None:
            client_id, client_secret = client_id or own[0], client_secret or own[1]
        if not client_id or not client_secret:
            raise ConfigurationError(
                "tokens.create_app_token: pass client_id and client_secret, here or to the client",
                operation="tokens.create_app_token",
            )
        body: dict[str, object] = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        _put_ttl("tokens.create_app_token", body, ttl)
        answer = await self._transport.call(CREATE_APP_TOKEN, json=body)
        return answer.read(AppToken)

    async def create_user_token(
        self, username: str, *, auto_create: bool = False, ttl: timedelta | None = None
    ) -> UserToken:
        """Create a token of a user, without the user's password.

        Args:
            username: the user.
            auto_create: whether to register a user who does not exist; at most once a second for
                one name (409).
            ttl: how long the token is valid, in whole seconds; `FOREVER` for no expiry; by default
                60 days or the setting of the console.

        Raises:
            NotFoundError: the user does not exist.
            BadRequestError: the user is banned, or the name cannot be registered.
            RateLimitError: the plan's number of users is used up (not ``temporary``).

        Source: tokens.create_user_token (easemob_user_token.md)
        """
        operation = "tokens.create_user_token"
        body: dict[str, object] = {
            "grant_type": "inherit",
            "username": checks.reference(operation, "username", username),
            "autoCreateUser": auto_create,
        }
        _put_ttl(operation, body, ttl)
        answer = await self._transport.call(_CREATE_USER_TOKEN, json=body, about=username)
        return answer.read(UserToken)

    async def create_user_token_with_password(
        self, username: str, *, password: str, ttl: timedelta | None = None
    ) -> UserToken:
        """Create a token of a user with the user's password (an older operation, deprecated).

        No app token is sent. Use `create_user_token` instead, which needs no password.

        Args:
            username: the user.
            password: the user's password.
            ttl: how long the token is valid, in whole seconds; `FOREVER` for no expiry; by default
                the setting of the console.

        Raises:
            BadRequestError: the user does not exist, or the password is wrong.

        Source: tokens.create_user_token_with_password (easemob_user_token_password.md)
        """
        operation = _CREATE_WITH_PASSWORD.id
        body: dict[str, object] = {
            "grant_type": "password",
            "username": checks.reference(operation, "username", username),
            "password": checks.text(operation, "password", password, least=1),
        }
        _put_ttl(operation, body, ttl)
        answer = await self._transport.call(_CREATE_WITH_PASSWORD, json=body, about=username)
        return answer.read(UserToken)

    def sign_user_token(
        self,
        username: str,
        *,
        ttl: timedelta,
        client_id: str | None = None,
        client_secret: str | None = None,
        now: datetime | None = None,
    ) -> str:
        """Compute a user's token for the login of a client app, without a call to the service.

        Args:
            username: the user.
            ttl: how long the token is valid, in whole seconds; choose a short time.
            client_id: the client id; by default the one that this client was created with.
            client_secret: the client secret; by default the one that this client was created with.
            now: the time from which the token is valid (aware); now by default.

        Raises:
            ConfigurationError: no credentials are given and the client has none.

        Source: tokens.create_user_token, ``algorithms`` (``tokens.user.dynamic``)
        """
        operation = "tokens.sign_user_token"
        own = self._transport.credentials or (None, None)
        client_id, client_secret = client_id or own[0], client_secret or own[1]
        if not client_id or not client_secret:
            raise ConfigurationError(
                f"{operation}: pass client_id and client_secret, here or to the client",
                operation=operation,
            )
        user_id = checks.reference(operation, "username", username)
        seconds = checks.number(operation, "ttl in seconds", ttl // timedelta(seconds=1), least=1)
        began = checks.milliseconds(operation, "now", now or datetime.now(UTC)) or 0
        key = self._transport.app_key
        app_key = f"{key.org}#{key.app}"
        moment = began // 1000
        signed = f"{client_id}{app_key}{user_id}{moment}{seconds}{client_secret}"
        fields = {
            "signature": hashlib.sha256(signed.encode()).hexdigest(),
            "appkey": app_key,
            "userId": user_id,
            "curTime": moment,
            "ttl": seconds,
        }
        # The prefix stands before the JSON, not before the token.
        return base64.urlsafe_b64encode(b"dt-" + codec.dumps(fields)).decode()


def _put_ttl(operation: str, body: dict[str, object], ttl: timedelta | None) -> None:
    if ttl is None:
        return
    if ttl == FOREVER:
        body["ttl"] = 0
        return
    seconds = ttl.total_seconds()
    if seconds < 1 or seconds != int(seconds):
        raise InvalidArgumentError(
            f"{operation}: ttl must be whole seconds, at least one, or FOREVER, not {ttl!r}",
            operation=operation,
        )
    body["ttl"] = int(seconds)
