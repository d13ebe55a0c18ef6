"""The emulated service on a socket: requests in, the common envelope out."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Final, Self, TypedDict

import attrs
from aiohttp import web

from easemob_async.emulator import events
from easemob_async.emulator.bodies import READERS
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
    """What a client of the emulator is made with."""

    app_key: str
    client_id: str
    client_secret: str
    base_url: str


class Emulator:
    """The REST API of one app, served from this process.

    An async context manager::

        async with Emulator() as emulator:
            client = EasemobClient(**emulator.credentials)

    Args:
        app_key: the app that it has.
        client_id: what a token is given for.
        client_secret: what a token is given for.
        host: where to listen; this machine only by default.
        port: 0 for any that is free.
        quotas: how many times the documented limits; ``None`` for no limits. They are strict: a
            call that would pass a limit is refused whole.
        token_ttl: seconds that a token is good for, where a request does not say.
        open_registration: whether users may register without a token.
        user_limit: the plan's number of users.
        delay: each answer waits a random time of this range, in seconds.
        keep_messages: keep what was received; without it, only count.
        switched_off: features that the app does not have: ``"threads"``, ``"presence"``,
            ``"reactions"``, ``"tags"``, ``"user_attributes"``, ``"member_attributes"``,
            ``"mutes"``, ``"broadcasts"``, ``"recall"``, ``"edits"``, ``"roaming"``,
            ``"lifetimes"``, ``"group_online_count"``, ``"push_statistics"``,
            ``"webhook_storage"``.
        now: Unix seconds; hand in a clock to make tokens expire.
        monotonic: seconds that the quotas count by.
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
        """What is posted to the rules that `add_webhook` makes, and what became of it."""
        self.requests: list[tuple[str, str]] = []
        """The method and path of every request, the latest ten thousand."""
        self._app_key = app_key
        self._host = host
        self._port = port
        self._delay = delay
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None
        self._address: tuple[str, int] | None = None

    # ------------------------------------------------------------ what a test looks at and sets up

    @property
    def base_url(self) -> str:
        """Where it listens."""
        if self._address is None:
            raise RuntimeError("the emulator is not running; use it as an async context manager")
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def credentials(self) -> Credentials:
        """What a client is made with: ``EasemobClient(**emulator.credentials)``."""
        return {
            "app_key": self._app_key,
            "client_id": self.state.client_id,
            "client_secret": self.state.client_secret,
            "base_url": self.base_url,
        }

    def received(self, target: str) -> list[dict[str, Any]]:
        """Give the messages that a user (or a group, or a room) received, in order."""
        return list(self.state.received.get(target, ()))

    def add_user(self, username: str, *, password: str = "secret") -> None:  # noqa: S107
        """Register a user without a call."""
        now = self.state.milliseconds()
        self.state.users[username] = User(username, password, now, now)

    def log_in(self, username: str, device_id: str = "web_1", device_name: str = "browser") -> None:
        """Have a user come online on a device."""
        self.state.users[username].devices[device_id] = device_name
        events.tell_device(self.state, username, device_id, "login")
        self.webhooks.flush()

    def log_out(self, username: str) -> None:
        """Have a user go offline on all devices."""
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
        """Make a rule: from now on, post what happens.

        As the service does, it posts once more after a failure, suspends all rules for minutes
        after 90 failures in 30 seconds, and stores what failed (unless ``"webhook_storage"`` is
        switched off). Told are messages by REST and by `say`, recalls, edits, reactions, threads,
        what happens to groups, rooms, contacts and devices; not told are streams, broadcasts,
        pushes and moderation.

        Args:
            url: where to.
            secret: what the posts are signed with.
            before_delivery: ask before a message of `say` is delivered, in place of telling after.
            deliver_on_failure: whether it is delivered when no proper answer comes.
            wait: seconds for the answer to a question.
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
        """Have a user's app send a message: rules are asked first. Call it in the emulator's loop.

        Args:
            sender: a registered user.
            target: a user, or a group or room that the sender is in.
            body: a text, or a body as on the wire: ``{"type": "txt", "msg": "hello"}``.
            chat_type: ``"chat"``, ``"groupchat"`` or ``"chatroom"``.
            ext: the message's extension.

        Raises:
            ValueError: there is no such user, group or room.
        """
        content = {"type": "txt", "msg": body} if isinstance(body, str) else body
        return await say(self.state, self.webhooks, sender, target, content, chat_type, ext or {})

    def expire_tokens(self) -> None:
        """Make every token that was given out expire now."""
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
        """Have the next requests go wrong.

        Args:
            method: of the requests; ``"*"`` for any.
            path: the beginning of their path below the app.
            status: answer with it; ``None`` cuts the connection without an answer.
            body: the answer's JSON (or text).
            headers: the answer's headers.
            times: how many requests.
            processed: carry the request out all the same.
        """
        self._faults.append(
            Fault(method, path, times, status, body, dict(headers or {}), processed)
        )

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Listen."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
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
        content = await request.read()
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
            if isinstance(answer, Content) and fault is None:
                return web.Response(body=answer.data, content_type="application/octet-stream")
            status, headers = 200, {}
            body = {} if isinstance(answer, Content) else answer
        except Refusal as refusal:
            status, body, headers = refusal.status, dict(refusal.body), refusal.headers
            body["timestamp"] = self.state.milliseconds()
        if fault is not None:
            return fault.answer(request)
        return web.Response(
            status=status, body=dumps(body), headers=headers, content_type="application/json"
        )

    async def _say(self, content: bytes) -> web.Response:
        """Serve `say` to the command line; no path of the service."""
        try:
            said = await self.say(**json.loads(content))
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(attrs.asdict(said))

    def _answer(self, request: web.Request, path: str, content: bytes) -> dict[str, JSON] | Content:
        route, params = routes.find(request.method, path)
        call = Call(self.state, request.method, path, params, request.query, None)
        call.headers = request.headers
        self._authenticate(request, route, call)
        call.body = READERS[route.body](request, path, content)
        name = f"{route.method} {route.path}"
        self.quotas.count(route.quota, name, _messages(call.body), params.get("username", ""))
        before = events.look(call) if self.state.listening else None
        fields: dict[str, JSON] | Content = route.handler(call)
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
        if fields.get("uri", "") is None:  # the answers of 2014 have the app's URL alone
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
            # A user's token where the app's is wanted.
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


def _messages(body: JSON) -> int:
    """How many messages a call counts as: one for each target."""
    to = body.get("to") if isinstance(body, dict) else None
    return len(to) if isinstance(to, list) and to else 1
