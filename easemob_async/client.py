"""The client of one app, with a property for each resource."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import cached_property, partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, TypeVar, Unpack, cast, get_args

import attrs
from aiohttp import ClientSession
from yarl import URL

from easemob_async import api_limits
from easemob_async.config import (
    DEFAULT_BASE_URL,
    AppKey,
    DataCenter,
    Discovery,
    Hooks,
    PoolOptions,
    RetryPolicy,
    Timeouts,
    parse_base_url,
    parse_discovery,
)
from easemob_async.credentials import SETS, read_credentials, read_environment, text
from easemob_async.errors import ConfigurationError
from easemob_async.models.tokens import AppToken, TokenProvider
from easemob_async.quotas import Quotas
from easemob_async.transport.discovery import ask_for_hosts
from easemob_async.transport.hosts import DiscoveredHosts, Hosts, OneHost
from easemob_async.transport.loops import LoopBinding
from easemob_async.transport.quota_account import QuotaAccount
from easemob_async.transport.session import SessionPool
from easemob_async.transport.state import IN_USE, ClientState, Options
from easemob_async.transport.tokens import AppTokenSource, FixedToken
from easemob_async.transport.transport import Transport
from easemob_async.transport.user_tokens import UserTokens

if TYPE_CHECKING:
    from easemob_async.fanout import Fanout
    from easemob_async.operation import Operation
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
    from easemob_async.resources.moderation import Moderation
    from easemob_async.resources.mutes import Mutes
    from easemob_async.resources.offline_messages import OfflineMessages
    from easemob_async.resources.presence import Presence
    from easemob_async.resources.push import Push
    from easemob_async.resources.reactions import Reactions
    from easemob_async.resources.roaming import Roaming
    from easemob_async.resources.robots import Robots
    from easemob_async.resources.rtc import Rtc
    from easemob_async.resources.threads import Threads
    from easemob_async.resources.tokens import Tokens
    from easemob_async.resources.translation import Translation
    from easemob_async.resources.user_attributes import UserAttributes
    from easemob_async.resources.users import Users
    from easemob_async.resources.webhook_storage import WebhookStorage
    from easemob_async.shared.protocol import SharedStore
    from easemob_async.shared.sharing import Sharing

R = TypeVar("R")


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


_UNSET: Final = _Unset()


def _resource(declared: Callable[[EasemobClient], R]) -> cached_property[R]:
    """Return the property of a resource; the module of that name is loaded on first use."""
    name, cls = declared.__name__, declared.__annotations__["return"]

    def load(client: EasemobClient) -> R:
        module = import_module(f"easemob_async.{_ELSEWHERE.get(name, f'resources.{name}')}")
        resource: R = getattr(module, cls)(client._transport)
        return resource

    load.__doc__ = declared.__doc__
    return cached_property(load)


_ELSEWHERE: Final = {"fanout": "fanout"}


class ClientOptions(TypedDict, total=False):
    """The arguments of `EasemobClient` except the App Key."""

    client_id: str | None
    client_secret: str | None
    app_id: str | None
    app_certificate: str | None
    token: str | TokenProvider | None
    base_url: str | DataCenter | Discovery
    timeout: Timeouts | float | timedelta | None
    retry: RetryPolicy | None
    quotas: Quotas | QuotaAccount | None
    shared: str | SharedStore | None
    pool: PoolOptions | None
    hooks: Hooks | None
    session: ClientSession | None
    allow_http: bool
    max_message_bytes: int


class EasemobClient:
    """A client of one app. Creating it does no I/O and needs no running event loop.

    Use it as an async context manager, or call ``await client.close()`` at the end. A client
    belongs to the event loop of its first call.

    Args:
        app_key: the App Key, ``"org#app"``.
        client_id: the client id; with ``client_secret`` the client gets and renews the app token
            automatically.
        client_secret: the client secret.
        app_id: the App ID of an app of Agora Chat; with ``app_certificate`` in place of the client
            id and secret.
        app_certificate: the App Certificate, which signs tokens and is never sent.
        token: an app token that does not change, or a `TokenProvider`, instead of credentials.
        base_url: the address of the API: a URL, or a `DataCenter`; or a `Discovery`, which asks the
            service for it.
        timeout: the timeout of a whole call, in seconds or as a ``timedelta``, or `Timeouts`;
            ``None`` for no timeout.
        retry: how often and how fast failed calls are retried; only retries that are safe are made.
        quotas: the quotas of the app; or the ``quotas`` of another client, to share its account.
        shared: a store that all processes of the app share, for one account of the quotas and one
            app token: a URL (``"redis://..."``, ``"postgresql://..."``), or a `SharedStore`, see
            `easemob_async.shared`. It is closed with the client.
        pool: the options of the connection pool.
        hooks: functions that are called before and after every attempt.
        session: your own `aiohttp.ClientSession`; the client never closes it.
        allow_http: whether a base URL with ``http`` is accepted that is not on this machine.
        max_message_bytes: the maximum size of a message's body and ext together, in bytes.

    Raises:
        ConfigurationError: an argument is not valid, or credentials are missing; nothing was sent.
    """

    def __init__(
        self,
        app_key: str | AppKey,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        app_id: str | None = None,
        app_certificate: str | None = None,
        token: str | TokenProvider | None = None,
        base_url: str | DataCenter | Discovery = DEFAULT_BASE_URL,
        timeout: Timeouts | float | timedelta | _Unset | None = _UNSET,
        retry: RetryPolicy | None = None,
        quotas: Quotas | QuotaAccount | None = None,
        shared: str | SharedStore | None = None,
        pool: PoolOptions | None = None,
        hooks: Hooks | None = None,
        session: ClientSession | None = None,
        allow_http: bool = False,
        max_message_bytes: int = api_limits.MESSAGE_BYTES,
    ) -> None:
        key = app_key if isinstance(app_key, AppKey) else AppKey.parse(text("app_key", app_key))
        _check_kinds(
            {
                "retry": (retry, RetryPolicy),
                "quotas": (quotas, Quotas | QuotaAccount),
                "pool": (pool, PoolOptions),
                "hooks": (hooks, Hooks),
                "session": (session, ClientSession),
                "allow_http": (allow_http, bool),
            }
        )
        if isinstance(quotas, Quotas) and quotas.overrides:
            _check_overrides(quotas)
        whole = isinstance(max_message_bytes, int) and not isinstance(max_message_bytes, bool)
        if not whole or max_message_bytes < 1:
            raise ConfigurationError(
                f"max_message_bytes must be an int above 0, not {max_message_bytes!r}"
            )
        credentials = read_credentials(
            {
                "client_id": client_id,
                "client_secret": client_secret,
                "app_id": app_id,
                "app_certificate": app_certificate,
                "token": token,
            }
        )
        url = (
            parse_discovery(base_url, allow_http=allow_http)
            if isinstance(base_url, Discovery)
            else parse_base_url(base_url, key, allow_http=allow_http)
        )
        timeouts = Timeouts() if isinstance(timeout, _Unset) else Timeouts.of(timeout)
        sharing = None if shared is None else _share(shared, quotas, key)
        if sharing is not None:
            account: QuotaAccount = sharing.account
        else:
            account = (
                quotas
                if isinstance(quotas, QuotaAccount)
                else QuotaAccount(Quotas() if quotas is None else quotas)
            )
        _check_timeouts(timeouts, account)
        binding = LoopBinding(IN_USE)
        connections = SessionPool(pool or PoolOptions(), url, binding, session)
        state = ClientState(
            app_key=key,
            hosts=_hosts(base_url, url, key, connections, allow_http),
            pool=connections,
            binding=binding,
            quotas=account,
            credentials=token.credentials if isinstance(token, UserTokens) else credentials,
            max_message_bytes=max_message_bytes,
            on_close=None if sharing is None else sharing.close,
        )
        self._owner = True
        self._transport = Transport(
            state,
            Options(timeouts, retry or RetryPolicy(), hooks or Hooks()),
        )
        self._provide_tokens(token, sharing)

    @_resource
    def broadcasts(self) -> Broadcasts:
        """Broadcasts to all users, to users who are online, and to all rooms."""

    @_resource
    def chat_groups(self) -> ChatGroups:
        """Chat groups: members, admins, mutes, lists, announcement, files, attributes."""

    @_resource
    def chat_rooms(self) -> ChatRooms:
        """Chat rooms: members, admins, super admins, mutes, tags, lists, attributes."""

    @_resource
    def contacts(self) -> Contacts:
        """Contacts and blocklists of users."""

    @_resource
    def conversations(self) -> Conversations:
        """Conversations in the conversation lists of users."""

    @_resource
    def favorites(self) -> Favorites:
        """Favorites of users."""

    @_resource
    def files(self) -> Files:
        """Files of messages: upload, download, lifetime."""

    @_resource
    def history(self) -> History:
        """The app's message history, hour by hour."""

    @_resource
    def message_imports(self) -> MessageImports:
        """Import of messages that were sent through another service."""

    @_resource
    def messages(self) -> Messages:
        """Messages: send, recall, edit and stream them."""

    @_resource
    def moderation(self) -> Moderation:
        """Moderation of texts: checks, word lists, exports of records."""

    @_resource
    def mutes(self) -> Mutes:
        """Mutes of users in the whole app."""

    @_resource
    def offline_messages(self) -> OfflineMessages:
        """Messages that wait for users who are offline."""

    @_resource
    def presence(self) -> Presence:
        """Presence of users, and subscriptions to it."""

    @_resource
    def push(self) -> Push:
        """Push notifications: devices, settings, templates, statistics."""

    @_resource
    def reactions(self) -> Reactions:
        """Reactions to messages."""

    @_resource
    def roaming(self) -> Roaming:
        """Roaming messages: the messages that the service stores for users to pull."""

    @_resource
    def robots(self) -> Robots:
        """AI robots of the app."""

    @_resource
    def rtc(self) -> Rtc:
        """Usage of real-time audio and video."""

    @_resource
    def threads(self) -> Threads:
        """Threads of chat groups."""

    @_resource
    def tokens(self) -> Tokens:
        """Tokens of the app and of users."""

    @_resource
    def translation(self) -> Translation:
        """Translation of texts, and detection of their languages."""

    @_resource
    def user_attributes(self) -> UserAttributes:
        """Attributes of users."""

    @_resource
    def users(self) -> Users:
        """Users: registration, accounts, online status, devices."""

    @_resource
    def webhook_storage(self) -> WebhookStorage:
        """Webhook posts that failed and that the service has stored."""

    @_resource
    def fanout(self) -> Fanout:
        """Bulk sending of one message, or of one message each, to any number of targets."""

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]
    ) -> Self:
        """Make a client from environment variables; an empty variable counts as not set.

        Required are ``EASEMOB_APP_KEY``, and ``EASEMOB_CLIENT_ID`` with ``EASEMOB_CLIENT_SECRET``,
        or ``EASEMOB_TOKEN``, or, for Agora Chat, ``EASEMOB_APP_ID`` with
        ``EASEMOB_APP_CERTIFICATE``. Optional are ``EASEMOB_BASE_URL``, ``EASEMOB_SHARED`` (the URL
        of a store that processes share) and ``EASEMOB_ALLOW_HTTP`` (``1`` or ``0``).

        Args:
            environ: the variables; by default the environment of the process.
            options: other arguments of the client; they override the environment.

        Raises:
            ConfigurationError: variables are missing or exclude each other; the error names them.
        """
        env = os.environ if environ is None else environ
        given = [name for names in SETS for name in names if options.get(name) is not None]
        credentials, missing = read_environment(env, given)
        if not env.get("EASEMOB_APP_KEY"):
            missing = ["EASEMOB_APP_KEY", *missing]
        if missing:
            raise ConfigurationError(f"not set in the environment: {', '.join(missing)}")
        found = cast("ClientOptions", dict(credentials))
        if env.get("EASEMOB_BASE_URL"):
            found["base_url"] = env["EASEMOB_BASE_URL"]
        if env.get("EASEMOB_SHARED"):
            found["shared"] = env["EASEMOB_SHARED"]
        if env.get("EASEMOB_ALLOW_HTTP"):
            found["allow_http"] = _yes_or_no("EASEMOB_ALLOW_HTTP", env["EASEMOB_ALLOW_HTTP"])
        found.update(options)
        return cls(env["EASEMOB_APP_KEY"], **found)

    @property
    def app_key(self) -> AppKey:
        """The App Key of the app."""
        return self._transport.app_key

    @property
    def quotas(self) -> QuotaAccount:
        """The account of the app's quotas: the used and the remaining part of each."""
        return self._transport.state.quotas

    def with_options(
        self,
        *,
        timeout: Timeouts | float | timedelta | _Unset | None = _UNSET,
        retry: RetryPolicy | None = None,
        hooks: Hooks | None = None,
    ) -> EasemobClient:
        """Return a copy of the client with other options; both share connections, token and quotas.

        Closing the copy closes nothing: connections are closed with the original client.
        """
        copy = object.__new__(type(self))
        copy._owner = False
        _check_kinds({"retry": (retry, RetryPolicy), "hooks": (hooks, Hooks)})
        changes: dict[str, Any] = {"retry": retry, "hooks": hooks}
        if not isinstance(timeout, _Unset):
            changes["timeouts"] = Timeouts.of(timeout)
            _check_timeouts(changes["timeouts"], self.quotas)
        given = {name: value for name, value in changes.items() if value is not None}
        copy._transport = Transport(
            self._transport.state, attrs.evolve(self._transport.options, **given)
        )
        return copy

    async def close(self) -> None:
        """Close the connections. Closing twice is harmless.

        Unfinished calls end with a `ClientClosedError`, also those that wait for quota: no request
        is sent afterwards.
        """
        if self._owner:
            await self._transport.state.close()

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
        return f"<EasemobClient {self.app_key} at {self._transport.state.hosts.shown}>"

    def _provide_tokens(self, token: str | TokenProvider | None, sharing: Sharing | None) -> None:
        state = self._transport.state
        if isinstance(token, str):
            fixed = FixedToken(token)
            state.tokens, state.ready_token = fixed, fixed.ready
        elif token is not None and not isinstance(token, UserTokens):
            state.tokens = token
        else:
            # The first call needs this resource: it is loaded here, not in the event loop.
            fetch: Callable[[], Awaitable[AppToken]] = self.tokens.create_app_token
            if sharing is not None:
                total = self._transport.options.timeouts.total
                assert total is not None  # it was checked
                fetch = sharing.app_token(fetch, state.hosts.shown, state.credentials, total)
            source = AppTokenSource(fetch)
            if token is None:
                state.ready_token = source.ready
            else:
                token.attach(source, self.tokens.create_user_token)
            state.provide(token or source)


