"""Posts that come packed: unpacked, no further than they may be large."""

from __future__ import annotations

import zlib

from easemob_async.errors import WebhookError

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def unpack(body: bytes, encoding: str | None, most: int) -> bytes:
    """Unpack a post; of one that is too large, a little more than is allowed is returned.

    Raises:
        WebhookError: it is not what its header says, or ends in the middle.
    """
    name = "identity" if encoding is None else encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise WebhookError(f"a post with an encoding that nobody announced: {encoding!r:.80}")
    found = b""
    windows = [_GZIP_OR_ZLIB] if name != "deflate" else [_GZIP_OR_ZLIB, -zlib.MAX_WBITS]
    for bits in windows:  # some send deflate without its frame
        member = zlib.decompressobj(bits)
        try:
            found = member.decompress(body, most + 1)
        except zlib.error as error:
            if bits is windows[-1]:
                raise WebhookError(f"a post that is not {name}: {error}") from None
        else:
            if len(found) <= most and not member.eof:
                raise WebhookError(f"a post that is not {name}: it ends in the middle")
            break
    return found
