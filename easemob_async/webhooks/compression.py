"""The decompression of posts, up to the allowed size."""

from __future__ import annotations

import zlib

from easemob_async.errors import WebhookError

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_MOST_MEMBERS = 100


def unpack(body: bytes, encoding: str | None, most: int) -> bytes:
    """Return a decompressed post; of a post that is too large, only a little more than the limit.

    Raises:
        WebhookError: the encoding is not supported, or the post is not in it or is incomplete.
    """
    name = "identity" if encoding is None else encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise WebhookError(
            f"a post with the encoding {encoding!r:.80}: only gzip and deflate are supported"
        )
    found, rest = b"", body
    windows = [_GZIP_OR_ZLIB] if name != "deflate" else [_GZIP_OR_ZLIB, -zlib.MAX_WBITS]
    for _ in range(_MOST_MEMBERS):  # gzip may have several members
        for bits in windows:  # some senders omit the zlib header of deflate
            member = zlib.decompressobj(bits)
            try:
                found += member.decompress(rest, most + 1 - len(found))
            except zlib.error as error:
                if bits == windows[-1]:
                    raise WebhookError(f"a post that is not {name}: {error}") from None
            else:
                break
        if len(found) > most:
            return found
        if not member.eof:
            raise WebhookError(f"a post that is not {name}: it is incomplete")
        rest = member.unused_data.lstrip(b"\0")
        if not rest:
            return found
    raise WebhookError(f"a post in {name} of more than {_MOST_MEMBERS} members")
