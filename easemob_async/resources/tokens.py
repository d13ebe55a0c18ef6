"""Tokens of the app and of its users."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.agora import (
    LARGEST_SECONDS,
    LONGEST_TEXT,
    ChatPrivilege,
    Service,
    ServiceType,
    access_token,
)
from easemob_async.credentials import AgoraCredentials, ClientCredentials
from easemob_async.errors import ConfigurationError, InvalidArgumentError
from easemob_async.models.tokens import (
    FOREVER,
    AppToken,
    RtcAccess,
    RtcPrivilege,
    RtmAccess,
    Token,
)
from easemob_async.models.users import UserToken
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec

_PER_APP: Final = (Limit(300, per=SECOND, name="tokens"),)

CREATE_APP_TOKEN: Final = Operation(
    "tokens.create_app_token", "POST", "/token", "safe", _PER_APP, auth=False
)
_RTC_PRIVILEGES: Final = {name.value: number for number, name in enumerate(RtcPrivilege, 1)}
_RTM_LOGIN: Final = 1
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
        """Create an app token from client credentials, or from those of an app of Agora Chat.

        The service bans accounts that request tokens too often: keep the token and use it again.
        With the App ID and the App Certificate of Agora Chat, a token is signed here and exchanged
        for an app token, which is valid for a day at most.

        Args:
            client_id: the client id; by default the one that this client was created with.
            client_secret: the client secret; by default the one that this client was created with.
            ttl: how long the token is valid, in whole seconds; `FOREVER` for no expiry; by default
                the setting of the console. For Agora Chat at most a day, which is the default.

        Raises:
            ConfigurationError: no credentials are given and the client has none.
            BadRequestError: the credentials do not belong to this app.
            AuthenticationError: the App ID and App Certificate do not belong to this app.
            AppNotFoundError: the App Key does not exist on this host.

        Source: tokens.create_app_token (easemob_app_token.md)
        """
        own = self._transport.credentials
        if isinstance(own, AgoraCredentials) and client_id is None and client_secret is None:
            return await self._exchange(own, _A_DAY if ttl is None else ttl)
        client_id, client_secret = self._client(CREATE_APP_TOKEN.id, client_id, client_secret)
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
            "autoCreateUser": checks.flag(operation, "auto_create", auto_create),
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
        client_id, client_secret = self._client(operation, client_id, client_secret)
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

    def sign_agora_user_token(
        self,
        user_uuid: str,
        *,
        expires_in: timedelta,
        rtc: RtcAccess | None = None,
        rtm: RtmAccess | None = None,
    ) -> str:
        """Sign a user's token for the client app of Agora Chat, without a call to the service.

        The token lets the user log in to chat and, if wanted, to RTC and RTM. It never has the
        privilege of the app.

        Args:
            user_uuid: the UUID of the user, not the username: ``users.get(username)`` has it.
            expires_in: how long the token is valid, in whole seconds; choose a short time.
            rtc: the RTC channel that the user may join.
            rtm: the user's login to RTM.

        Raises:
            ConfigurationError: the client was not created with ``app_id`` and ``app_certificate``.

        Source: agora.yaml, ``realm.agora.user_token``
        """
        operation = "tokens.sign_agora_user_token"
        own = self._transport.credentials
        if not isinstance(own, AgoraCredentials):
            raise ConfigurationError(
                f"{operation}: pass app_id and app_certificate to the client", operation=operation
            )
        seconds = _seconds(operation, "expires_in", expires_in, LARGEST_SECONDS)
        uuid = _signable(operation, "user_uuid", user_uuid)
        services = [Service(ServiceType.CHAT, {ChatPrivilege.USER: seconds}, [uuid])]
        if rtc is not None:
            services.append(_rtc(operation, rtc, seconds))
        if rtm is not None:
            login = _lifetime(operation, "rtm.expires_in", rtm.expires_in, seconds)
            user_id = _signable(operation, "rtm.user_id", rtm.user_id)
            services.append(Service(ServiceType.RTM, {_RTM_LOGIN: login}, [user_id]))
        return _sign(own, services, seconds)

    async def _exchange(self, own: AgoraCredentials, ttl: timedelta) -> AppToken:
        """Exchange a token that is signed here for an app token.

        Source: agora.yaml, ``realm.agora.app_token``
        """
        seconds = _seconds(CREATE_APP_TOKEN.id, "ttl", ttl, api_limits.AGORA_TOKEN_SECONDS)
        app = Service(ServiceType.CHAT, {ChatPrivilege.APP: seconds}, [""])
        answer = await self._transport.call(
            CREATE_APP_TOKEN, json={"grant_type": "agora"}, token=Token(_sign(own, [app], seconds))
        )
        token = answer.read(AppToken)
        if token.expires_in != FOREVER:
            return token
        ends, lasts = answer.optional(datetime, "expire_timestamp"), timedelta(seconds=seconds)
        left = lasts if ends is None else min(ends - datetime.now(UTC), lasts)
        # This machine's clock may be wrong; a token that has ended is renewed when it is refused.
        return attrs.evolve(token, expires_in=left if left > timedelta(0) else lasts)

    def _client(
        self, operation: str, client_id: str | None, client_secret: str | None
    ) -> tuple[str, str]:
        """Return the client id and secret: those given, or the client's own."""
        for name, given in (("client_id", client_id), ("client_secret", client_secret)):
            if given is not None:
                checks.text(operation, name, given)
        own = self._transport.credentials
        if isinstance(own, ClientCredentials):
            client_id = client_id or own.client_id
            client_secret = client_secret or own.client_secret
        if not client_id or not client_secret:
            raise ConfigurationError(
                f"{operation}: pass client_id and client_secret, here or to the client",
                operation=operation,
            )
        return client_id, client_secret


