"""The addresses of this machine, and which of them others reach."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.emulator import Emulator
from easemob_async.emulator.addresses import is_loopback, reached_by, url_host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_only_this_machine_connects_to_loopback(host: str) -> None:
    assert is_loopback(host)
    assert reached_by(host) == [host]


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.0.2.7", "example.com", "localhost.evil"]
)
def test_other_machines_may_connect_to_anything_else(host: str) -> None:
    assert not is_loopback(host)


@given(st.ip_addresses())
def test_every_address_is_one_or_stands_for_those_of_this_machine(address: object) -> None:
    host = str(address)
    found = reached_by(host)
    assert found == [host] or host in ("0.0.0.0", "::")


def test_the_addresses_that_stand_for_all_can_be_connected_to() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        first, *others = reached_by("0.0.0.0")
        assert first == "127.0.0.1"
        for address in (first, *others):
            socket.create_connection((address, server.getsockname()[1]), 10).close()


def test_an_address_is_written_into_a_url() -> None:
    assert [url_host(host) for host in ("127.0.0.1", "::1", "a.b")] == ["127.0.0.1", "[::1]", "a.b"]


async def test_the_base_url_of_an_emulator_on_all_addresses_is_one_to_connect_to() -> None:
    async with Emulator(host="0.0.0.0") as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert emulator.urls[0] == emulator.base_url
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.urls
