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
    found, rest = b"", body
    windows = [_GZIP_OR_ZLIB] if name != "deflate" else [_GZIP_OR_ZLIB, -zlib.MAX_WBITS]
    while True:  # gzip may come in several members
        for bits in windows:  # some send deflate without its frame
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
            raise WebhookError(f"a post that is not {name}: it ends in the middle")
        rest = member.unused_data.lstrip(b"\0")
        if not rest:
            return found
