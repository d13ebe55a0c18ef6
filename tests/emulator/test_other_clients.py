"""Requests as other people's clients send them, by plain HTTP, without a client of ours."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from easemob_async.emulator import Emulator
from tests import facts_reader as facts
from tests.emulator.caller import APP, Caller, refusal
from tests.emulator.furnished import (
    UPLOAD,
    UPLOADS,
    Service,
    bodies,
    containers,
    furnished,
    path_of,
    quoted,
)

pytestmark = pytest.mark.usefixtures("no_defects")


@pytest.fixture
def no_defects(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test here may bring the emulator or the HTTP library to log an error."""
    yield
    found = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not found


def credentials(emulator: Emulator, **more: object) -> dict[str, object]:
    return {
        "grant_type": "client_credentials",
        "client_id": emulator.state.client_id,
        "client_secret": emulator.state.client_secret,
        **more,
    }


async def post(
    call: Caller, path: str, data: bytes | None, headers: Mapping[str, str], method: str = "POST"
) -> tuple[int, Any]:
    """Send a request with these headers and no other; without a Content-Type as well."""
    url = call.emulator.base_url + APP + path
    skipped = [] if "Content-Type" in headers else ["Content-Type"]
    async with call.session.request(
        method, url, data=data and io.BytesIO(data), headers=headers, skip_auto_headers=skipped
    ) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


# ---------------------------------------------------------------- tokens


class TestTokens:
    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer null", "Bearer YWMt-expired", "Basic YTpi", "x"]
    )
    async def test_an_app_token_is_given_whatever_the_authorization_header_says(
        self, call: Caller, header: str
    ) -> None:
        body = json.dumps(credentials(call.emulator)).encode()
        status, answer = await post(call, "/token", body, {"Authorization": header})
        assert status == 200
        assert (await call("GET", "/users", token=answer["access_token"]))[0] == 200

    async def test_an_app_token_is_renewed_with_the_expired_one(self, call: Caller) -> None:
        call.emulator.expire_tokens()
        assert (await call("GET", "/users"))[0] == 401
        assert (await call("POST", "/token", credentials(call.emulator)))[0] == 200

    @pytest.mark.parametrize(
        ("ttl", "expires_in"),
        [("", 5_184_000), (None, 5_184_000), (3600.0, 3600), ("3600", 3600), (3600, 3600)],
    )
    async def test_a_ttl_may_be_empty_null_a_float_or_a_string(
        self, call: Caller, ttl: object, expires_in: int
    ) -> None:
        status, answer = await call("POST", "/token", credentials(call.emulator, ttl=ttl), token="")
        assert (status, answer["expires_in"]) == (200, expires_in)

    async def test_a_user_token_by_password_or_inherit_for_a_name_in_any_case_of_letters(
        self, call: Caller
    ) -> None:
        await call("POST", "/users", [{"username": "Ann", "password": "p"}])
        by_password = {"grant_type": "password", "username": "ANN", "password": "p"}
        _, first = await call("POST", "/token", by_password, token="")
        _, second = await call("POST", "/token", {"grant_type": "inherit", "username": "aNN"})
        assert first["user"] == second["user"]
        assert first["user"]["username"] == "ann"
        own = "/users/ANN/notification/user/Ann"
        assert (await call("GET", own, token=first["access_token"]))[0] == 200

    async def test_a_token_has_as_many_characters_as_a_client_in_ruby_expects(
        self, call: Caller
    ) -> None:
        assert len(call.token) == 63

    async def test_inherit_needs_a_token_of_the_app(self, two: Emulator, call: Caller) -> None:
        body = {"grant_type": "inherit", "username": "ann"}
        assert refusal(await call("POST", "/token", body, token=""))[0] == 401
        _, answer = await call("POST", "/token", body)
        assert refusal(await call("POST", "/token", body, token=answer["access_token"]))[0] == 401

    @pytest.mark.parametrize("before", ["bearer ", "Bearer  ", "BEARER ", " bearer   "])
    async def test_the_scheme_is_read_in_any_case_and_with_more_blanks(
        self, call: Caller, before: str
    ) -> None:
        headers = {"Authorization": before + call.token}
        assert (await post(call, "/users", None, headers, "GET"))[0] == 200


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    "content_type", [None, "application/x-www-form-urlencoded", "text/plain", "text/json; x=y", "?"]
)
async def test_json_is_read_whatever_the_content_type_says(
    call: Caller, content_type: str | None
) -> None:
    headers = {"Authorization": f"Bearer {call.token}"}
    headers |= {} if content_type is None else {"Content-Type": content_type}
    content = b' [{"username": "ann", "password": "p"}]'
    assert (await post(call, "/users", content, headers))[0] == 200
    assert "ann" in call.emulator.state.users


