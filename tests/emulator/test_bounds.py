"""The memory of the emulator has a bound: messages, tokens and the contents of files."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async.emulator import Emulator, state
from easemob_async.emulator.blobs import Blobs
from easemob_async.emulator.state import State
from tests.emulator.caller import Caller

MESSAGE = {"from": "ann", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}}
NAMES = ("ann", "bob", "eve")


def small(most: int) -> State:
    return State("acme", "shop", "id", "secret", lambda: 0.0, max_messages=most)


def message(state: State) -> dict[str, Any]:
    return {"id": state.new_message_id(), "chat_type": "users", "from": "ann", "to": "bob"}


# ---------------------------------------------------------------- messages

STEPS = st.one_of(
    st.tuples(st.just("deliver"), st.sets(st.sampled_from(NAMES), min_size=1)),
    st.tuples(st.just("forget"), st.integers(0, 9)),
    st.tuples(st.just("drop"), st.sampled_from(NAMES)),
)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 4), st.lists(STEPS, max_size=40))
def test_mailboxes_hold_what_is_kept_of_what_a_model_delivers(most: int, steps: list[Any]) -> None:
    service = small(most)
    for name in NAMES[:2]:  # eve is no user
        service.users[name] = state.User(name, "x", 0, 0)
    delivered = 0
    boxes: dict[str, list[str]] = {name: [] for name in NAMES}
    totals = dict.fromkeys(NAMES, 0)
    for step, value in steps:
        if step == "deliver":
            new = message(service)
            service.deliver(sorted(value), new)
            delivered += len(value)
            for name in value:
                boxes[name].append(new["id"])
                totals[name] += 1
        elif step == "forget" and len(service.messages) > value:
            message_id = list(service.messages)[value]
            service.forget(message_id)
            for name, ids in boxes.items():
                if message_id in ids:
                    ids.remove(message_id)
                    totals[name] -= 1
        elif step == "drop":
            totals[value] -= len(service.received[value])
            boxes[value] = []
            service.drop(value, lambda _: True)
    assert service.delivered == delivered
    assert len(service.messages) <= most
    for name in NAMES:
        kept = [one["id"] for one in service.received[name]]
        assert kept == [id_ for id_ in boxes[name] if id_ in service.messages]
        assert kept == [id_ for id_, names in service.mailboxes.items() if name in names]
    for name in NAMES[:2]:
        assert service.total_received(name) == totals[name]
    assert list(service.mailboxes) == list(service.messages)


def test_a_message_to_many_counts_in_each_mailbox() -> None:
    service = small(10)
    for _ in range(10):
        service.deliver([f"user{number}" for number in range(50)], message(service))
    assert 1 <= sum(map(len, service.received.values())) <= 10 * 10
    assert len(service.messages) == 2


def test_the_newest_message_is_kept_whatever_the_number_of_its_recipients() -> None:
    service = small(1)
    service.deliver([f"user{number}" for number in range(50)], message(service))
    assert len(service.messages) == 1
    assert all(service.received[f"user{number}"] for number in range(50))


def test_with_a_maximum_of_0_messages_are_only_counted() -> None:
    service = small(0)
    service.deliver(["ann"], message(service))
    assert (service.delivered, service.messages, dict(service.received)) == (1, {}, {})


def test_a_mailbox_of_nobody_is_not_kept_empty() -> None:
    service = small(2)
    for number in range(20):
        service.deliver([f"user{number}"], message(service))
    assert len(service.received) == 2
    assert not service.gone


def test_what_belongs_to_a_message_goes_with_it() -> None:
    service = small(1)
    first = message(service)
    service.deliver(["ann"], first)
    service.reactions[first["id"]] = {}
    service.streams[first["id"]] = state.Stream("ann", "bob", first, 0.0, 0.0)
    service.deliver(["ann"], message(service))
    assert not service.reactions
    assert not service.streams


def test_memory_does_not_grow_with_the_number_of_messages() -> None:
    class Row(dict[str, Any]):
        """A dict that can be referred to weakly."""

    service = small(100)
    refs = []
    for _ in range(5_000):
        row = Row(message(service))
        refs.append(weakref.ref(row))
        service.deliver(["ann", "nobody"], row)
    del row
    gc.collect()
    assert sum(ref() is not None for ref in refs) <= 100
    assert len(service.received["ann"]) == len(service.mailboxes) <= 100


async def test_a_message_that_is_gone_is_not_found() -> None:
    async with (
        Emulator(max_messages=1, quotas=None) as emulator,
        aiohttp.ClientSession() as session,
    ):
        for name in NAMES:
            emulator.add_user(name)
        call = Caller(emulator, session)
        await call.log_in()
        _, answer = await call("POST", "/messages/users", MESSAGE)
        gone = answer["data"]["bob"]
        await call("POST", "/messages/users", {**MESSAGE, "body": {"msg": "newer"}})
        assert [m["body"]["msg"] for m in emulator.received("bob")] == ["newer"]
        assert emulator.state.total_received("bob") == 2
        row = {"msg_id": gone, "to": "bob", "chat_type": "chat", "force": True}
        assert (await call("POST", "/messages/msg_recall", row))[0] == 403
        new = {"user": "ann", "new_msg": {"type": "txt", "msg": "edited"}}
        assert (await call("PUT", f"/messages/rewrite/{gone}", new))[0] == 404
        found = await call("POST", "/users/bob/messages/search/get", {"data": {"keyword": "hello"}})
        assert found[1]["data"]["list"] == []
        reaction = {"userId": "bob", "msgId": gone, "message": "smile"}
        assert (await call("POST", "/reaction/user/bob", reaction))[0] == 400
        roaming = f"/rest/message/roaming/chat/user/bob?userId=ann&msgIdList={gone}"
        assert (await call("DELETE", roaming))[0] == 200
        assert (await call("GET", f"/users/bob/offline_msg_status/{gone}"))[0] == 200
        _, count = await call("GET", "/users/bob/offline_msg_count")
        assert count["data"] == {"bob": 1}


# ---------------------------------------------------------------- tokens


def test_the_number_of_tokens_has_a_bound_and_expired_ones_go_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "_TOKENS_KEPT", 10)
    clock = itertools.count()
    service = State("acme", "shop", "id", "secret", lambda: float(next(clock)))
    lasting = service.issue_token("ann", 0)
    for _ in range(100):
        service.issue_token("ann", 2)
        assert len(service.tokens) <= 10
    assert lasting in service.tokens
    issued = [service.issue_token("ann", 0) for _ in range(30)]
    assert list(service.tokens) == issued[-10:]


# ---------------------------------------------------------------- files


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), st.lists(st.one_of(st.binary(max_size=12), st.integers(0, 5))))
def test_files_beyond_the_bound_are_read_from_a_temporary_file(most: int, steps: list[Any]) -> None:
    blobs, kept = Blobs(most), []
    for step in steps:
        if isinstance(step, bytes):
            kept.append((blobs.keep(step), step))
        elif step < len(kept):
            del kept[step]
        assert blobs.in_memory <= most
        assert all(blob.read() == content for blob, content in kept)
        assert blobs.ids() == {blob.blob_id for blob, _ in kept}
    kept.clear()
    assert blobs.ids() == set()
    assert blobs.in_memory == 0


def test_a_deleted_file_leaves_the_temporary_file() -> None:
    blobs = Blobs(0)
    blob = blobs.keep(b"content")
    blob_id = blob.blob_id
    assert blob.read() == b"content"
    del blob
    with pytest.raises(KeyError):
        blobs.read(blob_id)


async def test_files_of_all_kinds_count() -> None:
    async with (
        Emulator(max_file_bytes=1000, quotas=None) as emulator,
        aiohttp.ClientSession() as session,
    ):
        emulator.add_user("ann")
        call = Caller(emulator, session)
        await call.log_in()
        settings_ = {"groupname": "g", "description": "d", "public": True, "maxusers": 200}
        _, group = await call("POST", "/chatgroups", {**settings_, "owner": "ann"})
        paths = ["/chatfiles", f"/chatgroups/{group['data']['groupid']}/share_files"]
        headers = {"Authorization": f"Bearer {call.token}"}
        urls = []
        for number, path in enumerate(paths * 3):
            form = aiohttp.FormData()
            form.add_field("file", bytes([number]) * 900, filename="a.bin")
            url = f"{emulator.base_url}/easemob-demo/testapp{path}"
            async with session.post(url, data=form, headers=headers) as response:
                answer = await response.json()
            file_id = answer["entities"][0]["uuid"] if "data" not in answer else None
            urls.append(f"{url}/{file_id or answer['data']['file_id']}")
            assert emulator.state.blobs.in_memory <= 1000
        for number, url in enumerate(urls):
            async with session.get(url, headers=headers) as response:
                assert await response.read() == bytes([number]) * 900
