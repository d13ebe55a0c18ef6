"""The client: what a service holds, wired together; the resources hang off it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypedDict, TypeVar, Unpack

import attrs
from aiohttp import ClientSession

from easemob_async import api_limits
from easemob_async.config import (
    DEFAULT_BASE_URL,
    AppKey,
    DataCenter,
    Hooks,
    PoolOptions,
    RetryPolicy,
    Timeouts,
    parse_base_url,
)
from easemob_async.errors import ConfigurationError
from easemob_async.quotas import Quotas
from easemob_async.transport.quota_account import QuotaAccount
from easemob_async.transport.session import SessionPool
from easemob_async.transport.state import Core, Options
from easemob_async.transport.transport import Transport

if TYPE_CHECKING:
    from easemob_async.fanout import Fanout
    from easemob_async.models.tokens import TokenProvider
    from easemob_async.resources.broadcasts import Broadcasts
    from easemob_async.resources.chat_groups import ChatGroups
    from easemob_async.resources.chat_rooms import ChatRooms
    from easemob_async.resources.contacts import Contacts
    from easemob_async.resources.conversations import Conversations
    from easemob_async.resources.favorites import Favorites
    from easemob_async.resources.files import Files
    from easemob_async.resources.history import History
    from easemob_async.resources.message_imports import MessageImports
    from easemob_async.resources.messages import Messages
    from easemob_async.resources.mutes import UserMutes
    from easemob_async.resources.offline_messages import OfflineMessages
    from easemob_async.resources.presence import PresenceResource
    from easemob_async.resources.push import Push
    from easemob_async.resources.reactions import Reactions
    from easemob_async.resources.roaming import Roaming
    from easemob_async.resources.threads import Threads
    from easemob_async.resources.tokens import Tokens
    from easemob_async.resources.user_attributes import UserAttributes
    from easemob_async.resources.users import Users
    from easemob_async.resources.webhook_storage import WebhookStorage

R = TypeVar("R")


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


_UNSET: Final = _Unset()


class _Resource(Generic[R]):
    """A resource whose module is loaded when it is first touched."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._class = name
        self._attribute = name

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, client: EasemobClient | None, owner: type | None = None) -> R:
        if client is None:
            return self  # type: ignore[return-value]
        cls: Callable[[Transport], R] = getattr(import_module(self._module), self._class)
        resource = cls(client._transport)
        client.__dict__[self._attribute] = resource
        return resource


class ClientOptions(TypedDict, total=False):
    """The client's arguments beside the App Key."""

    client_id: str | None
    client_secret: str | None
    token: str | TokenProvider | None
    base_url: str | DataCenter
    timeout: Timeouts | float | timedelta | None
    retry: RetryPolicy | None
    quotas: Quotas | QuotaAccount | None
    pool: PoolOptions | None
    hooks: Hooks | None
    session: ClientSession | None
    allow_http: bool
    max_message_bytes: int