async def test_what_is_no_json_under_another_type_is_an_unsupported_type(call: Caller) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "x"}
    answer = await post(call, "/token", b"grant_type=client_credentials", headers)
    assert refusal(answer)[:2] == (415, "web_application")


async def test_numbers_may_be_strings_and_whole_floats(two: Emulator, call: Caller) -> None:
    group = {"groupname": "g", "public": True, "owner": "ann", "members": ["bob"]}
    status, made = await call("POST", "/chatgroups", {**group, "maxusers": "20"})
    path = f"/chatgroups/{made['data']['groupid']}"
    assert (status, (await call("GET", path))[1]["data"][0]["maxusers"]) == (200, 20)
    for length in ("60000", 60000.0, -1.0, "-1"):
        mute = {"usernames": ["bob"], "mute_duration": length}
        assert (await call("POST", f"{path}/mute", mute))[0] == 200
    assert (await call("POST", "/mutes", {"username": "ann", "chat": "100"}))[0] == 200
    room = {"name": "r", "description": "", "owner": "ann", "maxusers": "30"}
    assert (await call("POST", "/chatrooms", room))[0] == 200


async def test_a_location_may_be_in_numbers(two: Emulator, call: Caller) -> None:
    body = {"lat": 39.9, "lng": 116, "addr": "Beijing"}
    message = {"to": ["ann"], "type": "loc", "body": body}
    assert (await call("POST", "/messages/users", message))[0] == 200
    assert two.received("ann")[0]["body"] == body


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize(
    "path",
    [
        "/users?limit=&cursor=",
        "/chatgroups?limit=",
        "/chatgroups/{group}/users?pagenum=0&pagesize=",
        "/chatgroups/{group}/share_files?pagenum=0",
        "/users/ann/joined_chatgroups?pagenum=0&pagesize=10",
        "/chatrooms/super_admin?pagenum=0",
        "/mutes?pageNum=0",
        "/users/ann/presence/sublist?pageNum=0",
    ],
)
async def test_an_empty_parameter_is_not_given_and_the_page_0_is_the_first(
    two: Emulator, call: Caller, path: str
) -> None:
    group = {"groupname": "g", "public": True, "owner": "ann", "members": ["bob"]}
    _, made = await call("POST", "/chatgroups", group)
    wanted = path.replace("{group}", made["data"]["groupid"])
    status, answer = await call("GET", wanted)
    first = wanted.replace("agenum=0", "agenum=1").replace("ageNum=0", "ageNum=1")
    _, expected = await call("GET", first)
    shown = ("data", "entities", "result", "count")
    assert status == 200
    assert {k: answer.get(k) for k in shown} == {k: expected.get(k) for k in shown}


async def test_the_groups_of_a_user_on_the_older_path(two: Emulator, call: Caller) -> None:
    group = {"groupname": "g", "public": True, "owner": "ann", "members": ["bob"]}
    ids = [(await call("POST", "/chatgroups", group))[1]["data"]["groupid"] for _ in range(3)]
    _, everything = await call("GET", "/users/bob/joined_chatgroups")
    assert {row["groupid"] for row in everything["data"]} == set(ids)
    assert everything["count"] == 3
    path = "/users/BOB/joined_chatgroups?pagesize=2&pagenum="
    pages = [(await call("GET", path + number))[1] for number in "123"]
    assert [page["count"] for page in pages] == [2, 1, 0]
    assert pages[1]["params"] == {"pagesize": ["2"], "pagenum": ["2"]}


@pytest.mark.parametrize("places", ["chatgroups", "chatrooms"])
async def test_members_by_cursor_as_the_java_sdk_asks(
    two: Emulator, call: Caller, places: str
) -> None:
    two.add_user("cat")
    names = {"groupname": "g", "name": "r", "description": ""}
    body = {**names, "public": True, "owner": "ann", "members": ["bob", "cat"]}
    _, made = await call("POST", f"/{places}", body)
    path = f"/{places}/{next(iter(made['data'].values()))}/users?version=v3&limit=1"
    _, first = await call("GET", f"{path}&sort=asc")
    _, second = await call("GET", f"{path}&sort=asc&cursor={first['cursor']}")
    assert [first["data"], second["data"], second.get("cursor")] == [["bob"], ["cat"], None]
    assert (await call("GET", f"{path}&sort=desc"))[1]["data"] == ["cat"]


