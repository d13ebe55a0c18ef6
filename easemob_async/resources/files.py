"""Files of messages: upload, download, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.files import Lifetime, UploadedFile
from easemob_async.operation import Operation
from easemob_async.outcomes import BatchResult
from easemob_async.resources.batches import settled
from easemob_async.transport.call import make_call
from easemob_async.transport.downloads import Download
from easemob_async.transport.transport import Transport
from easemob_async.transport.uploads import Content, Upload
from easemob_async.wire.decoding import verdict

_UPLOAD: Final = Operation("files.upload", "POST", "/chatfiles", "once")
_DOWNLOAD: Final = Operation("files.download", "GET", "/chatfiles/{file_id}", "safe")
_THUMBNAIL: Final = Operation("files.download_thumbnail", "GET", "/chatfiles/{file_id}", "safe")
_SET_LIFETIME: Final = Operation(
    "files.set_lifetime", "PUT", "/users/{username}/chatfiles/lifetime", "safe"
)
_BINARY: Final = {"Accept": "application/octet-stream"}


class Files:
    """Files of messages, at most 10 MB each by default; they are kept for 7 days by default."""

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
        """Upload a file as a stream; it is never held in memory as a whole.

        Args:
            content: a path, the content itself, or an async iterator over its pieces.
            filename: the name of the file; the name in the path by default.
            restrict_access: whether a download needs the share-secret.
            thumbnail_width: the width in pixels of the thumbnail that the service makes of an
                image over 10 KB; 170 by default.
            thumbnail_height: the height in pixels of that thumbnail; 170 by default.

        Raises:
            InvalidArgumentError: the file does not exist.
            PayloadTooLargeError: the file is larger than 10 MB, or than the app's own limit.

        Source: files.upload (message_upload_file.md)
        """
        upload = Upload(_UPLOAD.id, content, filename)
        checks.flag(_UPLOAD.id, "restrict_access", restrict_access)
        headers = {"restrict-access": "true"} if restrict_access else {}
        if restrict_access is False:
            headers["restrict-access"] = "false"
        sizes = (("thumbnail-width", thumbnail_width), ("thumbnail-height", thumbnail_height))
        for name, size in sizes:
            if size is not None:
                headers[name] = str(checks.number(_UPLOAD.id, name, size, least=1))
        answer = await self._transport.carry(make_call(_UPLOAD, (), headers=headers, upload=upload))
        file_id = answer.read(str, "entities", 0, "uuid")
        root = answer.optional(str, "uri") or f"{answer.app_url}/chatfiles"
        secret = answer.optional(str, "entities", 0, "share-secret")
        return UploadedFile(file_id, f"{root}/{file_id}", secret)

    def download(self, file_id: str, *, share_secret: str | None = None) -> Download:
        """Download a file: ``await`` it, ``save(path)`` it, or iterate its pieces.

        Args:
            file_id: the file.
            share_secret: the secret of a file that was uploaded with restricted access.

        Raises:
            NotFoundError: the file does not exist, or no longer exists.

        Source: files.download (message_download_file.md)
        """
        return self._download(_DOWNLOAD, file_id, share_secret, {})

    def download_thumbnail(self, file_id: str, *, share_secret: str | None = None) -> Download:
        """Download the thumbnail of an image; see `download`.

        Args:
            file_id: the file.
            share_secret: the secret of a file that was uploaded with restricted access.

        Raises:
            NotFoundError: the file does not exist, or no longer exists.

        Source: files.download_thumbnail (message_download_thumbnail.md)
        """
        return self._download(_THUMBNAIL, file_id, share_secret, {"thumbnail": "true"})

    async def set_lifetime(
        self, username: str, file_ids: Iterable[str], *, lifetime: Lifetime | str
    ) -> BatchResult[None]:
        """Set how long the service keeps at most 100 files of a user.

        Args:
            username: the user who owns the files.
            file_ids: the files.
            lifetime: how long they are kept.

        Returns:
            An outcome for each file.

        Raises:
            PermissionDeniedError: the feature is not enabled for the app.

        Source: files.set_lifetime (message_attachment_storage.md)
        """
        operation, most = _SET_LIFETIME.id, api_limits.FILES_PER_CALL
        ids: Sequence[str] = checks.references(operation, "file_ids", file_ids, most=most)
        kept = checks.member(operation, "lifetime", Lifetime, lifetime)
        body = {"lifetime": kept, "chatfile_ids": ids}
        answer = await self._transport.call(_SET_LIFETIME, username, json=body, username=username)
        found = answer.named(answer.each(str, "data"), ids)
        done = [file_id for file_id, said in found.items() if verdict(said)]
        refused = {file_id: said for file_id, said in found.items() if not verdict(said)}
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
