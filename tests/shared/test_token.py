"""The app's token in a store: who fetches it, when it is replaced, and what failures mean."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from easemob_async import AppToken, EasemobError, TransportError
from easemob_async.shared import PostgresStore, RedisStore
from easemob_async.shared.app_token import SharedAppToken
from easemob_async.shared.choice import store_of
from easemob_async.shared.protocol import SECOND, FetchedToken, TokenReply, TokenRequest

LEASE = 6 * SECOND
HOUR = 3600 * SECOND
NOBODY = TokenReply()
"""There is no token, and somebody else fetches it."""


class Lab:
    """A name under which a token is kept, and processes that ask for it."""

    def __init__(self, store: RedisStore | PostgresStore, runner: asyncio.Runner) -> None:
        self.store = store
        self.runner = runner
        self.name = uuid.uuid4().hex

    def sleep(self, seconds: float) -> None:
        self.store.skew += int(seconds * SECOND)

    def ask(self, process: str, known: str = "") -> TokenReply:
        request = TokenRequest(self.name, process, known, LEASE)
        reply = self.runner.run(self.store.token(request))
        assert "secret" not in repr(reply)
        return reply

    def fetched(self, process: str, token: str, life: int | None = HOUR) -> None:
        kept = FetchedToken(self.name, process, token, life, 360 * SECOND)
        self.runner.run(self.store.put_token(kept))

    def failed(self, process: str, wait: int) -> None:
        told = FetchedToken(self.name, process, wait=wait, error="503")
        self.runner.run(self.store.put_token(told))


@pytest.fixture
def lab(store_url: str) -> Iterator[Lab]:
    store = store_of(store_url)
    assert isinstance(store, RedisStore | PostgresStore)
    with asyncio.Runner() as runner:
        yield Lab(store, runner)
        runner.run(store.close())


def test_one_fetches_and_the_others_get_what_it_brings(lab: Lab) -> None:
    assert lab.ask("a") == TokenReply(fetch=True)
    assert lab.ask("b") == lab.ask("c") == NOBODY
    lab.fetched("a", "secret1")
    reply = lab.ask("b")
    assert reply.token == "secret1"
    assert reply.left is not None
    assert HOUR - 10 * SECOND < reply.left <= HOUR


def test_a_token_without_an_end(lab: Lab) -> None:
    lab.ask("a")
    lab.fetched("a", "secret1", None)
    lab.sleep(1e7)
    assert lab.ask("b") == TokenReply("secret1")


def test_when_the_one_that_fetches_dies_another_does_and_the_dead_ones_word_is_not_taken(
    lab: Lab,
) -> None:
    lab.ask("a")
    lab.sleep(5)
    assert lab.ask("a").fetch, "it is alive, and says so"
    lab.sleep(5)
    assert lab.ask("b") == NOBODY
    lab.sleep(2)
    assert lab.ask("b").fetch
    lab.fetched("a", "secret-of-a-process-that-was-stopped")
    assert lab.ask("c") == NOBODY
    lab.fetched("b", "secret2")
    assert lab.ask("c").token == "secret2"


def test_a_token_is_renewed_before_its_end_while_others_still_use_it(lab: Lab) -> None:
    lab.ask("a")
    lab.fetched("a", "secret1")
    lab.sleep(3600 - 360 + 1)
    assert lab.ask("new").token == "secret1", "still good for one that comes now"
    assert lab.ask("b", known="secret1").fetch
    assert lab.ask("new").token == "secret1"
    lab.fetched("b", "secret2")
    assert lab.ask("a", known="secret1").token == "secret2"


def test_a_refused_token_is_renewed_once_in_a_minute(lab: Lab) -> None:
    lab.ask("a")
    lab.fetched("a", "secret1")
    assert lab.ask("b", known="secret1").fetch
    assert lab.ask("a", known="secret1") == NOBODY
    lab.fetched("b", "secret2")
    assert lab.ask("a", known="secret1").token == "secret2"
    # The new one is refused as well: the service bans those who ask often.
    lab.sleep(50)
    assert lab.ask("a", known="secret2").token == "secret2"
    lab.sleep(11)
    assert lab.ask("a", known="secret2").fetch


def test_an_expired_token_is_replaced(lab: Lab) -> None:
    lab.ask("a")
    lab.fetched("a", "secret1")
    lab.sleep(3600)
    assert lab.ask("b").fetch


def test_after_a_failure_nobody_asks_the_service_until_the_wait_is_over(lab: Lab) -> None:
    lab.ask("a")
    lab.failed("a", 4 * SECOND)
    reply = lab.ask("b")
    assert (reply.token, reply.fetch, reply.error, reply.failures) == ("", False, "503", 1)
    assert 3 * SECOND < reply.wait <= 4 * SECOND
    lab.sleep(4)
    reply = lab.ask("b")
    assert (reply.fetch, reply.failures) == (True, 1)
    lab.failed("b", 0)
    assert lab.ask("c") == TokenReply(fetch=True, failures=2)
    lab.fetched("c", "secret1")
    assert lab.ask("d").failures == 0


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("TransportError: tokens.create_app_token(): the connection broke", TransportError),
        ("ConnectError: no connection", TransportError),
        ("RequestTimeoutError: too late", TransportError),
        ("BadRequestError: 400: client_secret does not match", EasemobError),
        ("Exception: odd", EasemobError),
    ],
)
def test_what_another_was_told_is_an_error_of_the_same_kind(
    lab: Lab, said: str, kind: type[EasemobError]
) -> None:
    """A worker waits for what stands on the way to the service; anything else stops a job."""
    assert lab.ask("other") == TokenReply(fetch=True)
    told = FetchedToken(lab.name, "other", wait=60 * SECOND, error=said)
    lab.runner.run(lab.store.put_token(told))

    async def fetch() -> AppToken:
        raise AssertionError("it is not asked for before its time")

    token = SharedAppToken(lab.store, lab.name, fetch, 60.0)
    with pytest.raises(EasemobError, match="another process was told") as caught:
        lab.runner.run(token.get())
    assert type(caught.value) is kind
