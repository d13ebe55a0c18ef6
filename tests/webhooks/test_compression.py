"""Compressed posts are unpacked within bounds."""

from __future__ import annotations

import gzip
import json
import time
import zlib

import pytest

from easemob_async.errors import WebhookError
from easemob_async.webhooks.compression import unpack
from tests.webhooks.kept import Kept
from tests.webhooks.posts import MESSAGE, signed


def packings(body: bytes) -> dict[str, tuple[str, bytes]]:
    raw = zlib.compressobj(wbits=-15)
    return {
        "gzip": ("gzip", gzip.compress(body)),
        "x-gzip": ("x-gzip", gzip.compress(body)),
        "deflate": ("deflate", zlib.compress(body)),
        "bare deflate": ("deflate", raw.compress(body) + raw.flush()),
        "identity": ("identity", body),
        "two members": ("gzip", gzip.compress(body[:50]) + gzip.compress(body[50:])),
    }


@pytest.mark.parametrize("how", list(packings(b"")))
async def test_packed_posts_are_unpacked(how: str) -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        encoding, body = packings(json.dumps(signed(MESSAGE)).encode())[how]
        assert (await receiver.answer(body, content_encoding=encoding.upper())).status == 200
    assert len(kept.events) == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"{}" * 1000, mtime=0)[:-20]),
        ("gzip", b""),
        ("deflate", b"\xff" * 20),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
    ],
)
async def test_what_is_not_packed_as_it_says_is_400(encoding: str, body: bytes) -> None:
    kept = Kept()
    async with kept.receiver as receiver:
        assert (await receiver.answer(body, content_encoding=encoding)).status == 400
    assert kept.reasons() == ["damaged"]


async def test_what_unpacks_without_an_end_is_413() -> None:
    kept = Kept(max_body=10_000)
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000
    async with kept.receiver as receiver:
        assert (await receiver.answer(bomb, content_encoding="gzip")).status == 413


def test_no_post_of_many_members_takes_long_to_refuse() -> None:
    body = gzip.compress(b"") * 50_000
    began = time.process_time()
    with pytest.raises(WebhookError, match="members"):
        unpack(body, "gzip", 2**20)
    assert time.process_time() - began < 1