# ---------------------------------------------------------------- other paths and methods


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_device_is_logged_out_with_either_method(
    two: Emulator, call: Caller, method: str
) -> None:
    two.log_in("ann", "android_1")
    status, answer = await call(method, "/users/Ann/disconnect/android_1")
    assert (status, answer["data"]) == (200, {"result": True})


@pytest.mark.parametrize("path", ["/messages/recall", "/messages/msg_recall"])
async def test_a_message_is_recalled_on_either_path_alone_or_in_a_list(
    two: Emulator, call: Caller, path: str
) -> None:
    message = {"to": ["bob"], "from": "ann", "type": "txt", "body": {"msg": "x"}}
    for form in ("alone", "in a list", "in place of a list"):
        _, sent = await call("POST", "/messages/users", message)
        row = {"msg_id": sent["data"]["bob"], "to": "BOB", "chat_type": "chat", "force": True}
        body = {"msgs": [row] if form == "in a list" else row}
        status, answer = await call("POST", path, row if form == "alone" else body)
        done = answer["data"] if form == "alone" else answer["data"][0]
        assert (status, done["recalled"]) == (200, "yes")
    assert two.received("bob") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users/ann/password", {"newpassword": "new-one"}),
        ("POST", "/users/ann/chatfiles/lifetime", {"chatfile_ids": ["1"]}),
        ("POST", "/rest/message/roaming/chat/user/ann/time?userId=bob&delTime=1", None),
        ("POST", "/rest/message/roaming/group/user/ann/time?groupId=1&delTime=1", None),
    ],
)
async def test_the_methods_that_the_page_of_the_limits_has(
    two: Emulator, call: Caller, method: str, path: str, body: object
) -> None:
    assert (await call(method, path, body))[0] == 200


async def test_a_message_is_imported_as_the_java_sdk_sends_it(two: Emulator, call: Caller) -> None:
    content = {"type": "text", "msg": "hello"}
    body = {"from": "ann", "target": "bob", "msg": content, "is_ack_read": False}
    assert (await call("POST", "/messages/users/import", body))[0] == 200
    assert (two.received("bob")[0]["type"], two.received("bob")[0]["body"]) == (
        *("txt", {"msg": "hello"}),
    )


# ---------------------------------------------------------------- groups and rooms


