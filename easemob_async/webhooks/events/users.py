"""Events about users: devices that go online or offline, contacts and blocklists."""

from __future__ import annotations

from typing import Any

import attrs

from easemob_async.webhooks.events.base import Kind, KnownEvent, MessagingEvent, text_or_none
from easemob_async.wire.fields import Jid, wire


@attrs.frozen(kw_only=True)
class DeviceEvent(KnownEvent):
    """An event posted when a user's device goes online or offline."""

    username: Jid = wire("name", "user")
    """The username."""
    device_id: str | None = wire("\0device", default=None)
    """The id of the device, e.g. ``ios_1``."""
    status: str
    """The status: ``online`` or ``offline``."""
    reason: str
    """The reason: ``login``, ``logout`` or ``replaced``."""
    os: str | None = None
    """The operating system of the device."""
    ip: str | None = None
    """The IP address of the device, with the port."""
    sdk_version: str | None = wire("version", default=None)
    """The version of the client SDK."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # user: org#app_ann@easemob.com/ios_1; older posts do not have `name`
        user = fields.get("user")
        device = user.partition("/")[2] if isinstance(user, str) else ""
        return {**fields, "\0device": device} if device else fields


@attrs.frozen(kw_only=True)
class UserLogin(DeviceEvent):
    """An event posted when a user's device goes online.

    Source: user.login
    """

    kind = Kind("user.login")


@attrs.frozen(kw_only=True)
class UserLogout(DeviceEvent):
    """An event posted when a user's device goes offline.

    The user logged out, the app ended, or the connection was lost (minutes before the event).

    Source: user.logout
    """

    kind = Kind("user.logout")


@attrs.frozen(kw_only=True)
class UserReplaced(DeviceEvent):
    """An event posted when a user's device is forced offline.

    The cause is another login, a REST call or the console.

    Source: user.replaced
    """

    kind = Kind("user.replaced")


@attrs.frozen(kw_only=True)
class ContactEvent(MessagingEvent):
    """An event about the contact of two users; `sender` made the change, `target` is notified."""

    operation: str = wire("payload.operation")
    """The service's name for the change."""
    roster_version: str | None = wire("payload.roster_ver", default=None)
    """The version of the contact list."""


@attrs.frozen(kw_only=True)
class ContactRequested(ContactEvent):
    """An event posted when a user asks to add another user as a contact.

    Source: contact.requested
    """

    kind = Kind("contact.requested")
    reason: str | None = wire("payload.reason", default=None, read=text_or_none)
    """The text of the request."""


@attrs.frozen(kw_only=True)
class ContactAccepted(ContactEvent):
    """An event posted when a request is accepted, for the user who accepted it.

    Source: contact.accepted
    """

    kind = Kind("contact.accepted")


@attrs.frozen(kw_only=True)
class ContactRemoteAccepted(ContactEvent):
    """An event posted when a request is accepted, for the user who had sent it.

    Source: contact.remote_accepted
    """

    kind = Kind("contact.remote_accepted")


@attrs.frozen(kw_only=True)
class ContactDeclined(ContactEvent):
    """An event posted when a request is declined, for the user who declined it.

    Source: contact.declined
    """

    kind = Kind("contact.declined")


@attrs.frozen(kw_only=True)
class ContactRemoteDeclined(ContactEvent):
    """An event posted when a request is declined, for the user who had sent it.

    Source: contact.remote_declined
    """

    kind = Kind("contact.remote_declined")


@attrs.frozen(kw_only=True)
class ContactRemoved(ContactEvent):
    """An event posted when a contact is removed.

    Source: contact.removed
    """

    kind = Kind("contact.removed")


@attrs.frozen(kw_only=True)
class ContactBlockEvent(ContactEvent):
    """An event posted when the blocklist of a user changes."""

    error_code: str | None = wire("payload.status.error_code", default=None)
    """``ok``, or the reason of a failure."""


@attrs.frozen(kw_only=True)
class ContactBlocked(ContactBlockEvent):
    """An event posted when a user is added to the blocklist of another user.

    Source: contact.blocked
    """

    kind = Kind("contact.blocked")


@attrs.frozen(kw_only=True)
class ContactUnblocked(ContactBlockEvent):
    """An event posted when a user is removed from the blocklist of another user.

    Source: contact.unblocked
    """

    kind = Kind("contact.unblocked")
