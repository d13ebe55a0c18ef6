"""The state of the emulated service: users, groups, tokens and messages; no I/O."""

from __future__ import annotations

import itertools
import secrets
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Final

import attrs

from easemob_async.emulator import access_token
from easemob_async.emulator.blobs import Blobs
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.usernames import ByUsername, Mailboxes, fold

_LATEST: Final = 32_503_679_999
BEIJING: Final = timezone(timedelta(hours=8))
"""The time zone of the service in China."""
_FIRST_GROUP: Final = 184524748161025
_FIRST_MESSAGE: Final = 1029457500870543736
_MAILBOXES_PER_MESSAGE: Final = 10
_TOKENS_KEPT: Final = 100_000
_STREAMS_KEPT: Final = 10_000
_SLACK: Final = 50


@attrs.define
class User:
    """A registered user."""

    username: str = attrs.field(converter=fold)
    """The username, in lower case."""
    password: str
    """The password, in plain text."""
    created: int
    """The time of registration, in Unix milliseconds."""
    modified: int
    """The time of the last change, in Unix milliseconds."""
    nickname: str | None = None
    """The nickname in push notifications."""
    activated: bool = True
    """Whether the user is not banned."""
    devices: dict[str, str] = attrs.field(factory=dict)
    """The devices that the user is logged in on: resource id to name."""
    contacts: dict[str, str | None] = attrs.field(factory=dict)
    """The contacts with their remarks, the oldest first."""
    blocked: list[str] = attrs.field(factory=list)
    """The usernames on the blocklist."""
    attributes: dict[str, str] = attrs.field(factory=dict)
    """The user attributes."""
    deleted_conversations: dict[str, int] = attrs.field(factory=dict)
    """The deleted conversations by the other user or the group, and when, in Unix milliseconds."""
    mutes: dict[str, float | None] = attrs.field(factory=dict)
    """Chat type to the end of its mute, in Unix seconds; ``None`` for a mute without an end."""
    favorites: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The favorites by their ids."""
    presence: dict[str, str] = attrs.field(factory=dict)
    """Device to presence status."""
    presence_ext: str = ""
    """The extension of the presence."""
    subscriptions: dict[str, int] = attrs.field(factory=dict)
    """Subscribed users to the end of the subscription, in Unix seconds."""
    push: dict[str, JSON] = attrs.field(factory=dict)
    """The push settings by their scope, the push bindings and the chosen template."""
    last_online: int = 0
    """The time when the user was last online, in Unix seconds."""
    uuid: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    """The UUID of the user."""


@attrs.define
class Group:
    """A chat group or a chat room."""

    group_id: str
    """The id of the group or room."""
    owner: str
    """The username of the owner."""
    created: int
    """The time of creation, in Unix milliseconds."""
    modified: int
    """The time of the last change, in Unix milliseconds."""
    settings: dict[str, JSON]
    """groupname, description, public, maxusers and so on, with the names of the API."""
    serial: int
    """The number of the group in the order of creation."""
    members: dict[str, int] = attrs.field(factory=dict)
    """The members, without the owner, and when they joined, in Unix milliseconds."""
    admins: list[str] = attrs.field(factory=list)
    """The usernames of the admins."""
    announcement: str = ""
    """The announcement."""
    disabled: bool = False
    """Whether the group is banned."""
    mute_all: bool = False
    """Whether all members are muted."""
    mutes: dict[str, int] = attrs.field(factory=dict)
    """Muted users to the end of the mute, in Unix milliseconds; -1 for a mute without an end.

    A mute stays when the member leaves.
    """
    allowed: list[str] = attrs.field(factory=list)
    """The usernames on the allowlist."""
    blocked: list[str] = attrs.field(factory=list)
    """The usernames on the blocklist."""
    attributes: dict[str, JSON] = attrs.field(factory=dict)
    """In a group: member to attributes.

    In a room: name to (value, the user who set it, whether it is deleted when that user leaves).
    """
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """Member of a room to tags, each with the end of its mute."""
    files: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The shared files of a group by their ids."""

    def leave(self, username: str) -> None:
        """Remove a member, with the roles, the tags and the attributes that end with membership."""
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

    def forget(self, username: str) -> None:
        """Remove a member who is deleted, with what stays when a member only leaves."""
        self.leave(username)
        self.mutes.pop(username, None)
        if username in self.blocked:
            self.blocked.remove(username)
        if isinstance(self.attributes.get(username), dict):
            self.attributes.pop(username, None)

    def __contains__(self, username: object) -> bool:
        known = isinstance(username, str) and username in self.members
        return known or username == self.owner

    @property
    def everybody(self) -> list[str]:
        """All members and the owner."""
        return [*self.members, self.owner]


