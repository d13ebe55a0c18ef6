"""The calls of the operations on tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "tokens.create_app_token": lambda c, e: c.tokens.create_app_token(
        client_id=e.body["client_id"],
        client_secret=e.body["client_secret"],
        ttl=timedelta(seconds=e.body["ttl"]),
    ),
    "tokens.create_user_token": lambda c, e: c.tokens.create_user_token(
        e.body["username"],
        auto_create=e.body["autoCreateUser"],
        ttl=timedelta(seconds=e.body["ttl"]),
    ),
    "tokens.create_user_token_with_password": lambda c, e: c.tokens.create_user_token_with_password(
        e.body["username"],
        password=e.body["password"],
        ttl=timedelta(seconds=int(e.body["ttl"])),
    ),
}
