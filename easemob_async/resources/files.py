"""Files of messages: up, down, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.files import Lifetime, UploadedFile
from easemob_async.models.results import BatchResult
from easemob_async.operation import Operation
from easemob_async.resources.batches import settled
from easemob_async.transport.answer import says_yes
from easemob_async.transport.call import make_call
from easemob_async.transport.downloads import Download
from easemob_async.transport.transport import Transport
from easemob_async.transport.uploads import Content, Upload

_UPLOAD: Final = Operation("files.upload", "POST", "/chatfiles", "once")
_DOWNLOAD: Final = Operation("files.download", "GET", "/chatfiles/{file_id}", "safe")
_THUMBNAIL: Final = Operation("files.download_thumbnail", "GET", "/chatfiles/{file_id}", "safe")
_SET_LIFETIME: Final = Operation(
    "files.set_lifetime", "PUT", "/users/{username}/chatfiles/lifetime", "safe"
)
_BINARY: Final = {"Accept": "application/octet-stream"}


class Files:
    """Files of messages, of at most 10 MB by default; kept for 7 days by default."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def upload(
        self,
        content: Content,
        *,
        filename: str | None = None,
        restrict_access: bool | None = None,
        thumbnail_width: int | None = None,
        thumbnail_height: int | None = None,
    ) -> UploadedFile:
        """Upload a file, without ever holding it whole.

        Args:
            content: a path, the content itself, or an async iterator over its pieces.
            filename: its name; that of the path when it is not given.
            restrict_access: whether downloading takes the share-secret.
            thumbnail_width: of the thumbnail of a picture over 10 KB, in pixels; 170 by default.
            thumbnail_height: likewise.

        Raises:
            InvalidArgumentError: no such file.
            PayloadTooLargeError: over 10 MB, or what the app is allowed.

        Source: files.upload
        """
        upload = Upload(_UPLOAD.id, content, filename)
        headers = {"restrict-access": "true"} if restrict_access else {}
        if restrict_access is False:
            headers["restrict-access"] = "false"
        sizes = (("thumbnail-width", thumbnail_width), ("thumbnail-height", thumbnail_height))
        for name, size in sizes:
            if size is not None:
                headers[name] = str(checks.number(_UPLOAD.id, name, size, least=1))
        answer = await self._transport.carry(make_call(_UPLOAD, (), headers=headers, upload=upload))
        file_id = answer.read(str, "entities", 0, "uuid")
        root = answer.optional(str, "uri") or f"{self._transport.app_url}/chatfiles"
        secret = answer.optional(str, "entities", 0, "share-secret")
        return UploadedFile(file_id, f"{root}/{file_id}", secret)

    def download(self, file_id: str, *, share_secret: str | None = None) -> Download:
        """Download a file: ``await`` it, ``save(path)`` it, or iterate its pieces.

        Args:
            file_id: the file.
            share_secret: needed where it was uploaded with restricted access.

        Raises:
            NotFoundError: no such file, or not any more.

        Source: files.download
        """
        return self._download(_DOWNLOAD, file_id, share_secret, {})

    def download_thumbnail(self, file_id: str, *, share_secret: str | None = None) -> Download:
        """Download the thumbnail of a picture, likewise.

        Args:
            file_id: the file.
            share_secret: needed where it was uploaded with restricted access.

        Raises:
            NotFoundError: no such file, or not any more.

        Source: files.download_thumbnail
        """
        return self._download(_THUMBNAIL, file_id, share_secret, {"thumbnail": "true"})

    async def set_lifetime(
        self, username: str, file_ids: Iterable[str], *, lifetime: Lifetime | str
    ) -> BatchResult[None]:
        """Say how long at most 100 files of a user are kept, where the app has that switched on.

        Args:
            username: whose files they are.
            file_ids: the files.
            lifetime: how long.

        Returns:
            An outcome for each file.

        Raises:
            PermissionDeniedError: not switched on.

        Source: files.set_lifetime
        """
        operation, most = _SET_LIFETIME.id, api_limits.FILES_PER_CALL
        ids: Sequence[str] = checks.references(operation, "file_ids", file_ids, most=most)
        kept = checks.member(operation, "lifetime", Lifetime, lifetime)
        body = {"lifetime": kept, "chatfile_ids": ids}
        answer = await self._transport.call(_SET_LIFETIME, username, json=body, username=username)
        found = answer.each(str, "data", under=ids)
        done = [file_id for file_id, said in found.items() if says_yes(said)]
        refused = {file_id: said for file_id, said in found.items() if not says_yes(said)}
        return BatchResult(tuple(settled(answer, ids, done, refused)))

    def _download(
        self, operation: Operation, file_id: str, secret: str | None, headers: dict[str, str]
    ) -> Download:
        operation.fill((file_id,))  # checked now, fetched later
        headers = {**_BINARY, **headers}
        if secret is not None:
            headers["share-secret"] = checks.reference(operation.id, "share_secret", secret)
        return Download(
            lambda sink: self._transport.carry(
                make_call(operation, (file_id,), headers=headers, sink=sink)
            )
        )
