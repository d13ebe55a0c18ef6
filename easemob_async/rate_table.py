"""What the service's table of rate limits says beside the limits: paid packs, and who counts.

The limits themselves stand with each operation. Names are ids of operations, and names of limits
that operations share. Source: limitationapi.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Pack(NamedTuple):
    """What one paid pack (叠加包) adds to a limit of the same unit and window."""

    units: int
    """The number of units that it adds."""
    seconds: int = 1
    """The length of the window, in seconds."""
    unit: Literal["calls", "messages"] = "calls"
    """The unit: calls, or messages."""


_PACKS: Final[Sequence[tuple[Sequence[Pack], str]]] = (
    ([Pack(12_000, 60, "messages")], "messages.send_to_users"),
    ([Pack(50, unit="messages")], "messages.send_to_groups"),
    ([Pack(100, unit="messages")], "messages.send_to_rooms"),
    # open: the row's limit counts messages, its pack calls. A call sends one message, so that the
    # pack is worth nothing unless it raises both.
    ([Pack(100), Pack(100, unit="messages")], "messages.send_to_group_members"),
    # open: the row's limit counts calls, its pack messages; a call edits one message.
    ([Pack(50)], "messages.update"),
    ([Pack(100, 86_400)], "broadcasts.send_to_rooms"),
    ([Pack(20, 60)], "history.get"),
    (
        [Pack(25)],
        """
        chat_rooms.attributes.delete chat_rooms.attributes.delete_forced chat_rooms.attributes.set
        chat_rooms.attributes.set_forced reactions.get reactions.list
        """,
    ),
    (
        [Pack(50)],
        """
        chat_groups.allowlist.add_many chat_groups.blocklist.add_many chat_groups.blocklist.list
        chat_groups.blocklist.remove chat_groups.blocklist.remove_many chat_groups.delete
        chat_groups.list chat_groups.list_joined chat_groups.members.add
        chat_groups.members.add_many chat_groups.members.remove_many chat_rooms.allowlist.add_many
        chat_rooms.blocklist.add_many chat_rooms.blocklist.remove_many chat_rooms.delete
        chat_rooms.get chat_rooms.list chat_rooms.list_joined chat_rooms.members.add_many
        chat_rooms.members.list chat_rooms.members.remove_many contacts.blocklist.check
        contacts.check contacts.list contacts.remove_all moderation.check_text
        moderation.word_lists.create moderation.word_lists.delete moderation.word_lists.search
        moderation.word_lists.update moderation.words.add_many moderation.words.remove
        moderation.words.remove_many moderation.words.search moderation.words.update mutes.list
        mutes.set presence.get_many presence.subscribe reactions.add reactions.remove
        roaming.delete_chat_messages roaming.delete_chat_messages_before
        roaming.delete_group_messages_before translation translation.list_languages
        user_attributes.get_many users+push webhook_storage.list webhook_storage.retry
        """,
    ),
    (
        [Pack(100)],
        """
        chat_groups.admins.add chat_groups.admins.list chat_groups.admins.remove
        chat_groups.allowlist.add chat_groups.allowlist.list chat_groups.allowlist.remove_many
        chat_groups.announcement.get chat_groups.announcement.update chat_groups.blocklist.add
        chat_groups.create chat_groups.files.delete chat_groups.files.download
        chat_groups.files.list chat_groups.files.upload chat_groups.get
        chat_groups.member_attributes.get chat_groups.member_attributes.get_many
        chat_groups.member_attributes.set chat_groups.members.is_joined chat_groups.members.list
        chat_groups.mutes.add_many chat_groups.mutes.list chat_groups.mutes.mute_all
        chat_groups.mutes.remove_many chat_groups.mutes.unmute_all chat_groups.update
        chat_rooms.admins.add chat_rooms.admins.list chat_rooms.admins.remove
        chat_rooms.allowlist.add chat_rooms.allowlist.list chat_rooms.allowlist.remove_many
        chat_rooms.announcement.get chat_rooms.announcement.update chat_rooms.attributes.get
        chat_rooms.blocklist.add chat_rooms.blocklist.list chat_rooms.create
        chat_rooms.members.add chat_rooms.mutes.add_many chat_rooms.mutes.list
        chat_rooms.mutes.mute_all chat_rooms.mutes.remove_many chat_rooms.mutes.unmute_all
        chat_rooms.super_admins.add chat_rooms.super_admins.list chat_rooms.super_admins.remove
        chat_rooms.update contacts.add contacts.blocklist.add_many contacts.blocklist.list
        contacts.blocklist.remove contacts.list_all contacts.remove conversations.delete
        files.download files.download_thumbnail files.upload message_imports.create_user_message
        messages.recall messages.recall_many mutes.get presence.list_subscriptions presence.set
        presence.unsubscribe push.settings roaming.delete_all user_attributes.delete
        user_attributes.get user_attributes.get_capacity user_attributes.set
        """,
    ),
)
PACKS: Final[Mapping[str, Sequence[Pack]]] = {
    name: packs for packs, names in _PACKS for name in _names(names)
}
"""What one pack adds, by the name for which it is sold."""

_SHARED: Final[Mapping[str, str]] = {
    "users+push": """
        offline_messages.get_count offline_messages.get_status push.list_bindings push.set_binding
        push.set_display_style push.set_nickname users.ban users.create users.create_many
        users.create_open users.delete users.delete_batch users.disconnect users.disconnect_device
        users.get users.get_status users.get_statuses users.list users.list_devices users.unban
        users.update_password
    """,
    # open: the rows of these two have a pack each, their pages a limit for both.
    "translation": "translation.detect translation.translate",
    "tokens": """
        tokens.create_app_token tokens.create_user_token tokens.create_user_token_with_password
    """,
}
SHARED: Final[Mapping[str, str]] = {
    operation: limit for limit, names in _SHARED.items() for operation in _names(names)
}
"""The limit that an operation shares with others."""

# open: the table has no name for these two. Each has a limit of its own, and "100 calls/second,
# shared with" the other as its pack: one pack raises both limits.
SOLD_AS: Final[Mapping[str, str]] = dict.fromkeys(
    ("push.get_settings", "push.set_settings"), "push.settings"
)
"""The name for which the packs of an operation are sold, where a pack raises the limits of two."""

NO_PACKS: Final = _names("""
    broadcasts.send_to_all_users broadcasts.send_to_online_users chat_groups.ban
    chat_groups.member_attributes.set_many chat_groups.members.remove chat_groups.transfer_owner
    chat_groups.unban chat_rooms.blocklist.remove chat_rooms.members.remove chat_rooms.tags.get
    chat_rooms.tags.mute chat_rooms.tags.set chat_rooms.transfer_owner contacts.import_many
    contacts.set_remark favorites.add favorites.add_many favorites.list favorites.remove_many
    favorites.update files.set_lifetime messages.stream_to_group messages.stream_to_user
    presence.get_group_online_count push.get_language push.set_language push.set_nicknames
    push.templates.create push.templates.delete push.templates.get push.templates.set_for_user
    roaming.delete_group_messages threads.create threads.delete threads.list threads.list_joined
    threads.list_joined_in_group threads.members.add_many threads.members.list
    threads.members.remove_many threads.update tokens tokens.create_app_token
    tokens.create_user_token tokens.create_user_token_with_password
