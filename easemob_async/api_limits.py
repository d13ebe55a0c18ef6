"""The fixed limits and formats of the service that the client and the emulator share."""

from __future__ import annotations

import re
from typing import Final

USERNAME: Final = re.compile(r"[a-z0-9_.-]{1,64}")
"""The format of a new username (limits: ids.username)."""
GROUP_ID: Final = re.compile(r"[a-z0-9]{1,64}")
"""The format of a custom group id (chat_groups.create)."""
ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9]{1,8}")
"""The format of a message's ``env`` (messages.send_to_users)."""
CUSTOM_EVENT: Final = re.compile(r"[a-zA-Z0-9\-_/.]{1,32}")
"""The format of a custom message's ``customEvent``."""

PASSWORD_LENGTH: Final = 64
NEW_PASSWORD_LENGTH_MIN: Final = 6
NICKNAME_LENGTH: Final = 100
GROUP_NAME_LENGTH: Final = 128
GROUP_DESCRIPTION_LENGTH: Final = 512
GROUP_AVATAR_LENGTH: Final = 1024
GROUP_CUSTOM_BYTES: Final = 8 * 1024
ANNOUNCEMENT_LENGTH: Final = 512

MESSAGE_BYTES: Final = 5 * 1024
"""The most bytes of a message's body and ``ext`` together."""
CUSTOM_EXTS: Final = 16

USERS_PER_MESSAGE: Final = 600
GROUPS_PER_MESSAGE: Final = 3
ROOMS_PER_MESSAGE: Final = 10
MEMBERS_PER_MESSAGE: Final = 20
ROAM_IGNORE_USERS: Final = 20

AGORA_DIGITS: Final = 32
"""The number of hexadecimal digits of an App ID, and of an App Certificate (agora: realm)."""
AGORA_TOKEN_SECONDS: Final = 24 * 3600
"""The longest lifetime of an app token that Agora credentials get (agora: realm)."""

USERS_PER_REGISTRATION: Final = 60
USERS_PER_PAGE: Final = 100
USERS_PER_DELETION: Final = 100
STATUSES_PER_CALL: Final = 100
PLACES_PER_CALL: Final = 100
"""The most groups or rooms per call of chat_groups.get and chat_rooms.get."""
GROUPS_PER_PAGE: Final = 1000
JOINED_GROUPS_PER_PAGE: Final = 20
MEMBERS_PER_PAGE: Final = 1000
IDS_PER_URL: Final = 60
"""The most ids of members in a path (chat_groups.members.remove_many and similar calls)."""
MEMBERS_PER_CALL: Final = 60
"""The most members that the client adds, mutes, allows or blocks per call: one figure for groups
and rooms, the lower one of the two that are documented for most of these calls."""
MUTES_PER_CALL: Final = 100
"""The higher figure: the service's own error says that it refuses more (mutes.add_many)."""
ALLOWED_PER_CALL: Final = 100
"""The higher figure: the service's own error says that it refuses more (allowlist.add_many)."""
MEMBER_ATTRIBUTES_SET: Final = 20
"""The most members per call (chat_groups.member_attributes.set_many)."""
MEMBER_ATTRIBUTES_GET: Final = 10
"""The most members per call (chat_groups.member_attributes.get_many)."""
MEMBER_ATTRIBUTE_NAME: Final = 16
"""In bytes."""
MEMBER_ATTRIBUTE_VALUE: Final = 512
"""In bytes."""
THREADS_PER_PAGE: Final = 50
THREAD_NAME_LENGTH: Final = 64
THREAD_MEMBERS_PER_CALL: Final = 10
ROOM_ATTRIBUTE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
ROOM_ATTRIBUTE_VALUE: Final = 4096
ROOM_ATTRIBUTES_PER_CALL: Final = 10
TAG_LENGTH: Final = 32
TAGS_PER_MEMBER: Final = 10
URL_BYTES: Final = 4 * 1024
"""The longest URL with ids in its path, in bytes (chat_groups.members.remove_many)."""

