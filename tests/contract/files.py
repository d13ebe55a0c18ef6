"""The calls of the operations on files."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "files.upload": lambda c, e: c.files.upload(b"content", filename="IMG_2953.JPG"),
    "files.download": lambda c, e: c.files.download(e.path["file_uuid"]).read(),
    "files.download_thumbnail": lambda c, e: c.files.download_thumbnail(e.path["file_uuid"]).read(),
    "files.set_lifetime": lambda c, e: c.files.set_lifetime(
        e.username, e.body["chatfile_ids"], lifetime=e.body["lifetime"]
    ),
}
