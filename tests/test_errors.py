"""The tree of errors: written where it is true, picklable, and without secrets."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import traceback
from datetime import timedelta

import pytest

from easemob_async import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    BadRequestError,
    EasemobClient,
    EasemobError,
    NewUser,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Request,
    ServerError,
    Text,
    errors,
)
from easemob_async.transport.refusals import classify, parse_retry_after, read_refusal
from easemob_async.wire.redaction import BLOT
from tests.conftest import FAST, Against
from tests.servers import CUT, Reply

CLASSES = [
    cls for cls in vars(errors).values() if inspect.isclass(cls) and issubclass(cls, EasemobError)
]


def test_the_tree_at_the_top_is_the_tree_of_the_classes() -> None:
    lines = re.findall(r"^    ([│├└─ ]*)(\w+Error)", errors.__doc__ or "", re.M)
    drawn = {}
    above: list[str] = []
    for branches, name in lines:
        depth = len(branches) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1] if depth else None
    real = {
        cls.__name__: None if cls is EasemobError else cls.__mro__[1].__name__ for cls in CLASSES
    }
    assert drawn == real


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_survives_pickling_and_copying(cls: type[EasemobError]) -> None:
    error = (
        cls("what went wrong", operation="users.get", maybe_processed=True)
        if cls not in (errors.ResponseError,)
        else cls("what went wrong", operation="users.get")
    )
    if isinstance(error, APIError):
        error.status, error.request = 400, Request("GET", "https://x/y")
    if isinstance(error, RateLimitError):
        error.retry_after = timedelta(seconds=3)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == "what went wrong"
        assert vars(twin) == vars(error)


@pytest.mark.parametrize(
    ("status", "error", "description", "cls"),
    [
        (400, "illegal_argument", "", BadRequestError),
        (400, "management", "User with id null does not exist in app X", NotFoundError),
        (400, "entity_not_found", "", NotFoundError),
        (400, "EntityNotFoundException", "", NotFoundError),
        (401, "unauthorized", "", AuthenticationError),
        (401, "MetadataException", "user is not in chatroom", PermissionDeniedError),
        (401, "message_rewrite_error", "You are not authorized", PermissionDeniedError),
        (403, "forbidden_op", "", PermissionDeniedError),
        (403, "message_send_error", "message send reach limit", RateLimitError),
        (403, "message_send_error", " Message send reach limit", RateLimitError),
        (403, "forbidden_op", "broadcast message limit exceeded", RateLimitError),
        (403, "forbidden_op", "online user broadcast limit exceeded", RateLimitError),
        (403, "forbidden_op", "chatroom broadcast limit exceeded", RateLimitError),
        (403, "group_error", "user join thread reach limit.", PermissionDeniedError),
        (403, "group_error", "thread number has reached limit.", PermissionDeniedError),
        (404, "service_resource_not_found", "", NotFoundError),
        (404, "organization_application_not_found", "", AppNotFoundError),
        (409, "", "", errors.ConflictError),
        (413, "", "", errors.PayloadTooLargeError),
        (429, "reach_limit", "", RateLimitError),
        (500, "", "", ServerError),
        (599, "", "", ServerError),
        (405, "", "", APIError),
        (415, "web_application", "", APIError),
    ],
)
def test_the_class_follows_the_status_except_by_the_table(
    status: int, error: str, description: str, cls: type[APIError]
) -> None:
    assert classify(status, error, description) is cls


@pytest.mark.parametrize(
    ("body", "error", "code", "description"),
    [
        (b"", "", None, ""),
        (b"<html>\n <b>no</b>", "", None, "<html> <b>no</b>"),
        (b'{"error": null}', "", None, ""),
        (b'{"error": {}, "message": "", "data": []}', "", None, ""),
        (b'{"error": {"a": 1}, "x": 5}', "", None, '{"error": {"a": 1}, "x": 5}'),
        (b'{"code": 404, "msg": "no such thing"}', "", 404, "no such thing"),
        (b'{"errorCode": "404", "errorMessage": "gone"}', "", 404, "gone"),
        (b'{"error": {"type": "t", "code": 7, "message": "m"}}', "t", 7, "m"),
        (b'{"error": {"code": "Forbidden", "message": "m"}}', "Forbidden", None, "m"),
        (b'{"error": "x", "data": {"reason": "because"}}', "x", None, "because"),
        (b'{"errors": [{"detail": "bad field"}]}', "", None, "bad field"),
        (b'{"data": "words"}', "", None, "words"),
        (b'{"error": "x", "error_code": %s}' % (b"9" * 5000), "x", None, ""),
        (b'{"error": "x", "error_code": "%s"}' % (b"9" * 5000), "x", None, ""),
        (b'{"error": "x", "error_code": NaN, "error_description": "y"}', "x", None, "y"),
        (b'\xef\xbb\xbf{"error": "x", "error_description": "y"}', "x", None, "y"),
        (b'{"error": "x", "error_description": "cut \\ud83d"}', "x", None, "cut \ufffd"),
        (b'{"error": "x", "error_description": "tab\there"}', "x", None, "tab\there"),
        (b'{"error": "x", "error_description": "\xff\xfe"}', "x", None, "\ufffd\ufffd"),
        (b'{"error": ["a", "b"]}', "", None, "a"),
        (b'"just words"', "", None, '"just words"'),
        (b"[" * 100_000, "", None, "[" * 65536),
        (b'{"error": "x", "error_code": "14007"}', "x", 14007, ""),
        (b'{"error": "x", "error_code": true}', "x", None, ""),
        (b'{"error_description": "words\\n"}', "", None, "words"),
        (b"[]", "", None, "[]"),
    ],
)
def test_an_error_body_may_lack_any_field(
    body: bytes, error: str, code: int | None, description: str
) -> None:
    refusal = read_refusal(400, body, None)
    got = (refusal.error, refusal.error_code)
    assert got == (error, code)
    if not body.startswith(b"["):
        assert refusal.description == description


def test_retry_after_is_seconds_or_a_date() -> None:
    assert parse_retry_after("7") == timedelta(seconds=7)
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert parse_retry_after(date, now=lambda: 1445412470.0) == timedelta(seconds=10)
    assert parse_retry_after(date) == timedelta(0)
    for years in ("9" * 9, "9" * 10, "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"):
        assert (parse_retry_after(years) or timedelta()) > timedelta(days=365)
    for damaged in (None, "soon", "-1", "1.5", "٣", "Fri, 31 Dec 99999 23:59:59 GMT"):
        assert parse_retry_after(damaged) is None


async def test_an_error_says_what_was_being_done(client: EasemobClient) -> None:
    expected = 'users.get("ann"): 404 service_resource_not_found: Service resource not found'
    with pytest.raises(NotFoundError) as caught:
        await client.users.get("ann")
    error = caught.value
    assert str(error) == expected
    assert error.operation == "users.get"
    assert (error.status, error.error) == (404, "service_resource_not_found")
    assert error.description == "Service resource not found"
    assert error.request is not None
    assert error.request.method == "GET"
    assert error.request.url.endswith("/users/ann")


APP_SECRETS = ["the-secret-of-the-app", "YWMt-token-1"]
PASSWORDS = ["pass-w0rd-of-ann", "other-pass"]
SECRETS = APP_SECRETS + PASSWORDS


def everything(error: BaseException) -> str:
    """All that an error could show, the chain behind it included."""
    parts = ["".join(traceback.format_exception_only(error))]
    todo: list[BaseException | None] = [error]
    seen = set()
    while todo:
        current = todo.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        todo += [current.__cause__, current.__context__]
        parts += [repr(current), str(current), repr(vars(current)), repr(current.args)]
    return "\n".join(parts)


ECHOES = [
    Reply(status=400, body={"error": "x", "error_description": " ".join(SECRETS)}),
    Reply(
        status=400,
        body={
            "error": "duplicate_unique_property_exists",
            "error_description": "the same user ann has a different password, the passwords are "
            "pass-w0rd-of-ann,other-pass",
        },
    ),
    Reply(status=500, body="<p>Authorization: Bearer YWMt-token-1 pass-w0rd-of-ann</p>"),
    Reply(status=200, body='{"access_token": "YWMt-token-1" "password": "pass-w0rd-of-ann"'),
    Reply(raw=b"HTTP/1.1 200 OK\r\nBad Header YWMt-token-1\r\n\r\n"),
    CUT,
]


@pytest.mark.parametrize("echo", ECHOES)
async def test_no_error_shows_a_secret_even_when_the_service_echoes_it(
    against: Against, echo: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    users = [NewUser("ann", "pass-w0rd-of-ann"), NewUser("bob", "other-pass")]
    async with against(lambda _: echo) as (client, _):
        assert_hidden(repr(client) + repr(users) + str(vars(client)), SECRETS)
        secret = "the-secret-of-the-app"
        calls = (
            (client.users.create_many(users), SECRETS),
            (
                client.users.update_password("ann", password=PASSWORDS[0]),
                [*APP_SECRETS, PASSWORDS[0]],
            ),
            (client.tokens.create_app_token(client_secret=secret), [secret]),
            (client.users.get("ann"), APP_SECRETS),
        )
        for call, secrets in calls:
            try:
                await call
            except EasemobError as error:
                assert_hidden(everything(error), secrets)
        assert_hidden(caplog.text, SECRETS)


def assert_hidden(shown: str, secrets: list[str]) -> None:
    assert not [secret for secret in secrets if secret in shown], shown


async def test_reasons_inside_a_success_are_redacted_too(against: Against) -> None:
    row = {"username": "bob", "registerUserFailReason": "the password other-pass is weak"}
    body = {"entities": [], "data": [row]}
    users = [NewUser("ann", "pass-w0rd-of-ann"), NewUser("bob", "other-pass")]
    async with against(lambda _: Reply(body=body)) as (client, _):
        result = await client.users.create_many(users)
    assert "other-pass" not in repr(result)
    assert BLOT in result.failed["bob"]


async def test_a_secret_across_the_cut_of_an_excerpt_is_hidden_whole(against: Against) -> None:
    page = "x" * 290 + " pass-w0rd-of-ann " + "y" * 300
    async with against(lambda _: Reply(body=page)) as (client, _):
        with pytest.raises(EasemobError) as caught:
            await client.users.update_password("ann", password="pass-w0rd-of-ann")
    assert "pass-w" not in everything(caught.value)


async def test_wire_errors_have_no_chain_that_holds_headers() -> None:
    async with EasemobClient(
        "acme#shop", token="YWMt-token-1", base_url="http://127.0.0.1:1", retry=FAST
    ) as client:
        with pytest.raises(EasemobError) as caught:
            await client.messages.send_to_users(["u"], Text("x"))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
