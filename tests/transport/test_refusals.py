"""A refusal as an error: its class, what may have been done, when to come back, and no secret."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import (
    APIError,
    BadRequestError,
    PermissionDeniedError,
    RateLimitError,
    Request,
    ServerError,
)
from easemob_async.transport.refusals import (
    Refusal,
    is_about_token,
    parse_retry_after,
    read_refusal,
    shorten,
    to_error,
)
from easemob_async.wire.redaction import BLOT

CALL = 'users.get("ann")'
REQUEST = Request("GET", "https://a1.easemob.com/acme/shop/users/ann")


def error_of(
    status: int,
    error: str = "",
    description: str = "",
    *,
    error_code: int | None = None,
    retry_after: timedelta | None = None,
    sent_retry_after: bool | None = None,
    call: str = CALL,
    secrets: tuple[str, ...] = (),
) -> APIError:
    sent = retry_after is not None if sent_retry_after is None else sent_retry_after
    refusal = Refusal(status, error, error_code, description, retry_after, sent)
    return to_error(refusal, call=call, operation="users.get", request=REQUEST, secrets=secrets)


def test_an_error_has_all_that_the_service_said() -> None:
    found = error_of(400, "illegal_argument", "no such field", error_code=14007)
    assert type(found) is BadRequestError
    assert str(found) == f"{CALL}: 400 illegal_argument: no such field"
    assert vars(found) == {
        "operation": "users.get",
        "status": 400,
        "error": "illegal_argument",
        "error_code": 14007,
        "description": "no such field",
        "request": REQUEST,
    }


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_errors_of_every_class_have_it(status: int) -> None:
    found = error_of(status, "x", "words", error_code=5)
    assert str(found) == f"{CALL}: {status} x: words"
    assert (found.operation, found.status, found.request) == ("users.get", status, REQUEST)
    assert (found.error, found.error_code, found.description) == ("x", 5, "words")


@pytest.mark.parametrize(
    ("error", "description", "code", "end"),
    [
        ("x", "", None, "400 x"),
        ("", "words", None, "400 words"),
        ("x", "words", 7, "400 x: words"),
    ],
)
def test_a_message_has_the_words_that_there_are(
    error: str, description: str, code: int | None, end: str
) -> None:
    assert str(error_of(400, error, description, error_code=code)) == f"{CALL}: {end}"


def test_a_message_without_words_has_the_code_or_says_that_there_is_no_reason() -> None:
    assert "14007" in str(error_of(400, error_code=14007))
    assert "no reason" in str(error_of(400, error_code=14007))
    assert "no reason" in str(error_of(400))
    assert "None" not in str(error_of(400))
    assert "code" not in str(error_of(400))


# ---------------------------------------------------------------- rates and failures


@pytest.mark.parametrize(
    ("status", "error", "description", "temporary"),
    [
        (429, "reach_limit", "", True),
        (429, "resource_limited", "", False),
        (403, "message_send_error", "Message send reach limit", True),
        (403, "forbidden_op", "Broadcast Message Limit Exceeded today", False),
        (403, "forbidden_op", "online user broadcast limit exceeded", False),
        (403, "forbidden_op", "chatroom broadcast limit exceeded", False),
    ],
)
def test_waiting_does_not_help_against_the_limits_of_a_plan_and_of_a_day(
    status: int, error: str, description: str, temporary: bool
) -> None:
    wait = timedelta(seconds=3)
    found = error_of(status, error, description, retry_after=wait)
    assert isinstance(found, RateLimitError)
    assert (found.temporary, found.retry_after) == (temporary, wait)
    assert not found.maybe_processed


@pytest.mark.parametrize(
    ("status", "sent_retry_after", "maybe_processed"),
    [(503, True, False), (503, False, True), (500, True, True), (500, False, True)],
)
def test_a_failure_may_have_been_processed_unless_a_503_says_when_to_come_back(
    status: int, sent_retry_after: bool, maybe_processed: bool
) -> None:
    for wait in (timedelta(seconds=3), None):  # it may say so in a way that nobody can read
        found = error_of(status, retry_after=wait, sent_retry_after=sent_retry_after)
        assert isinstance(found, ServerError)
        assert found.maybe_processed is maybe_processed
        assert found.retry_after == wait


def test_the_retry_after_of_an_answer_is_read() -> None:
    assert read_refusal(503, b"", None).sent_retry_after is False
    found = read_refusal(503, b"", "7")
    assert (found.retry_after, found.sent_retry_after) == (timedelta(seconds=7), True)
    found = read_refusal(503, b"", "soon")
    assert (found.retry_after, found.sent_retry_after) == (None, True)


def test_nine_digits_are_seconds_and_more_are_years() -> None:
    assert parse_retry_after("9" * 9) == timedelta(seconds=999_999_999)
    assert parse_retry_after("0" * 10) == timedelta(days=36_500)
    assert parse_retry_after(" 7 ") == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, "unauthorized", True),
        (401, "auth_bad_access_token", True),
        (401, "metadata_error", True),
        (401, "", True),
        (401, "MetadataException", False),
        (401, "message_rewrite_error", False),
        (403, "unauthorized", False),
        (402, "", False),
    ],
)
def test_a_new_token_may_help_against_a_401_that_is_about_the_token(
    status: int, error: str, expected: bool
) -> None:
    assert is_about_token(read_refusal(status, b'{"error": "%s"}' % error.encode(), None)) is (
        expected
    )


# ---------------------------------------------------------------- secrets, lengths, bodies


@pytest.mark.parametrize("status", [400, 429, 500])
def test_no_part_of_an_error_shows_a_secret(status: int) -> None:
    found = error_of(
        status,
        "bad-s3cret-here",
        "the value s3cret is wrong",
        call='users.update_password("s3cret")',
        secrets=("s3cret",),
    )
    assert "s3cret" not in repr(vars(found)) + str(found)
    assert found.error == f"bad-{BLOT}-here"
    assert found.description == f"the value {BLOT} is wrong"
    assert str(found).startswith(f'users.update_password("{BLOT}")')


@given(before=st.integers(0, 400))
def test_a_secret_across_the_cut_of_a_description_is_hidden_whole(before: int) -> None:
    secret = "the-secret-of-the-app"
    found = error_of(400, "x", "." * before + secret + "." * 400, secrets=(secret,))
    assert found.description == shorten("." * before + BLOT + "." * 400)


@pytest.mark.parametrize(("length", "shown"), [(300, "x" * 300), (301, "x" * 300 + "…")])
def test_a_text_is_cut_after_three_hundred_characters(length: int, shown: str) -> None:
    assert shorten("x" * length) == shown
    assert error_of(400, "", "x" * length).description == shown


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b'{"error": "x", "errors": [{"detail": "in errors"}]}', "in errors"),
        (b'{"error": "x", "entities": [{"reason": "in entities"}]}', "in entities"),
        (b'{"error": "x", "errors": [{}, {}, {"detail": "third"}]}', "third"),
        (b'{"error": "x", "errors": [{}, {}, {}, {"detail": "fourth"}]}', ""),
        (b"\xff\xfe  <b>\n no", "\ufffd\ufffd <b> no"),
        (b"{" + b" " * 70_000 + b"x", "{"),
    ],
)
def test_words_are_found_where_services_and_gateways_put_them(
    body: bytes, description: str
) -> None:
    assert read_refusal(400, body, None).description == description


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "data", "message", "code", "errors", "x"]), inner
            )
        ),
        max_leaves=10,
    ),
    st.integers(300, 599),
)
def test_whatever_an_error_body_holds_it_makes_an_error(body: Any, status: int) -> None:
    refusal = read_refusal(status, str(body).replace("'", '"').encode(), None)
    found = to_error(refusal, call=CALL, operation="users.get", request=REQUEST, secrets=())
    assert found.status == status
    assert str(found).startswith(f"{CALL}: {status} ")


def test_a_forbidden_call_is_no_rate_limit() -> None:
    assert type(error_of(403, "forbidden_op", "you are not the owner")) is PermissionDeniedError


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/New_York"])
def test_every_date_of_a_header_is_utc(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    moment = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
    try:
        for text in (
            "Thu, 26 Nov 2026 08:00:05 GMT",
            "Thursday, 26-Nov-26 08:00:05 GMT",
            "Thu Nov 26 08:00:05 2026",
        ):
            assert parse_retry_after(text, moment.timestamp) == timedelta(seconds=5)
    finally:
        monkeypatch.undo()
        time.tzset()
