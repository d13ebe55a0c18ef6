"""Events about users: devices that come and go, contacts and blocklists."""

from __future__ import annotations

from typing import Any

import attrs

from easemob_async.webhooks.events.base import Kind, KnownEvent, MessagingEvent, text_or_none
from easemob_async.wire.fields import Jid, wire


@attrs.frozen(kw_only=True)
class DeviceEvent(KnownEvent):
    """A user's device came online or went offline."""

    username: Jid = wire("name", "user")
    """The user."""
    device_id: str | None = wire("\0device", default=None)
    """The device: ``ios_`` and so on."""
    status: str
    """``online`` or ``offline``."""
    reason: str
    """``login``, ``logout`` or ``replaced``."""
    os: str | None = None
    """What runs on the device."""
    ip: str | None = None
    """Its address, with the port."""
    sdk_version: str | None = wire("version", default=None)
    """The client SDK's version."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # user: org#app_ann@easemob.com/ios_1; older posts have no name beside it
        user = fields.get("user")
        device = user.partition("/")[2] if isinstance(user, str) else ""
        return {**fields, "\0device": device} if device else fields


@attrs.frozen(kw_only=True)
class UserLogin(DeviceEvent):
    """A user's device came online.

    Source: user.login
    """

    kind = Kind("user.login")


@attrs.frozen(kw_only=True)
class UserLogout(DeviceEvent):
    """A user's device went offline: a logout, an app's end, a lost connection (after minutes).

    Source: user.logout
    """

    kind = Kind("user.logout")


@attrs.frozen(kw_only=True)
class UserReplaced(DeviceEvent):
    """A user's device was forced offline: by another login, by REST or from the console.

    Source: user.replaced
    """

    kind = Kind("user.replaced")


@attrs.frozen(kw_only=True)
class ContactEvent(MessagingEvent):
    """A change between two users; `sender` did it, `target` is told."""

    operation: str = wire("payload.operation")
    """What was done."""
    roster_version: str | None = wire("payload.roster_ver", default=None)
    """The version of the contact list."""


@attrs.frozen(kw_only=True)
class ContactRequested(ContactEvent):
    """A user asks another to be a contact.

    Source: contact.requested
    """

    kind = Kind("contact.requested")
    reason: str | None = wire("payload.reason", default=None, read=text_or_none)
    """The words that came with it."""


@attrs.frozen(kw_only=True)
class ContactAccepted(ContactEvent):
    """A request was accepted; this copy goes to who accepted it.

    Source: contact.accepted
    """

    kind = Kind("contact.accepted")


@attrs.frozen(kw_only=True)
class ContactRemoteAccepted(ContactEvent):
    """A request was accepted; this copy goes to who had asked.

    Source: contact.remote_accepted
    """

    kind = Kind("contact.remote_accepted")


@attrs.frozen(kw_only=True)
class ContactDeclined(ContactEvent):
    """A request was declined; this copy goes to who declined it.

    Source: contact.declined
    """

    kind = Kind("contact.declined")


@attrs.frozen(kw_only=True)
class ContactRemoteDeclined(ContactEvent):
    """A request was declined; this copy goes to who had asked.

    Source: contact.remote_declined
    """

    kind = Kind("contact.remote_declined")


@attrs.frozen(kw_only=True)
class ContactRemoved(ContactEvent):
    """A contact was removed.

    Source: contact.removed
    """

    kind = Kind("contact.removed")


@attrs.frozen(kw_only=True)
class ContactBlockEvent(ContactEvent):
    """A user's blocklist was changed."""

    error_code: str | None = wire("payload.status.error_code", default=None)
    """``ok``, or why it failed."""


@attrs.frozen(kw_only=True)
class ContactBlocked(ContactBlockEvent):
    """A user was put on another's blocklist.

    Source: contact.blocked
    """

    kind = Kind("contact.blocked")


@attrs.frozen(kw_only=True)
class ContactUnblocked(ContactBlockEvent):
    """A user was taken off another's blocklist.

    Source: contact.unblocked
    """

    kind = Kind("contact.unblocked")
