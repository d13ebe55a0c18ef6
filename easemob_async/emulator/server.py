"""The emulator: an HTTP server that answers the calls of the REST API."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Final, Self, TypedDict

import attrs
from aiohttp import web

from easemob_async.emulator import events
from easemob_async.emulator.app import App
from easemob_async.emulator.bodies import READERS, decoded
from easemob_async.emulator.faults import dumps, take_fault
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, Route
from easemob_async.emulator.state import State

_LARGEST_BODY: Final = 64 * 1024 * 1024


SAY_PATH: Final = "/_emulator/say"


class Credentials(TypedDict):
    """The arguments that connect a client to the emulator."""

    app_key: str
    client_id: str
    client_secret: str
    base_url: str


class Emulator(App):
    """An emulator of the REST API, served from this process: an app, and more beside it.

    It is an async context manager::

        async with Emulator() as emulator:
            client = EasemobClient(**emulator.credentials)

    Args:
        app_key: the App Key of the emulated app.
        more_apps: the App Keys of further apps, with the same client id and secret; see `apps`.
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
        more_apps: Collection[str] = (),
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
        def make_state(key: str) -> State:
            org, _, app = key.partition("#")
            return State(
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

        super().__init__(make_state(app_key), quotas, monotonic)
        more = {key: App(make_state(key), quotas, monotonic) for key in more_apps}
        self.apps: Mapping[str, App] = {**more, app_key: self}
        """All apps by their App Keys; the emulator itself is the first."""
        self.requests: list[tuple[str, str]] = []
        """The method and the path of the latest 10 000 requests."""
        self._host = host
        self._port = port
        self._delay = delay
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
            "app_key": self.app_key,
            "client_id": self.state.client_id,
            "client_secret": self.state.client_secret,
            "base_url": self.base_url,
        }

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Start to listen."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:(?s:.*)}", self._handle)
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=1
        )
        await self._runner.setup()
        for app in self.apps.values():
            app.webhooks.start()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._address = (host, port)

    async def stop(self) -> None:
        """Close every connection."""
        runner, self._runner, self._address = self._runner, None, None
        if runner is not None:
            await runner.cleanup()
            for app in self.apps.values():
                await app.webhooks.stop()

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
        app, path = self._app_of(request.rel_url.raw_path)
        self.requests.append((request.method, request.rel_url.raw_path_qs))
        del self.requests[:-10_000]
        fault = take_fault((app or self).faults, request.method, path)
        if fault is not None and not fault.processed:
            return fault.answer(request)
        try:
            if app is None:
                raise _no_such_app(request.rel_url.raw_path)
            answer = self._answer(request, app, path, content)
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

    def _answer(self, request: web.Request, app: App, path: str, content: bytes) -> JSON | Content:
        state = app.state
        route, params = routes.find(request.method, path)
        query = request.query  # an empty parameter is not given
        given = {name: query[name] for name in query if query[name]}
        call = Call(state, request.method, path, params, given, None)
        call.headers = request.headers
        _authenticate(request, route, call)
        call.body = READERS[route.body](request, path, content)
        name = f"{route.method} {route.path}"
        app.quotas.count(route.quota, name, _messages(call.body), params.get("username", ""))
        before = events.look(call) if state.listening else None
        fields: JSON | Content = route.handler(call)
        if before is not None:
            events.compare(call, before)
        app.webhooks.flush()
        if isinstance(fields, Content) or not route.envelope:
            return fields
        common = {
            "action": request.method.lower(),
            "application": state.application,
            "uri": f"{self.base_url}/{state.org}/{state.app}{path}",
            "timestamp": state.milliseconds(),
            "duration": 0,
            "organization": state.org,
            "applicationName": state.app,
        }
        if fields.get("uri", "") is None:  # the answers of 2014 have only the app's URL
            fields["uri"] = f"{self.base_url}/{state.org}/{state.app}"
        return {**common, **fields}

    def _app_of(self, raw_path: str) -> tuple[App | None, str]:
        """Return the app of a path, and the path below it."""
        for app in self.apps.values():
            prefix = f"/{app.state.org}/{app.state.app}"
            if raw_path == prefix or raw_path.startswith(prefix + "/"):
                return app, raw_path.removeprefix(prefix)
        return None, ""


def _authenticate(request: web.Request, route: Route, call: Call) -> None:
    header = request.headers.get("Authorization")
    if route.auth == "none" or (route.auth == "optional" and header is None):
        return
    record = call.state.check_token(header)
    call.has_token, call.username = True, record.username
    own = route.auth == "user" and record.username == call.params.get("username")
    if record.username is not None and route.auth in ("app", "user") and not own:
        # A user token where an app token is required.
        raise Refusal(401, "unauthorized", "Unable to authenticate (OAuth)")


def _no_such_app(raw_path: str) -> Refusal:
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
