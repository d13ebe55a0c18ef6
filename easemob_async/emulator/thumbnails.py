"""Thumbnails of uploaded images; they need Pillow, which the extra ``images`` installs."""

from __future__ import annotations

import io
import logging
from typing import Final

try:
    from PIL import Image
except ImportError:  # without the extra, the thumbnail is the image itself
    Image = None  # type: ignore[assignment]

_LOGGER: Final = logging.getLogger(__name__)
_SMALL: Final = 10 * 1024
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
SIDE: Final = 170
"""The width and the height of a thumbnail, in pixels, if the upload does not set them."""


def thumbnail(data: bytes, width: int, height: int) -> bytes:
    """Return an image made to fit into a width and a height.

    An image of at most 10 KB, and a file that is not an image or a damaged one, is returned as it
    is. open: the format, here that of the image; and a file that is not an image
    """
    if Image is None or len(data) <= _SMALL:
        return data
    made = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            image.thumbnail((width, height))
            image.save(made, image.format)
    except Exception as error:  # the decoders raise errors of any kind
        _LOGGER.debug("no thumbnail: %r", error)
        return data
    return made.getvalue()