def share(client: EasemobClient, shared: str | SharedStore) -> None:
    """Let a client share quotas and app token through a store, if it does not share them yet.

    Its calls before that are not in the account of the store.

    Raises:
        ConfigurationError: the client cannot share: see the arguments of `EasemobClient`.
    """
    transport = client._transport
    state = transport.state
    if state.quotas.is_shared:
        return
    sharing = _share(shared, state.quotas.quotas, state.app_key)
    _check_timeouts(transport.options.timeouts, sharing.account)
    state.share(sharing.account, sharing.close)
    if isinstance(state.client_tokens, AppTokenSource):  # otherwise the tokens are the caller's
        client._provide_tokens(None, sharing)


def _hosts(
    base_url: object, url: URL, app_key: AppKey, pool: SessionPool, allow_http: bool
) -> Hosts:
    """Return where the app's API is: below a URL, or where that URL says."""
    path = f"/{app_key.org}/{app_key.app}"
    if not isinstance(base_url, Discovery):
        return OneHost(str(url).rstrip("/") + path)
    ask = partial(ask_for_hosts, pool, url, app_key, allow_http=allow_http)
    return DiscoveredHosts(ask, path, f"a host that {url} names")


def _share(
    shared: str | SharedStore, quotas: Quotas | QuotaAccount | None, app_key: AppKey
) -> Sharing:
    """Return what a client shares with other processes; it is loaded where that is wanted."""
    module = import_module("easemob_async.shared.sharing")
    sharing: Sharing = module.Sharing(shared, quotas, str(app_key))
    return sharing


