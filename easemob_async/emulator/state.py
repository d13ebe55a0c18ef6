"""What the emulated service remembers: users, groups, tokens, messages. Plain, without I/O."""

from __future__ import annotations

import itertools
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import attrs

from easemob_async.emulator.refusal import JSON, Refusal

_FIRST_GROUP: Final = 184524748161025
_FIRST_MESSAGE: Final = 1029457500870543736


@attrs.define
class User:
    """A registered user."""

    username: str
    password: str
    created: int
    modified: int
    nickname: str | None = None
    activated: bool = True
    devices: dict[str, str] = attrs.field(factory=dict)
    """Where the user is logged in: resource id to name."""
    contacts: dict[str, str | None] = attrs.field(factory=dict)
    """Contacts with the user's remarks, the oldest first."""
    blocked: list[str] = attrs.field(factory=list)
    attributes: dict[str, str] = attrs.field(factory=dict)
    mutes: dict[str, float | None] = attrs.field(factory=dict)
    """Kind of conversation to when it ends, in Unix seconds; ``None`` for never."""
    favorites: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    presence: dict[str, str] = attrs.field(factory=dict)
    """Device to state."""
    presence_ext: str = ""
    subscriptions: dict[str, int] = attrs.field(factory=dict)
    """Who is watched, and until when, in Unix seconds."""
    push: dict[str, JSON] = attrs.field(factory=dict)
    """Push settings, by what they are for."""
    last_online: int = 0
    uuid: str = attrs.field(factory=lambda: str(uuid.uuid4()))


@attrs.define
class Group:
    """A chat group, or a chat room."""

    group_id: str
    owner: str
    created: int
    modified: int
    settings: dict[str, JSON]
    """groupname, description, public, maxusers and so on, as on the wire."""
    serial: int
    """Which of the app's groups it is, in order of creation."""
    members: dict[str, int] = attrs.field(factory=dict)
    """Who is in it, without the owner, and since when."""
    admins: list[str] = attrs.field(factory=list)
    announcement: str = ""
    disabled: bool = False
    mute_all: bool = False
    mutes: dict[str, int] = attrs.field(factory=dict)
    """Who is muted until when, in Unix milliseconds; -1 for never. It outlives leaving."""
    allowed: list[str] = attrs.field(factory=list)
    blocked: list[str] = attrs.field(factory=list)
    attributes: dict[str, JSON] = attrs.field(factory=dict)
    """Of a group: of each member. Of a room: name to (value, who set it, whether it goes)."""
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict)
    files: dict[str, dict[str, JSON]] = attrs.field(factory=dict)

    def leave(self, username: str) -> None:
        """Take somebody out, with all that goes too."""
        self.members.pop(username, None)
        self.tags.pop(username, None)
        for names in (self.admins, self.allowed):
            if username in names:
                names.remove(username)
        gone = [
            k
            for k, v in self.attributes.items()
            if isinstance(v, tuple) and v[1:] == (username, True)
        ]
        for name in gone:
            del self.attributes[name]

    def __contains__(self, username: object) -> bool:
        return username == self.owner or username in self.members

    @property
    def everybody(self) -> list[str]:
        """Members and owner."""
        return [*self.members, self.owner]


@attrs.define
class Thread:
    """A message thread."""

    thread_id: str
    name: str
    owner: str
    group_id: str
    message_id: str
    created: int
    members: dict[str, int] = attrs.field(factory=dict)


@attrs.define
class Stream:
    """A streaming message."""

    sender: str
    target: str
    message: dict[str, JSON]
    began: float
    last: float
    seq: int = 0
    size: int = 0
    over: bool = False


@attrs.define
class TokenRecord:
    """A token that was given out."""

    username: str | None
    expires_at: float | None


@attrs.frozen
class Posting:
    """A webhook that is to be posted."""

    event: dict[str, JSON]
    url: str | None = None
    """Where to; ``None`` for the URLs of all rules."""
    again: bool = False
    """Whether it comes from the storage."""