class TestGroups:
    async def test_the_names_of_2014_and_of_the_java_sdk_are_kept(
        self, two: Emulator, call: Caller
    ) -> None:
        old = {"groupname": "g", "desc": "about", "members_only": True, "public": True}
        more = {"owner": "ann", "need_verify": False, "scale": "large"}
        _, made = await call("POST", "/chatgroups", {**old, **more})
        (row,) = (await call("GET", f"/chatgroups/{made['data']['groupid']}"))[1]["data"]
        assert (row["description"], row["membersonly"]) == ("about", True)

    async def test_an_update_takes_the_name_as_name(self, two: Emulator, call: Caller) -> None:
        group = {"groupname": "g", "public": True, "owner": "ann"}
        _, made = await call("POST", "/chatgroups", group)
        path = f"/chatgroups/{made['data']['groupid']}"
        given = {"name": "new", "desc": "d", "members_only": "true", "maxusers": "30"}
        status, answer = await call("PUT", path, given)
        assert (status, answer["data"]) == (200, dict.fromkeys(given, True))
        (row,) = (await call("GET", path))[1]["data"]
        shown = [row[key] for key in ("name", "description", "membersonly", "maxusers")]
        assert shown == ["new", "d", True, 30]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("public", "yes"), ("public", 1), ("groupname", 5), ("description", ["a"])),
            *(("maxusers", "many"), ("maxusers", True), ("maxusers", 1.5), ("custom", {"a": 1})),
            *(("allowinvites", "no"), ("membersonly", 0), ("invite_need_confirm", [])),
        ],
    )
    async def test_wrong_types_are_refused_and_nothing_changes(
        self, two: Emulator, call: Caller, field: str, value: object
    ) -> None:
        group = {"groupname": "g", "public": True, "owner": "ann"}
        _, made = await call("POST", "/chatgroups", group)
        path = f"/chatgroups/{made['data']['groupid']}"
        before = (await call("GET", path))[1]["data"]
        answer = await call("PUT", path, {"avatar": "a", field: value})
        assert refusal(answer)[:2] == (400, "invalid_parameter")
        assert (await call("GET", path))[1]["data"] == before
        assert (await call("POST", "/chatgroups", {**group, field: value}))[0] == 400

    async def test_0_as_maxusers_is_not_given(self, two: Emulator, call: Caller) -> None:
        """Clients in Go send 0 for a number that was not given."""
        group = {"groupname": "g", "public": True, "owner": "ann", "members": None, "maxusers": 0}
        _, made = await call("POST", "/chatgroups", group)
        path = f"/chatgroups/{made['data']['groupid']}"
        assert (await call("PUT", path, {"groupname": "new", "maxusers": 0}))[0] == 200
        (row,) = (await call("GET", path))[1]["data"]
        assert (row["name"], row["maxusers"]) == ("new", 200)
        room = {"name": "r", "description": "", "owner": "ann", "maxusers": 0}
        _, made = await call("POST", "/chatrooms", room)
        path = f"/chatrooms/{made['data']['id']}"
        assert (await call("PUT", path, {"maxusers": 0}))[0] == 200
        assert (await call("GET", path))[1]["data"][0]["maxusers"] == 1000

    async def test_a_cap_below_the_number_of_members_is_refused(
        self, two: Emulator, call: Caller
    ) -> None:
        group = {"groupname": "g", "public": True, "owner": "ann", "members": ["bob"]}
        group_id = (await call("POST", "/chatgroups", group))[1]["data"]["groupid"]
        room = {"name": "r", "description": "", "owner": "ann", "members": ["bob"]}
        room_id = (await call("POST", "/chatrooms", room))[1]["data"]["id"]
        for path, key in (
            (f"/chatgroups/{group_id}", "groupname"),
            (f"/chatrooms/{room_id}", "name"),
        ):
            status, answer = await call("PUT", path, {key: "new", "maxusers": "1"})
            assert (status, answer["error"]) == (403, "forbidden_op")
            assert "current user count is larger" in answer["error_description"]
            assert (await call("GET", path))[1]["data"][0]["name"] in ("g", "r")
            assert (await call("PUT", path, {"maxusers": "2"}))[0] == 200

    async def test_a_room_keeps_what_the_java_sdk_updates(
        self, two: Emulator, call: Caller
    ) -> None:
        room = {"name": "r", "description": "", "owner": "ann", "custom": "first"}
        _, made = await call("POST", "/chatrooms", {**room, "scale": "large"})
        path = f"/chatrooms/{made['data']['id']}"
        assert (await call("GET", path))[1]["data"][0]["custom"] == "first"
        body = {"custom": "second", "need_verify": True}
        assert (await call("PUT", path, body))[0] == 200
        assert (await call("GET", path))[1]["data"][0]["custom"] == "second"


# ---------------------------------------------------------------- users


