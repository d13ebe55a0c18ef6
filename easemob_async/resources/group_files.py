"""Files that chat groups share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.files import GroupFile
from easemob_async.models.pages import Page, Paginator, by_number
from easemob_async.operation import Operation
from easemob_async.transport.downloads import Download
from easemob_async.transport.transport import Transport
from easemob_async.transport.uploads import Content, Upload

_FILES: Final = "/chatgroups/{group_id}/share_files"
_LIST: Final = Operation("chat_groups.files.list", "GET", _FILES, "safe")
_UPLOAD: Final = Operation("chat_groups.files.upload", "POST", _FILES, "once")
_DOWNLOAD: Final = Operation("chat_groups.files.download", "GET", _FILES + "/{file_id}", "safe")
_DELETE: Final = Operation("chat_groups.files.delete", "DELETE", _FILES + "/{file_id}", "safe")


class GroupFiles:
    """Files that a group shares, of at most 10 MB; they go with the group."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, group_id: str, *, limit: int | None = None) -> Paginator[GroupFile]:
        """List a group's files.

        Args:
            group_id: the group.
            limit: files a page, 1 to 1 000; 1 000 when it is not given.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.files.list
        """
        size = checks.page_size(_LIST.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[GroupFile], bool]:
            query = {"pagenum": number, "pagesize": size}
            answer = await self._transport.call(_LIST, group_id, query=query)
            files: Sequence[GroupFile] = answer.read(tuple[GroupFile, ...], "data")
            # No total and no cursor: a short page is the last.
            return Page(files), len(files) >= size

        return by_number(fetch)

    async def upload(
        self, group_id: str, content: Content, *, filename: str | None = None
    ) -> GroupFile:
        """Upload a file to a group, without ever holding it whole.

        Args:
            group_id: the group.
            content: a path, the content itself, or an async iterator over its pieces.
            filename: its name; that of the path when it is not given.

        Raises:
            InvalidArgumentError: no such file.
            NotFoundError: no such group.

        Source: chat_groups.files.upload
        """
        upload = Upload(_UPLOAD.id, content, filename)
        answer = await self._transport.call(_UPLOAD, group_id, upload=upload)
        return answer.read(GroupFile, "data")

    def download(self, group_id: str, file_id: str) -> Download:
        """Download a file of a group: ``await`` it, ``save(path)`` it, or iterate its pieces.

        Raises:
            NotFoundError: no such group or file.

        Source: chat_groups.files.download
        """
        _DOWNLOAD.fill((group_id, file_id))  # checked now, fetched later
        return Download(lambda sink: self._transport.call(_DOWNLOAD, group_id, file_id, sink=sink))

    async def delete(self, group_id: str, file_id: str) -> None:
        """Delete a file of a group.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.files.delete
        """
        answer = await self._transport.call(_DELETE, group_id, file_id)
        answer.confirm("data", "result")
