"""Handlers of message_imports.*."""

from __future__ import annotations

from easemob_async.emulator.message_fields import are_options, is_proper
from easemob_async.emulator.refusal import JSON, illegal_argument, malformed_body
from easemob_async.emulator.routes import Call, as_number, routes

# ---------------------------------------------------------------- imports


def _import(call: Call, kind: str, who: list[str]) -> dict[str, JSON]:
    body, state = _content(call), call.state
    if not body.get("body"):
        raise illegal_argument("message body not allow empty")
    if not body.get("type"):
        raise illegal_argument("type not allow empty")
    names, ext = (body.get("from"), body.get("target")), body.get("ext", {})
    if not all(isinstance(name, str) for name in names) or not isinstance(ext, dict):
        raise malformed_body()
    if not is_proper(body["type"], body["body"]) or not are_options(body):
        raise malformed_body()
    moment = as_number(body.get("msg_timestamp", state.milliseconds()), 1000)
    if moment is None:
        raise illegal_argument("msg_timestamp is not legal")  # open: the text
    sides = {body["target"]} if kind == "chatgroups" else {body["from"], body["target"]}
    conversation = " ".join((kind, *sorted(sides)))
    if moment < state.imported.get(conversation, 0):
        # open: the text, and two messages of the same time, which are taken
        raise illegal_argument("msg_timestamp must be later than that of the last message")
    state.imported[conversation] = moment
    message_id = state.new_message_id()
    message = {
        "id": message_id,
        "chat_type": kind,
        "from": body["from"],
        "to": body["target"],
        "type": body["type"],
        "body": body["body"],
        "ext": ext,
        "timestamp": moment,
        "imported": True,
    }
    state.deliver(list(dict.fromkeys([body["target"], *who])), message)
    # The example of a group has the path of a user's message as well.
    return {"path": "/messages/users/import", "entities": [], "data": {"msg_id": message_id}}


def _content(call: Call) -> dict[str, JSON]:
    """Return the body; the Java SDK sends the content as ``msg``, with types of its own."""
    body: dict[str, JSON] = call.object("invalid_request_body", "body")
    content = body.get("msg")
    if "body" in body or not isinstance(content, dict):
        return body
    kind = content.get("type")
    rest = {key: value for key, value in content.items() if key != "type"}
    return {**body, "type": "txt" if kind == "text" else kind, "body": rest}


@routes.add("POST", "/messages/users/import")
def import_user_message(call: Call) -> dict[str, JSON]:
    """Handle message_imports.create_user_message."""
    return _import(call, "users", [])


@routes.add("POST", "/messages/chatgroups/import")
def import_group_message(call: Call) -> dict[str, JSON]:
    """Handle message_imports.create_group_message."""
    body = call.object("invalid_request_body", "body")
    group = call.state.groups.get(str(body.get("target")))
    return _import(call, "chatgroups", group.everybody if group else [])