@attrs.define
class Thread:
    """A message thread."""

    thread_id: str
    """The id of the thread."""
    name: str
    """The name of the thread."""
    owner: str
    """The username of the user who created the thread."""
    group_id: str
    """The id of the group of the thread."""
    message_id: str
    """The id of the message that the thread belongs to."""
    created: int
    """The time of creation, in Unix milliseconds."""
    members: dict[str, int] = attrs.field(factory=dict)
    """The members and when they joined, in Unix milliseconds."""


@attrs.define
class PushLabel:
    """A push label: a named set of users."""

    name: str
    """The name, case-sensitive."""
    description: str
    """The description."""
    created: int
    """The time of creation, in Unix milliseconds."""
    users: dict[str, int] = attrs.field(factory=dict)
    """The users with the label and when they got it, in Unix milliseconds."""


@attrs.define
class Stream:
    """A streaming message."""

    sender: str
    """The username of the sender."""
    target: str
    """The recipient: a username or a group id."""
    message: dict[str, JSON]
    """The message, with the text received so far."""
    began: float
    """The time of the first piece, in Unix seconds."""
    last: float
    """The time of the latest piece, in Unix seconds."""
    seq: int = 0
    """The number of the latest piece."""
    size: int = 0
    """The length of the text so far, in bytes of UTF-8."""
    over: bool = False
    """Whether the stream has ended."""


@attrs.define
class TokenRecord:
    """An issued token."""

    username: str | None
    """The user of a user token; ``None`` for an app token."""
    expires_at: float | None
    """The end of its lifetime, in Unix seconds; ``None`` for a token that never expires."""
    overseas: bool = False
    """Whether it is for an app of Agora Chat, whose clusters are not in China."""


@attrs.frozen
class Posting:
    """A webhook event that is waiting to be posted."""

    event: dict[str, JSON]
    """The event, not yet signed."""
    url: str | None = None
    """The URL to post to; ``None`` for the URLs of all rules."""
    again: bool = False
    """Whether the event comes from the webhook storage."""


