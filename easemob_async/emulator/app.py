"""One app of the emulator, and what a test reads and sets in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from easemob_async.emulator import events
from easemob_async.emulator.faults import Fault
from easemob_async.emulator.log import log_webhook
from easemob_async.emulator.quotas import StrictQuotas
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.state import State, User
from easemob_async.emulator.traffic import Traffic, show_posted
from easemob_async.emulator.user_apps import Said, say
from easemob_async.emulator.webhooks import Posted, WebhookRule, Webhooks


class App:
    """One app of the emulator, and what a test reads and sets in it."""

    def __init__(self, state: State, quotas: float | None, monotonic: Callable[[], float]) -> None:
        self.state = state
        """The state that the calls of the app change."""
        self.quotas = StrictQuotas(quotas, monotonic)
        """The quotas of the app."""
        self.webhooks = Webhooks(state, self._posted)
        """The webhook rules that `add_webhook` adds, and the result of each post."""
        self.traffic = Traffic(self.secrets)
        """The latest requests, and the feed of all that happens."""
        state.watch = self._arrived
        self.faults: list[Fault] = []
        """The failures that `fail` has ordered."""

    @property
    def app_key(self) -> str:
        """The App Key."""
        return f"{self.state.org}#{self.state.app}"

    @property
    def requests(self) -> list[tuple[str, str]]:
        """The method and the path of the latest 10 000 requests, in the order of the answers."""
        # A copy first: a test may ask from another thread.
        return [(seen.method, seen.path) for seen in list(self.traffic.requests)]

    @property
    def online(self) -> list[str]:
        """The usernames of the users who are logged in on a device."""
        # `dict.values`: this changes no user, so that none is written to the state file again.
        return [user.username for user in list(dict.values(self.state.users)) if user.devices]

    def secrets(self) -> list[str]:
        """Return what must not be shown: of the app, and of webhook rules."""
        own = (self.state.client_secret, self.state.app_certificate)
        return [*own, *(rule.secret for rule in self.webhooks.rules)]

    def reset(self) -> None:
        """Forget users, groups, messages, tokens, faults, requests, webhook posts and quotas used.

        The webhook rules, the clock and the settings stay; the ids of new groups and messages go on
        from the last ones.
        """
        self.state.reset()
        self.faults.clear()
        self.webhooks.forget()
        self.quotas.forget()
        self.traffic.forget()
        self.traffic.feed.publish("reset", lambda: {"app": self.app_key})

    def changed(self, *what: str) -> None:
        """Note in the feed that users, groups or rooms have changed."""
        for place in what:
            self.traffic.feed.publish("change", partial(dict, what=place))

    def _posted(self, posted: Posted) -> None:
        log_webhook(posted)
        self.traffic.feed.publish("webhook", lambda: show_posted(posted, self.secrets()))

    def _arrived(self, targets: list[str], message: dict[str, JSON]) -> None:
        feed = self.traffic.feed
        for target in targets if feed.subscribers else ():
            feed.publish("message", partial(dict, to=target, message=message))

    def received(self, target: str) -> list[dict[str, Any]]:
        """Return the messages that a user, a group or a room received, in order."""
        return list(self.state.received.get(target, ()))

    def pushed(self, username: str) -> list[dict[str, Any]]:
        """Return the push notifications that a user got by instant push, in order.

        Each is ``{"channel": "vendor" | "easemob", "strategy": ..., "pushMessage": {...}}``.
        """
        return list(self.state.pushed.get(username, ()))

    def add_user(self, username: str, *, password: str = "secret") -> None:  # noqa: S107
        """Register a user directly, without a call of the API."""
        now = self.state.milliseconds()
        self.state.users[username] = User(username, password, now, now)
        self.changed("users")

    def add_robot(self, name: str, username: str) -> None:
        """Add an AI robot that answers as a user; there is no call of the API that does it."""
        now = datetime.fromtimestamp(self.state.now(), UTC).isoformat().replace("+00:00", "Z")
        self.state.robots.append(
            {
                "id": uuid.uuid4().hex,
                "name": name,
                "appkey": self.app_key,
                "robotId": uuid.uuid4().hex,
                "msgType": "TEXT",
                "targetType": "CHAT",
                "targetId": [username],
                "providerType": "MINIMAX",
                "status": "ACTIVE",
                "createDateTime": now,
                "updateDateTime": now,
            }
        )

    def log_in(self, username: str, device_id: str = "web_1", device_name: str = "browser") -> None:
        """Log a user in on a device."""
        self.state.users[username].devices[device_id] = device_name
        events.tell_device(self.state, username, device_id, "login")
        self.webhooks.flush()
        self.changed("users")

    def log_out(self, username: str) -> None:
        """Log a user out of all devices."""
        devices = self.state.users[username].devices
        for device_id in devices:
            events.tell_device(self.state, username, device_id, "logout")
        devices.clear()
        self.webhooks.flush()
        self.changed("users")

    def add_webhook(
        self,
        url: str,
        *,
        secret: str,
        before_delivery: bool = False,
        deliver_on_failure: bool = True,
        wait: float = 0.2,
    ) -> None:
        """Add a webhook rule: post all events from now on to a URL.

        Like the service, the emulator retries a failed post once, suspends all rules for minutes
        after 90 failures in 30 seconds, and stores events that could not be delivered (unless
        ``"webhook_storage"`` is switched off). It posts events of messages sent by REST and by
        `say`, of those with words of word lists, of checked texts, of recalls, edits, reactions
        and threads, and of changes to groups, rooms, contacts and devices. It posts no events of
        streams, broadcasts and pushes.

        Args:
            url: the URL to post to.
            secret: the secret that signs the posts.
            before_delivery: whether this is a pre-send callback, which is asked before a message of
                `say` is delivered, instead of a callback after delivery.
            deliver_on_failure: whether the message is delivered if no valid answer comes.
            wait: the timeout, in seconds, of the answer of a pre-send callback.

        Raises:
            ValueError: nothing can be posted to the URL.
        """
        self.webhooks.add(WebhookRule(url, secret, before_delivery, deliver_on_failure, wait))

    async def say(
        self,
        sender: str,
        target: str,
        body: str | Mapping[str, JSON],
        *,
        chat_type: str = "chat",
        ext: Mapping[str, JSON] | None = None,
    ) -> Said:
        """Send a message as a user's app does, after asking the pre-send callbacks.

        Call it in the event loop of the emulator.

        Args:
            sender: the username of a registered user.
            target: the recipient: a user, or a group or room with the sender as a member.
            body: a text, or a body as it is sent to the API: ``{"type": "txt", "msg": "hello"}``.
            chat_type: ``"chat"``, ``"groupchat"`` or ``"chatroom"``.
            ext: the extension of the message.

        Raises:
            ValueError: the user, group or room does not exist, the sender is not a member, or the
                body is none of a message.
        """
        content = {"type": "txt", "msg": body} if isinstance(body, str) else dict(body)
        return await say(self.state, self.webhooks, sender, target, content, chat_type, ext or {})

    def expire_tokens(self, username: str | None = None) -> int:
        """Expire all issued tokens now, or those of a user; return how many were valid."""
        now, expired = self.state.now(), 0
        for record in self.state.tokens.values():
            mine = username is None or record.username == username
            if mine and (record.expires_at is None or record.expires_at > now):
                record.expires_at = now
                expired += 1
        return expired

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        body: JSON = None,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
        processed: bool = False,
    ) -> None:
        """Make the next matching requests fail.

        Args:
            method: the method of the requests; ``"*"`` for any.
            path: the beginning of their path, without the part of the app.
            status: the status code of the answer; ``None`` closes the connection without an answer.
            body: the JSON or the text of the answer.
            headers: the headers of the answer.
            times: the number of requests that fail.
            processed: whether the request is processed before it fails.
        """
        self.faults.append(Fault(method, path, times, status, body, dict(headers or {}), processed))
