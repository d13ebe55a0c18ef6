"""The figures that client and emulator share are those of the facts, sentence by sentence.

Client and emulator take their limits from one module, so that neither finds a mistake in it. Here
each figure is read out of the facts' own words and compared: the constants of `api_limits`, the
rate limits of the operations, the emulator's quotas, and the figures in the emulator's handlers.
"""

from __future__ import annotations

import ast
import inspect
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import EasemobClient, api_limits, checks
from easemob_async.emulator import Emulator, handlers
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.quotas import RULES
from easemob_async.emulator.refusal import Refusal
from easemob_async.emulator.routes import Call
from easemob_async.emulator.state import Group, PushLabel, State, Thread, User
from easemob_async.emulator.webhooks import WebhookRule
from easemob_async.operation import Operation
from easemob_async.quotas import DAY
from easemob_async.resources import operations, places
from tests import facts_reader as facts
from tests.contract.calls import CALLS
from tests.contract.examples import any_example

# ---------------------------------------------------------------- reading a figure

KB: Final = 1024
TIMES: Final = {"ms": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86_400}
UNITS: Final = {"KB": KB, "MB": KB * KB, **TIMES}
WORDS: Final = {"one": 1, "three": 3}


@attrs.frozen
class In:
    """Where a figure stands: the pattern's first group; its second, if it has one, is the unit."""

    place: str
    """The id of an operation, or a file of the facts and the keys in it: ``"limits.sizes"``."""
    pattern: str
    times: float = 1
    """A factor: 1000 for a constant in milliseconds, as units of time become seconds."""


@attrs.frozen
class Unsettled:
    """A figure of which the facts say two things, or nothing for what it is used for."""

    why: str
    used: Sequence[In]
    """Where the figure stands that is used."""
    others: Sequence[In] = ()
    """Where the others stand."""


@cache
def sentences(place: str) -> Sequence[str]:
    """All that the facts say at a place, one sentence a row, a field or a remark."""
    node: Any = facts.operations().get(place)
    if node is None:
        file, *keys = place.split(".")
        node = facts.read(file)
        for key in keys:
            node = node[key]
    else:
        node = {key: value for key, value in node.items() if key != "examples"}
    return list(_sentences(node))