class Clock:
    """The clock of an emulator: a real one, or one that was set and goes on from there."""

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the time, in Unix seconds."""
        return self._real() + self._ahead

    @property
    def real(self) -> bool:
        """Whether the clock shows the real time."""
        return self._ahead == 0.0

    def set(self, now: float) -> None:
        """Set the time, in Unix seconds.

        Raises:
            ValueError: the time is before 1970 or after 2999.
        """
        if not 0 <= now <= _LATEST:
            raise ValueError(f"the time must be between 1970 and 2999, not {now} Unix seconds")
        self._ahead = now - self._real()

    def advance(self, seconds: float) -> None:
        """Set the time forward by a number of seconds, or back by a negative one.

        Raises:
            ValueError: the time would be before 1970 or after 2999.
        """
        self.set(self() + seconds)

    def reset(self) -> None:
        """Show the real time again."""
        self._ahead = 0.0


@attrs.define
class Numbers:
    """Numbers in order, for ids."""

    upcoming: int = 0
    """The number that comes next."""
    step: int = 1
    """The difference between two numbers."""

    def __next__(self) -> int:
        number = self.upcoming
        self.upcoming += self.step
        return number


@attrs.define
class State:
    """The complete state of one app of the emulated service."""

    org: str
    """The organization: the part of the App Key before ``#``."""
    app: str
    """The app: the part of the App Key after ``#``."""
    client_id: str
    """The client id."""
    client_secret: str
    """The client secret."""
    now: Callable[[], float]
    """The clock: returns Unix seconds."""
    app_id: str = ""
    """The App ID, which Agora's apps have in place of a client id."""
    app_certificate: str = ""
    """The App Certificate, which signs the tokens of Agora's apps."""
    token_ttl: int = 5_184_000
    """The default lifetime of a token, in seconds."""
    open_registration: bool = False
    """Whether users may register without a token."""
    user_limit: int | None = None
    """The largest number of users that the plan allows; ``None`` for no limit."""
    keep_messages: bool = True
    """Whether received messages are kept; if not, they are only counted."""
    max_messages: int = 100_000
    """The largest number of messages that are kept; the oldest go first.

    In all mailboxes together at most ten times as many are kept; a message counts once in each.
    """
    blobs: Blobs = attrs.field(factory=lambda: Blobs(64 * 2**20))
    """The contents of the uploaded files."""
    users: ByUsername[User] = attrs.field(factory=ByUsername)
    """The users by their usernames."""
    groups: dict[str, Group] = attrs.field(factory=dict)
    """The chat groups by their ids."""
    rooms: dict[str, Group] = attrs.field(factory=dict)
    """The chat rooms by their ids."""
    super_admins: list[str] = attrs.field(factory=list)
    """The usernames of the super admins of chat rooms."""
    threads: dict[str, Thread] = attrs.field(factory=dict)
    """The threads by their ids."""
    streams: dict[str, Stream] = attrs.field(factory=dict)
    """The streaming messages by their message ids."""
    messages: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The messages by their ids."""
    reactions: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """Message id to its reactions: emoji to the reaction's id and its users."""
    files: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The uploaded files by their ids."""
    templates: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The push templates by their names."""
    push_labels: dict[str, PushLabel] = attrs.field(factory=dict)
    """The push labels by their names."""
    push_notifications: dict[int, dict[str, JSON]] = attrs.field(factory=dict)
    """The stored push notifications by their ids."""
    pushed: Mailboxes[dict[str, JSON]] = attrs.field(factory=Mailboxes)
    """Username to the push notifications that the user got, each with its channel."""
    imported: dict[str, int] = attrs.field(factory=dict)
    """Chat type and conversation to the time of the last imported message, in Unix milliseconds."""
    word_lists: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The word lists for moderation by their ids; ``words`` has the words by their ids."""
    moderation_exports: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The exports of moderation records by their ids."""
    robots: list[dict[str, JSON]] = attrs.field(factory=list)
    """The AI robots."""
    rtc_minutes: int = 0
    """The RTC usage of this month, in minutes; a test may set it."""
    stored_webhooks: dict[str, dict[str, JSON]] = attrs.field(factory=dict)
    """The sets of webhook events that could not be delivered; a test may add some."""
    stored_posts: defaultdict[str, list[Posting]] = attrs.field(factory=lambda: defaultdict(list))
    """The webhook events of each set."""
    listening: bool = False
    """Whether a webhook rule exists; without one no events are made."""
    outbox: list[Posting] = attrs.field(factory=list)
    """The webhook events that are waiting to be posted."""
    switched_off: frozenset[str] = frozenset()
    """The features that are not enabled for the app."""
    tokens: dict[str, TokenRecord] = attrs.field(factory=dict)
    """The issued tokens."""
    received: Mailboxes[dict[str, JSON]] = attrs.field(factory=Mailboxes)
    """The messages by recipient: usernames and the ids of groups and rooms."""
    mailboxes: dict[str, list[str]] = attrs.field(factory=dict)
    """Message id to the recipients that have the message among the received ones."""
    gone: ByUsername[int] = attrs.field(factory=ByUsername)
    """User, group or room to the number of received messages that are no longer kept."""
    delivered: int = 0
    """The number of accepted (message, target) pairs."""
    application: str = attrs.field(factory=lambda: str(uuid.uuid4()))
    """The UUID of the app."""
    serials: Numbers = attrs.field(factory=Numbers)
    """The numbers of groups and rooms in the order of creation."""
    _group_ids: Numbers = attrs.field(factory=lambda: Numbers(_FIRST_GROUP, 2))
    _message_ids: Numbers = attrs.field(factory=lambda: Numbers(_FIRST_MESSAGE, 4))
    _copies: int = 0
    """About the number of messages in all mailboxes; it is counted anew before any are dropped."""

    watch: Callable[[list[str], dict[str, JSON]], None] | None = None
    """What is called with the recipients of each message and the message."""

    def reset(self) -> None:
        """Forget all content; the settings, the app's UUID and the numbering of ids stay."""
        for field in attrs.fields(State):
            value = getattr(self, field.name)
            if isinstance(value, dict | list):
                value.clear()
        self.delivered = self.rtc_minutes = self._copies = 0

    def milliseconds(self) -> int:
        """Return the time in Unix milliseconds, as in the answers of the service."""
        return int(self.now() * 1000)

    def happened(self, **fields: JSON) -> None:
        """Add a webhook event with these fields to the outbox, if there is a rule."""
        if self.listening:
            self.outbox.append(Posting({**fields, "appkey": f"{self.org}#{self.app}"}))

    def call_id(self, end: str | None = None) -> str:
        """Return the id of a webhook event: the App Key with the message id or a new id."""
        return f"{self.org}#{self.app}_{end or uuid.uuid4()}"

    def new_group_id(self) -> str:
        """Return the id of a new group."""
        return str(next(self._group_ids))

    def new_message_id(self) -> str:
        """Return the id of a new message."""
        return str(next(self._message_ids))

    def issue_token(self, username: str | None, ttl: float, *, overseas: bool = False) -> str:
        """Issue a token; with a ttl of 0 it never expires."""
        token = "YWMt" + secrets.token_urlsafe(44)  # 63 characters, as other clients' tests expect
        self.tokens[token] = TokenRecord(username, self.now() + ttl if ttl else None, overseas)
        if len(self.tokens) > _TOKENS_KEPT:
            self._drop_tokens()
        return token

    def _drop_tokens(self) -> None:
        """Drop the expired tokens and, if they are few, the oldest ones."""
        now, fewer = self.now(), _TOKENS_KEPT - _TOKENS_KEPT // _SLACK
        ends = [(token, record.expires_at) for token, record in self.tokens.items()]
        old = [token for token, end in ends if end is not None and end <= now]
        for token in old:
            del self.tokens[token]
        for token in list(itertools.islice(self.tokens, max(0, len(self.tokens) - fewer))):
            del self.tokens[token]

    def revoke_tokens(self, username: str) -> None:
        """Revoke all tokens of a user."""
        for token in [t for t, r in self.tokens.items() if r.username == username]:
            del self.tokens[token]

    def check_token(self, header: str | None) -> TokenRecord:
        """Return the record of the token in an ``Authorization`` header.

        It may also be an AccessToken2 of a user, which was never issued here.

        Raises:
            Refusal: 401; a missing token is reported as an expired one.
        """
        token = _bearer(header)
        if token.startswith(access_token.PREFIX):
            return self._check_users_own(token)
        record = self.tokens.get(token)
        if record is None:
            if token.startswith("YWMt") and len(token) > 40:
                raise Refusal(401, "auth_bad_access_token", "Unable to authenticate")
            raise _corrupt()
        if record.expires_at is not None and record.expires_at <= self.now():
            raise _expired()
        return record

    def check_apps_own(self, header: str | None) -> float:
        """Return when the AccessToken2 of an app in an ``Authorization`` header ends.

        open: the refusals; they are those of other tokens

        Raises:
            Refusal: 401; it is not signed by this app, has ended or is not the app's.
        """
        return self._privilege(_bearer(header), access_token.APP)[1]

    def _check_users_own(self, token: str) -> TokenRecord:
        uuid, expires_at = self._privilege(token, access_token.USER)
        # `dict.values`: this changes no user, so that none is written to the state file again.
        for user in dict.values(self.users):
            if user.uuid == uuid and user.activated:
                return TokenRecord(user.username, expires_at)
        raise _corrupt()

    def _privilege(self, token: str, privilege: int) -> tuple[str, float]:
        """Return whose AccessToken2 it is, and when a privilege in chat ends."""
        try:
            found = access_token.read(token, self.app_id, self.app_certificate)
        except access_token.NotAToken:
            raise _corrupt() from None
        chat = found.services.get(access_token.CHAT)
        # open: a token with both privileges, and one of the app with a user; neither may exist
        if (
            chat is None
            or set(chat.privileges) != {privilege}
            or bool(chat.fields[0]) != (privilege == access_token.USER)
        ):
            raise Refusal(401, "unauthorized", "Unable to authenticate (OAuth)")
        ends = min(found.expires_at, chat.privileges[privilege])
        if ends <= self.now():
            raise _expired()
        return chat.fields[0], ends

    def remove_user(self, user: User) -> None:
        """Delete a user and whatever is the user's: the next one of the name finds nothing of it.

        The groups and rooms of the user go as well; what was sent to others stays with them.
        """
        name = user.username
        del self.users[name]
        self.revoke_tokens(name)
        for places in (self.groups, self.rooms):
            for place in list(places.values()):
                if place.owner == name:
                    del places[place.group_id]
                else:
                    place.forget(name)
        for other in self.users.values():
            other.contacts.pop(name, None)
            other.subscriptions.pop(name, None)
            other.push.pop(f"user/{name}", None)
            if name in other.blocked:
                other.blocked.remove(name)
        for label in self.push_labels.values():
            label.users.pop(name, None)
        if name in self.super_admins:
            self.super_admins.remove(name)
        for thread in list(self.threads.values()):
            thread.members.pop(name, None)
            if thread.group_id not in self.groups:
                del self.threads[thread.thread_id]
        self.drop(name, lambda message: True)
        for mailbox in (self.received, self.pushed, self.gone):
            mailbox.pop(name, None)

    def drop(self, username: str, belongs: Callable[[dict[str, JSON]], bool]) -> None:
        """Delete messages from the received messages of one user."""
        kept = []
        for message in self.received.get(username, ()):
            if belongs(message):
                self.mailboxes[message["id"]].remove(fold(username))
            else:
                kept.append(message)
        self.received[username] = kept

    def forget(self, message_id: str) -> None:
        """Delete a message from the received messages of all users."""
        del self.messages[message_id]
        self.reactions.pop(message_id, None)
        for name in self.mailboxes.pop(message_id):
            kept = self.received[name]
            kept[:] = [message for message in kept if message["id"] != message_id]

    def deliver(self, targets: list[str], message: dict[str, JSON]) -> None:
        """Store a message for its recipients."""
        self.delivered += len(targets)
        if self.keep_messages and self.max_messages:
            self.messages[message["id"]] = message
            names = self.mailboxes[message["id"]] = [fold(target) for target in targets]
            for name in names:
                self.received[name].append(message)
            self._copies += len(targets)
            if len(self.messages) > self.max_messages or self._copies > self._most_copies:
                self._drop_oldest()
        elif len(self.streams) > _STREAMS_KEPT:
            del self.streams[next(iter(self.streams))]
        if self.watch is not None:
            self.watch(targets, message)

    def total_received(self, target: str) -> int:
        """Return how many messages a user, a group or a room received, the gone ones as well."""
        return len(self.received.get(target, ())) + self.gone.get(target, 0)

    @property
    def _most_copies(self) -> int:
        return self.max_messages * _MAILBOXES_PER_MESSAGE

    def _drop_oldest(self) -> None:
        """Drop the oldest messages: some more than necessary, so that it is seldom necessary."""
        self._copies = sum(map(len, self.mailboxes.values()))
        messages = self.max_messages - self.max_messages // _SLACK
        copies = self._most_copies - self._most_copies // _SLACK
        excess = len(self.messages) - messages if len(self.messages) > self.max_messages else 0
        dropped: Counter[str] = Counter()
        # The newest message stays in any case.
        for message_id in list(itertools.islice(self.messages, len(self.messages) - 1)):
            if excess <= 0 and self._copies <= copies:
                break
            excess -= 1
            names = self.mailboxes.pop(message_id)
            self._copies -= len(names)
            dropped.update(names)
            del self.messages[message_id]
            self.reactions.pop(message_id, None)
            self.streams.pop(message_id, None)
        for name, number in dropped.items():
            kept = self.received[name]
            del kept[:number]  # all mailboxes are in the order of `messages`
            if name in self.users or name in self.groups or name in self.rooms:
                self.gone[name] = self.gone.get(name, 0) + number
            elif not kept:
                del self.received[name]


def split_header(header: str | None) -> tuple[str, str]:
    """Return the scheme, in lower case, and the token of an ``Authorization`` header."""
    scheme, _, token = (header or "").strip().partition(" ")
    return scheme.lower(), token.strip()


def _bearer(header: str | None) -> str:
    scheme, token = split_header(header)
    if not token or scheme != "bearer":
        raise _expired()
    return token


def _corrupt() -> Refusal:
    return Refusal(
        401,
        "auth_bad_access_token",
        "Unable to authenticate due to corrupt access token",
        exception="org.apache.usergrid.rest.exceptions.SecurityException",
    )


def _expired() -> Refusal:
    return Refusal(401, "unauthorized", "Unable to authenticate due to expired access token")


PLACES_OF_CHAT_TYPES: Final = {"chat": "users", "groupchat": "chatgroups", "chatroom": "chatrooms"}


def belongs_to(message: dict[str, JSON], name: str, kind: str, other: str) -> bool:
    """Return whether a message belongs to a conversation of a user."""
    if message["chat_type"] != kind:
        return False
    return bool(
        other in (message["from"], message["to"]) if kind == "users" else message["to"] == other
    )