@attrs.define
class State:
    """Everything that one app of the service holds."""

    org: str
    app: str
    client_id: str
    client_secret: str
    now: Callable[[], float]
    """Unix seconds."""
    token_ttl: int = 5_184_000
    open_registration: bool = False
    user_limit: int | None = None
    """The plan's number of users; ``None`` for no limit."""
    keep_messages: bool = True
    users: dict[str, User] = attrs.field(factory=dict)
    groups: dict[str, Group] = attrs.field(factory=dict)
    rooms: dict[str, Group] = attrs.field(factory=dict)
    super_admins: list[str] = attrs.field(factory=list)
    threads: dict[str, Thread] = attrs.field(factory=dict)
    streams: dict[str, Stream] = attrs.field(factory=dict)
    messages: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """Messages by their ids."""
    reactions: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """Of each message: emoji to its id and who added it."""
    files: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    templates: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    stored_webhooks: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """Sets of webhooks that could not be delivered; a test may add some."""
    stored_posts: defaultdict[str, list[Posting]] = attrs.field(factory=lambda: defaultdict(list))
    """The webhooks of each set."""
    listening: bool = False
    """Whether anybody wants to be told what happens."""
    outbox: list[Posting] = attrs.field(factory=list)
    """Webhooks that are to be posted."""
    switched_off: frozenset[str] = frozenset()
    tokens: dict[str, TokenRecord] = attrs.field(factory=dict)
    received: defaultdict[str, list[dict[str, JSON]]] = attrs.field(
        factory=lambda: defaultdict(list)
    )
    """Messages by who received them: users, and the ids of groups and rooms."""
    delivered: int = 0
    """How many (message, target) pairs were accepted."""
    application: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    serials: itertools.count[int] = attrs.field(factory=itertools.count)
    _group_ids: itertools.count[int] = attrs.field(factory=lambda: itertools.count(_FIRST_GROUP, 2))
    _message_ids: itertools.count[int] = attrs.field(
        factory=lambda: itertools.count(_FIRST_MESSAGE, 4)
    )

    def milliseconds(self) -> int:
        """Unix milliseconds, as the service's answers have them."""
        return int(self.now() * 1000)

    def happened(self, **fields: JSON) -> None:
        """Tell what happened to who listens; fields as in the webhook."""
        if self.listening:
            self.outbox.append(Posting({**fields, "appkey": f"{self.org}#{self.app}"}))

    def call_id(self, end: str | None = None) -> str:
        """Give the id of a webhook: the app's, with a message's id or one of its own."""
        return f"{self.org}#{self.app}_{end or uuid.uuid4()}"

    def new_group_id(self) -> str:
        """Give the id of a new group."""
        return str(next(self._group_ids))

    def new_message_id(self) -> str:
        """Give the id of a new message."""
        return str(next(self._message_ids))

    def issue_token(self, username: str | None, ttl: int) -> str:
        """Give out a token; a ttl of 0 never ends."""
        token = "YWMt" + secrets.token_urlsafe(48)
        self.tokens[token] = TokenRecord(username, self.now() + ttl if ttl else None)
        return token

    def revoke_tokens(self, username: str) -> None:
        """End the tokens of a user."""
        self.tokens = {t: r for t, r in self.tokens.items() if r.username != username}

    def check_token(self, header: str | None) -> TokenRecord:
        """Find the token of an ``Authorization`` header.

        Raises:
            Refusal: 401; a missing token is reported as an expired one.
        """
        scheme, _, token = (header or "").partition(" ")
        if not token or scheme != "Bearer":
            raise _expired()
        record = self.tokens.get(token)
        if record is None:
            if token.startswith("YWMt") and len(token) > 40:
                raise Refusal(401, "auth_bad_access_token", "Unable to authenticate")
            raise Refusal(
                401,
                "auth_bad_access_token",
                "Unable to authenticate due to corrupt access token",
                exception="org.apache.usergrid.rest.exceptions.SecurityException",
            )
        if record.expires_at is not None and record.expires_at <= self.now():
            raise _expired()
        return record

    def remove_user(self, user: User) -> None:
        """Delete a user with all that goes too: groups, memberships, tokens."""
        del self.users[user.username]
        self.revoke_tokens(user.username)
        for places in (self.groups, self.rooms):
            for place in list(places.values()):
                if place.owner == user.username:
                    del places[place.group_id]
                else:
                    place.leave(user.username)
        for other in self.users.values():
            other.contacts.pop(user.username, None)
        self.threads = {i: t for i, t in self.threads.items() if t.group_id in self.groups}

    def drop(self, username: str, belongs: Callable[[dict[str, JSON]], bool]) -> None:
        """Delete messages from what one user keeps."""
        kept = [message for message in self.received[username] if not belongs(message)]
        self.received[username] = kept

    def forget(self, message_id: str) -> None:
        """Delete a message from what everybody keeps."""
        del self.messages[message_id]
        for kept in self.received.values():
            kept[:] = [message for message in kept if message["id"] != message_id]

    def deliver(self, targets: list[str], message: dict[str, JSON]) -> None:
        """Keep a message for who received it."""
        self.delivered += len(targets)
        if self.keep_messages:
            self.messages[message["id"]] = message
            for target in targets:
                self.received[target].append(message)


def _expired() -> Refusal:
    return Refusal(401, "unauthorized", "Unable to authenticate due to expired access token")


PLACES_OF_CHAT_TYPES: Final = {"chat": "users", "groupchat": "chatgroups", "chatroom": "chatrooms"}


def belongs_to(message: dict[str, JSON], name: str, kind: str, other: str) -> bool:
    """Tell whether a message belongs to a user's conversation."""
    if message["chat_type"] != kind:
        return False
    return bool(
        other in (message["from"], message["to"]) if kind == "users" else message["to"] == other
    )