def _check_kinds(given: Mapping[str, tuple[object, Any]]) -> None:
    """Check the kinds of arguments that may be ``None``."""
    for name, (value, kind) in given.items():
        if value is not None and not isinstance(value, kind):
            wanted = " or ".join(k.__name__ for k in get_args(kind) or (kind,))
            raise ConfigurationError(f"{name} must be a {wanted}, not a {type(value).__name__}")


def _check_overrides(quotas: Quotas) -> None:
    """Check that the limits that are replaced are some: a misspelt name would replace none."""
    from difflib import get_close_matches  # for this message alone

    found: Mapping[str, Operation] = import_module("easemob_async.resources").operations()
    shared = {limit.name for operation in found.values() for limit in operation.limits}
    known = [*found, *filter(None, shared)]
    for name in quotas.overrides:
        if name not in known:
            near = get_close_matches(str(name), known, n=1, cutoff=0.7)
            raise ConfigurationError(
                f"Quotas: overrides[{name!r}]: there is no such operation, and no limit of several"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )


def _check_timeouts(timeouts: Timeouts, account: QuotaAccount) -> None:
    if account.is_shared and timeouts.total is None:
        raise ConfigurationError(
            "timeout must not be None with shared: the store holds the quota of a call until its "
            "deadline, in case its process dies"
        )


_SWITCH: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def _yes_or_no(name: str, value: str) -> bool:
    try:
        return _SWITCH[value.strip().lower()]
    except KeyError:
        raise ConfigurationError(f"{name} is {value!r}; it must be 1 or 0") from None