CONTACTS_PER_CHECK: Final = 100
CONTACTS_PER_PAGE: Final = 50
CONTACTS_PER_IMPORT: Final = 10
BLOCKED_PER_OWNER: Final = 500
"""The most users that a user can block; the limit per call of contacts.blocklist.add_many is not
documented, so this one is used."""
REMARK_LENGTH: Final = 100
MUTED_PER_PAGE: Final = 50
MUTE_LONGEST: Final = 2**31 - 1
"""In seconds."""
FAVORITE_LENGTH: Final = 20_480
FAVORITE_EXT_LENGTH: Final = 1024
FAVORITES_PER_CALL: Final = 20
FAVORITES_PER_PAGE: Final = 200
REACTION_LENGTH: Final = 128
REACTED_MESSAGES_PER_CALL: Final = 20
REACTORS_PER_PAGE: Final = 50
USER_ATTRIBUTES_PER_CALL: Final = 100
"""The most users per call (user_attributes.get_many)."""
PRESENCES_PER_CALL: Final = 100
PRESENCE_EXT_BYTES: Final = 1024
PRESENCE_LONGEST: Final = 2_592_000
"""In seconds."""
PUSH_NICKNAMES_PER_CALL: Final = 50
PUSH_TEMPLATE_NAME: Final = re.compile(r"[a-zA-Z0-9]{1,64}")
PUSH_IGNORE_INTERVAL: Final = re.compile(
    r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]"
)
PUSH_IGNORE_LONGEST: Final = 604_800_000
"""In milliseconds."""
PUSH_LABEL_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
PUSH_LABEL_DESCRIPTION_LENGTH: Final = 255
PUSH_LABELS: Final = 100
"""The most labels of an app, by default."""
PUSH_LABELS_PER_PAGE: Final = 100
PUSH_LABEL_USERS: Final = 20_000
"""The most users with a label, by default."""
PUSH_LABEL_USERS_PER_PAGE: Final = 100
PUSH_LABEL_USERS_PER_CALL: Final = 100
PUSH_STRATEGY_LAST: Final = 4
"""The strategies of a push are the numbers from 0 to this one."""
PUSH_TASK_SOONEST: Final = 3600
"""The earliest start of a push task that does not start immediately, in seconds from now."""
PUSH_TASK_LATEST: Final = 2_592_000
"""The latest start of a push task, in seconds from now."""
USERS_PER_PUSH: Final = 100
"""The most users per call of push.send_to_users."""
TRANSLATED_LENGTH: Final = 10_000
"""The most characters of a text, multiplied by the number of languages."""
WORD_LISTS: Final = 100
"""The most word lists of an app."""
WORDS_PER_LIST: Final = 10_000
WORDS_PER_LIST_CREATION: Final = 200
WORDS_PER_CALL: Final = 100
WORD_LENGTH: Final = 128
WORD_LIST_NAME_LENGTH: Final = 32
WORD_LISTS_PER_PAGE: Final = 200
WORDS_PER_PAGE: Final = 200
ROBOTS_PER_PAGE: Final = 20
LEGACY_GROUPS_PER_PAGE: Final = 100
SEARCH_KEYWORDS: Final = 5
SEARCH_KEYWORD_LENGTH: Final = 120
"""The most characters of all keywords together."""
SEARCH_CONVERSATIONS: Final = 20
SEARCH_ID_LENGTH: Final = 512
SEARCH_DAYS: Final = 90
SEARCH_PER_PAGE: Final = 100
SEARCH_RESULTS: Final = 10_000
"""The most results of a search that can be read, page by page."""
HIGHLIGHT_TAG_LENGTH: Final = 32
HIGHLIGHT_FRAGMENT_LENGTH: Final = 10_000
HIGHLIGHT_FRAGMENTS: Final = 100
FILES_PER_CALL: Final = 100
"""The most files per call of files.set_lifetime."""
FILE_BYTES: Final = 10 * 1024 * 1024
RECALLS_PER_CALL: Final = 30
ROAMING_PER_CALL: Final = 50
STREAM_BYTES: Final = 128 * 1024
"""The most bytes of all pieces of a streaming message together."""
STREAM_GROUP_MEMBERS: Final = 200