class EasemobClient:
    """A client of one app. Creating it does no I/O and needs no running event loop.

    An async context manager; without one, ``await client.close()`` when done. A client belongs to
    the event loop of its first call.

    Args:
        app_key: the App Key, ``"org#app"``.
        client_id: with ``client_secret``: the client gets and renews the app's token by itself.
        client_secret: see ``client_id``.
        token: in place of credentials: an app token that does not change, or a `TokenProvider`.
        base_url: where the API is: a URL, or a `DataCenter`.
        timeout: seconds (or a ``timedelta``) for a whole call, or `Timeouts`; ``None`` for no end.
        retry: how often and how fast calls are repeated, where that is safe.
        quotas: what the app may send; or another client's ``quotas``, to share one account.
        pool: the connections.
        hooks: called around every attempt.
        session: an `aiohttp.ClientSession` of your own; it is never closed by the client.
        allow_http: accept a base URL with ``http`` that is not this machine.
        max_message_bytes: the most that body and ext of a message may have together.

    Raises:
        ConfigurationError: something of this cannot work; nothing was sent.
    """

    tokens: _Resource[Tokens] = _Resource("easemob_async.resources.tokens", "Tokens")
    users: _Resource[Users] = _Resource("easemob_async.resources.users", "Users")
    messages: _Resource[Messages] = _Resource("easemob_async.resources.messages", "Messages")
    chat_groups: _Resource[ChatGroups] = _Resource(
        "easemob_async.resources.chat_groups", "ChatGroups"
    )
    chat_rooms: _Resource[ChatRooms] = _Resource("easemob_async.resources.chat_rooms", "ChatRooms")
    threads: _Resource[Threads] = _Resource("easemob_async.resources.threads", "Threads")
    contacts: _Resource[Contacts] = _Resource("easemob_async.resources.contacts", "Contacts")
    mutes: _Resource[UserMutes] = _Resource("easemob_async.resources.mutes", "UserMutes")
    favorites: _Resource[Favorites] = _Resource("easemob_async.resources.favorites", "Favorites")
    broadcasts: _Resource[Broadcasts] = _Resource(
        "easemob_async.resources.broadcasts", "Broadcasts"
    )
    reactions: _Resource[Reactions] = _Resource("easemob_async.resources.reactions", "Reactions")
    offline_messages: _Resource[OfflineMessages] = _Resource(
        "easemob_async.resources.offline_messages", "OfflineMessages"
    )
    user_attributes: _Resource[UserAttributes] = _Resource(
        "easemob_async.resources.user_attributes", "UserAttributes"
    )
    presence: _Resource[PresenceResource] = _Resource(
        "easemob_async.resources.presence", "PresenceResource"
    )
    push: _Resource[Push] = _Resource("easemob_async.resources.push", "Push")
    files: _Resource[Files] = _Resource("easemob_async.resources.files", "Files")
    history: _Resource[History] = _Resource("easemob_async.resources.history", "History")
    conversations: _Resource[Conversations] = _Resource(
        "easemob_async.resources.conversations", "Conversations"
    )
    roaming: _Resource[Roaming] = _Resource("easemob_async.resources.roaming", "Roaming")
    message_imports: _Resource[MessageImports] = _Resource(
        "easemob_async.resources.message_imports", "MessageImports"
    )
    webhook_storage: _Resource[WebhookStorage] = _Resource(
        "easemob_async.resources.webhook_storage", "WebhookStorage"
    )
    fanout: _Resource[Fanout] = _Resource("easemob_async.fanout", "Fanout")

    def __init__(
        self,
        app_key: str | AppKey,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        token: str | TokenProvider | None = None,
        base_url: str | DataCenter = DEFAULT_BASE_URL,
        timeout: Timeouts | float | timedelta | _Unset | None = _UNSET,
        retry: RetryPolicy | None = None,
        quotas: Quotas | QuotaAccount | None = None,
        pool: PoolOptions | None = None,
        hooks: Hooks | None = None,
        session: ClientSession | None = None,
        allow_http: bool = False,
        max_message_bytes: int = api_limits.MESSAGE_BYTES,
    ) -> None:
        key = app_key if isinstance(app_key, AppKey) else AppKey.parse(_text("app_key", app_key))
        if isinstance(max_message_bytes, bool) or max_message_bytes < 1:
            raise ConfigurationError(f"max_message_bytes must be above 0: {max_message_bytes!r}")
        url = parse_base_url(base_url, key, allow_http=allow_http)
        core = Core(
            app_key=key,
            base_url=url,
            pool=SessionPool(pool or PoolOptions(), url, session),
            quotas=quotas if isinstance(quotas, QuotaAccount) else QuotaAccount(quotas or Quotas()),
            credentials=_credentials(client_id, client_secret, token),
            max_message_bytes=max_message_bytes,
        )
        self._owner = True
        self._transport = Transport(
            core,
            Options(
                Timeouts() if isinstance(timeout, _Unset) else Timeouts.of(timeout),
                retry or RetryPolicy(),
                hooks or Hooks(),
            ),
        )
        core.tokens = self._provider(token)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]
    ) -> Self:
        """Make a client from the environment; an empty variable counts as not set.

        ``EASEMOB_APP_KEY``, and ``EASEMOB_CLIENT_ID`` with ``EASEMOB_CLIENT_SECRET``, or
        ``EASEMOB_TOKEN``. Optional: ``EASEMOB_BASE_URL``, ``EASEMOB_ALLOW_HTTP`` (``1`` or ``0``).

        Args:
            environ: read from here in place of the process's environment.
            options: the client's other arguments; they go before the environment.

        Raises:
            ConfigurationError: names the variables that are missing, or too many.
        """
        env = os.environ if environ is None else environ
        found: ClientOptions = {}
        missing = [] if env.get("EASEMOB_APP_KEY") else ["EASEMOB_APP_KEY"]
        given = {name for name in _CREDENTIALS if options.get(name) is not None}
        if "token" not in given:
            names = {name: f"EASEMOB_{name.upper()}" for name in ("client_id", "client_secret")}
            token = None if given else env.get("EASEMOB_TOKEN")
            both = [name for name in names.values() if token and env.get(name)]
            if both:
                raise ConfigurationError(
                    f"EASEMOB_TOKEN and {' and '.join(both)} are set in the environment: unset "
                    "either the token or the credentials"
                )
            if token:
                found["token"] = token
            else:
                missing += [v for k, v in names.items() if k not in given and not env.get(v)]
                found["client_id"] = env.get(names["client_id"])
                found["client_secret"] = env.get(names["client_secret"])
        if missing:
            raise ConfigurationError(
                f"not set in the environment: {', '.join(missing)}"
                + (" (or EASEMOB_TOKEN)" if len(missing) > ("EASEMOB_APP_KEY" in missing) else "")
            )
        if env.get("EASEMOB_BASE_URL"):
            found["base_url"] = env["EASEMOB_BASE_URL"]
        if env.get("EASEMOB_ALLOW_HTTP"):
            found["allow_http"] = _yes_or_no("EASEMOB_ALLOW_HTTP", env["EASEMOB_ALLOW_HTTP"])
        found.update(options)
        return cls(env["EASEMOB_APP_KEY"], **found)

    @property
    def app_key(self) -> AppKey:
        """The app."""
        return self._transport.core.app_key

    @property
    def quotas(self) -> QuotaAccount:
        """What is used of the app's quotas, and what is left."""
        return self._transport.core.quotas

    def with_options(
        self,
        *,
        timeout: Timeouts | float | timedelta | _Unset | None = _UNSET,
        retry: RetryPolicy | None = None,
        hooks: Hooks | None = None,
    ) -> EasemobClient:
        """Give a light copy with other options that shares connections, token and quotas.

        Closing the copy closes nothing: connections are closed with the client it came from.
        """
        copy = object.__new__(type(self))
        copy._owner = False
        changes: dict[str, Any] = {"retry": retry, "hooks": hooks}
        if not isinstance(timeout, _Unset):
            changes["timeouts"] = Timeouts.of(timeout)
        given = {name: value for name, value in changes.items() if value is not None}
        copy._transport = Transport(
            self._transport.core, attrs.evolve(self._transport.options, **given)
        )
        return copy

    async def close(self) -> None:
        """Close the connections. Closing twice is fine.

        Calls that are not over end with a `ClientClosedError`, those that wait for quota as well:
        nothing leaves any more.
        """
        if self._owner:
            core = self._transport.core
            close = getattr(core.tokens, "close", None) if core.owns_tokens else None
            core.end_calls()
            await core.pool.close()
            if close is not None:
                await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<EasemobClient {self.app_key} at {self._transport.core.app_url}>"

    def _provider(self, token: str | TokenProvider | None) -> TokenProvider:
        # The providers and the models they use are needed by every client that calls anything.
        from easemob_async.models.tokens import AppToken
        from easemob_async.transport.tokens import AppTokenSource, FixedToken
        from easemob_async.transport.user_tokens import UserTokens

        if isinstance(token, str):
            return FixedToken(token)
        if token is not None and not isinstance(token, UserTokens):
            return token

        async def fetch() -> AppToken:
            return await self.tokens.create_app_token()

        self._transport.core.owns_tokens = True
        source = AppTokenSource(fetch)
        if token is None:
            return source
        token.attach(source, self.tokens.create_user_token)
        return token