_A_DAY: Final = timedelta(seconds=api_limits.AGORA_TOKEN_SECONDS)


def _sign(own: AgoraCredentials, services: Sequence[Service], seconds: int) -> str:
    return access_token(
        own.app_id,
        own.app_certificate,
        services,
        issued_at=int(time.time()),
        expires_in=seconds,
        salt=secrets.randbits(32),
    )


def _rtc(operation: str, rtc: RtcAccess, seconds: int) -> Service:
    lasts = _lifetime(operation, "rtc.expires_in", rtc.expires_in, seconds)
    names = checks.references(operation, "rtc.privileges", rtc.privileges)
    numbers = [
        _RTC_PRIVILEGES[str(checks.member(operation, "rtc.privileges", RtcPrivilege, name))]
        for name in names
    ]
    channel = _signable(operation, "rtc.channel", rtc.channel)
    uid = _signable(operation, "rtc.uid", rtc.uid)
    return Service(ServiceType.RTC, dict.fromkeys(numbers, lasts), [channel, uid])


def _signable(operation: str, name: str, value: object) -> str:
    """Check that a value can be an id in a signed token, and return it."""
    return checks.text(
        operation, name, checks.reference(operation, name, value), most_bytes=LONGEST_TEXT
    )


def _lifetime(operation: str, name: str, value: timedelta | None, seconds: int) -> int:
    return seconds if value is None else _seconds(operation, name, value, LARGEST_SECONDS)


def _seconds(operation: str, name: str, value: timedelta, most: int) -> int:
    """Check that a length of time is a number of whole seconds, and return that."""
    if not isinstance(value, timedelta) or value % timedelta(seconds=1):
        raise checks.fail(operation, f"{name} must be a timedelta of whole seconds, not {value!r}")
    return checks.number(
        operation, f"{name} in seconds", value // timedelta(seconds=1), least=1, most=most
    )


def _put_ttl(operation: str, body: dict[str, object], ttl: timedelta | None) -> None:
    if ttl is None:
        return
    if ttl == FOREVER:
        body["ttl"] = 0
        return
    if not isinstance(ttl, timedelta):
        raise checks.fail(operation, f"ttl must be a timedelta, not {ttl!r:.80}")
    seconds = ttl.total_seconds()
    if seconds < 1 or seconds != int(seconds):
        raise InvalidArgumentError(
            f"{operation}: ttl must be whole seconds, at least one, or FOREVER, not {ttl!r}",
            operation=operation,
        )
    body["ttl"] = int(seconds)
