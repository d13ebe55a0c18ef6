"""The emulator: an HTTP server that answers the calls of the REST API."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TypedDict

import attrs
from aiohttp import web

from easemob_async.emulator import events
from easemob_async.emulator.bodies import READERS, decoded
from easemob_async.emulator.faults import Fault, dumps, take_fault
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.quotas import StrictQuotas
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, Route
from easemob_async.emulator.state import State, User
from easemob_async.emulator.user_apps import Said, say
from easemob_async.emulator.webhooks import WebhookRule, Webhooks

_LARGEST_BODY: Final = 64 * 1024 * 1024


SAY_PATH: Final = "/_emulator/say"


class Credentials(TypedDict):
    """The arguments that connect a client to the emulator."""

    app_key: str
    client_id: str
    client_secret: str
    base_url: str


class Emulator:
    """An emulator of the REST API of one app, served from this process.

    It is an async context manager::

        async with Emulator() as emulator:
            client = EasemobClient(**emulator.credentials)

    Args:
        app_key: the App Key of the emulated app.
        client_id: the client id that a request for an app token must carry.
        client_secret: the client secret that a request for an app token must carry.
        host: the address to listen on; by default only this machine can connect.
        port: the port to listen on; 0 for any free port.
        quotas: the factor that multiplies the documented limits; ``None`` for no limits. The
            limits are strict: a call that would exceed a limit is refused as a whole.
        token_ttl: the lifetime of a token in seconds, if the request does not set one.
        open_registration: whether users may register without a token.
        user_limit: the largest number of users that the plan allows; ``None`` for no limit.
        delay: the shortest and the longest delay of an answer in seconds; each is random.
        keep_messages: whether received messages are kept; if not, they are only counted.
        switched_off: features that are not enabled for the app: ``"threads"``, ``"presence"``,
            ``"reactions"``, ``"tags"``, ``"user_attributes"``, ``"member_attributes"``,
            ``"mutes"``, ``"broadcasts"``, ``"recall"``, ``"edits"``, ``"roaming"``,
            ``"lifetimes"``, ``"group_online_count"``, ``"push_statistics"``,
            ``"instant_push"``, ``"webhook_storage"``, ``"message_search"``, ``"translation"``,
            ``"moderation"``, ``"rtc"``.
        now: a function that returns Unix seconds; pass your own clock to make tokens expire.
        monotonic: a function that returns the seconds by which the quotas are counted.
    """

    def __init__(
        self,
        *,
        app_key: str = "easemob-demo#testapp",
        client_id: str = "YXA6-emulator-id",
        client_secret: str = "YXA6-emulator-secret",  # noqa: S107 - a well-known one on purpose
        host: str = "127.0.0.1",
        port: int = 0,
        quotas: float | None = 1.0,
        token_ttl: int = 5_184_000,
        open_registration: bool = False,
        user_limit: int | None = None,
        delay: tuple[float, float] = (0.0, 0.0),
        keep_messages: bool = True,
        switched_off: Collection[str] = (),
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        org, _, app = app_key.partition("#")
        self.state = State(
            org=org,
            app=app,
            client_id=client_id,
            client_secret=client_secret,
            now=now,
            token_ttl=token_ttl,
            open_registration=open_registration,
            user_limit=user_limit,
            keep_messages=keep_messages,
            switched_off=frozenset(switched_off),
        )
        self.quotas = StrictQuotas(quotas, monotonic)
        self.webhooks = Webhooks(self.state)
        """The webhook rules that `add_webhook` adds, and the result of each post."""
        self.requests: list[tuple[str, str]] = []
        """The method and the path of the latest 10 000 requests."""
        self._app_key = app_key
        self._host = host
        self._port = port
        self._delay = delay
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None
        self._address: tuple[str, int] | None = None

    # ------------------------------------------------------------ state that a test reads and sets

    @property
    def base_url(self) -> str:
        """The URL that the emulator listens on."""
        if self._address is None:
            raise RuntimeError("the emulator is not running; use it as an async context manager")
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def credentials(self) -> Credentials:
        """The arguments of a client: ``EasemobClient(**emulator.credentials)``."""
        return {
            "app_key": self._app_key,
            "client_id": self.state.client_id,
            "client_secret": self.state.client_secret,
            "base_url": self.base_url,
        }

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

    def add_robot(self, name: str, username: str) -> None:
        """Add an AI robot that answers as a user; there is no call of the API that does it."""
        now = datetime.fromtimestamp(self.state.now(), UTC).isoformat().replace("+00:00", "Z")
        self.state.robots.append(
            {
                "id": uuid.uuid4().hex,
                "name": name,
                "appkey": self._app_key,
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

    def log_out(self, username: str) -> None:
        """Log a user out of all devices."""
        devices = self.state.users[username].devices
        for device_id in devices:
            events.tell_device(self.state, username, device_id, "logout")
        devices.clear()
        self.webhooks.flush()

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
                body has no type.
        """
        content = {"type": "txt", "msg": body} if isinstance(body, str) else dict(body)
        return await say(self.state, self.webhooks, sender, target, content, chat_type, ext or {})

    def expire_tokens(self) -> None:
        """Expire all issued tokens now."""
        for record in self.state.tokens.values():
            record.expires_at = self.state.now()

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
        self._faults.append(
            Fault(method, path, times, status, body, dict(headers or {}), processed)
        )

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Start to listen."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:(?s:.*)}", self._handle)
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=1
        )
        await self._runner.setup()
        self.webhooks.start()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._address = (host, port)

    async def stop(self) -> None:
        """Close every connection."""
        runner, self._runner, self._address = self._runner, None, None
        if runner is not None:
            await runner.cleanup()
            await self.webhooks.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # ------------------------------------------------------------ one request

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            content = await _content(request)
        except Refusal as refusal:
            return self._refused(refusal)
        if self._delay != (0.0, 0.0):
            await asyncio.sleep(random.uniform(*self._delay))
        if request.rel_url.raw_path == SAY_PATH:
            return await self._say(content)
        path = self._path_below_app(request.rel_url.raw_path)
        self.requests.append((request.method, request.rel_url.raw_path_qs))
        del self.requests[:-10_000]
        fault = take_fault(self._faults, request.method, path or "")
        if fault is not None and not fault.processed:
            return fault.answer(request)
        try:
            if path is None:
                raise self._no_such_app(request.rel_url.raw_path)
            answer = self._answer(request, path, content)
            if isinstance(answer, Content):
                response = web.Response(body=answer.data, content_type="application/octet-stream")
            else:
                response = web.Response(body=dumps(answer), content_type="application/json")
        except Refusal as refusal:
            response = self._refused(refusal)
        return response if fault is None else fault.answer(request)

    def _refused(self, refusal: Refusal) -> web.Response:
        body = {**refusal.body, "timestamp": self.state.milliseconds()}
        return web.Response(
            status=refusal.status,
            body=dumps(body),
            headers=refusal.headers,
            content_type="application/json",
        )

    async def _say(self, content: bytes) -> web.Response:
        """Answer the request of `easemob webhooks say`; the service has no such path."""
        try:
            said = await self.say(**decoded(content))
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(attrs.asdict(said))

    def _answer(self, request: web.Request, path: str, content: bytes) -> JSON | Content:
        route, params = routes.find(request.method, path)
        query = request.query  # an empty parameter is not given
        given = {name: query[name] for name in query if query[name]}
        call = Call(self.state, request.method, path, params, given, None)
        call.headers = request.headers
        self._authenticate(request, route, call)
        call.body = READERS[route.body](request, path, content)
        name = f"{route.method} {route.path}"
        self.quotas.count(route.quota, name, _messages(call.body), params.get("username", ""))
        before = events.look(call) if self.state.listening else None
        fields: JSON | Content = route.handler(call)
        if before is not None:
            events.compare(call, before)
        self.webhooks.flush()
        if isinstance(fields, Content) or not route.envelope:
            return fields
        common = {
            "action": request.method.lower(),
            "application": self.state.application,
            "uri": f"{self.base_url}/{self.state.org}/{self.state.app}{path}",
            "timestamp": self.state.milliseconds(),
            "duration": 0,
            "organization": self.state.org,
            "applicationName": self.state.app,
        }
        if fields.get("uri", "") is None:  # the answers of 2014 have only the app's URL
            fields["uri"] = f"{self.base_url}/{self.state.org}/{self.state.app}"
        return {**common, **fields}

    def _authenticate(self, request: web.Request, route: Route, call: Call) -> None:
        header = request.headers.get("Authorization")
        if route.auth == "none" or (route.auth == "optional" and header is None):
            return
        record = self.state.check_token(header)
        call.has_token, call.username = True, record.username
        own = route.auth == "user" and record.username == call.params.get("username")
        if record.username is not None and route.auth in ("app", "user") and not own:
            # A user token where an app token is required.
            raise Refusal(401, "unauthorized", "Unable to authenticate (OAuth)")

    def _path_below_app(self, raw_path: str) -> str | None:
        prefix = f"/{self.state.org}/{self.state.app}"
        if raw_path == prefix or raw_path.startswith(prefix + "/"):
            return raw_path.removeprefix(prefix)
        return None

    def _no_such_app(self, raw_path: str) -> Refusal:
        app = "/".join(raw_path.strip("/").split("/")[:2])
        return Refusal(
            404,
            "organization_application_not_found",
            f"Could not find application for {app} from URI: {raw_path.strip('/')}",
        )


async def _content(request: web.Request) -> bytes:
    """Return the content of a request, or refuse the request."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        text = "Request Entity Too Large"
        raise Refusal(413, text, text) from None
    except web.RequestPayloadError:
        # open: the error; the nearest is that of a content type which is not supported
        raise Refusal(400, "web_application", "the content cannot be read") from None


def _messages(body: JSON) -> int:
    """Return the number of messages that a call counts as: one for each target."""
    to = body.get("to") if isinstance(body, dict) else None
    return len(to) if isinstance(to, list) and to else 1
