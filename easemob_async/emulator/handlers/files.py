"""Handlers of files.*."""

from __future__ import annotations

import secrets
import uuid
from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, File, as_number, routes
from easemob_async.emulator.thumbnails import SIDE, thumbnail

_KEPT: Final = 7 * 86_400


def given_file(call: Call, error: str) -> File:
    """Return the file of a request, or refuse the request."""
    if not isinstance(call.body, File):
        raise Refusal(400, error, "file must be provided.")
    if len(call.body.data) > api_limits.FILE_BYTES:
        error = "file exceeding maximum limit"
        raise Refusal(413, error, "the file size exceeds the maximum limit.")
    return call.body


@routes.add("POST", "/chatfiles", body="file")
def upload(call: Call) -> dict[str, JSON]:
    """Handle files.upload."""
    file, file_id = given_file(call, "illegal_argument"), str(uuid.uuid4())
    secret = secrets.token_urlsafe(9)
    call.state.files[file_id] = {
        "data": call.state.blobs.keep(file.data),
        "thumbnail": [_side(call, "thumbnail-width"), _side(call, "thumbnail-height")],
        "secret": secret,
        "restricted": call.is_on("restrict-access"),
        "ends": call.state.now() + _KEPT,
    }
    return {
        "path": call.path,
        "entities": [{"uuid": file_id, "type": "chatfile", "share-secret": secret}],
    }


@routes.add("GET", "/chatfiles/{file_id}")
def download(call: Call) -> Content:
    """Handle files.download and files.download_thumbnail."""
    file = call.state.files.get(call.params["file_id"])
    if file is None:
        raise Refusal(404, "entity_not_found", "file may not exists")
    if file["ends"] is not None and file["ends"] <= call.state.now():
        raise Refusal(404, "file_expired", f"file {call.params['file_id']} is expired")
    given = call.headers.get("share-secret") or call.query.get("share-secret")
    if file["restricted"] and given != file["secret"]:
        # open: the answer to a wrong share-secret
        raise Refusal(403, "forbidden_op", "share-secret is wrong")
    blob, (width, height) = file["data"], file["thumbnail"]
    if call.is_on("thumbnail"):
        return Content(lambda: thumbnail(blob.read(), width, height))
    return Content(blob.read)


def _side(call: Call, header: str) -> int:
    """Return the width or height of a thumbnail; open: what a value that is no number means."""
    return as_number(call.headers.get(header)) or SIDE


@routes.add("POST", "/users/{username}/chatfiles/lifetime", auth="user")
@routes.add("PUT", "/users/{username}/chatfiles/lifetime", auth="user")
def set_lifetime(call: Call) -> dict[str, JSON]:
    """Handle files.set_lifetime; each file succeeds or fails separately.

    With POST as well, which the page of the limits has.
    """
    call.needs("lifetimes", Refusal(403, "forbidden_op", ""))
    lifetime = call.object().get("lifetime", "default")
    too_many = Refusal(400, "illegal_argument", "chatfile_ids size is too large")
    ids = call.names("chatfile_ids", most=api_limits.FILES_PER_CALL, too_many=too_many)
    if lifetime not in ("default", "refresh", "forever"):
        description = "lifetime must be either 'forever' or 'default' or 'refresh'。"
        raise Refusal(400, "illegal_argument", description)
    for file_id in ids:
        if file_id in call.state.files:
            ends = None if lifetime == "forever" else call.state.now() + _KEPT
            call.state.files[file_id]["ends"] = ends
    known = call.state.files
    return {"path": call.path, "data": {i: "success" if i in known else "failed" for i in ids}}