class TestUsers:
    @pytest.mark.parametrize("body", [None, b"mail=m%40x"])
    async def test_attributes_in_the_query_are_stored(
        self, two: Emulator, call: Caller, body: bytes | None
    ) -> None:
        kind = {} if body is None else {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {"Authorization": f"Bearer {call.token}", **kind}
        path = "/metadata/user/ANN?nickname=q%20r&avatarurl="
        status, answer = await post(call, path, body, headers, "PUT")
        stored = {"nickname": "q r", "avatarurl": "", **({"mail": "m@x"} if body else {})}
        assert (status, answer["data"]) == (200, stored)
        assert (await call("GET", "/metadata/user/ann"))[1]["data"] == stored

    async def test_attributes_in_json_are_refused_as_documented(
        self, two: Emulator, call: Caller
    ) -> None:
        answer = await call("PUT", "/metadata/user/ann", {"nickname": "q"})
        assert refusal(answer)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")

    async def test_a_new_user_shows_the_nickname(self, call: Caller) -> None:
        body = {"username": "ann", "password": "p", "nickname": "Ann"}
        assert (await call("POST", "/users", body))[1]["entities"][0]["nickname"] == "Ann"

    async def test_users_are_listed_on_the_path_in_the_singular(
        self, two: Emulator, call: Caller
    ) -> None:
        _, first = await call("GET", "/user?limit=1")
        _, second = await call("GET", f"/user?limit=1&cursor={first['cursor']}")
        assert [page["entities"][0]["username"] for page in (first, second)] == ["ann", "bob"]

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ((1, 10, 19), [True, "10", "19"]),
            ((True, "8", "18"), [True, "8", "18"]),
            (("false", None, None), [False, None, None]),
            ((0, 0, 0), [False, "0", "0"]),
        ],
    )
    async def test_the_quiet_hours_of_2023_are_kept(
        self, two: Emulator, call: Caller, given: tuple[object, ...], shown: Sequence[object]
    ) -> None:
        fields = [f"notification_no_disturbing{end}" for end in ("", "_start", "_end")]
        status, answer = await call("PUT", "/users/ann", dict(zip(fields, given, strict=True)))
        (user,) = answer["entities"]
        assert (status, [user.get(field) for field in fields]) == (200, shown)
        for path in ("/users/ann", "/users?limit=1"):
            (user,) = (await call("GET", path))[1]["entities"]
            assert [user.get(field) for field in fields] == shown

    @pytest.mark.parametrize("given", [("", 2), ("", "on"), ("_start", 24), ("_end", "8:00")])
    async def test_other_quiet_hours_are_refused_and_nothing_changes(
        self, two: Emulator, call: Caller, given: tuple[str, object]
    ) -> None:
        body = {"nickname": "new", f"notification_no_disturbing{given[0]}": given[1]}
        answer = await call("PUT", "/users/ann", body)
        assert refusal(answer)[:2] == (400, "IllegalArgumentException")
        assert "nickname" not in (await call("GET", "/users/ann"))[1]["entities"][0]

    async def test_the_presence_of_a_user_without_any_is_an_empty_list(
        self, two: Emulator, call: Caller
    ) -> None:
        body = {"usernames": ["ann", "stranger"]}
        _, answer = await call("POST", "/users/bob/presence", body)
        assert [row["status"] for row in answer["result"]] == [[], []]

    async def test_a_user_shows_the_push_settings(self, two: Emulator, call: Caller) -> None:
        _, bare = await call("GET", "/users/ann")
        assert not bare["entities"][0].keys() & {"notifier_name", "device_token", "pushInfo"}
        binding = {"device_id": "d", "notifier_name": "fcm", "device_token": "t"}
        await call("PUT", "/users/Ann/push/binding", binding)
        await call("PUT", "/users/Ann", {"notification_display_style": "1"})
        for path in ("/users/ann", "/users?limit=1"):
            (user,) = (await call("GET", path))[1]["entities"]
            assert user["notification_display_style"] == 1
            assert (user["notifier_name"], user["device_token"]) == ("fcm", "t")
            shown = {"device_Id": "d", "device_token": "t", "notifier_name": "fcm"}
            assert user["pushInfo"] == [shown]


# ---------------------------------------------------------------- files


