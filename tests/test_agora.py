"""AccessToken2 as the official SDK makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from easemob_async.agora import Service, ServiceType, access_token
from tests.agora_tokens import APP_ID, CERTIFICATE, NAMES, TOKENS, VECTORS, built, unpacked


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["salt"]))
def test_a_token_is_that_of_the_official_sdk(vector: Mapping[str, Any]) -> None:
    assert unpacked(built(vector)) == unpacked(vector["token"])


def test_services_and_privileges_stand_in_the_order_of_their_numbers() -> None:
    chat = Service(ServiceType.CHAT, {2: 5, 1: 6}, [""])
    rtc = Service(ServiceType.RTC, {4: 1, 1: 2}, ["room", "42"])
    sorted_chat = Service(ServiceType.CHAT, {1: 6, 2: 5}, [""])
    sorted_rtc = Service(ServiceType.RTC, {1: 2, 4: 1}, ["room", "42"])

    def token(*services: Service) -> bytes:
        made = access_token(APP_ID, CERTIFICATE, services, issued_at=1, expires_in=2, salt=3)
        return unpacked(made)

    assert token(chat, rtc) == token(sorted_rtc, sorted_chat)


def test_the_certificate_is_not_in_a_token() -> None:
    assert CERTIFICATE.encode() not in unpacked(built(VECTORS[0]))


def test_the_services_are_those_of_the_facts() -> None:
    assert {kind.name.lower(): kind.value for kind in ServiceType} == {
        name: known["type"] for name, known in TOKENS["fields"].items()
    }
    assert all(len(TOKENS["fields"][name]["fields"]) >= len(NAMES[name]) for name in NAMES)
