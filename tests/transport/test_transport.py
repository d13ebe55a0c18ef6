"""The transport's own decisions, where a socket adds nothing: answers from `aioresponses`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses
from aioresponses.core import RequestCall
from yarl import URL

from easemob_async import (
    APIError,
    BadRequestError,
    ConnectError,
    EasemobClient,
    NotFoundError,
    Quotas,
    ServerError,
    Text,
    __version__,
)
from tests.conftest import FAST

pytestmark = pytest.mark.usefixtures("either_way")

APP_URL = "https://a1.easemob.com/acme/shop"


class Response(aiohttp.ClientResponse):
    """What aioresponses 0.7.9 leaves out for aiohttp 3.14: a `stream_writer`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*arguments, **options)


class Mocked:
    """Answers without a socket."""

    def __init__(self, mock: aioresponses) -> None:
        self._mock = mock

    @property
    def requests(self) -> Mapping[tuple[str, URL], Sequence[RequestCall]]:
        return self._mock.requests

    def get(self, url: str, **options: Any) -> None:
        self._mock.get(url, response_class=Response, **options)

    def post(self, url: str, **options: Any) -> None:
        self._mock.post(url, response_class=Response, **options)


@pytest.fixture
def mocked() -> Iterator[Mocked]:
    with aioresponses() as mock:
        yield Mocked(mock)


@pytest.fixture
async def client() -> AsyncIterator[EasemobClient]:
    quotas = Quotas(enabled=False)
    async with EasemobClient("acme#shop", token="YWMt", retry=FAST, quotas=quotas) as connected:
        yield connected


async def test_the_url_and_the_headers_of_a_call(mocked: Mocked, client: EasemobClient) -> None:
    mocked.get(f"{APP_URL}/users/ann", payload={"entities": [{"username": "ann"}]})
    assert (await client.users.get("ann")).username == "ann"
    ((_, url), (call,)) = next(iter(mocked.requests.items()))
    assert str(url) == f"{APP_URL}/users/ann"
    assert call.kwargs["headers"]["Authorization"] == "Bearer YWMt"
    assert call.kwargs["headers"]["User-Agent"] == f"easemob_async/{__version__}"
    assert call.kwargs["allow_redirects"] is False


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 501])
async def test_a_refusal_is_not_repeated(
    mocked: Mocked, client: EasemobClient, status: int
) -> None:
    mocked.post(f"{APP_URL}/messages/users", status=status, payload={"error": "x"}, repeat=True)
    with pytest.raises(APIError) as caught:
        await client.messages.send_to_users(["u1"], Text("x"))
    assert caught.value.status == status
    assert len(next(iter(mocked.requests.values()))) == 1


async def test_a_safe_call_is_repeated_as_often_as_the_policy_says(
    mocked: Mocked, client: EasemobClient
) -> None:
    mocked.get(f"{APP_URL}/users/ann", status=500, repeat=True)
    with pytest.raises(ServerError):
        await client.users.get("ann")
    assert len(next(iter(mocked.requests.values()))) == 4


async def test_a_request_that_never_left_is_repeated_whatever_it_does(
    mocked: Mocked, client: EasemobClient
) -> None:
    refused = aiohttp.ClientConnectionError("never left")
    mocked.post(f"{APP_URL}/messages/users", exception=refused)
    mocked.post(f"{APP_URL}/messages/users", payload={"data": {"u1": "1"}})
    sent = await client.messages.send_to_users(["u1"], Text("x"))
    assert sent.message_ids == {"u1": "1"}
    mocked.post(f"{APP_URL}/messages/users", exception=refused, repeat=True)
    with pytest.raises(ConnectError, match="ClientConnectionError: never left"):
        await client.messages.send_to_users(["u1"], Text("x"))


async def test_the_descriptions_of_old_and_new_error_bodies(
    mocked: Mocked, client: EasemobClient
) -> None:
    mocked.get(f"{APP_URL}/users/a", status=400, payload={"error": "x", "message": "in words"})
    mocked.get(f"{APP_URL}/users/b", status=400, payload={"data": "in data"})
    mocked.get(f"{APP_URL}/users/c", status=404, body="<h1>Not\n Found</h1>")
    for name, cls, words in (
        ("a", BadRequestError, 'users.get("a"): 400 x: in words'),
        ("b", BadRequestError, 'users.get("b"): 400 in data'),
        ("c", NotFoundError, 'users.get("c"): 404 <h1>Not Found</h1>'),
    ):
        with pytest.raises(cls) as caught:
            await client.users.get(name)
        assert str(caught.value) == words