def _sentences(node: Any, head: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        plain = [f"{k}: {v}" for k, v in node.items() if not isinstance(v, Mapping | list)]
        if plain:
            yield head + "; ".join(plain)
        for key, value in node.items():
            if isinstance(value, Mapping | list):
                yield from _sentences(value, f"{head}{key}: ")
    elif isinstance(node, list):
        for value in node:
            yield from _sentences(value, head)
    else:
        yield f"{head}{node}"


def texts(source: In) -> set[str]:
    """What stands where the pattern's first group does, once."""
    return {m[1] for s in sentences(source.place) if (m := re.search(source.pattern, s))}


def figure(source: In) -> float:
    """Read a figure; it is the same in all sentences of its place that the pattern fits."""
    found = set()
    for sentence in sentences(source.place):
        match = re.search(source.pattern, sentence)
        if match:
            number, unit = match[1].replace(",", ""), (*match.groups(), None)[1]
            value = WORDS[number] if number in WORDS else int(number)
            scale = UNITS[unit if unit in UNITS else unit.rstrip("s")] if unit else 1
            found.add(value * scale * source.times)
    assert len(found) == 1, f"{source.place}: {source.pattern!r} finds {sorted(found)}"
    return found.pop()


def size(what: str) -> In:
    """A row of the table of sizes, with its unit where that is one of bytes or of time."""
    unit = "(?:; unit: (KB|MB|seconds|minutes|days))?"
    return In("limits.sizes", rf"^what: {re.escape(what)}; max: (\d+){unit}")


def items(place: str, name: str) -> In:
    """The largest number of items of a field."""
    return In(place, rf"name: {re.escape(name)};.* max_items: (\d+)")


def length(place: str, name: str) -> In:
    """The largest length of a field, in characters."""
    return In(place, rf"name: {re.escape(name)};.* max_length: (\d+)")


def top(place: str, name: str) -> In:
    """The largest value of a field."""
    return In(place, rf"name: {re.escape(name)};.* max: (\d+)")


# ---------------------------------------------------------------- the constants

SENDS: Final = ("users", "groups", "rooms", "group_members", "room_members")
BROADCASTS: Final = ("all_users", "online_users", "rooms")
IMPORTS: Final = ("user", "group")
CHANGES: Final = ("add", "remove")
ROOM_OR_GROUP: Final = ("chat_groups", "chat_rooms")
IDS_IN_PATH: Final = (
    In("chat_groups.members.remove_many", r"limits: members: at most (\d+) a call"),
    In("chat_groups.members.remove_many", r"maxSize : (\d+)"),
    In("chat_rooms.members.remove_many", r"limits: usernames: at most (\d+) a call"),
    In("chat_rooms.members.remove_many", r"maxSize : (\d+)"),
    *(
        In(f"{place}.{what}.remove_many", pattern)
        for place in ROOM_OR_GROUP
        for what in ("mutes", "allowlist", "blocklist")
        for pattern in (r"limits: .*at most (\d+) (?:user |)(?:ids |)a call", r"limit : +(\d+)")
    ),
)

FIGURES: Final[Mapping[str, Sequence[In]]] = {
    "AGORA_DIGITS": (In("agora.realm.agora", r"format: each (\d+) hexadecimal digits"),),
    "AGORA_TOKEN_SECONDS": (In("agora.realm.agora", r"At most (\d+) (hours)"),),
    "PASSWORD_LENGTH": (
        size("password"),
        length("users.create_open", "password"),
        *(length(f"users.{name}", "[].password") for name in ("create", "create_many")),
        In("users.update_password", r"limits: newpassword: .*at most (\d+)"),
    ),
    "NICKNAME_LENGTH": (
        size("push nickname"),
        length("users.create_open", "nickname"),
        In("push.set_nickname", r"limits: nickname: at most (\d+) characters"),
        In("push.set_nicknames", r"limits: push_nickname: at most (\d+) characters"),
    ),
    "GROUP_NAME_LENGTH": (
        size("group name"),
        size("chat room name"),
        *(length(f"chat_groups.{name}", "groupname") for name in ("create", "update")),
        *(length(f"chat_rooms.{name}", "name") for name in ("create", "update")),
    ),
    "GROUP_DESCRIPTION_LENGTH": (
        size("group description"),
        size("chat room description"),
        *(length(f"chat_groups.{name}", "description") for name in ("create", "update")),
        *(length(f"chat_rooms.{name}", "description") for name in ("create", "update")),
    ),
    "GROUP_AVATAR_LENGTH": tuple(
        In(f"chat_groups.{name}", r"limits: avatar: at most (\d+) characters")
        for name in ("create", "update")
    ),
    "GROUP_CUSTOM_BYTES": (
        size("group ext (custom)"),
        size("chat room ext"),
        *(
            In(place, r"limits: custom: at most (\d+) (KB)")
            for place in ("chat_groups.create", "chat_groups.update", "chat_rooms.create")
        ),
    ),
    "ANNOUNCEMENT_LENGTH": (
        size("group announcement"),
        size("chat room announcement"),
        *(
            In(f"{place}.announcement.update", r"limits: announcement: at most (\d+) characters")
            for place in ROOM_OR_GROUP
        ),
    ),
    "MESSAGE_BYTES": (
        *(size(f"message {kind}") for kind in ("text", "command", "custom", "targeted")),
        *(In(f"messages.send_to_{name}", r"body \+ ext: at most (\d+) (KB)") for name in SENDS),
    ),
    "CUSTOM_EXTS": (
        *(items(f"messages.send_to_{name}", "body.customExts") for name in SENDS),
        *(items(f"broadcasts.send_to_{name}", "msg.customExts") for name in BROADCASTS),
        *(items(f"message_imports.create_{x}_message", "body.customExts") for x in IMPORTS),
        In("messages.update", r"limits: new_msg.customExts: at most (\d+) entries"),
    ),
    "USERS_PER_MESSAGE": (
        items("messages.send_to_users", "to"),
        In("messages.send_to_users", r"params to's size can't exceed limit (\d+)"),
        In("limits.rate_limits", r"path: /messages/users;.* (\d+) users/request"),
    ),
    "GROUPS_PER_MESSAGE": (
        items("messages.send_to_groups", "to"),
        In("messages.send_to_groups", r"params to's size can't exceed limit (\d+)"),
        In("limits.rate_limits", r"path: /messages/chatgroups;.* (\d+) chat groups/request"),
    ),
    "ROOMS_PER_MESSAGE": (
        items("messages.send_to_rooms", "to"),
        In("messages.send_to_rooms", r"params to's size can't exceed limit (\d+)"),
        In("limits.rate_limits", r"path: /messages/chatrooms;.* (\d+) chat rooms/request"),
    ),
    "MEMBERS_PER_MESSAGE": (
        size("targeted message: receivers"),
        In("messages.send_to_group_members", r"limits: users: at most (\d+) a call"),
        In("messages.send_to_room_members", r"limits: users: at most (\d+) a call"),
    ),
    "ROAM_IGNORE_USERS": tuple(
        In(f"messages.send_to_{name}", pattern)
        for name in SENDS
        if name != "users"
        for pattern in (
            r"limits: roam_ignore_users: at most (\d+)",
            r"name: roam_ignore_users;.* max_items: (\d+)",
        )
    ),
    "USERS_PER_REGISTRATION": (In("users.create_many", r"at most (\d+) users a call"),),
    "USERS_PER_PAGE": (In("users.list", r"limits: limit: 1 to (\d+);"),),
    "USERS_PER_DELETION": (In("users.delete_batch", r"limits: limit: 1 to (\d+),"),),
    "STATUSES_PER_CALL": (
        In("users.get_statuses", r"limits: usernames: at most (\d+) a call"),
        In("users.get_statuses", r"maximum limit is (\d+)"),
    ),
    "PLACES_PER_CALL": (
        In("chat_groups.get", r"limits: at most (\d+) groups a call"),
        In("chat_rooms.get", r"limits: at most (\d+) rooms a call"),
    ),
    "GROUPS_PER_PAGE": (
        In("chat_groups.list", r"limits: limit: 1 to (\d+);"),
        In("chat_groups.files.list", r"limits: pagesize: 1 to (\d+);"),
        In("chat_rooms.list", r"limits: limit: 1 to (\d+);"),
        In("chat_rooms.list_joined", r"limits: pagesize: 1 to (\d+);"),
    ),
    "JOINED_GROUPS_PER_PAGE": (In("chat_groups.list_joined", r"limits: pagesize: 1 to (\d+);"),),
    "MEMBERS_PER_PAGE": (
        In("chat_groups.members.list", r"limits: pagesize: 1 to (\d+);"),
        In("chat_rooms.members.list", r"limits: pagesize: 0 to (\d+);"),
        In("chat_rooms.super_admins.list", r"limits: pagesize: 1 to (\d+)$"),
    ),
    "IDS_PER_URL": IDS_IN_PATH,
    "MEMBERS_PER_CALL": (
        In("chat_groups.members.add_many", r"the Chinese page and the 2023 docs say (\d+)"),
        In("chat_groups.mutes.add_many", r"stored Chinese copy of the same page says (\d+)"),
        In("chat_groups.allowlist.add_many", r"stored Chinese copies of the page say (\d+)"),
        In("chat_groups.blocklist.add_many", r"stored Chinese copies of the page say (\d+)"),
        In("chat_rooms.members.add_many", r"2023 page: at most (\d+) users"),
        In("chat_rooms.allowlist.add_many", r"the Chinese page has (\d+) instead of 100"),
        In("chat_rooms.blocklist.add_many", r"limits: usernames: at most (\d+) a call"),
    ),
    "MEMBER_ATTRIBUTES_SET": (
        In("chat_groups.member_attributes.set_many", r"limits: at most (\d+) members a call"),
    ),
    "MEMBER_ATTRIBUTES_GET": (
        In("chat_groups.member_attributes.get_many", r"limits: targets: at most (\d+) a call"),
    ),
    "MEMBER_ATTRIBUTE_NAME": (
        size("group member attribute key"),
        *(
            In(f"chat_groups.member_attributes.{name}", r"attribute name: at most (\d+) bytes")
            for name in ("set", "set_many")
        ),
    ),
    "MEMBER_ATTRIBUTE_VALUE": (
        size("group member attribute value"),
        *(
            In(f"chat_groups.member_attributes.{name}", r"attribute value: at most (\d+) bytes")
            for name in ("set", "set_many")
        ),
    ),
    "THREADS_PER_PAGE": tuple(
        In(f"threads.{name}", r"limits: limit over (\d+) gives 400")
        for name in ("list", "list_joined", "list_joined_in_group", "members.list")
    ),
    "THREAD_NAME_LENGTH": (
        size("thread name"),
        *(
            In(f"threads.{name}", r"limits: name: at most (\d+) characters")
            for name in ("create", "update")
        ),
    ),
    "THREAD_MEMBERS_PER_CALL": tuple(
        In(f"threads.members.{name}", r"limits: usernames: at most (\d+) a call")
        for name in ("add_many", "remove_many")
    ),
    "ROOM_ATTRIBUTE_VALUE": (
        size("chat room attribute value"),
        *(
            In(f"chat_rooms.attributes.{name}", r"attribute value: at most (\d+) characters")
            for name in ("set", "set_forced")
        ),
    ),
    "ROOM_ATTRIBUTES_PER_CALL": (
        *(
            In(f"chat_rooms.attributes.{name}", r"limits: metaData: at most (\d+) pairs a call")
            for name in ("set", "set_forced")
        ),
        *(
            In(f"chat_rooms.attributes.{name}", r"limits: keys: at most (\d+) a call")
            for name in ("delete", "delete_forced")
        ),
        *(
            In(f"chat_rooms.attributes.{name}", r"exceed allowed batch size (\d+)")
            for name in ("set", "set_forced", "delete", "delete_forced")
        ),
    ),
    "TAG_LENGTH": (
        In("limits.ids.chat_room_tag", r"max_length: (\d+)"),
        In("chat_rooms.tags.mute", r"limits: tag: at most (\d+) characters"),
        In("chat_rooms.tags.set", r"limits: each tag: at most (\d+) characters"),
    ),
    "TAGS_PER_MEMBER": (In("chat_rooms.tags.set", r"limits: tags: at most (\d+) a call"),),
    "URL_BYTES": (In("chat_groups.members.remove_many", r"limits: URL: at most (\d+) (KB)"),),
    "CONTACTS_PER_CHECK": tuple(
        In(place, pattern)
        for place in ("contacts.check", "contacts.blocklist.check")
        for pattern in (r"limits: check_list: 1 to (\d+) user IDs", r"must be between 1 and (\d+)")
    ),
    "CONTACTS_PER_PAGE": (
        In("contacts.list", r"limits: limit: at most (\d+);"),
        In("contacts.list", r"page size more than max limit : (\d+)"),
        top("contacts.blocklist.list", "pageSize"),
    ),
    "CONTACTS_PER_IMPORT": (
        In("contacts.import_many", r"limits: usernames: at most (\d+) a call"),
        In("contacts.import_many", r"request user over flow limit:(\d+)"),
    ),
    "REMARK_LENGTH": (
        size("friend remark"),
        In("contacts.set_remark", r"limits: remark: at most (\d+) characters"),
    ),
    "MUTED_PER_PAGE": (top("mutes.list", "pageSize"),),
    "MUTE_LONGEST": (
        In("mutes.set", r"limits: durations: 0, -1 or up to (\d+) (seconds)"),
        *(top("mutes.set", name) for name in ("chat", "groupchat", "chatroom")),
    ),
    "FAVORITE_LENGTH": (In("favorites.add", r"limits: data: at most (\d+) characters"),),
    "FAVORITE_EXT_LENGTH": (In("favorites.add", r"limits: ext: at most (\d+) characters"),),
    "FAVORITES_PER_CALL": (
        In("favorites.add_many", r"limits: collections: at most (\d+) a call"),
        In("favorites.remove_many", r"limits: collection_ids: at most (\d+) a call"),
    ),
    "FAVORITES_PER_PAGE": (
        In("favorites.list", r"limits: limit: at most (\d+);"),
        In("favorites.list", r"limit should be less than (\d+)"),
    ),
    "REACTION_LENGTH": (
        size("reaction id"),
        In("limits.ids.reaction", r"max_length: (\d+)"),
        *(
            In(f"reactions.{name}", r"limits: message: at most (\d+) characters")
            for name in ("add", "remove", "get")
        ),
    ),
    "REACTED_MESSAGES_PER_CALL": (In("reactions.list", r"limits: msgIdList: at most (\d+);"),),
    "REACTORS_PER_PAGE": (In("reactions.get", r"limits: limit: at most (\d+);"),),
    "USER_ATTRIBUTES_PER_CALL": (
        In("user_attributes.get_many", r"limits: targets: at most (\d+) a call"),
    ),
    "PRESENCES_PER_CALL": (
        size("presence accounts per call"),
        In("presence.subscribe", r"limits: usernames: at most (\d+) a call"),
        In("presence.unsubscribe", r"limits: at most (\d+) user ids a call"),
        In("presence.get_many", r"limits: usernames: at most (\d+) a call"),
        In("presence.list_subscriptions", r"limits: pageSize: 1 to (\d+)"),
    ),
    "PRESENCE_EXT_BYTES": (In("presence.set", r"limits: ext: (\d+) bytes"),),
    "PRESENCE_LONGEST": (
        size("presence subscription"),
        In("presence.subscribe", r"lasts at most (\d+) (days)"),
        In("presence.subscribe", r"lasts at most \d+ days \((\d+) s\)"),
    ),
    "PUSH_NICKNAMES_PER_CALL": (In("push.set_nicknames", r"limits: at most (\d+) users a call"),),
    "PUSH_IGNORE_LONGEST": (
        In("push.set_settings", r"limits: ignoreDuration: 0 to (\d+) (ms)", times=1000),
        In("push.set_settings", r"limits: ignoreDuration: .*\((\d+) (days)\)", times=1000),
    ),
    "PUSH_LABEL_DESCRIPTION_LENGTH": (
        length("push.labels.create", "description"),
        In("push.labels.create", r"limits: .*description: at most (\d+)"),
    ),
    "PUSH_LABELS": (In("push.labels.create", r"limits: (\d+) labels an app"),),
    "PUSH_LABELS_PER_PAGE": (top("push.labels.list", "limit"),),
    "PUSH_LABEL_USERS": (In("push.labels.users.add_many", r"limits: ([\d,]+) users a label"),),
    "PUSH_LABEL_USERS_PER_PAGE": (top("push.labels.users.list", "limit"),),
    "PUSH_LABEL_USERS_PER_CALL": (
        items("push.labels.users.add_many", "usernames"),
        items("push.labels.users.remove_many", "usernames"),
    ),
    "PUSH_STRATEGY_LAST": (In("push_notifications.push_strategies", r"^value: (4); name"),),
    "PUSH_TASK_SOONEST": tuple(
        In(f"push.send_to_{x}", r"name: startDate;.* at least (\d+) (hour)")
        for x in ("label", "all")
    ),
    "PUSH_TASK_LATEST": tuple(
        In(f"push.send_to_{x}", r"name: startDate;.* at most (\d+) (days)")
        for x in ("label", "all")
    ),
    "USERS_PER_PUSH": (
        items("push.send_to_users", "targets"),
        In("push.send_to_users", r"limits: at most (\d+) users a call"),
    ),
    "TRANSLATED_LENGTH": (
        length("translation.translate", "text"),
        length("translation.detect", "text"),
        In("translation.translate", r"limits: text: at most ([\d,]+) characters"),
        In("translation.translate", r"text over ([\d,]+) characters \(the table multiplies"),
    ),
    "WORD_LISTS": (
        In("moderation.word_lists.create", r"limits: (\d+) lists an app"),
        In("moderation.word_lists.create", r"when: more than (\d+) lists"),
        In("moderation.words.add_many", r"limits: .* (\d+) lists"),
    ),
    "WORDS_PER_LIST": (
        In("moderation.word_lists.create", r"limits: .*?([\d,]+) words a list"),
        In("moderation.words.add_many", r"limits: ([\d,]+) words a list"),
    ),
    "WORDS_PER_LIST_CREATION": (
        items("moderation.word_lists.create", "textContexts"),
        In("moderation.word_lists.create", r"limits: (\d+) words a call"),
    ),
    "WORDS_PER_CALL": (
        items("moderation.words.add_many", "wordContents"),
        items("moderation.words.remove_many", "wordIds"),
        *(In(f"moderation.words.{x}_many", r"limits: (\d+) words a call") for x in CHANGES),
    ),
    "WORD_LENGTH": (
        In("moderation.word_lists.create", r"name: textContexts;.* at most (\d+) characters"),
        In("moderation.word_lists.create", r"limits: .*?(\d+) characters a word"),
    ),
    "WORD_LIST_NAME_LENGTH": (
        length("moderation.word_lists.create", "name"),
        length("moderation.word_lists.update", "name"),
        In("moderation.word_lists.create", r"limits: .*?(\d+) characters a name"),
    ),
    "WORD_LISTS_PER_PAGE": (
        top("moderation.word_lists.search", "size"),
        In("moderation.word_lists.search", r"limits: size: 1 to (\d+)"),
    ),
    "WORDS_PER_PAGE": (
        top("moderation.words.search", "size"),
        In("moderation.words.search", r"limits: size: 1 to (\d+)"),
    ),
    "ROBOTS_PER_PAGE": (
        top("robots.list", "size"),
        In("robots.list", r"limits: size: 1 to (\d+)"),
    ),
    "LEGACY_GROUPS_PER_PAGE": (top("chat_groups.list_joined_legacy", "pagesize"),),
    "SEARCH_KEYWORDS": (items("messages.search", "data.keywords"),),
    "SEARCH_KEYWORD_LENGTH": (
        length("messages.search", "data.keyword"),
        In("messages.search", r"name: data.keywords;.* and (\d+) characters in all"),
    ),
    "SEARCH_CONVERSATIONS": (
        *(items("messages.search", f"data.{x}") for x in ("groupIds", "chatroomIds")),
        In("messages.search", r"limits: participantPairs, .*: at most (\d+) together"),
    ),
    "SEARCH_ID_LENGTH": (
        length("messages.search", "data.participantPairs[].userId1"),
        In("messages.search", r"name: data.groupIds;.* 1 to (\d+) characters"),
    ),
    "SEARCH_DAYS": (In("messages.search", r"limits: time range: at most (\d+) days"),),
    "SEARCH_PER_PAGE": (top("messages.search", "data.size"),),
    "SEARCH_RESULTS": (In("messages.search", r"limits: page x size: at most ([\d,]+)"),),
    "HIGHLIGHT_TAG_LENGTH": (
        length("messages.search", "data.highlightPreTags"),
        length("messages.search", "data.highlightPostTags"),
    ),
    "HIGHLIGHT_FRAGMENT_LENGTH": (top("messages.search", "data.highlightFragmentSize"),),
    "HIGHLIGHT_FRAGMENTS": (top("messages.search", "data.highlightNumberOfFragments"),),
    "FILES_PER_CALL": (In("files.set_lifetime", r"limits: chatfile_ids: at most (\d+),"),),
    "FILE_BYTES": (
        size("message attachment"),
        size("group shared file"),
        In("files.upload", r"limits: file: at most (\d+) (MB)"),
        In("chat_groups.files.upload", r"limits: file: at most (\d+) (MB)"),
    ),
    "RECALLS_PER_CALL": (In("messages.recall_many", r"limits: msgs: at most (\d+) a call"),),
    "ROAMING_PER_CALL": tuple(
        In(f"roaming.delete_{kind}_messages", pattern)
        for kind in ("chat", "group")
        for pattern in (r"limits: msgIdList: at most (\d+) ids", r"can not greater than (\d+)")
    ),
    "STREAM_BYTES": (
        size("stream message: text of all chunks"),
        *(
            In(f"messages.stream_to_{kind}", r"limits: all text together at most (\d+) (KB)")
            for kind in ("user", "group")
        ),
    ),
    "STREAM_GROUP_MEMBERS": (
        In("messages.stream_to_group", r"limits: to: one group, of at most (\d+) members"),
    ),
}
"""The constants of `api_limits` and every place of the facts that has their figure."""

UNSETTLED: Final[Mapping[str, Unsettled]] = {
    "NEW_PASSWORD_LENGTH_MIN": Unsettled(
        "the page of the call has a minimum; registration and the SDK have others",
        (In("users.update_password", r"limits: newpassword: at least (\d+) characters"),),
        (
            In("users.update_password", r"registration examples use (\d+)-character passwords"),
            In("users.update_password", r"the Java SDK accepts (\d+) to 64"),
        ),
    ),
    "MUTES_PER_CALL": Unsettled(
        "the English pages and their error texts agree; a stored Chinese copy has less",
        tuple(
            In(f"{place}.mutes.add_many", pattern)
            for place in ROOM_OR_GROUP
            for pattern in (r"limits: usernames: at most (\d+) a call", r"max limit : (\d+); when")
        ),
        (In("chat_groups.mutes.add_many", r"stored Chinese copy of the same page says (\d+)"),),
    ),
    "ALLOWED_PER_CALL": Unsettled(
        "the English pages and their error texts agree; the Chinese ones have less",
        tuple(
            In(f"{place}.allowlist.add_many", pattern)
            for place in ROOM_OR_GROUP
            for pattern in (r"limits: usernames: at most (\d+) a call", r"max limit : (\d+); when")
        ),
        (
            In("chat_groups.allowlist.add_many", r"stored Chinese copies of the page say (\d+)"),
            In("chat_rooms.allowlist.add_many", r"the Chinese page has (\d+) instead of 100"),
        ),
    ),
    "BLOCKED_PER_OWNER": Unsettled(
        "of a call the facts say nothing: it takes as many as an owner can have",
        (
            size("blocklist of one user"),
            In("contacts.blocklist.add_many", r"limits: blocklist: up to (\d+) users per owner"),
        ),
    ),
}
"""The constants of which the facts say two things, or nothing."""


@attrs.frozen
class Format:
    """A pattern that the facts print, or the characters and the length that they name."""

    regex: In | None = None
    characters: In | None = None
    longest: In | None = None

    def compile(self) -> re.Pattern[str]:
        if self.regex is not None:
            (printed,) = texts(self.regex)
            return re.compile(printed.removeprefix("^").removesuffix("$"))
        assert self.characters is not None
        assert self.longest is not None
        (named,) = texts(self.characters)
        named = named.replace(" and ", " ")
        allowed = "".join(x if len(x) == 3 else re.escape(x) for x in re.split("[ ,]+", named))
        return re.compile(f"[{allowed}]{{1,{figure(self.longest):.0f}}}")


CUSTOM_EVENTS: Final = (
    *((f"messages.send_to_{name}", "body.customEvent") for name in SENDS),
    *((f"broadcasts.send_to_{name}", "msg.customEvent") for name in BROADCASTS),
    *((f"message_imports.create_{x}_message", "body.customEvent") for x in IMPORTS),
    ("messages.update", "new_msg.customEvent"),
)
FORMATS: Final[Mapping[str, Sequence[Format]]] = {
    "USERNAME": (
        Format(In("limits.ids.username", r"regex: (\S+);")),
        Format(
            characters=In("limits.ids.username", r"charset: (.+?);"),
            longest=In("limits.ids.username", r"max_bytes: (\d+)"),
        ),
    ),
    "GROUP_ID": (
        Format(
            characters=In("chat_groups.create", r"limits: groupid .*characters, (.+?), no upper"),
            longest=In("chat_groups.create", r"limits: groupid .*at most (\d+) characters"),
        ),
        Format(
            characters=In("chat_rooms.create", r"limits: roomid: .*characters, (.+)"),
            longest=In("chat_rooms.create", r"limits: roomid: at most (\d+) characters"),
        ),
    ),
    "ENVIRONMENT": tuple(
        Format(In(f"messages.send_to_{name}", r"name: env;.* pattern: (\S+);")) for name in SENDS
    ),
    "CUSTOM_EVENT": tuple(
        Format(In(place, rf"name: {name};.* pattern: ([^;\s]+)")) for place, name in CUSTOM_EVENTS
    ),
    "ROOM_ATTRIBUTE_NAME": (
        Format(
            characters=In("limits.ids.chat_room_attribute_key", r"charset: (.+)"),
            longest=In("limits.ids.chat_room_attribute_key", r"max_length: (\d+)"),
        ),
        *(
            Format(
                characters=In(f"chat_rooms.attributes.{name}", r"characters out of (.+?) ;"),
                longest=In(f"chat_rooms.attributes.{name}", r"attribute name: at most (\d+) char"),
            )
            for name in ("set", "set_forced")
        ),
    ),
    "PUSH_LABEL_NAME": (Format(In("push.labels.create", r"name: name;.* pattern: (\S+);")),),
    "PUSH_TEMPLATE_NAME": (
        Format(In("push.templates.create", r"name: name;.* pattern: (\S+);")),
        Format(
            characters=In("limits.ids.push_template_name", r"charset: (.+?);"),
            longest=size("push template name"),
        ),
    ),
}
"""The patterns of `api_limits` that are characters and a length, as each place has them."""
INTERVAL: Final = "PUSH_IGNORE_INTERVAL"

CONSTANTS: Final = {name for name in vars(api_limits) if name.isupper()}
TABLES: Final = [set(FIGURES), set(UNSETTLED), set(FORMATS), {INTERVAL}]
EVERY_FORMAT: Final = [(name, format_) for name, places_ in FORMATS.items() for format_ in places_]


def test_every_constant_has_its_place_in_the_facts() -> None:
    listed = set().union(*TABLES)
    missing = sorted(CONSTANTS - listed)
    assert not missing, f"add to FIGURES in tests/test_api_limits.py, with its sentence: {missing}"
    assert not listed - CONSTANTS, "api_limits has no such constant any more"
    assert sum(map(len, TABLES)) == len(listed), "a constant stands in two tables"


@pytest.mark.parametrize("name", FIGURES)
def test_a_constant_is_the_figure_of_the_facts(name: str) -> None:
    said = {(source.place, source.pattern): figure(source) for source in FIGURES[name]}
    assert said == dict.fromkeys(said, vars(api_limits)[name])


def check_unsettled(unsettled: Unsettled, value: float) -> None:
    assert {figure(source) for source in unsettled.used} == {value}, unsettled.why
    for source in unsettled.others:
        assert figure(source) != value, f"settled: {source.place} has the same figure now"


@pytest.mark.parametrize("name", UNSETTLED)
def test_an_unsettled_constant_is_one_of_the_documented_figures(name: str) -> None:
    check_unsettled(UNSETTLED[name], vars(api_limits)[name])


def both(name: str, format_: Format) -> tuple[re.Pattern[str], re.Pattern[str]]:
    ours: re.Pattern[str] = vars(api_limits)[name]
    return ours, format_.compile()


@pytest.mark.parametrize(("name", "format_"), EVERY_FORMAT)
def test_a_pattern_takes_the_characters_and_lengths_of_the_facts(
    name: str, format_: Format
) -> None:
    ours, documented = both(name, format_)
    characters = [char for char in map(chr, range(0x10000)) if documented.fullmatch(char)]
    assert characters == [char for char in map(chr, range(0x10000)) if ours.fullmatch(char)]
    longest = next(n for n in range(1, 1000) if not documented.fullmatch(characters[0] * (n + 1)))
    assert [bool(ours.fullmatch("a" * n)) for n in (0, 1, longest, longest + 1)] == [
        *(False, True, True, False)
    ]


@given(data=st.data())
@pytest.mark.parametrize(("name", "format_"), EVERY_FORMAT)
def test_a_pattern_takes_what_the_facts_take(
    data: st.DataObject, name: str, format_: Format
) -> None:
    ours, documented = both(name, format_)
    member = st.from_regex(documented, fullmatch=True) | st.from_regex(ours, fullmatch=True)
    changed = st.tuples(member, st.integers(0, 130), st.text(max_size=2)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    )
    text = data.draw(member | changed)
    assert bool(ours.fullmatch(text)) == bool(documented.fullmatch(text))


def clock_times() -> tuple[str, Callable[[int, int], bool]]:
    """How a time of day is written, and which hours and minutes there are."""
    (written,) = texts(In("push.set_settings", r"name: ignoreInterval;.* format: (\S+);"))
    place, head = "push.set_settings", "name: ignoreInterval;.* "
    hours, minutes = (
        range(int(figure(In(place, first))), int(figure(In(place, last))) + 1)
        for first, last in (
            (rf"{head}hours (\d+)-\d+", rf"{head}hours \d+-(\d+)"),
            (rf"{head}minutes (\d+)-\d+", rf"{head}minutes \d+-(\d+)"),
        )
    )
    return written, lambda hour, minute: hour in hours and minute in minutes


def test_an_interval_is_two_times_of_day() -> None:
    written, exists = clock_times()
    assert written == "HH:MM-HH:MM"
    takes = api_limits.PUSH_IGNORE_INTERVAL.fullmatch
    for hour in range(100):
        for minute in range(100):
            time = f"{hour:02}:{minute:02}"
            for text in (f"{time}-00:00", f"23:59-{time}"):
                assert bool(takes(text)) == exists(hour, minute), text
    spoilt = [f"{written[:at]}~{written[at + 1 :]}" for at in range(len(written))]
    texts_ = [text.replace("HH", "08").replace("MM", "30") for text in (written, *spoilt)]
    assert [bool(takes(text)) for text in texts_] == [True, *(False for _ in spoilt)]
    for text in ("", "08:00", "8:00-09:00", "08:00-09:00 ", "08:00-09:00\n", "08:00 - 09:00"):
        assert not takes(text), text


def test_an_interval_has_the_digits_0_to_9_alone() -> None:
    assert not api_limits.PUSH_IGNORE_INTERVAL.fullmatch("0\u0668:00-09:00")


# ---------------------------------------------------------------- the rate limits

RateLimit = tuple[int, float, str, bool, bool, bool]
"""Units, seconds, what is counted, for each user, shared with other operations, never raised."""
_RATE = re.compile(
    r"(?P<units>\d[\d,]*) ?"
    r"(?P<unit>broadcast messages|messages|calls?|times|requests?|tasks created)"
    r"(?:/| per | every | in )(?P<length>\d+ )?(?P<window>second|minute|day)s?"
    r"(?P<keyed>/single user ID)?"
)
_CLAUSE = re.compile(r";(?![^(]*\))")
_SHARED = re.compile(r"in total|shared|together")
_FIXED = re.compile(
    r"not adjustable|neither adjustable|(?:cannot|neither can) be (?:increased|raised)"
)

LOWER: Final[Mapping[str, set[int]]] = {
    "messages.send_to_group_members": {20, 100},
    **{
        f"{place}.{name}": {50, 100}
        for place, names in (
            ("presence", ("set", "subscribe", "unsubscribe", "list_subscriptions", "get_many")),
            ("contacts.blocklist", ("add_many", "remove", "list")),
        )
        for name in names
    },
}
"""The operations for which two figures a second are documented: the lower one is used."""

NOT_EXEMPT: Final[Mapping[str, tuple[str, str]]] = {
    "messages.send_to_group_members": (
        "messages.send_to_groups",
        r"the page's rate table \((\d+) calls and .*\) does not exempt targeted messages",
    ),
}
"""The operations to which the rates that their page gives for another apply too, and where the
facts say so."""

AS_ANOTHER: Final[Mapping[str, tuple[str, str]]] = {
    "push.templates.update": (
        "push.templates.create",
        "no figure for this call alone: that of the other calls on templates, not the default",
    ),
    "message_imports.create_user_message": (
        "message_imports.create_group_message",
        "the page counts calls, the table messages; a call imports one message, as with groups",
    ),
}
"""The operations that go by the documented limits of another, and why."""


def rates(text: str) -> Iterator[RateLimit]:
    """Read the rate limits in a text; users a second are how fast the service delivers."""
    for clause in _CLAUSE.split(text):
        shared, fixed = bool(_SHARED.search(clause)), bool(_FIXED.search(clause))
        for match in _RATE.finditer(clause):
            yield (
                int(match["units"].replace(",", "")),
                UNITS[match["window"]] * int(match["length"] or 1),
                "messages" if match["unit"] == "messages" else "calls",  # a broadcast is one call
                bool(match["keyed"]),
                shared,
                fixed,
            )


def shape(path: str) -> str:
    return re.sub(r"\$?\{.*?\}|\(\w+\)", "{}", path.partition("?")[0])


@cache
def rows() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The rows of the table of rate limits by the operations that they are about."""
    by_path: dict[tuple[str, str], list[str]] = {}
    for id_, entry in facts.operations().items():
        by_path.setdefault((entry["method"], shape(entry["path"])), []).append(id_)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts.read("limits")["rate_limits"]:
        key = row["method"], shape(row["path"])
        ids = [row["matches"]] if "matches" in row else by_path.get(key, [])
        assert ids or row.get("hidden"), f"{key} is no operation's; the facts need `matches` there"
        for id_ in ids:
            found.setdefault(id_, []).append(row)
    return found


def documented(id_: str) -> set[RateLimit]:
    """The rate limits of an operation; where its page and the table differ, the lower ones."""
    entry = facts.operations()[id_]
    said = list(rates(entry.get("rate_limit") or ""))
    said += [rate for text in entry.get("limits") or [] if "tasks" in text for rate in rates(text)]
    for row in rows().get(id_, []):
        said += rates(row["limit"])
    if id_ in NOT_EXEMPT:
        other, where = NOT_EXEMPT[id_]
        page = list(rates(facts.operations()[other]["rate_limit"]))
        assert figure(In(id_, where)) in {units for units, *_ in page}
        said += page
    if not said:
        for rule in facts.read("limits")["rate_limit_rules"]:
            if rule.startswith("default when a page says nothing"):
                said += rates(rule)
    if partners(id_):
        said = [(*rate[:4], True, rate[5]) for rate in said]
    shared = {(units, seconds) for units, seconds, _, _, is_shared, _ in said if is_shared}
    grouped: dict[tuple[float, str, bool, bool], list[tuple[int, bool]]] = {}
    for units, seconds, unit, keyed, is_shared, fixed in said:
        # Some pages do not say that their figure is the shared one of the table.
        is_shared = is_shared or (units, seconds) in shared
        grouped.setdefault((seconds, unit, keyed, is_shared), []).append((units, fixed))
    units_of = ({units for units, _ in found} for found in grouped.values())
    different = next((units for units in units_of if len(units) > 1), None)
    assert LOWER.get(id_) == different, f"{id_}: of several figures say so in LOWER: {different}"
    return {
        (min(units for units, _ in found), *key, any(fixed for _, fixed in found))
        for key, found in grouped.items()
    }


def partners(id_: str) -> set[str]:
    """The operations that share a limit with one, where the sentence names another."""
    limits = facts.operations()[id_].get("limits") or []
    others = {m[1] for text in limits if (m := re.search(r"shares its quota with (\S+)", text))}
    return {id_, *others} if others else set()


def expected(id_: str) -> set[RateLimit]:
    """The rate limits that client and emulator go by."""
    if id_ not in AS_ANOTHER:
        return documented(id_)
    other, why = AS_ANOTHER[id_]
    assert documented(id_) != documented(other), f"{id_}: settled, it is not so that {why}"
    return documented(other)


def together(names: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """Which operations share a limit, whatever its name is."""
    every = set().union(*names.values())
    return {frozenset(id_ for id_ in names if name in names[id_]) for name in every}


@cache
def documented_groups() -> Mapping[str, set[str]]:
    """The shared limits of each operation: the table's group, or else its method and path."""
    found = {}
    for id_ in operations():
        entry = facts.operations()[id_]
        groups = {row["group"] for row in rows().get(id_, []) if row.get("group")}
        together = [text for text in entry.get("limits") or [] if "together" in text]
        if not groups and any(is_shared for *_, is_shared, _ in documented(id_)):
            groups = {*together, *[" ".join(sorted(partners(id_)))]} - {""} or {
                f"{entry['method']} {entry['path']}"
            }
        found[id_] = groups
    return found


def route_rules(operation: Operation) -> Sequence[Any]:
    route, _ = routes.find(operation.method, re.sub(r"\{.*?\}", "x", operation.path))
    return RULES[route.quota]


@pytest.mark.parametrize("id_", operations())
def test_the_client_goes_by_the_documented_rate_limits(id_: str) -> None:
    operation = operations()[id_]
    assert len(set(operation.limits)) == len(operation.limits)
    assert expected(id_) == {
        (x.units, x.per.total_seconds(), x.unit, x.key is not None, x.name is not None, x.fixed)
        for x in operation.limits
    }
    assert {x.key for x in operation.limits} <= {None, "username"} & {None, *operation.fields}


@pytest.mark.parametrize("id_", operations())
def test_the_emulator_goes_by_the_documented_rate_limits(id_: str) -> None:
    rules = route_rules(operations()[id_])
    assert len(set(rules)) == len(rules)
    assert expected(id_) == {
        (r.units, r.seconds, r.unit, r.keyed, r.group is not None, r.fixed) for r in rules
    }
    refusals = {row.get("description") for row in facts.operations()[id_].get("errors") or []}
    for rule in rules:
        assert rule.seconds != DAY.total_seconds() or rule.refusal is not None, rule
        assert rule.refusal is None or rule.refusal[1] in refusals, rule


def test_operations_share_their_limits_as_documented() -> None:
    groups = documented_groups()
    ours = {id_: {x.name for x in op.limits if x.name} for id_, op in operations().items()}
    theirs = {
        id_: {rule.group for rule in route_rules(operation) if rule.group}
        for id_, operation in operations().items()
    }
    assert together(ours) == together(theirs) == together(groups)
    for id_, rows_ in rows().items():
        named = {row["group"] for row in rows_ if row.get("group")}
        assert id_ not in operations() or not named or ours[id_] == theirs[id_] == named


def test_every_quota_of_the_emulator_is_an_operations() -> None:
    quotas = {
        routes.find(op.method, re.sub(r"\{.*?\}", "x", op.path))[0].quota
        for op in operations().values()
    }
    assert quotas == set(RULES)


def test_the_tables_of_rate_limits_name_operations() -> None:
    matched = {row["matches"] for row in facts.read("limits")["rate_limits"] if "matches" in row}
    assert {*LOWER, *AS_ANOTHER, *NOT_EXEMPT} | matched <= set(operations())


# ---------------------------------------------------------------- pages and lists

SIZES: Final = ("limit", "pagesize", "pageSize")


def paged() -> Mapping[str, Mapping[str, Any]]:
    """The operations that have pages, with the field for the size of one."""
    return {
        id_: field
        for id_ in operations()
        for field in facts.operations()[id_].get("query") or []
        if field["name"] in SIZES and "max" in field
    }


PAGED: Final = paged()


class Asked(Exception):  # noqa: N818 - it ends a call early
    """What a call would use as the size of a page, or as the length of a list."""


class Asking(Call):
    """A request that stops where its handler reads the size of a page, or a list of ids."""

    def whole_number(self, name: str, default: int, most: int, *, least: int = 1) -> int:
        raise Asked(name, default, most)

    def names(self, key: str = "usernames", *, most: int, too_many: Refusal) -> list[str]:
        raise Asked(key, most)


def furnished() -> State:
    """A state in which everything is there under the id ``x``."""
    state = Emulator().state
    state.users["x"] = User("x", "secret", 0, 0)
    state.groups["x"] = Group("x", "x", 0, 0, {"groupname": "x"}, serial=0)
    state.rooms["x"] = Group("x", "x", 0, 0, {}, serial=1)
    state.push_labels["x"] = PushLabel("x", "", 0)
    state.threads["x"] = Thread("x", "x", "x", "x", "x", 0)
    state.reactions["x"] = {"x": {"id": "x", "users": ["x"]}}
    return state


def asked(id_: str, query: Mapping[str, str]) -> tuple[Any, ...]:
    """What the emulator's handler of an operation asks of a request."""
    method, path = operations()[id_].method, operations()[id_].path
    route, params = routes.find(method, re.sub(r"\{.*?\}", "x", path))
    with pytest.raises(Asked) as caught:
        body = {"pushMessage": {"title": "x"}}
        route.handler(Asking(furnished(), method, path, params, query, body))
    return caught.value.args


@pytest.mark.parametrize("id_", PAGED)
def test_the_emulators_pages_are_as_large_as_documented(id_: str) -> None:
    field = PAGED[id_]
    name, default, most = asked(id_, {field["name"]: "1", "msgId": "x", "message": "x"})
    assert (name, most) == (field["name"], field["max"])
    if "default" in field:
        assert default == field["default"]


LISTS: Final = (
    *(f"{place}.{what}.add_many" for place in ROOM_OR_GROUP for what in ("mutes", "allowlist")),
    *(f"{place}.blocklist.add_many" for place in ROOM_OR_GROUP),
    *("chat_rooms.members.add_many", "chat_groups.member_attributes.get_many"),
    *("chat_rooms.attributes.delete", "chat_rooms.attributes.delete_forced"),
    *("threads.members.add_many", "threads.members.remove_many"),
    *("contacts.import_many", "favorites.remove_many", "files.set_lifetime"),
    *("push.labels.users.add_many", "push.labels.users.remove_many", "push.send_to_users"),
    "user_attributes.get_many",
)
"""The operations whose lists of ids the emulator reads and counts in one way."""


@pytest.mark.parametrize("id_", LISTS)
def test_the_emulator_takes_lists_as_long_as_documented(id_: str) -> None:
    fields = facts.operations()[id_]["body"]
    assert asked(id_, {}) in [(field["name"], field.get("max_items")) for field in fields]


# The number of users to delete is no page: the client has no default for it.
@pytest.mark.parametrize("id_", [id_ for id_ in PAGED if id_ != "users.delete_batch"])
async def test_the_clients_pages_are_as_large_as_documented(
    id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page_size(operation: str, limit: int | None, most: int) -> int:
        raise Asked(operation, most)

    monkeypatch.setattr(checks, "page_size", page_size)
    with pytest.raises(Asked) as caught:
        await CALLS[id_](EasemobClient("a#b", token="t"), any_example(id_))
    assert caught.value.args == (id_, PAGED[id_]["max"])


# ---------------------------------------------------------------- items of a call

COUNT: Final = re.compile(
    r"\b(?:at most|up to|more than|limit(?: is)?(?: :)?|maxSize :|max_items:|says?|page has|prints"
    r"|now) +([1-9]\d*)\b(?! ?(?:[KM]B|bytes|characters|calls|days|registered))"
)
"""A number of items, in a sentence of the facts."""
SEVERAL: Final[Mapping[str, set[int]]] = {
    **{
        f"{place}.{what}.add_many": {60, 100}
        for place in ROOM_OR_GROUP
        for what in ("members", "allowlist", "blocklist")
    },
    "chat_groups.mutes.add_many": {10, 60, 100},
    "chat_rooms.members.remove_many": {60, 100},
}
"""The operations for whose calls several numbers of items are documented: the lowest is used."""
OUTDATED: Final[Mapping[str, int]] = {"chat_groups.mutes.add_many": 10}
"""What a page of 2023 has, of which both later versions have more."""
SPLIT: Final = (
    *(id_ for id_ in operations() if id_.endswith("_many")),
    *("contacts.check", "contacts.blocklist.check"),
    *("users.get_statuses", "push.set_nicknames", "reactions.list"),
)
"""The operations whose items the client splits into calls."""


def per_call(id_: str) -> set[int]:
    """The numbers of items that a call takes, wherever the facts have one."""
    spoken = (s for s in sentences(id_) if not s.startswith(("id:", "response:")))
    found = {int(number) for s in spoken if " rate" not in s for number in COUNT.findall(s)}
    return {number for number in found if number not in STATUSES}


@pytest.mark.parametrize("id_", SPLIT)
async def test_the_client_sends_as_many_items_as_the_lowest_figure(
    id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def split(*arguments: object) -> None:
        raise Asked(arguments[-1])

    monkeypatch.setattr(checks, "chunks", split)
    monkeypatch.setattr(places, "fitting_url", split)
    said = per_call(id_)
    several = said if len(said) > 1 else None
    assert SEVERAL.get(id_) == several, f"{id_}: of several figures say so in SEVERAL: {several}"
    with pytest.raises(Asked) as caught:
        await CALLS[id_](EasemobClient("a#b", token="t"), any_example(id_))
    (most,) = caught.value.args
    lowest = min(said - {OUTDATED.get(id_)}, default=most)
    # One figure for the members of groups and rooms, though rooms may mute more.
    assert most == (lowest if id_ != "chat_rooms.mutes.add_many" else api_limits.MEMBERS_PER_CALL)
    assert most <= lowest


# ---------------------------------------------------------------- what only one of the two has

STREAMS: Final = ("messages.stream_to_user", "messages.stream_to_group")
WEBHOOKS: Final = "webhooks.delivery.post_delivery"
HANDLERS: Final[Mapping[str, Mapping[str | float, Sequence[In] | str]]] = {
    "handlers/chat_groups": {
        "_JOINED_LAST": (
            In("chat_groups.list_joined_legacy", r"with neither parameter: the (\d+) groups"),
        ),
        "_MEMBER_BYTES": (
            size("group member attributes, all"),
            *(
                In(f"chat_groups.member_attributes.{x}", r"all attributes .*at most (\d+) (KB)")
                for x in ("set", "set_many")
            ),
        ),
        200: (In("chat_groups.create", r"name: maxusers;.* default: (\d+)"),),
        100: (In("chat_groups.members.add_many", r"limits: usernames: at most (\d+) a call"),),
    },
    "handlers/chat_rooms": {
        "_MOST_ATTRIBUTES": (In("chat_rooms.attributes.set", r"limits: at most (\d+) attributes"),),
        "_MAX_USERS": (
            size("chat room members"),
            In("chat_rooms.create", r"limits: maxusers: 1 to ([\d,]+)"),
            In("chat_rooms.update", r"limits: maxusers: at most ([\d,]+)"),
        ),
        1000: (In("chat_rooms.create", r"limits: maxusers: .*default (\d+)"),),
        100: (
            In("chat_rooms.members.add_many", r"limits: usernames: at most (\d+) a call"),
            In("chat_rooms.members.add_many", r"maxSize : (\d+)"),
        ),
        128: tuple(
            In(f"chat_rooms.attributes.{x}", r"limits: attribute name: at most (\d+) characters")
            for x in ("set", "set_forced")
        ),
    },
    "handlers/contacts": {
        "_MOST_CONTACTS": (
            In("contacts.add", r"limits: friends per user: .* (\d+) on the Professional"),
            In("contacts.list_all", r"limits: at most (\d+) friends a call"),
        ),
    },
    "handlers/files": {
        "_KEPT": (
            In("files.upload", r"limits: stored (\d+) (days) by default"),
            In("files.download", r"limits: attachments are kept (\d+) (days)"),
            In("limits.storage", r"attachments: (\d+) (days)"),
        ),
        9: "the length of a share-secret is not documented",
    },
    "handlers/history": {
        "_HISTORY_DAYS": (
            In("history.get", r"limits: only the past (\d+) days"),
            In("limits.storage", r"history files: .*up to the last (\d+) days"),
        ),
        3_600_000: (
            In("history.get", r"limits: (one) (hour) a call", times=1000),
            In("limits.storage", r"history files: (one) (hour) per request", times=1000),
        ),
        1800: "how long the URL of a file is good for is not documented",
    },
    "handlers/message_imports": {
        1000: tuple(
            In(f"message_imports.create_{x}_message", r"name: msg_timestamp;.* min: (\d+)")
            for x in IMPORTS
        ),
    },
    "handlers/message_search": {
        "_MALFORMED": (In("messages.search", r"page x size: .* else 400 / (\d+)"),),
        "_TOO_COMPLEX": (In("messages.search", r"error_code: (\d+); description: 搜索条件"),),
        "_NOT_ENABLED": (In("messages.search", r"error_code: (\d+); description: 搜索服务"),),
        20: (In("messages.search", r"name: data.size;.* default: (\d+)"),),
    },
    "handlers/messages": {
        "_RECALL_SECONDS": (
            *(
                In(f"messages.{x}", r"limits: recall period (\d+) (minutes) by default")
                for x in ("recall", "recall_many")
            ),
            In("limits.recall", r"senders: (\d+) (minutes) by default"),
        ),
        "_EDITS": (
            size("message edits"),
            In("messages.update", r"limits: a message can be edited at most (\d+) times"),
        ),
        "_STREAM_APART": (
            size("stream message: gap between chunks"),
            *(In(x, r"limits: chunks at most (\d+) (seconds) apart") for x in STREAMS),
        ),
        "_STREAM_LONGEST": (
            size("stream message: all chunks"),
            *(In(x, r"limits: whole stream at most (\d+) (minutes)") for x in STREAMS),
        ),
        40 * KB: (
            In("messages.send_legacy", r"message over (\d+) (KB)"),
            In("errors.errors_2023", r"message body over (\d+) (KB)"),
        ),
    },
    "handlers/moderation": {
        "_EMPTY": (
            In("moderation.check_text", r"error_code: (\d+); description: message content"),
        ),
        "_NOT_OPEN": (In("moderation.check_text", r"error_code: (\d+); .* moderation not open"),),
        200: (In("moderation.check_text", r"name: code;.* note: (\d+) on success"),),
        10: (
            In("moderation.word_lists.search", r"name: size;.* default: (\d+)"),
            In("moderation.words.search", r"name: size;.* default: (\d+)"),
        ),
    },
    "handlers/places": {
        "_ADMINS_MOST": (
            *(In(f"{x}.admins.add", r"limits: .*at most (\d+) admins") for x in ROOM_OR_GROUP),
            *(In(f"{x}.members.list", r"limits: .*at most (\d+) admins") for x in ROOM_OR_GROUP),
        ),
        60: (In("chat_rooms.blocklist.add_many", r"limits: usernames: at most (\d+) a call"),),
        100: (In("chat_groups.blocklist.add_many", r"limits: usernames: at most (\d+) a call"),),
    },
    "handlers/push": {
        "_VENDOR_ONLY": tuple(
            In(f"push.{x}", r"name: strategy;.* default: (\d+)")
            for x in ("send_to_user", "send_to_users", "send_to_label", "send_to_all")
        ),
        23: "the last hour of a day",
    },
    "handlers/reactions": {
        "_PER_MESSAGE": (
            size("reactions per message"),
            In("reactions.add", r"limits: (\d+) reactions per message"),
        ),
        3: (
            In("reactions.list", r"userList;.* max_items: (\d+)"),
            In("reactions.list", r"first (three) users"),
        ),
    },
    "handlers/translation": {
        "_SURE": "how likely a guess is, is not documented",
        "_GUESSED": "how likely a guess is, is not documented",
    },
    "handlers/user_attributes": {
        "_USER_BYTES": (
            size("attributes of one user"),
            In("user_attributes.set", r"limits: all attributes of one user: (\d+) (KB)"),
        ),
    },
    "handlers/users": {
        64: tuple(
            In(f"users.{x}", r"limits: username: at most (\d+) bytes")
            for x in ("create_open", "create", "create_many")
        ),
    },
    "webhooks": {
        "_TIMEOUT": (In(WEBHOOKS, r"timeout: .*; (\d+) (seconds) in the 2023/2024 Chinese page"),),
        "_LONGEST_ANSWER": (
            In(WEBHOOKS, r"answer: HTTP 200, body ignored; body at most ([\d,]+) characters"),
            In("webhooks.delivery.pre_delivery.answer", r"max_chars: (\d+)"),
        ),
        "_FAILURES": (In(f"{WEBHOOKS}.ban", r"when: (\d+) failures within 30 seconds"),),
        "_WITHIN": (In(f"{WEBHOOKS}.ban", r"when: 90 failures within (\d+) (seconds)"),),
        "_DAY": (In(f"{WEBHOOKS}.ban", r"count_window: (\d+) (hours)"),),
        "_BAN_MINUTES": (In(f"{WEBHOOKS}.ban.minutes_by_count", r"1: (\d+);"),),
        "_BANS_COUNTED": (In(f"{WEBHOOKS}.ban", r"counted up to (\d+)"),),
        "_SLICE": (In("webhook_storage.list", r"the (\d+)-(minute) sets of webhooks"),),
        0.2: (
            In("webhooks.delivery.pre_delivery.timeout_ms", r"default: (\d+)", times=UNITS["ms"]),
        ),
        200: (In(WEBHOOKS, r"answer: HTTP (\d+),"),),
        4: "the most bytes of a character in UTF-8",
        "_POSTED_KEPT": "how many posts the emulator keeps for its user",
    },
}
"""The figures of the emulator's modules by their names, or else as they are, with their places."""

PAGERS: Final = ("whole_number", "paged", "by_cursor")  # their figures are those of the pages above
STATUSES: Final = range(400, 600)
CODES: Final = range(14_000, 15_000)  # the codes of errors that the stream pages print
ARITHMETIC: Final = {ast.Mult: operator.mul, ast.Pow: operator.pow}
EMULATOR: Final = Path(inspect.getfile(handlers)).parent.parent


def constant(node: ast.AST | None) -> float | None:
    """The number that an expression of numbers is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return None if isinstance(node.value, bool) else node.value
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        left, right = constant(node.left), constant(node.right)
        if left is not None and right is not None:
            return float(ARITHMETIC[type(node.op)](left, right))
    return None


def figures(node: ast.AST) -> Iterator[tuple[str | float, float]]:
    """The figures of a module with their names; what has none is its own name."""
    value = constant(node)
    if value is not None:
        if not (value in (0, 1, 2) or value in STATUSES or value in CODES):
            yield value, value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        value = constant(node.value)
        if value is not None and node.target.id.isupper():
            yield node.target.id, value
        elif node.value is not None:
            yield from figures(node.value)
    elif isinstance(node, ast.Call) and _name(node.func) in PAGERS:
        return
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        for side in (node.left, node.right):
            if constant(side) not in (60, 1000):  # a unit of time in another
                yield from figures(side)
    else:
        for child in ast.iter_child_nodes(node):
            yield from figures(child)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


MODULES: Final = {
    str(path.relative_to(EMULATOR).with_suffix("")): path
    for path in (*sorted(EMULATOR.glob("handlers/*.py")), EMULATOR / "webhooks.py")
}


@pytest.mark.parametrize("module", sorted({*MODULES, *HANDLERS}))
def test_the_emulators_own_figures_are_those_of_the_facts(module: str) -> None:
    found = dict(figures(ast.parse(MODULES[module].read_text(encoding="utf-8"))))
    said = HANDLERS.get(module, {})
    assert set(found) == set(said), "name the sentence of the facts in which each figure stands"
    for name, sources in said.items():
        for source in () if isinstance(sources, str) else sources:
            assert figure(source) == found[name], (name, source)


def test_the_defaults_of_the_emulator_are_those_of_the_facts() -> None:
    starts, adds = (inspect.signature(f).parameters for f in (Emulator, Emulator.add_webhook))
    days = In("tokens.create_user_token", r"name: ttl;.* omitted: (\d+) (days)")
    assert starts["token_ttl"].default == attrs.fields(State).token_ttl.default == figure(days)
    wait = In("webhooks.delivery.pre_delivery.timeout_ms", r"default: (\d+)", times=UNITS["ms"])
    assert adds["wait"].default == attrs.fields(WebhookRule).wait.default == figure(wait)


def error_codes() -> Iterator[Any]:
    """The codes of errors in the emulator, each with the text or the name beside it."""
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
            values = [part.value for part in parts if isinstance(part, ast.Constant)]
            for code in (value for value in values if isinstance(value, int) and value in CODES):
                beside = next((value for value in values if isinstance(value, str)), "")
                yield pytest.param(code, beside)


@pytest.mark.parametrize(("code", "beside"), list(error_codes()))
def test_an_error_code_is_that_of_its_text(code: int, beside: str) -> None:
    rows_ = [row for entry in facts.operations().values() for row in entry.get("errors") or []]
    texts_ = (beside, f"param {beside} can't be empty")
    codes = {row.get("error_code") for row in rows_ if row.get("description") in texts_}
    # The emulator has texts of its own where the facts have none.
    assert code in ((codes - {None}) or {row.get("error_code") for row in rows_})