class TestUploads:
    async def upload(self, call: Caller, part: bytes, data: bytes, line: bytes = b"\r\n") -> bytes:
        """Upload a file in a hand-written form, and return it downloaded again."""
        head = line.join(
            [b"--xyz", b'Content-Disposition: form-data; name="file"; filename="a.bin"', part]
        )
        content = head + line * 2 + data + line + b"--xyz--" + line
        headers = {
            "Authorization": f"Bearer {call.token}",
            "Content-Type": 'multipart/form-data; charset=utf-8; boundary="xyz"',
        }
        status, answer = await post(call, "/chatfiles", content, headers)
        assert status == 200, answer
        url = f"{call.emulator.base_url}{APP}/chatfiles/{answer['entities'][0]['uuid']}"
        async with call.session.get(url, headers=headers) as response:
            return await response.read()

    @pytest.mark.parametrize(
        "kind",
        [
            *(b"message/rfc822", b"message/x", b"multipart/mixed", b"multipart/x; boundary=b"),
            *(
                b"application/octet-stream",
                b"text/plain; charset=utf-16",
                "text/ü".encode(),
                b"\xff",
            ),
        ],
    )
    async def test_a_file_is_kept_byte_for_byte_whatever_its_type(
        self, call: Caller, kind: bytes
    ) -> None:
        data = b"\r\n\r\n--b\r\nSubject: x\r\n\r\nbody\n--b--\r\n\x00\xff--xy\r\n-"
        assert await self.upload(call, b"Content-Type: " + kind, data) == data
        more = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: binary"
        assert await self.upload(call, more, data) == data

    @pytest.mark.parametrize("value", ["1", "true", "True"])
    async def test_a_header_that_is_on_may_be_1(self, call: Caller, value: str) -> None:
        """PHP prints true as 1."""
        content = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--'
        headers = {"Authorization": f"Bearer {call.token}", "restrict-access": value}
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        _, answer = await post(call, "/chatfiles", content, headers | form)
        (file,) = answer["entities"]
        path = f"/chatfiles/{file['uuid']}"
        assert refusal(await post(call, path, None, headers, "GET"))[0] == 403
        opened = headers | {"share-secret": file["share-secret"]}
        async with call.session.get(call.emulator.base_url + APP + path, headers=opened) as found:
            assert found.status == 200

    async def test_a_form_with_bare_line_feeds_is_read(self, call: Caller) -> None:
        assert await self.upload(call, b"A: b", b"a\r\nb\n", b"\n") == b"a\r\nb\n"

    async def test_10_mb_of_newlines_do_not_stop_others(self, call: Caller) -> None:
        data = b"\n" * 10_000_000
        began = time.process_time()
        assert await self.upload(call, b"Content-Type: text/plain", data) == data
        assert time.process_time() - began < 2  # the parser of mail took five

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"--xyz",
            b"--xyz--",
            b"--xyz\r\n\r\n\r\n--xyz--",
            b"--xyz\r\nContent-Disposition",
            b"x",
        ],
    )
    async def test_a_form_without_the_file_is_refused(self, call: Caller, content: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {call.token}",
            "Content-Type": "multipart/form-data; boundary=xyz",
        }
        answer = await post(call, "/chatfiles", content, headers)
        assert refusal(answer)[:2] == (400, "illegal_argument")

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            ("form-data; name=file; filename=a.txt", "a.txt"),
            ('form-data; name="file"; filename="a;\'b.txt"', "a;'b.txt"),
            ("form-data; name=\"file\"; filename*=UTF-8''%E4%BD%A0.txt", "你.txt"),
            ('form-data;\r\n name="file";\r\n filename="a.txt"', "a.txt"),
            ('form-data; name="file"', "file"),
        ],
    )
    async def test_the_name_of_a_file_is_read_in_all_its_forms(
        self, two: Emulator, call: Caller, disposition: str, name: str
    ) -> None:
        group = {"groupname": "g", "public": True, "owner": "ann"}
        _, made = await call("POST", "/chatgroups", group)
        content = f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--xyz--".encode()
        headers = {
            "Authorization": f"Bearer {call.token}",
            "Content-Type": "multipart/form-data; boundary=xyz",
        }
        path = f"/chatgroups/{made['data']['groupid']}/share_files"
        status, answer = await post(call, path, content, headers)
        assert (status, answer["data"]["file_name"]) == (200, name)


# ---------------------------------------------------------------- capitals


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with furnished() as made:
        yield made


NAMED: Final = frozenset(
    {
        *("username", "usernames", "owner", "members", "newowner", "newadmin", "superadmin"),
        *("from", "to", "users", "user", "check_list", "channel", "target", "targets", "[]"),
        *("userId1", "userId2"),
    }
)
"""Fields of bodies that hold usernames."""
OTHER_NAMES: Final = {
    "translation.translate": "`from` and `to` are languages",
    "push.send_to_label": "`targets` are labels, which are case-sensitive",
}


def capitals(value: Any, named: bool = True) -> Any:
    """Return a body with its usernames in capitals: those of its fields, or of the list it is."""
    if isinstance(value, list):
        return [capitals(item, named) for item in value]
    if isinstance(value, dict):
        return {
            k: v if k in ("ext", "body", "msg", "new_msg") else capitals(v, k in NAMED)
            for k, v in value.items()
        }
    return value.upper() if named and isinstance(value, str) else value


