"""Handlers of threads.*."""

from __future__ import annotations

from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, by_cursor, routes
from easemob_async.emulator.state import Thread

_MOST: Final = api_limits.THREADS_PER_PAGE


def _refuse(status: int, description: str) -> Refusal:
    return Refusal(status, "group_error", description)


def _open(call: Call) -> None:
    call.needs("threads", _refuse(403, "thread not open."))


def _find(call: Call) -> Thread:
    _open(call)
    thread = call.state.threads.get(call.params["thread_id"])
    if thread is None:
        raise _refuse(404, "thread not found.")
    return thread


def _name(body: dict[str, JSON]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise Refusal(400, "param_illegal", "Failed to read HTTP message")
    if len(name) > api_limits.THREAD_NAME_LENGTH:
        raise _refuse(400, "thread name limit reached.")
    return name


@routes.add("POST", "/thread")
def create(call: Call) -> dict[str, JSON]:
    """Handle threads.create; ids may be strings or numbers."""
    _open(call)
    state = call.state
    body = call.object("param_illegal", "Failed to read HTTP message")
    name = _name(body)
    group = state.groups.get(str(body.get("group_id")))
    if group is None:
        raise _refuse(404, "group not found.")
    message = state.messages.get(str(body.get("msg_id")))
    if message is None:
        raise _refuse(404, "msg not exist.")
    if message["to"] in state.threads:
        raise _refuse(400, "thread not nested.")
    if message["chat_type"] != "chatgroups":
        raise _refuse(400, "thread must on group message to create.")
    if message["to"] != group.group_id:
        raise _refuse(400, "msg not belong to group .")
    if body.get("owner") not in group:
        raise _refuse(404, "user not in group.")
    if any(thread.message_id == message["id"] for thread in state.threads.values()):
        raise _refuse(403, "msg already create thread.not allow to create.")
    now = state.milliseconds()
    thread_id = state.new_group_id()
    state.threads[thread_id] = Thread(
        thread_id, name, body["owner"], group.group_id, message["id"], now, {body["owner"]: now}
    )
    return {"data": {"thread_id": thread_id}}


@routes.add("PUT", "/thread/{thread_id}")
def update(call: Call) -> dict[str, JSON]:
    """Handle threads.update."""
    thread = _find(call)
    thread.name = _name(call.object("param_illegal", "Failed to read HTTP message"))
    return {"data": {"name": thread.name}}


@routes.add("DELETE", "/thread/{thread_id}")
def delete(call: Call) -> dict[str, JSON]:
    """Handle threads.delete."""
    del call.state.threads[_find(call).thread_id]
    return {"data": {"status": "ok"}}


def _too_large() -> Refusal:
    return _refuse(400, "query param reaches limit.")


def _listed(call: Call, threads: list[Thread], *, whole: bool) -> dict[str, JSON]:
    call.refuse_above("limit", _MOST, _too_large())
    if call.query.get("sort", "desc") == "desc":
        threads = threads[::-1]
    page, cursor = by_cursor(call, threads, _MOST, _MOST)
    rows: list[dict[str, Any]] = [{"id": thread.thread_id} for thread in page]
    if whole:
        for row, thread in zip(rows, page, strict=True):
            row.update(
                name=thread.name,
                owner=thread.owner,
                msgId=thread.message_id,
                groupId=thread.group_id,
                created=thread.created,
            )
    return {"entities": rows, "properties": {"cursor": cursor} if cursor else {}}


@routes.add("GET", "/thread")
def list_all(call: Call) -> dict[str, JSON]:
    """Handle threads.list: only the ids."""
    _open(call)
    return _listed(call, list(call.state.threads.values()), whole=False)


def _joined(call: Call) -> list[Thread]:
    _open(call)
    name = call.params["username"]
    joined = [thread for thread in call.state.threads.values() if name in thread.members]
    return sorted(joined, key=lambda thread: thread.members[name])


@routes.add("GET", "/threads/user/{username}")
def list_joined(call: Call) -> dict[str, JSON]:
    """Handle threads.list_joined."""
    return _listed(call, _joined(call), whole=True)


@routes.add("GET", "/threads/chatgroups/{group_id}/user/{username}")
def list_joined_in_group(call: Call) -> dict[str, JSON]:
    """Handle threads.list_joined_in_group."""
    group_id = call.params["group_id"]
    return _listed(call, [t for t in _joined(call) if t.group_id == group_id], whole=True)


@routes.add("GET", "/thread/{thread_id}/users")
def list_members(call: Call) -> dict[str, JSON]:
    """Handle threads.members.list."""
    members = list(_find(call).members)
    call.refuse_above("limit", _MOST, _too_large())
    page, cursor = by_cursor(call, members, _MOST, _MOST)
    return {"data": {"affiliations": page}, "properties": {"cursor": cursor} if cursor else {}}


def _names(call: Call) -> list[str]:
    too_many = _refuse(400, "request body reaches limit.")
    return call.names(most=api_limits.THREAD_MEMBERS_PER_CALL, too_many=too_many)


@routes.add("POST", "/thread/{thread_id}/users")
def add_members(call: Call) -> dict[str, JSON]:
    """Handle threads.members.add_many; open: users outside the group, who are added here."""
    thread, now = _find(call), call.state.milliseconds()
    for name in _names(call):
        thread.members.setdefault(name, now)
    return {"data": {"status": "ok"}}


@routes.add("DELETE", "/thread/{thread_id}/users")
def remove_members(call: Call) -> dict[str, JSON]:
    """Handle threads.members.remove_many; the results are in ``entities``."""
    thread = _find(call)
    rows = [
        {"result": thread.members.pop(name, None) is not None, "user": name}
        for name in _names(call)
    ]
    return {"entities": rows}