_CREDENTIALS: Final = ("client_id", "client_secret", "token")
_SWITCH: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def _yes_or_no(name: str, value: str) -> bool:
    try:
        return _SWITCH[value.strip().lower()]
    except KeyError:
        raise ConfigurationError(f"{name} is {value!r}; it must be 1 or 0") from None


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        what = "is empty" if value == "" else f"is a {type(value).__name__}"
        raise ConfigurationError(f"{name} {what}; it must be a non-empty string")
    return value


def _credentials(
    client_id: str | None, client_secret: str | None, token: object
) -> tuple[str, str] | None:
    if token is not None:
        if client_id is not None or client_secret is not None:
            raise ConfigurationError("give either client_id and client_secret, or token: not both")
        if isinstance(token, str):
            _header_value("token", token)
        elif not (hasattr(token, "get") and hasattr(token, "invalidate")):
            raise ConfigurationError("token must be a string or a TokenProvider")
        held: tuple[str, str] | None = getattr(token, "credentials", None)
        return held
    missing = [
        name
        for name, value in (("client_id", client_id), ("client_secret", client_secret))
        if value is None
    ]
    if client_id is None or client_secret is None:
        raise ConfigurationError(
            f"credentials are missing: {' and '.join(missing)}; or give a token instead"
        )
    return _credential("client_id", client_id), _credential("client_secret", client_secret)


def _credential(name: str, value: object) -> str:
    text = _text(name, value)
    if not text.isprintable() or text != text.strip():
        raise ConfigurationError(
            f"{name} has a blank, a line end or a control character at its end or inside: "
            "was it read from a file? Its value is not shown"
        )
    return text


def _header_value(name: str, value: str) -> None:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(f"{name} must be printable ASCII without spaces")