def without_chance(text: str) -> str:
    """Return a text without times, random ids, addresses and the path that was asked for."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b", "UUID", text)
    text = re.sub(r"""YWMt[\w-]{50,}|(?<=secret["']:.["'])[\w-]+|(?<=secret":")[\w-]+""", "S", text)
    text = re.sub(r"0x[0-9a-f]+|\d{10,}(\.\d+)?|\d{4}-\d\d-\d\dT[\d:.]+", "N", text)
    return re.sub(r'"(uri|path)":"[^"]*"', "", text)


def seen_of(service: Service, operation: Mapping[str, Any], *, large: bool) -> Sequence[object]:
    """What an operation answers, and what the emulator has then."""
    service.restore()
    id_, path = operation["id"], path_of(service, operation)
    if large:
        path = re.sub(r"(?<=/)(user\d+|c)(?=/|$)", lambda match: match[0].upper(), path)
    names = [row["name"] for row in operation.get("query") or ()]
    query = {name: service.params.get(name, "") for name in names}
    if large and "userId" in query:
        query["userId"] = query["userId"].upper()
    target = f"{path}?{'&'.join(f'{name}={quoted(text)}' for name, text in query.items())}"
    seen: list[object] = []
    for body in bodies(service, operation):
        changed = large and id_ not in OTHER_NAMES and not isinstance(body, str)
        content, kind = content_of(id_, capitals(body) if changed else body)
        status, kind, answer = service.call(operation["method"], target, content, kind)
        seen.append(status)
        seen.append(without_chance(answer.decode() if kind == "application/json" else ""))
    state = containers(service.emulator)
    del state["outbox"]  # emptied by a task, when it comes to it
    return [*seen, re.sub(r"serial=\d+", "", without_chance(repr(state)))]


@pytest.mark.parametrize("id_", facts.operations())
def test_capitals_in_usernames_change_nothing(service: Service, id_: str) -> None:
    """One user, one mailbox: answers and state are those of the name in lower case."""
    operation = facts.operations()[id_]
    assert seen_of(service, operation, large=True) == seen_of(service, operation, large=False)


def content_of(id_: str, body: Any) -> tuple[bytes | None, str]:
    if id_ in UPLOADS:
        return UPLOAD, "multipart/form-data; boundary=xyz"
    if isinstance(body, str):
        return body.encode(), "application/x-www-form-urlencoded"
    return None if body is None else json.dumps(body).encode(), "application/json"


async def test_a_test_may_write_usernames_in_capitals_as_well(call: Caller) -> None:
    emulator = call.emulator
    for name in ("Ann", "BOB"):
        emulator.add_user(name)
    emulator.log_in("ANN", "android_1")
    assert (await call("GET", "/users/ann/status"))[1]["data"] == {"ann": "online"}
    said = await emulator.say("aNN", "Bob", "hello")
    assert said.delivered
    (message,) = emulator.received("bOB")
    assert (message["from"], message["to"]) == ("ann", "bob")
    assert list(emulator.state.users) == ["ann", "bob"]


# ---------------------------------------------------------------- what a search in clients found


class TestOtherClientsSettings:
    @pytest.mark.parametrize("value", [True, "true"])
    async def test_whether_to_join_needs_an_approval(self, call: Caller, value: object) -> None:
        call.emulator.add_user("ann")
        body = {"groupname": "g", "desc": "d", "public": True, "owner": "ann", "approval": value}
        _, answer = await call("POST", "/chatgroups", body)
        path = f"/chatgroups/{answer['data']['groupid']}"
        assert (await call("GET", path))[1]["data"][0]["membersonly"] is True
        assert (await call("PUT", path, {"approval": False}))[0] == 200
        assert (await call("GET", path))[1]["data"][0]["membersonly"] is False

    async def test_what_is_empty_is_not_given(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        begin, end = "notification_no_disturbing_start", "notification_no_disturbing_end"
        off = {"notification_no_disturbing": False, begin: "", end: ""}
        assert (await call("PUT", "/users/ann", off))[0] == 200
        for kind in ("user/bob", "user/ann", "chatgroup/1"):
            body = {"type": "", "ignoreInterval": "", "ignoreDuration": 0}
            assert (await call("PUT", f"/users/ann/notification/{kind}", body))[0] == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/chatgroups?limit=0",
            "/chatrooms/1/users?pagesize=0",
            "/mutes?pageNum=0&pageSize=0",
            "/threads/user/ann?limit=0&cursor=&sort=",
            "/users?limit=0",
        ],
    )
    async def test_a_page_of_no_size_has_the_usual_one(self, call: Caller, path: str) -> None:
        call.emulator.add_user("ann")
        room = {"roomid": "1", "name": "r", "description": "d", "owner": "ann", "maxusers": 9}
        assert (await call("POST", "/chatrooms", room))[0] == 200
        assert (await call("GET", path))[0] == 200

    async def test_nobody_is_deleted_by_a_call_for_none(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        assert (await call("DELETE", "/users?limit=0"))[0] == 400
        assert (await call("GET", "/users/ann"))[0] == 200

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/mutes", {"username": "ann", "chat": 2**31}),
            ("POST", "/users/ann/collections", {"data": "d", "type": "x"}),
            ("POST", "/users/ann/presence/android_1/abc", {"ext": "x"}),
        ],
    )
    async def test_what_is_no_number_of_the_facts_is_refused(
        self, call: Caller, method: str, path: str, body: object
    ) -> None:
        call.emulator.add_user("ann")
        assert refusal(await call(method, path, body))[:2] == (400, "illegal_argument")

    async def test_a_name_of_a_room_attribute_fails_by_itself(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        room = {"name": "r", "description": "d", "owner": "ann", "maxusers": 9}
        _, answer = await call("POST", "/chatrooms", room)
        path = f"/metadata/chatroom/{answer['data']['id']}/user/ann"
        given = {"a b": "v", "": "v", "k é": "v", "n": 5, "a.B-1_": "v"}
        status, answer = await call("PUT", path, {"metaData": given})
        assert (status, answer["data"]["successKeys"]) == (200, ["a.B-1_"])
        assert answer["data"]["errorKeys"].keys() == given.keys() - {"a.B-1_"}

    async def test_a_room_has_at_most_100_attributes(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        room = {"name": "r", "description": "d", "owner": "ann", "maxusers": 9}
        _, answer = await call("POST", "/chatrooms", room)
        path = f"/metadata/chatroom/{answer['data']['id']}/user/ann"
        done = []
        for first in range(0, 110, 10):
            given = {f"k{n}": "v" for n in range(first, first + 10)}
            _, answer = await call("PUT", path, {"metaData": given})
            done += answer["data"]["successKeys"]
        assert len(done) == 100
        _, answer = await call("PUT", path, {"metaData": {"k1": "new"}})
        assert answer["data"]["successKeys"] == ["k1"]

    async def test_an_expectation_of_any_bytes_is_refused(self, call: Caller) -> None:
        status, answer = await post(call, "/users", b"[]", {"Expect": "\udcff"})
        assert (status, answer["error"]) == (417, "web_application")

    async def test_a_username_that_is_too_long_says_so_for_a_token_too(self, call: Caller) -> None:
        body = {"grant_type": "inherit", "username": "u" * 65, "autoCreateUser": True}
        answer = await call("POST", "/token", body)
        assert refusal(answer) == (400, "illegal_argument", "USERNAME_TOO_LONG")


# A second of CPU is many times what each takes; before it took from four seconds to minutes.
FORMS = {
    "semicolons": b"Content-Disposition: form-data" + b";" * 4_000_000 + b"\r\n\r\nx",
    "parameters": b"Content-Disposition: form-data" + b";a=b" * 1_000_000 + b"\r\n\r\nx",
    "folded": b"Content-Disposition: form-data" + b" ;a=b\r\n" * 500_000 + b"\r\n\r\nx",
    "quotes": b"Content-Disposition: form-data" + b';a="\\' * 1_000_000 + b"\r\n\r\nx",
    "parts": b"\r\n\r\n" + b"\r\n--b\r\n\r\n\r\n" * 600_000,
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
async def test_no_form_takes_long_to_refuse(call: Caller, content: bytes) -> None:
    began = time.process_time()
    headers = {
        "Authorization": f"Bearer {call.token}",
        "Content-Type": "multipart/form-data; boundary=b",
    }
    form = b"--b\r\n" + content + b"\r\n--b--\r\n"
    status, _ = await post(call, "/chatfiles", form, headers)
    assert status == 400
    assert time.process_time() - began < 1


@pytest.mark.parametrize("inner", [b"[" * 400 + b"]" * 400, b"[]", b'{"a":[{}]}'])
async def test_no_json_takes_long_to_refuse(call: Caller, inner: bytes) -> None:
    number = 8 * 2**20 // (len(inner) + 1)
    began = time.process_time()
    headers = {"Authorization": f"Bearer {call.token}"}
    content = b"[" + b",".join([inner] * number) + b"]"
    status, answer = await post(call, "/users", content, headers)
    assert (status, answer["error"]) == (400, "json_parse")
    assert time.process_time() - began < 1
