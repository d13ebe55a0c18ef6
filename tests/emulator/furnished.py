"""A running emulator that has the things which the documented examples are about."""

from __future__ import annotations

import copy
import http.client
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import quote

import attrs

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests import facts_reader as facts

APP_TOKEN: Final = "YWMt-the-token-of-the-app-which-never-expires-in-these-tests"
FORMS: Final = ("user_attributes.set",)
UPLOADS: Final = ("files.upload", "chat_groups.files.upload")
UPLOAD: Final = (
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="A.JPG"\r\n'
    b"Content-Type: image/jpeg\r\n\r\ncontent\r\n--xyz--\r\n"
)


class Defects(logging.Handler):
    """Keeps what the emulator logs as its own defects."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


@attrs.define
class Service:
    """A running emulator, and the names of what it has."""

    emulator: Emulator
    connection: http.client.HTTPConnection
    params: dict[str, str]
    """Values of parameters in paths and queries, by their documented names."""
    fields: dict[str, Any]
    """Values of fields of bodies, by their documented names."""
    defects: Defects
    kept: dict[str, Any]
    """A copy of the state."""
    sent: int = 0
    """The number of requests so far."""
    wrong: int = 0
    """The number of those that are wrong on purpose."""

    def restore(self) -> None:
        """Undo what the calls have done."""
        for name, value in copied(self.kept).items():
            setattr(self.emulator.state, name, value)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, str, bytes]:
        """Return the status, the content type and the content of an answer."""
        state = self.emulator.state
        headers = {"Authorization": f"Bearer {APP_TOKEN}", "Content-Type": content_type}
        self.sent += 1
        self.connection.request(method, f"/{state.org}/{state.app}{path}", body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read()

    def make(self, method: str, path: str, body: object = None) -> Any:
        """Make a request that must succeed, and return the answer."""
        content = None if body is None else json.dumps(body).encode()
        status, _, answer = self.call(method, path, content)
        assert status == 200, (method, path, answer)
        return json.loads(answer)


def copied(kept: Mapping[str, Any]) -> Any:
    """A copy of the state; the contents of files, which never change, are shared."""
    places = kept["groups"].values()
    files = [*kept["files"].values(), *(file for place in places for file in place.files.values())]
    return copy.deepcopy(kept, {id(file["data"]): file["data"] for file in files})


def containers(emulator: Emulator) -> dict[str, Any]:
    """Everything that the state contains."""
    fields = attrs.asdict(emulator.state, recurse=False)
    return {name: value for name, value in fields.items() if isinstance(value, dict | list)}


@contextmanager
def furnished() -> Iterator[Service]:
    """Run an emulator with one of everything."""
    defects = Defects()
    logger = logging.getLogger("easemob_async.emulator")
    logger.addHandler(defects)
    with running(Emulator(quotas=None)) as emulator:
        state = emulator.state
        state.tokens[APP_TOKEN] = attrs.evolve(
            state.tokens[state.issue_token(None, 0)], expires_at=None
        )
        state.listening = True
        host, _, port = emulator.base_url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        made = Service(emulator, connection, {}, {}, defects, {})
        _furnish(made)
        made.kept.update(copied(containers(emulator)))
        yield made
        connection.close()
    logger.removeHandler(defects)


def _furnish(service: Service) -> None:
    emulator, make = service.emulator, service.make
    state = emulator.state
    for name in ("user1", "user2", "user3", "user4", "user5", "user01", "ann"):
        emulator.add_user(name)
    emulator.add_user("c", password="1")
    emulator.add_robot("helper", "ann")
    emulator.log_in("user1", "android_1", "phone")
    state.users["user1"].nickname = "nick"

    make("POST", "/push/label", {"name": "vip"})
    make("POST", "/push/label/vip/user", {"usernames": ["user1"]})
    stored = make("POST", "/push/message", {"title": "a", "content": "b"})["data"]
    template = {"name": "template1", "title_pattern": "{0}", "content_pattern": "{1}"}
    make("POST", "/notification/template", template)
    binding = {"device_id": "android_1", "notifier_name": "fcm", "device_token": "t"}
    make("PUT", "/users/user1/push/binding", binding)
    make("PUT", "/users/user1", {"notification_display_style": 1})

    list_ = {"name": "list", "scope": "ALL", "disposition": "EXCHANGE"}
    words = make("POST", "/moderation/text/list", {**list_, "textContexts": ["forbidden"]})
    period = {"dateFrom": 1, "dateTo": 2}
    export = make("POST", "/moderation/record/message/export", period)["entity"]["uuid"]

    members = {"owner": "user1", "members": ["user2", "user3", "user4"]}
    group = {"groupname": "g", "description": "d", "public": True, **members}
    make("POST", "/chatgroups", {**group, "groupid": "group1"})
    room = {"name": "r", "description": "d", **members, "roomid": "room1"}
    make("POST", "/chatrooms", room)
    for place in ("/chatgroups/group1", "/chatrooms/room1"):
        make("POST", f"{place}/admin", {"newadmin": "user3"})
        make("POST", f"{place}/mute", {"usernames": ["user2"], "mute_duration": 60_000_000})
        make("POST", f"{place}/white/users/user2")
        make("POST", f"{place}/blocks/users/user4")
        make("POST", f"{place}/announcement", {"announcement": "hello"})
    make("PUT", "/metadata/chatgroup/group1/user/user2", {"metaData": {"key": "v"}})
    make("PUT", "/metadata/chatroom/room1/user/user2", {"metaData": {"key": "v"}})
    make("PUT", "/chatrooms/room1/users/user2/tag", {"tags": ["tag1"]})
    make("POST", "/chatrooms/super_admin", {"superadmin": "user2"})
    form = service.call("PUT", "/metadata/user/user1?nickname=n", None, "")
    assert form[0] == 200, form

    text = {"from": "user1", "type": "txt", "body": {"msg": "hello"}, "ext": {"k": "v"}}
    sent = make("POST", "/messages/users", {"to": ["user2"], **text})["data"]["user2"]
    said = make("POST", "/messages/chatgroups", {"to": ["group1"], **text})["data"]["group1"]
    other = make("POST", "/messages/chatgroups", {"to": ["group1"], **text})["data"]["group1"]
    thread = {"group_id": "group1", "name": "t", "owner": "user1", "msg_id": said}
    thread_id = make("POST", "/thread", thread)["data"]["thread_id"]
    make("POST", "/reaction/user/user2", {"msgId": sent, "message": "like"})
    make("POST", "/users/user1/contacts/users/user2")
    make("POST", "/users/user1/blocks/users", {"usernames": ["user3"]})
    make("POST", "/users/user1/presence/1000", {"usernames": ["user2"]})
    make("POST", "/users/user1/presence/android_1/1", {"ext": "busy"})
    make("POST", "/mutes", {"username": "user2", "chat": 100})
    favorite = {"id": "favorite1", "data": "d", "type": 1}
    make("POST", "/users/user1/collections", favorite)

    kind = "multipart/form-data; boundary=xyz"
    upload = json.loads(service.call("POST", "/chatfiles", UPLOAD, kind)[2])["entities"][0]
    file = service.call("POST", "/chatgroups/group1/share_files", UPLOAD, kind)[2]
    state.stored_webhooks["202611251400"] = {"size": 1, "retry": 0}
    service.params.update(
        {
            **dict.fromkeys(("username", "owner_username", "userId", "key"), "user1"),
            **dict.fromkeys(("friend_username", "member", "members", "usernames"), "user2"),
            **dict.fromkeys(("target", "superAdmin"), "user2"),
            **dict.fromkeys(("blocked_username", "oldadmin"), "user3"),
            "group_id": "group1",
            "chatroom_id": "room1",
            "file_id": json.loads(file)["data"]["file_id"],
            "file_uuid": upload["uuid"],
            "thread_id": thread_id,
            **dict.fromkeys(("msg_id", "msgId", "msgIdList"), sent),
            "message": "like",
            "list_id": words["entity"]["id"],
            "uuid": export,
            "wordId": words["entity"]["textList"][0]["id"],
            "chattype": "user",
            "name": "template1",
            "labelname": "vip",
            "messageId": str(stored),
            "collectionId": "favorite1",
            "resourceId": "android_1",
            "resource": "android_1",
            "status": "1",
            "expiry": "1000",
            "query_type": "0",
            "startTime": "1",
            "endTime": "2",
            "time": datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d%H"),
            "appKey": f"{state.org}#{state.app}",
            "type": "record",
            "groupId": "group1",
            "delTime": str(state.milliseconds()),
        }
    )
    service.fields.update(
        {
            "owner": "user1",
            "username": "user1",
            "usernames": ["user2"],
            "newowner": "user2",
            "newadmin": "user2",
            "superadmin": "user1",
            "from": "user1",
            "user": "user1",
            "users": ["user2"],
            "check_list": ["user2", "user3"],
            "pushMsgId": stored,
            "id": words["entity"]["textList"][0]["id"],
            "wordIds": [words["entity"]["textList"][0]["id"]],
            "group_id": "group1",
            "groupId": "group1",
            "msg_id": sent,
            "msgId": sent,
            "channel": "user2",
            "chatfile_ids": [upload["uuid"]],
            "collection_ids": ["favorite1"],
            "tag": "tag1",
            "date": "202611251400",
            "message of the group": other,
            "client_id": state.client_id,
            "client_secret": state.client_secret,
        }
    )


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def path_of(service: Service, operation: Mapping[str, Any], given: Mapping[str, str] = {}) -> str:
    """Return the path of an operation about things that are there."""
    params = {**service.params, **OWN_PARAMS.get(operation["id"], {}), **given}
    return re.sub(r"\{(.*?)\}", lambda m: quoted(params.get(m[1], "ann")), operation["path"])


def bodies(service: Service, operation: Mapping[str, Any]) -> Sequence[Any]:
    """Return the documented bodies of an operation, about things that are there."""
    examples = operation.get("examples") or ()
    found = [one["request"] for one in examples if "request" in one]
    if operation["id"] == "push.templates.update":
        found = [{"title_pattern": "a", "content_pattern": "b"}]
    if not found and operation.get("body"):
        found = [{row["name"]: 1 if row["type"] == "long" else "a" for row in operation["body"]}]
    known = {**service.fields, **OWN_FIELDS.get(operation["id"], {})}
    known = {k: service.fields[v[1:-1]] if str(v).startswith("<") else v for k, v in known.items()}
    if operation["id"] == "users.create_many":
        known = {}
    return [_about(body, known) for body in found] or [None]


def _about(body: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(body, list):
        return [_about(row, known) if isinstance(row, dict) else row for row in body]
    if not isinstance(body, dict):
        return body
    return {**body, **{key: value for key, value in known.items() if key in body}}


OWN_FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "chat_groups.members.add_many": {"usernames": ["user5"]},
    "threads.create": {"msg_id": "<message of the group>"},
    "translation.translate": {"from": "zh-Hans"},
    "tokens.create_user_token_with_password": {"username": "c", "password": "1"},
    "push.send_to_label": {"targets": ["vip"]},
    "users.create": {"username": "user6"},
    "users.create_open": {"username": "user6"},
}
"""Values of fields that are others in one operation; ``<name>`` is one of the fields."""
_USER2: Final = {"username": "user2"}
OWN_PARAMS: Final[Mapping[str, Mapping[str, str]]] = {
    "chat_groups.members.add": {"username": "user5"},
    "chat_rooms.members.add": {"username": "user5"},
    "chat_groups.members.remove": _USER2,
    "messages.search": {"username": "user01"},
    "chat_groups.admins.remove": {"username": "user3"},
    **{
        f"{place}.{list_}": {"username": user, "usernames": user, "member": user}
        for place in ("chat_groups", "chat_rooms")
        for list_, user in (
            *(("allowlist.add", "user2"), ("allowlist.remove_many", "user2")),
            *(("blocklist.add", "user2"), ("blocklist.remove", "user4")),
            ("blocklist.remove_many", "user4"),
        )
    },
    **{f"chat_rooms.attributes.{name}": _USER2 for name in ("set", "delete")},
    **{f"chat_rooms.tags.{name}": _USER2 for name in ("set", "get")},
    **{f"chat_groups.member_attributes.{name}": _USER2 for name in ("set", "get")},
    **{f"reactions.{name}": {"userId": "user2", "username": "user2"} for name in ("remove", "get")},
}
"""Values of parameters that are others in one operation."""


def operations() -> Mapping[str, Mapping[str, Any]]:
    return facts.operations()
