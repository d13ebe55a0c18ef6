"""Handlers of chat_groups.*: groups, members, member attributes and shared files."""

from __future__ import annotations

import uuid
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.handlers.files import given_file
from easemob_async.emulator.handlers.places import (
    check_user,
    chosen_id,
    find_group,
    find_usable,
    first_members,
    members_by_cursor,
    refuse_blocked,
    refuse_fewer,
)
from easemob_async.emulator.handlers.user_attributes import size_of
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import (
    Call,
    Content,
    as_flag,
    as_number,
    make_cursor,
    paged,
    read_cursor,
    routes,
)
from easemob_async.emulator.state import Group

_CHANGEABLE: Final = (
    *("groupname", "avatar", "description", "maxusers", "membersonly", "allowinvites"),
    *("invite_need_confirm", "custom", "public"),
)
_LIMITS: Final = {
    "groupname": api_limits.GROUP_NAME_LENGTH,
    "description": api_limits.GROUP_DESCRIPTION_LENGTH,
    "avatar": api_limits.GROUP_AVATAR_LENGTH,
}
_DEFAULTS: Final[dict[str, JSON]] = {
    "groupname": "",
    "avatar": "",
    "description": "",
    "maxusers": 200,
    "membersonly": False,
    "allowinvites": False,
    "invite_need_confirm": True,
    "custom": "",
}
# What other clients call the settings: the first form of the API, and the Java SDK. open: whether
# to join needs an approval, which clients of many languages send, is what `membersonly` says too
_OTHER_NAMES: Final = {
    "desc": "description",
    "members_only": "membersonly",
    "approval": "membersonly",
    "name": "groupname",
}
_UNUSED: Final = ("need_verify", "scale")
"""Settings on no page, which the Java SDK sends; they change nothing here."""


def _settings(body: dict[str, JSON]) -> dict[str, JSON]:
    """Return the settings in a body by their documented names, or refuse the request.

    open: null, which counts as not given here, and 0 as `maxusers`, which clients in Go send for a
    number that was not given
    """
    found: dict[str, JSON] = {}
    for given, value in body.items():
        name = _OTHER_NAMES.get(given, given)
        if value is None or (name == "maxusers" and as_number(value) == 0):
            continue
        if name in _CHANGEABLE and (given == name or name not in body):
            found[name] = _setting(name, value)
    return found


def _setting(name: str, value: JSON) -> JSON:
    read: JSON
    if name == "maxusers":
        read = as_number(value, 1)
    elif name in ("groupname", "avatar", "description", "custom"):
        read = value if isinstance(value, str) else None
    else:
        read = as_flag(value)
    if read is None:
        # open: no error is documented for a wrong type
        raise Refusal(400, "invalid_parameter", f"{name} is not legal")
    if name in _LIMITS and len(read) > _LIMITS[name]:
        raise Refusal(400, "invalid_parameter", f"{name} length is too big")
    if name == "custom" and len(read.encode()) > api_limits.GROUP_CUSTOM_BYTES:
        raise Refusal(400, "invalid_parameter", "custom length is too big")
    return read