""")
"""The names for which no pack is sold; for tokens the table says that a higher limit is free."""

# open: operations without a row (messages.send_to_room_members and others) follow the general
# rule of the table, that calls of clients count as well.
REST_ONLY: Final = _names("""
    broadcasts.send_to_all_users broadcasts.send_to_online_users broadcasts.send_to_rooms
    contacts.import_many files.set_lifetime history.get messages.recall messages.recall_many
    messages.send_to_group_members messages.send_to_groups messages.send_to_rooms
    messages.send_to_users messages.stream_to_group messages.stream_to_user mutes.get mutes.list
    mutes.set offline_messages.get_count offline_messages.get_status tokens
    tokens.create_app_token tokens.create_user_token tokens.create_user_token_with_password
    users.ban users.create_many users.delete users.delete_batch users.disconnect
    users.disconnect_device users.get_status users.get_statuses users.list users.list_devices
    users.unban users.update_password
""")
"""The names of which REST calls alone count; a shared limit is one if all its operations are."""


def why_no_pack(name: str) -> str:
    """Return the reason why packs cannot be given for a name, and what is possible instead."""
    if name in NO_PACKS:
        return (
            "the service sells no packs for it; if it has raised the limit for your app, set the "
            "new one with overrides"
        )
    several = SHARED.get(name) or SOLD_AS.get(name)
    if several is not None:
        return f"it has packs together with other operations: packs={{{several!r}: ...}}"
    from difflib import get_close_matches  # for this message alone

    problem = "the service's table of rate limits has no such operation"
    near = get_close_matches(name, [*PACKS, *SHARED, *SOLD_AS, *NO_PACKS], n=1, cutoff=0.8)
    if near:
        return f"{problem}; did you mean {near[0]!r}?"
    together = sorted(PACKS.keys() & {*SHARED.values(), *SOLD_AS.values()})
    return (
        f"{problem}; packs are given by the id of an operation ('messages.send_to_users'), or for "
        f"several operations by {', '.join(map(repr, together))}"
    )
