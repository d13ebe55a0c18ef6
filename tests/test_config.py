"""Options of a client: data centers, time limits, retries, the connection pool."""

from __future__ import annotations

from datetime import timedelta

import pytest

from easemob_async import (
    ConfigurationError,
    DataCenter,
    EasemobClient,
    PoolOptions,
    RetryPolicy,
    Timeouts,
)
from tests.conftest import KEYS


def test_a_data_center_carries_host_and_time_zone() -> None:
    client = EasemobClient("acme#shop", **KEYS, base_url=DataCenter.SINGAPORE_1)
    assert "https://a1-sgp.easemob.com/acme/shop" in repr(client)
    assert DataCenter.SINGAPORE_1.utc_offset == timedelta(0)
    assert DataCenter.CHINA_1.utc_offset == timedelta(hours=8)
    assert "https://a1.easemob.com/acme/shop" in repr(EasemobClient("acme#shop", **KEYS))


@pytest.mark.parametrize("proxy", ["proxy:3128", "10.0.0.1:8080", "socks5://p:1", "", "http://"])
def test_a_proxy_without_a_scheme_is_refused(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="proxy must be a URL such as http://"):
        PoolOptions(proxy=proxy)


def test_time_limits_take_seconds_and_lengths_of_time() -> None:
    assert Timeouts.of(5) == Timeouts.of(timedelta(seconds=5)) == Timeouts(total=5.0)
    assert Timeouts.of(None).total is None
    assert Timeouts(connect=timedelta(milliseconds=500)).connect == 0.5
    with pytest.raises(ConfigurationError):
        Timeouts(total=float("inf"))
    with pytest.raises(ValueError, match="attempts"):
        RetryPolicy(attempts=0)
    with pytest.raises(ValueError, match="limit"):
        PoolOptions(limit=0)
    assert "user:pw" not in repr(PoolOptions(proxy="http://user:pw@proxy"))