@routes.add("POST", "/chatgroups")
def create(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.create."""
    state, body = call.state, call.object()
    if body.get("public") is None:
        raise Refusal(400, "invalid_parameter", "group must contain public field!")
    if not body.get("owner"):
        raise Refusal(400, "invalid_parameter", "owner must be provided")
    settings = {**_DEFAULTS, **_settings(body)}
    owner = check_user(call, body["owner"])
    members = first_members(call)
    if settings["public"]:
        settings["allowinvites"] = False  # on creation, only private groups may have it
    if len(members) > settings["maxusers"]:
        raise Refusal(403, "exceed_limit", "members size is greater than max user size !")
    group_id = chosen_id(body, "groupid") or state.new_group_id()
    if group_id in state.groups:
        raise Refusal(400, "illegal_argument", f"group ID {group_id} already exists!")
    now = state.milliseconds()
    group = Group(group_id, owner, now, now, settings, serial=next(state.serials))
    group.members = {name: now for name in members if name != owner}
    state.groups[group.group_id] = group
    return {"entities": [], "data": {"groupid": group.group_id}}


@routes.add("GET", "/chatgroups")
def list_groups(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.list: the newest first, paged by cursor."""
    limit = call.whole_number("limit", 10, api_limits.GROUPS_PER_PAGE)
    groups = list(call.state.groups.values())[::-1]
    before = read_cursor(call)
    if before is not None:
        groups = [group for group in groups if group.serial < before]
    page = groups[:limit]
    prefix = f"{call.state.org}#{call.state.app}_"
    answer: dict[str, JSON] = {
        "params": {"limit": [str(limit)]},
        "entities": [],
        "data": [
            {
                "owner": prefix + group.owner,
                "groupid": group.group_id,
                "affiliations": len(group.everybody),
                "type": "group",
                "lastModified": str(group.modified),
                "groupname": group.settings["groupname"],
            }
            for group in page
        ],
        "count": len(page),
    }
    if len(groups) > limit:
        answer["cursor"] = make_cursor(page[-1].serial)
    return answer


@routes.add("GET", "/chatgroups/user/{username}", quota="joined_groups")
def list_joined(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.list_joined: the first page is 0."""
    username = call.params["username"]
    size = call.whole_number("pagesize", 5, api_limits.JOINED_GROUPS_PER_PAGE)
    number = call.whole_number("pagenum", 0, 10**9, least=0)
    joined = [group for group in call.state.groups.values() if username in group]
    page = joined[number * size : (number + 1) * size]
    rows = [
        {
            "groupId": group.group_id,
            "id": group.group_id,
            "name": group.settings["groupname"],
            "owner": group.owner,
            "disabled": group.disabled,
            "created": group.created,
            **{
                key: group.settings[key]
                for key in (
                    *("avatar", "description", "public", "allowinvites"),
                    *("membersonly", "maxusers"),
                )
            },
        }
        for group in page
    ]
    return {"entities": rows, "total": len(joined)}


@routes.add("GET", "/users/{username}/joined_chatgroups", quota="joined_groups")
def list_joined_legacy(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.list_joined_legacy: the first page is 1; open: the order of the groups."""
    name = call.params["username"]
    joined = [group for group in call.state.groups.values() if name in group]
    joined.sort(key=lambda group: group.members.get(name, group.created))
    rows = [{"groupid": g.group_id, "groupname": g.settings["groupname"]} for g in joined]
    most = api_limits.LEGACY_GROUPS_PER_PAGE
    if call.query.keys() & {"pagesize", "pagenum"}:
        page = paged(call, rows, 10, most)
        paging = {"params": call.shown_query, "properties": {}}
        return {"entities": [], "data": page, "count": len(page), **paging}
    page = rows[: -_JOINED_LAST - 1 : -1]
    return {"entities": [], "data": page, "count": len(page)}


_JOINED_LAST: Final = 500
"""The most groups of a user in an answer without pages."""


@routes.add("GET", "/chatgroups/{group_id}")
def get(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.get: one group, or several joined by commas."""
    ids = call.params["group_id"].split(",")
    found = [call.state.groups[i] for i in ids if i in call.state.groups]
    if not found:
        raise Refusal(404, "resource_not_found", f"grpID {ids[0]} does not exist!")
    rows = [
        {
            "id": group.group_id,
            "name": group.settings["groupname"],
            "owner": group.owner,
            "created": group.created,
            "disabled": group.disabled,
            "mute": group.mute_all,
            "affiliations_count": len(group.everybody),
            "affiliations": [
                *({"member": name} for name in group.members),
                {"owner": group.owner},
            ],
            **{
                key: group.settings[key]
                for key in (
                    *("avatar", "description", "membersonly", "allowinvites", "maxusers"),
                    *("public", "custom"),
                )
            },
        }
        for group in found
    ]
    return {"entities": [], "properties": {}, "data": rows, "count": len(rows)}


@routes.add("PUT", "/chatgroups/{group_id}")
def update(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.update and chat_groups.transfer_owner, by the body."""
    group, body = find_usable(call), call.object()
    if "newowner" in body:
        return _transfer(call, group, body["newowner"])
    known = (*_CHANGEABLE, *_OTHER_NAMES, *_UNUSED)
    wrong = [key for key in body if key not in known]
    if wrong:
        description = f"some of [{', '.join(wrong)}] are not valid fields"
        raise Refusal(400, "invalid_parameter", description)
    changed = _settings(body)
    if "maxusers" in changed:
        refuse_fewer(group, changed["maxusers"])
    group.settings.update(changed)
    group.modified = call.state.milliseconds()
    return {"entities": [], "properties": {}, "data": dict.fromkeys(body, True)}


def _transfer(call: Call, group: Group, username: JSON) -> dict[str, JSON]:
    if username == group.owner:
        raise Refusal(403, "forbidden_op", "new owner and old owner are the same")
    if not isinstance(username, str) or username not in group:
        description = f"user: {username} doesn't exist in group: {group.group_id}"
        raise Refusal(403, "forbidden_op", description)
    joined = group.members.pop(username)
    group.members[group.owner] = joined
    group.owner = username
    if username in group.admins:
        group.admins.remove(username)
    return {"entities": [], "data": {"newowner": True}}


@routes.add("DELETE", "/chatgroups/{group_id}")
def delete(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.delete."""
    group = find_group(call)
    del call.state.groups[group.group_id]
    threads = call.state.threads
    call.state.threads = {i: t for i, t in threads.items() if t.group_id != group.group_id}
    return {"entities": [], "data": {"success": True, "groupid": group.group_id}}


@routes.add("POST", "/chatgroups/{group_id}/disable")
def ban(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.ban."""
    find_group(call).disabled = True
    return {"entities": [], "properties": {}, "data": {"disabled": True}}


@routes.add("POST", "/chatgroups/{group_id}/enable")
def unban(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.unban."""
    find_group(call).disabled = False
    return {"entities": [], "properties": {}, "data": {"disabled": False}}


@routes.add("GET", "/chatgroups/{group_id}/users")
def list_members(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.members.list: the first page is 1; by cursor with ``version=v3``."""
    group = call.state.groups.get(call.params["group_id"])
    if group is None:
        description = f"do not find this group:{call.params['group_id']}"
        raise Refusal(404, "service_resource_not_found", description)
    most = api_limits.MEMBERS_PER_PAGE
    if call.query.get("version") == "v3":
        return members_by_cursor(call, group, most)
    with_time = call.query.get("joined_time") == "true"
    everybody = [("owner", group.owner, group.created)]
    everybody += [("member", name, joined) for name, joined in group.members.items()]
    page = paged(call, everybody, most, most)
    rows = [
        {role: name, "joined_time": joined} if with_time else {role: name}
        for role, name, joined in page
    ]
    return {"params": call.shown_query, "entities": [], "data": rows, "count": len(rows)}


@routes.add("POST", "/chatgroups/{group_id}/user/{username}/is_joined")
@routes.add("GET", "/chatgroups/{group_id}/user/{username}/is_joined")
def is_joined(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.members.is_joined; ``data`` is just a bool.

    With POST as well, which the page of the limits has.
    """
    return {"data": call.params["username"] in find_group(call)}


@routes.add("POST", "/chatgroups/{group_id}/users/{username}")
def add_member(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.members.add."""
    group = find_usable(call)
    username = check_user(call, call.params["username"])
    if username in group:
        raise _already_in(username, group)
    refuse_blocked(group, [username])
    _check_room(group, 1)
    group.members[username] = call.state.milliseconds()
    data = {"result": True, "groupid": group.group_id, "action": "add_member", "user": username}
    return {"entities": [], "data": data}


@routes.add("POST", "/chatgroups/{group_id}/users")
def add_members(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.members.add_many: users who are members already are left out."""
    group = find_usable(call)
    # An older page has 60.
    too_many = Refusal(403, "exceed_limit", "members size is greater than max user size !")
    names = call.names(most=100, too_many=too_many)
    if not names:
        # open: no error is documented for an empty list
        raise Refusal(400, "invalid_parameter", "usernames must be provided")
    for name in names:
        check_user(call, name)
    new = [name for name in dict.fromkeys(names) if name not in group]
    if not new:
        raise _already_in(names[0], group)
    refuse_blocked(group, new)
    _check_room(group, len(new))
    now = call.state.milliseconds()
    group.members.update(dict.fromkeys(new, now))
    # The service returns the new members in another order than they were sent in.
    data = {"newmembers": new[::-1], "groupid": group.group_id, "action": "add_member"}
    return {"entities": [], "data": data}


@routes.add("DELETE", "/chatgroups/{group_id}/users/{usernames}")
def remove_members(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.members.remove and chat_groups.members.remove_many, joined by commas."""
    group = find_usable(call)
    names = call.params["usernames"].split(",")
    if len(names) > api_limits.IDS_PER_URL:
        description = "kickMember: kickMembers number more than maxSize : 60"
        raise Refusal(400, "invalid_parameter", description)
    if group.owner in names:
        raise Refusal(403, "forbidden_op", "forbidden operation on group owner!")
    if not any(name in group for name in names):
        description = f"users [{', '.join(names)}] are not members of this group!"
        raise Refusal(403, "forbidden_op", description)
    rows = []
    for name in names:
        row: dict[str, JSON] = {"result": name in group, "action": "remove_member"}
        if not row["result"]:
            row["reason"] = f"user {name} doesn't exist."
        row.update(user=name, groupid=group.group_id)
        rows.append(row)
        group.leave(name)
        for thread in call.state.threads.values():
            if thread.group_id == group.group_id:
                thread.members.pop(name, None)
    return {"entities": [], "data": rows[0] if len(rows) == 1 else rows}


def _already_in(username: str, group: Group) -> Refusal:
    return Refusal(
        403,
        "forbidden_op",
        f"can not join this group, reason:user: {username} already in group: {group.group_id}\n",
    )


def _check_room(group: Group, more: int) -> None:
    if len(group.everybody) + more > group.settings["maxusers"]:
        # open: no error is documented for a full group; the nearest is that of too many members
        raise Refusal(403, "exceed_limit", "members size is greater than max user size !")


_MEMBER_BYTES: Final = 4096


# ---------------------------------------------------------------- attributes of members


def _metadata(status: int, description: str) -> Refusal:
    return Refusal(status, "metadata_error", description)


def _check_attributes(given: JSON) -> dict[str, str]:
    if not isinstance(given, dict):
        raise _metadata(400, "metadata must be provided")  # open: the text
    for key, value in given.items():
        if len(key.encode()) > api_limits.MEMBER_ATTRIBUTE_NAME:
            raise _metadata(400, "exceeds chatgroup user metadata single key limit")
        if not isinstance(value, str):
            raise _metadata(400, f"the value of {key} must be a string")  # open: the text
        if len(value.encode()) > api_limits.MEMBER_ATTRIBUTE_VALUE:
            raise _metadata(400, "exceeds chatgroup user metadata single value limit")
    return given


def _set_attributes(group: Group, name: str, given: dict[str, str]) -> dict[str, str]:
    changed = {**group.attributes.get(name, {}), **given}
    changed = {key: value for key, value in changed.items() if value != ""}
    if size_of(changed) > _MEMBER_BYTES:
        raise _metadata(400, "exceeds chatgroup user metadata limit")  # open: the text
    group.attributes[name] = changed
    return {key: value for key, value in given.items() if value != ""}


@routes.add("PUT", "/metadata/chatgroup/{group_id}/user/{username}")
def set_member_attributes(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.member_attributes.set; an empty value deletes the attribute."""
    group, name = find_group(call), call.params["username"]
    given = _check_attributes(call.object().get("metaData"))
    if name not in group:
        raise Refusal(404, "MetadataException", "user not in group")  # open: as when reading
    return {"data": _set_attributes(group, name, given)}


@routes.add("PUT", "/metadata/chatgroup/{group_id}/users/batch")
def set_attributes_of_members(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.member_attributes.set_many; keys end with a colon, as documented."""
    call.needs("member_attributes", _metadata(403, "chatgroup user metadata service not allow"))
    group = call.state.groups.get(call.params["group_id"])
    if group is None:
        raise _metadata(404, "group not exists")
    rows = call.body if isinstance(call.body, list) else []
    if not all(isinstance(row, dict) and isinstance(row.get("username"), str) for row in rows):
        raise _metadata(400, "username must be provided")  # open: the text
    if len(rows) > api_limits.MEMBER_ATTRIBUTES_SET:
        raise _metadata(400, "exceeds chatgroup metadata batch put users limit")
    strangers = [row["username"] for row in rows if row["username"] not in group]
    if strangers:
        raise _metadata(400, f"Some users are not in the group: {', '.join(strangers)}")
    for row in rows:
        _check_attributes(row.get("metadata"))
    done = [
        {
            "username": row["username"],
            "metadata": _set_attributes(group, row["username"], row["metadata"]),
        }
        for row in rows
    ]
    return {"data": {"updateMetadataFailed:": [], "updateMetadataSucceeded:": done}}


@routes.add("GET", "/metadata/chatgroup/{group_id}/user/{username}")
def get_member_attributes(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.member_attributes.get."""
    group, name = find_group(call), call.params["username"]
    if name not in group:
        raise Refusal(404, "MetadataException", "user not in group")
    return {"data": group.attributes.get(name, {})}


@routes.add("POST", "/metadata/chatgroup/{group_id}/get")
def get_attributes_of_members(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.member_attributes.get_many; without ``properties``, all attributes."""
    group = find_group(call)
    too_many = _metadata(400, "query param reaches limit.")
    names = call.names("targets", most=api_limits.MEMBER_ATTRIBUTES_GET, too_many=too_many)
    wanted = call.object().get("properties")
    if not isinstance(wanted, list | None):
        raise _metadata(400, "properties must be a list")  # open: the text
    return {
        "data": {
            name: {
                key: value
                for key, value in group.attributes.get(name, {}).items()
                if not wanted or key in wanted
            }
            for name in names
            if name in group
        }
    }


# ---------------------------------------------------------------- shared files


def _group_of_files(call: Call) -> Group:
    group = call.state.groups.get(call.params["group_id"])
    if group is None:
        description = f"grpID {call.params['group_id']} does not exist!"
        raise Refusal(404, "RestGroupFeignException", description)
    return group


def _shared(call: Call) -> dict[str, JSON]:
    file = _group_of_files(call).files.get(call.params["file_id"])
    if file is None:
        # open: no error is documented for an unknown file; the nearest is that of message files
        raise Refusal(404, "entity_not_found", "file may not exists")
    return file


@routes.add("POST", "/chatgroups/{group_id}/share_files", body="file")
def share(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.files.upload; the name is returned in lower case, as documented."""
    group, file_id = _group_of_files(call), str(uuid.uuid4())
    file = given_file(call, "IllegalArgumentException")
    shown: dict[str, Any] = {
        "file_id": file_id,
        "file_name": file.name.lower(),
        "file_size": len(file.data),
        "created": call.state.milliseconds(),
    }
    owner = call.username or "admin"  # open: the owner of a file that the app uploads
    content = call.state.blobs.keep(file.data)
    group.files[file_id] = {"shown": {**shown, "file_owner": owner}, "data": content}
    url = f"{call.root}{call.path}"
    return {
        "entities": [],
        "data": {**shown, "file_url": f"{url}/{file_id}", "group_id": group.group_id},
    }


@routes.add("GET", "/chatgroups/{group_id}/share_files")
def list_shared(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.files.list: the newest first."""
    files = [file["shown"] for file in _group_of_files(call).files.values()][::-1]
    page = paged(call, files, 1000, 1000)
    return {"params": call.shown_query, "entities": [], "data": page}


@routes.add("GET", "/chatgroups/{group_id}/share_files/{file_id}")
def download_shared(call: Call) -> Content:
    """Handle chat_groups.files.download."""
    return Content(_shared(call)["data"].read)


@routes.add("DELETE", "/chatgroups/{group_id}/share_files/{file_id}")
def delete_shared(call: Call) -> dict[str, JSON]:
    """Handle chat_groups.files.delete."""
    _shared(call)
    group, file_id = _group_of_files(call), call.params["file_id"]
    del group.files[file_id]
    data = {"group_id": group.group_id, "file_id": file_id, "result": True}
    return {"entities": [], "data": data}
