"""The emulator: an HTTP server that answers the calls of the REST API."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC
from ssl import SSLContext
from types import TracebackType
from typing import Final, Self, TypedDict

from aiohttp import web

from easemob_async import api_limits
from easemob_async.emulator import addresses, discovery, events
from easemob_async.emulator.answers import JSONAnswer, dumps
from easemob_async.emulator.app import App
from easemob_async.emulator.blobs import Blobs
from easemob_async.emulator.bodies import READERS, clean, unpacked
from easemob_async.emulator.connections import defect, make_runner
from easemob_async.emulator.control import Control, is_control
from easemob_async.emulator.faults import take_fault
from easemob_async.emulator.features import features
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.log import log_request
from easemob_async.emulator.operations import operation_of
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, Route
from easemob_async.emulator.state import BEIJING, Clock, State, split_header
from easemob_async.emulator.storage import Storage
from easemob_async.emulator.traffic import Body, SeenRequest, changed_by
from easemob_async.emulator.usernames import fold_body, fold_parameters

_LARGEST_BODY: Final = 64 * 1024 * 1024
_AGORA: Final = re.compile(rf"[0-9A-Fa-f]{{{api_limits.AGORA_DIGITS}}}")


class Credentials(TypedDict):
    """The arguments that connect a client to the emulator."""

    app_key: str
    client_id: str
    client_secret: str
    base_url: str


class AgoraCredentials(TypedDict):
    """The arguments that connect a client of Agora Chat to the emulator."""

    app_key: str
    app_id: str
    app_certificate: str
    base_url: str


class Emulator(App):
    """An emulator of the REST API, served from this process: an app, and more beside it.

    It is an async context manager::

        async with Emulator() as emulator:
            client = EasemobClient(**emulator.credentials)

    Args:
        app_key: the App Key of the emulated app.
        more_apps: the App Keys of further apps, with the same credentials; see `apps`.
        client_id: the client id that a request for an app token must carry.
        client_secret: the client secret that a request for an app token must carry.
        app_id: the App ID in the tokens that an app of Agora signs itself: 32 hexadecimal digits.
        app_certificate: the App Certificate that they are signed with: 32 hexadecimal digits.
        host: the address to listen on; by default only this machine can connect. ``"0.0.0.0"`` and
            ``"::"`` are all addresses of this machine, see `urls`.
        port: the port to listen on; 0 for any free port.
        ssl: what the emulator serves HTTPS with; ``None`` for HTTP.
        quotas: the factor that multiplies the documented limits; ``None`` for no limits. The
            limits are strict: a call that would exceed a limit is refused as a whole.
        token_ttl: the lifetime of a token in seconds, if the request does not set one.
        open_registration: whether users may register without a token.
        user_limit: the largest number of users that the plan allows; ``None`` for no limit.
        delay: the shortest and the longest delay of an answer in seconds; each is random.
        keep_messages: whether received messages are kept; if not, they are only counted.
        max_messages: the largest number of received messages that an app keeps; the oldest go
            first, and are no longer found. A message to several recipients counts once; ten times
            this number are kept in all mailboxes together.
        max_file_bytes: the size in bytes of the uploaded files that an app keeps in memory; the
            oldest of more are moved to a temporary file.
        state_file: the SQLite file that keeps the state of all apps over restarts, tokens too; by
            default it is lost when the emulator stops. See `easemob_async.emulator.storage`.
        switched_off: features that are not enabled for the app, by their names in
            `easemob_async.emulator.features.FEATURES`.
        control_key: the key that requests to the paths below ``/_emulator/`` must carry, if other
            machines can connect; without one they are refused then.
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
        app_id: str = "e3a1e3a1e3a1e3a1e3a1e3a1e3a1e3a1",
        app_certificate: str = "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
        quotas: float | None = 1.0,
        token_ttl: int = 5_184_000,
        open_registration: bool = False,
        user_limit: int | None = None,
        delay: tuple[float, float] = (0.0, 0.0),
        keep_messages: bool = True,
        max_messages: int = 100_000,
        max_file_bytes: int = 64 * 1024 * 1024,
        state_file: str | os.PathLike[str] | None = None,
        switched_off: Collection[str] = (),
        control_key: str | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_messages < 0:
            raise ValueError(f"max_messages must be 0 or more, not {max_messages}")
        for name, value in (("app_id", app_id), ("app_certificate", app_certificate)):
            if not _AGORA.fullmatch(value):
                raise ValueError(f"{name} must be {api_limits.AGORA_DIGITS} hexadecimal digits")
        off = features(switched_off)

        def make_state(key: str) -> State:
            org, _, app = key.partition("#")
            return State(
                org=org,
                app=app,
                client_id=client_id,
                client_secret=client_secret,
                app_id=app_id,
                app_certificate=app_certificate,
                now=self.clock,
                token_ttl=token_ttl,
                open_registration=open_registration,
                user_limit=user_limit,
                keep_messages=keep_messages,
                max_messages=max_messages,
                blobs=Blobs(max_file_bytes),
                switched_off=off,
            )

        self.clock = Clock(now)
        """The clock of all apps; a test may set it, and it goes on from there."""
        super().__init__(make_state(app_key), quotas, monotonic)
        others = [key for key in more_apps if key != app_key]
        more = {key: App(make_state(key), quotas, monotonic) for key in others}
        self.apps: Mapping[str, App] = {app_key: self, **more}
        """All apps by their App Keys; the emulator itself is the first."""
        self._control = Control(self.apps, self.clock, host, control_key)
        self._host = host
        self._port = port
        self._ssl = ssl
        self._delay = delay
        self._state_file = state_file
        self._storage: Storage | None = None
        self._runner: web.ServerRunner | None = None
        self._urls: Sequence[str] = ()

    # ------------------------------------------------------------ state that a test reads and sets

    @property
    def base_url(self) -> str:
        """The URL of the emulator, for clients on this machine."""
        return self.urls[0]

    @property
    def urls(self) -> Sequence[str]:
        """All URLs of the emulator: `base_url`, and those for clients on other machines."""
        if not self._urls:
            raise RuntimeError("the emulator is not running; use it as an async context manager")
        return self._urls

    @property
    def credentials(self) -> Credentials:
        """The arguments of a client: ``EasemobClient(**emulator.credentials)``."""
        return {
            "app_key": self.app_key,
            "client_id": self.state.client_id,
            "client_secret": self.state.client_secret,
            "base_url": self.base_url,
        }

    @property
    def agora_credentials(self) -> AgoraCredentials:
        """The arguments of a client of Agora: ``EasemobClient(**emulator.agora_credentials)``."""
        return {
            "app_key": self.app_key,
            "app_id": self.state.app_id,
            "app_certificate": self.state.app_certificate,
            "base_url": self.base_url,
        }

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Start to listen.

        Raises:
            StateFileError: the state file cannot be used.
        """
        if self._state_file is not None:
            self._storage = Storage(self._state_file, self.apps)
        try:
            await self._listen()
        except BaseException:
            await self.stop()
            raise
        if self._storage is not None:
            self._storage.start()

    async def _listen(self) -> None:
        self._runner = make_runner(self._serve, self._refused, _LARGEST_BODY)
        await self._runner.setup()
        for app in self.apps.values():
            app.webhooks.start()
        self._control.started = self.state.milliseconds()
        site = web.TCPSite(
            self._runner, self._host, self._port, backlog=1024, ssl_context=self._ssl
        )
        await site.start()
        host, port = self._runner.addresses[0][:2]
        scheme = "http" if self._ssl is None else "https"
        self._urls = [
            f"{scheme}://{addresses.url_host(address)}:{port}"
            for address in addresses.reached_by(host)
        ]

    async def stop(self) -> None:
        """Close every connection, and write the state if there is a file for it."""
        runner, self._runner, self._urls = self._runner, None, ()
        if runner is not None:
            for app in self.apps.values():
                app.traffic.feed.close()
            await runner.cleanup()
            for app in self.apps.values():
                await app.webhooks.stop()
        storage, self._storage = self._storage, None
        if storage is not None:
            await storage.close()

    async def save(self) -> None:
        """Write the state to its file now; it is written twice a second anyway."""
        if self._storage is not None:
            await self._storage.save()

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

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, and record it unless it is one to the control paths."""
        if is_control(request.rel_url.raw_path):
            return await self._control.answer(request)
        url, began = request.rel_url, time.perf_counter()
        seen = SeenRequest(self.state.milliseconds(), request.method, url.raw_path_qs)
        app, below = self._app_of(clean(url.raw_path))
        response = await self._handle(request, app, below, seen)
        seen.ms = round((time.perf_counter() - began) * 1000, 1)
        if request.transport is not None and not request.transport.is_closing():
            seen.status = response.status
            content = response.body if isinstance(response, web.Response) else None
            if isinstance(content, bytes):
                seen.answer = Body.of(content, response.headers.get("Content-Type"))
        seen.app = None if app is None else app.app_key
        (app or self).traffic.add(seen)
        log_request(seen)
        heard = app is not None and app.traffic.feed.subscribers
        if app is not None and heard and response.status < 400:
            app.changed(*changed_by(request.method, below))
        return response

    async def _handle(
        self, request: web.Request, app: App | None, path: str, seen: SeenRequest
    ) -> web.StreamResponse:
        try:
            content = await _content(request)
            if content:
                seen.request = Body.of(content, request.headers.get("Content-Type"))
        except Refusal as refusal:
            return self._refused(refusal)
        if self._delay != (0.0, 0.0):
            await asyncio.sleep(random.uniform(*self._delay))
        fault = take_fault((app or self).faults, request.method, path)
        if fault is not None and not fault.processed:
            return fault.answer(request)
        try:
            if request.rel_url.raw_path == discovery.PATH:
                return JSONAnswer(discovery.hosts(request, self.apps, self.base_url))
            if app is None:
                raise _no_such_app(request.rel_url.raw_path)
            answer = self._answer(request, app, path, content, seen)
            if isinstance(answer, Content):
                data = answer.data
                content = data if isinstance(data, bytes) else await asyncio.to_thread(data)
                response = web.Response(body=content, content_type="application/octet-stream")
            else:
                response = JSONAnswer(answer)
        except Refusal as refusal:
            response = self._refused(refusal)
        except Exception:  # the last catch: whatever is sent, the answer is no 500
            response = self._refused(defect(request))
        return response if fault is None else fault.answer(request)

    def _refused(self, refusal: Refusal) -> web.Response:
        body = {**refusal.body, "timestamp": self.state.milliseconds()}
        return web.Response(
            status=refusal.status,
            body=dumps(body),
            headers=refusal.headers,
            content_type="application/json",
        )

    def _answer(
        self, request: web.Request, app: App, path: str, content: bytes, seen: SeenRequest
    ) -> JSON | Content:
        state = app.state
        route, params = routes.find(request.method, path)
        given = _parameters(request.query) if request.rel_url.raw_query_string else {}
        root = f"{request.scheme}://{request.host}/{state.org}/{state.app}"
        call = Call(
            state, request.method, path, params, given, None, headers=request.headers, root=root
        )
        seen.operation = operation_of(route, call)
        _authenticate(request, route, call)
        call.body = READERS[route.body](request, path, content)
        if route.usernames and route.body == "json":
            call.body = fold_body(call.body)
        if len(route.operations) > 1:  # the body may tell which
            seen.operation = operation_of(route, call)
        name = f"{route.method} {route.path}"
        app.quotas.count(route.quota, name, _messages(call.body), params.get("username", ""))
        before = events.look(call) if state.listening else None
        fields: JSON | Content = route.handler(call)
        if before is not None:
            events.compare(call, before)
        app.webhooks.flush()
        if isinstance(fields, Content) or not route.envelope:
            return fields
        answer = {
            "action": request.method.lower(),
            "application": state.application,
            "uri": f"{root}{path}",
            "timestamp": state.milliseconds(),
            "duration": 0,
            "organization": state.org,
            "applicationName": state.app,
        }
        if fields.get("uri", "") is None:  # the answers of 2014 have only the app's URL
            fields["uri"] = root
        answer.update(fields)
        return answer

    def _app_of(self, raw_path: str) -> tuple[App | None, str]:
        """Return the app of a path, and the path below it."""
        parts = raw_path.split("/", 3)  # nothing, the organization, the app, and the rest
        app = self.apps.get("#".join(parts[1:3]))
        return app, "/" + parts[3] if app is not None and len(parts) > 3 else ""


def _authenticate(request: web.Request, route: Route, call: Call) -> None:
    header = request.headers.get("Authorization")
    if route.auth == "none" or (route.auth == "optional" and not split_header(header)[1]):
        return
    record = call.state.check_token(header)
    call.has_token, call.username = True, record.username
    call.time_zone = UTC if record.overseas else BEIJING
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


def _parameters(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query; one that is empty is not given."""
    return fold_parameters({name: clean(query[name]) for name in query if query[name]})


async def _content(request: web.Request) -> bytes:
    """Return the content of a request, or refuse the request."""
    if not request.body_exists and "Content-Encoding" not in request.headers:
        return b""
    try:
        return unpacked(request, await request.read(), _LARGEST_BODY)
    except (web.HTTPRequestEntityTooLarge, OverflowError):
        text = "Request Entity Too Large"
        raise Refusal(413, text, text) from None
    except (web.RequestPayloadError, ValueError):
        # open: the error; the nearest is that of a content type which is not supported
        raise Refusal(400, "web_application", "the content cannot be read") from None


def _messages(body: JSON) -> int:
    """Return the number of messages that a call counts as: one for each target."""
    to = body.get("to") if isinstance(body, dict) else None
    return len(to) if isinstance(to, list) and to else 1
