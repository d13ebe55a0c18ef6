"""What came back over the wire: a typed answer, a refusal, or an answer that cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import NotFoundError, RateLimitError, ResponseError, ServerError, Token
from easemob_async.operation import Operation
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Journey, make_call
from easemob_async.transport.reading import Refused, Reply, already_gone, read_reply
from easemob_async.wire.redaction import BLOT

GET = Operation("users.get", "GET", "/users/{username}", "safe")
CREATE = Operation("users.create", "POST", "/users/{username}", "once")
DELETE = Operation("users.delete", "DELETE", "/users/{username}", "safe")
TOKEN = Operation("tokens.create", "POST", "/token/{username}", "safe", auth=False)
SECRET = "the-secret-of-the-app"


def journey(operation: Operation = GET) -> Journey:
    url = "https://a1.easemob.com/acme/shop"
    made = Journey(make_call(operation, ["ann"]), url, {SECRET})
    made.token = Token("YWMt-token-1")
    return made


def read(
    status: int, data: bytes, operation: Operation = GET, *, retry_after: str | None = None
) -> Answer | Refused:
    return read_reply(journey(operation), Reply(status, retry_after, data), "acme#shop_")


def refused(status: int, data: bytes = b"", operation: Operation = GET) -> Refused:
    found = read(status, data, operation)
    assert isinstance(found, Refused)
    return found


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_is_its_json_object(status: int) -> None:
    found = read(status, b'{"entities": [{"username": "acme#shop_ann"}]}')
    assert isinstance(found, Answer)
    assert found.get("entities", 0, "username") == "acme#shop_ann"
    assert found.without_prefix("acme#shop_ann") == "ann"
    assert not found.gone


@pytest.mark.parametrize(
    ("status", "operation", "fine"),
    [
        (200, CREATE, True),
        (200, DELETE, True),
        (204, CREATE, True),
        (204, GET, True),
        (200, GET, False),
        (201, GET, False),
    ],
)
def test_nothing_confirms_a_deed_and_is_no_answer_to_a_question(
    status: int, operation: Operation, fine: bool
) -> None:
    if fine:
        found = read(status, b"", operation)
        assert isinstance(found, Answer)
        assert found.body == {}
        assert not found.gone
        return
    with pytest.raises(ResponseError) as caught:
        read(status, b"", operation)
    assert (caught.value.operation, caught.value.status) == ("users.get", status)
    assert caught.value.excerpt == ""


@pytest.mark.parametrize("data", [b"[]", b"null", b'"words"', b"5", b"<html>no</html>", b"{", b" "])
def test_what_is_no_json_object_is_an_answer_that_cannot_be_read(data: bytes) -> None:
    with pytest.raises(ResponseError) as caught:
        read(201, data)
    error = caught.value
    assert (error.operation, error.status) == ("users.get", 201)
    assert error.excerpt == data.decode().strip()
    assert str(error).startswith('users.get("ann"): 201: ')
    assert repr(error.excerpt) in str(error)
    assert error.maybe_processed


@given(st.integers(0, 400))
def test_an_excerpt_is_short_and_shows_no_secret(before: int) -> None:
    for secret in (SECRET, "YWMt-token-1"):
        page = f"<p>{'.' * before} {secret}</p>\n" + "." * 1000
        with pytest.raises(ResponseError) as caught:
            read(200, page.encode())
        shown = caught.value.excerpt + str(caught.value)
        assert secret not in shown
        assert BLOT in shown or before > 290
        assert len(caught.value.excerpt) == 301


@pytest.mark.parametrize("status", [300, 302, 307, 399])
def test_a_redirect_is_never_followed(status: int) -> None:
    with pytest.raises(ResponseError) as caught:
        read(status, b"{}", retry_after="5")
    assert (caught.value.operation, caught.value.status) == ("users.get", status)
    assert "base_url" in str(caught.value)


@pytest.mark.parametrize("status", [100, 101, 199, 600, 999])
def test_a_status_of_no_kind_says_nothing_of_the_request(status: int) -> None:
    with pytest.raises(ResponseError, match="base_url") as caught:
        read(status, b'{"error": "x"}')
    assert (caught.value.operation, caught.value.status) == ("users.get", status)


@pytest.mark.parametrize("status", [400, 404, 499, 500, 599])
def test_any_other_status_is_a_refusal_with_the_services_words(status: int) -> None:
    error = refused(status, b'{"error": "x", "error_description": "words"}').error
    assert str(error) == f'users.get("ann"): {status} x: words'
    assert (error.operation, error.status) == ("users.get", status)
    assert error.request == journey().request


def test_a_refusal_tells_when_to_come_back() -> None:
    for status, cls in ((429, RateLimitError), (503, ServerError)):
        found = read(status, b"", retry_after="7")
        assert isinstance(found, Refused)
        assert isinstance(found.error, cls)
        assert found.error.retry_after is not None
        assert found.error.retry_after.total_seconds() == 7


def test_a_refusal_shows_no_secret() -> None:
    error = refused(404, f'{{"error_description": "no {SECRET}"}}'.encode()).error
    assert isinstance(error, NotFoundError)
    assert error.description == f"no {BLOT}"


@pytest.mark.parametrize(
    ("status", "operation", "error", "expected"),
    [
        (401, GET, "unauthorized", True),
        (401, GET, "message_rewrite_error", False),
        (403, GET, "unauthorized", False),
        (401, TOKEN, "unauthorized", False),  # it took none
    ],
)
def test_a_new_token_may_help_where_the_operation_takes_one(
    status: int, operation: Operation, error: str, expected: bool
) -> None:
    body = f'{{"error": "{error}"}}'.encode()
    assert refused(status, body, operation).about_token is expected


def test_what_is_gone_already_is_confirmed_without_an_answer() -> None:
    answer = already_gone(journey(DELETE), "acme#shop_")
    assert answer.gone
    assert answer.body == {}
    assert answer.without_prefix("acme#shop_ann") == "ann"
    answer.confirm("data", "success")  # as if it said so
