"""The state in a file: what is stored comes back, after a stop and after a kill."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import signal
import sqlite3
import subprocess
import sys
import threading
import types
import typing
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async.emulator import Emulator
from easemob_async.emulator import storage as storages
from easemob_async.emulator.app import App
from easemob_async.emulator.blobs import Blob
from easemob_async.emulator.state import State
from easemob_async.emulator.storage import NOT_STORED, StateFileError, Storage, _StoredApp
from easemob_async.emulator.stored_values import CLASSES, decode, encode
from easemob_async.emulator.usernames import ByUsername, Mailboxes
from tests.emulator.caller import Caller
from tests.resources import stories

RESOURCES = sorted(
    path.stem.removeprefix("test_")
    for path in Path(stories.__file__).parent.glob("test_*.py")
    if "def test_every_operation_end_to_end() " in path.read_text(encoding="utf-8")
)


# ---------------------------------------------------------------- the text of a row

TEXTS = st.one_of(st.text(max_size=4), st.sampled_from(["~dict", "~User", "~blob", "\ud83d", ""]))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(TEXTS, st.integers()), inner, max_size=2),
    ),
    max_leaves=5,
)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """A strategy for the values of an annotation of the state's classes."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return ANYTHING
    if annotation in (str, int, bool, type(None)):
        return TEXTS if annotation is str else st.from_type(annotation)
    if annotation is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values_of, arguments))
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=2)
    if origin in (dict, ByUsername, defaultdict):
        keys, items = arguments if len(arguments) == 2 else (str, arguments[0])
        return st.dictionaries(values_of(keys), values_of(items), max_size=2)
    if origin is Mailboxes:
        return st.dictionaries(TEXTS, st.lists(values_of(arguments[0]), max_size=2), max_size=2)
    if annotation in CLASSES.values():
        return instances_of(annotation)
    raise AssertionError(f"how are values of {annotation} stored? tell this test and the storage")


def instances_of(kind: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.alias: values_of(hints[field.name]) for field in attrs.fields(kind)}
    return st.builds(kind, **fields)


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_of_every_class_is_read_back(name: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(instances_of(CLASSES[name]))
    def check(value: Any) -> None:
        assert decode(encode(value), no_blob) == value
        assert encode(decode(encode(value), no_blob)) == encode(value)

    check()


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_a_value_with_any_names_and_keys_is_read_back(value: Any) -> None:
    got = decode(encode(value), no_blob)
    assert got == value
    assert repr(got) == repr(value)  # a tuple is not a list, 1 is not True


def test_a_value_that_cannot_be_stored_is_named() -> None:
    with pytest.raises(TypeError, match="a value of set cannot be stored"):
        encode({"a": {1}})


def no_blob(_: str) -> Blob:
    raise AssertionError


# ---------------------------------------------------------------- the fields of the state


def test_a_field_of_the_state_is_stored_or_named_as_one_that_is_not() -> None:
    assert {field.name for field in attrs.fields(State)} >= NOT_STORED
    options = {
        *("org", "app", "client_id", "client_secret", "app_id", "app_certificate", "now"),
        *("token_ttl", "open_registration", "user_limit", "keep_messages", "max_messages"),
        *("switched_off", "listening"),
    }
    assert options | {"blobs", "received", "outbox", "_copies", "watch"} == NOT_STORED


def test_every_field_of_the_state_is_read_back(tmp_path: Path) -> None:
    hints = typing.get_type_hints(State)
    together = {"messages", "mailboxes", "streams"}  # see the tests of messages below
    fields = {field.name for field in attrs.fields(State)} - NOT_STORED - together
    strategies = {name: values_of(hints[name]) for name in sorted(fields)}
    files = itertools.count()

    @settings(max_examples=30, deadline=None)
    @given(st.fixed_dictionaries(strategies))
    def check(values: dict[str, Any]) -> None:
        path = tmp_path / f"{next(files)}.db"
        before, after = state_with(values), state_with({})
        read_and_write(path, before)
        read_and_write(path, after)
        for name in strategies:
            assert getattr(after, name) == getattr(before, name), name

    check()


def state_with(values: dict[str, Any]) -> State:
    state = State("acme", "shop", "id", "secret", lambda: 0.0)
    for name, value in values.items():
        there = getattr(state, name)
        if isinstance(there, dict):
            for key, row in value.items():
                there[key] = row
        else:
            setattr(state, name, value)
    return state


def read_and_write(path: Path, state: State) -> None:
    app = App(state, None, lambda: 0.0)

    async def run() -> None:
        await Storage(path, {app.app_key: app}).close()

    asyncio.run(run())


# ---------------------------------------------------------------- what the operations change


@pytest.mark.parametrize("resource", RESOURCES)
async def test_what_an_operation_changes_is_noted(
    resource: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill loses nothing that was written a moment before: the file has the whole state."""
    number = 0

    class Stored(Emulator):
        def __init__(self, **options: Any) -> None:
            nonlocal number
            number += 1
            super().__init__(state_file=tmp_path / f"{number}.db", **options)

        async def stop(self) -> None:
            storage = self._storage
            if storage is not None:
                await storage.save()
                noted = list(storage._database.iterdump())
                await storage.save(everything=True)
                assert list(storage._database.iterdump()) == noted
                before = snapshot(self.state)
                await super().stop()
                async with Emulator(state_file=self._state_file) as again:
                    assert snapshot(again.state) == before

    monkeypatch.setattr(stories, "Emulator", Stored)
    monkeypatch.setattr(storages, "_SECONDS", 0.001)
    module = importlib.import_module(f"tests.resources.test_{resource}")
    await module.test_every_operation_end_to_end()
    assert number


def snapshot(state: State) -> dict[str, str]:
    fields = [field.name for field in attrs.fields(State) if field.name not in NOT_STORED]
    received = {name: rows for name, rows in state.received.items() if rows}
    files = {key: row["data"].read() for key, row in state.files.items()}
    texts = {name: encode(getattr(state, name)) for name in fields}
    return {**texts, "received": encode(received), "contents": repr(files)}


# ---------------------------------------------------------------- over restarts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


MESSAGE = {"from": "ann", "to": ["Bob"], "type": "txt", "body": {"msg": "hello"}}


async def test_users_messages_files_and_tokens_come_back(path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with Emulator(state_file=path) as emulator:
            call = Caller(emulator, session)
            await call.log_in()
            await call("POST", "/users", [{"username": "ann", "password": "x"}])
            for _ in range(3):
                await call("POST", "/messages/users", MESSAGE)
            form = aiohttp.FormData()
            form.add_field("file", b"content", filename="a.bin")
            url = f"{emulator.base_url}/easemob-demo/testapp/chatfiles"
            headers = {"Authorization": f"Bearer {call.token}"}
            async with session.post(url, data=form, headers=headers) as response:
                file_id = (await response.json())["entities"][0]["uuid"]
            before = snapshot(emulator.state)
        async with Emulator(state_file=path) as again:
            assert snapshot(again.state) == before
            assert [message["body"] for message in again.received("bob")] == [{"msg": "hello"}] * 3
            call.emulator = again
            status, answer = await call("GET", "/users/ann")
            assert (status, answer["entities"][0]["username"]) == (200, "ann")
            url = f"{again.base_url}/easemob-demo/testapp/chatfiles/{file_id}"
            async with session.get(url, headers=headers) as response:
                assert await response.read() == b"content"
            await call("POST", "/messages/users", MESSAGE)
            ids = [message["id"] for message in again.received("bob")]
            assert len(set(ids)) == 4
            # A recall finds the message in the mailbox and by its id, as before.
            row = {"msg_id": ids[0], "to": "bob", "chat_type": "chat", "force": True}
            assert (await call("POST", "/messages/msg_recall", row))[0] == 200
            assert [message["id"] for message in again.received("bob")] == ids[1:]


async def test_a_stream_goes_on_after_a_restart(path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with Emulator(state_file=path) as emulator:
            call = Caller(emulator, session)
            await call.log_in()
            piece: dict[str, Any] = {"from": "ann", "to": "bob", "body": {"seq": 1, "msg": "one "}}
            _, answer = await call("POST", "/stream_message/user", piece)
            await emulator.save()
            piece["body"] = {"seq": 2, "msg": "two ", "msgId": answer["data"]["msgId"]}
            await call("POST", "/stream_message/user", piece)
            await emulator.save()
            assert emulator._storage is not None
            dump = "".join(emulator._storage._database.iterdump())
            assert dump.count("one two") == 2  # the message and the stream
        async with Emulator(state_file=path) as call.emulator:
            piece["body"] = {**piece["body"], "seq": 3, "msg": "three", "finish": True}
            await call("POST", "/stream_message/user", piece)
            (message,) = call.emulator.received("bob")
            assert message["body"] == {"msg": "one two three"}


async def test_each_app_has_its_state_and_another_app_key_finds_none(path: Path) -> None:
    keys = ["acme#shop", "acme#game"]
    async with Emulator(app_key=keys[0], more_apps=keys[1:], state_file=path) as emulator:
        emulator.apps["acme#game"].add_user("ann")
    async with Emulator(app_key="other#app", state_file=path) as emulator:
        assert not emulator.state.users
    async with Emulator(app_key=keys[1], more_apps=keys[:1], state_file=path) as emulator:
        assert list(emulator.state.users) == ["ann"]
        assert not emulator.apps["acme#shop"].state.users


async def test_what_a_test_adds_before_the_start_is_stored_as_well(path: Path) -> None:
    for names in (["ann"], ["bob", "eve"]):
        emulator = Emulator(state_file=path)
        for name in names:
            emulator.add_user(name)
        async with emulator:
            assert set(names) <= set(emulator.state.users)
    async with Emulator(state_file=path) as emulator:
        assert list(emulator.state.users) == ["ann", "bob", "eve"]


async def test_a_change_without_a_note_is_stored_when_the_emulator_stops(path: Path) -> None:
    async with Emulator(state_file=path) as emulator:
        emulator.add_user("ann")
        ann = emulator.state.users["ann"]
        await emulator.save()
        ann.nickname = "Ann"
    async with Emulator(state_file=path) as emulator:
        assert emulator.state.users["ann"].nickname == "Ann"


async def test_a_reset_is_stored(path: Path) -> None:
    async with Emulator(state_file=path) as emulator:
        for name in ("ann", "bob"):
            emulator.add_user(name)
        await emulator.save()
        emulator.reset()
        emulator.add_user("eve")
        await emulator.save()
        assert emulator._storage is not None
        text = "".join(emulator._storage._database.iterdump())
        assert ("ann" in text, "eve" in text) == (False, True)


async def test_the_contents_of_deleted_files_leave_the_file(path: Path) -> None:
    async with Emulator(state_file=path) as emulator:
        state = emulator.state
        state.files["f"] = {"data": state.blobs.keep(b"content")}
        await emulator.save()
        assert emulator._storage is not None
        count = "SELECT count(*) FROM blobs"
        assert emulator._storage._database.execute(count).fetchone() == (1,)
        state.files.clear()
        await emulator.save()
        assert emulator._storage._database.execute(count).fetchone() == (0,)


_SERVER = """
import asyncio, sys
from easemob_async.emulator import Emulator

async def main():
    emulator = Emulator(state_file=sys.argv[1], quotas=None)
    await emulator.start()
    print(emulator.base_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_emulator_has_what_was_written_a_moment_before(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    base = process.stdout.readline().strip()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"{base}/easemob-demo/testapp"
            row = {"client_id": "YXA6-emulator-id", "client_secret": "YXA6-emulator-secret"}
            row["grant_type"] = "client_credentials"
            async with session.post(f"{url}/token", json=row) as response:
                token = (await response.json())["access_token"]
            headers, sent = {"Authorization": f"Bearer {token}"}, 0
            log = path.with_name(path.name + "-wal")
            sizes: set[int] = set()  # of the log, since messages are in it
            while len(sizes) < 3:  # the first has messages of a write that is complete
                body = {**MESSAGE, "body": {"msg": "x" * 1000}}
                async with session.post(f"{url}/messages/users", json=body, headers=headers) as r:
                    assert r.status == 200
                sent += 1
                written = log.read_bytes() if log.exists() else b""
                if b"x" * 1000 in written:
                    sizes.add(len(written))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    async with Emulator(state_file=path) as again:
        received = again.received("bob")
        assert 0 < len(received) <= sent
        assert len(again.state.messages) == len(received)
        assert token in again.state.tokens
        ids = [int(message["id"]) for message in received]
        assert ids == list(range(ids[0], ids[0] + 4 * len(ids), 4))  # a beginning, without a hole


# ---------------------------------------------------------------- a file that cannot be used


async def test_two_emulators_cannot_use_one_file(path: Path) -> None:
    async with Emulator(state_file=path):
        second = Emulator(state_file=path)
        with pytest.raises(StateFileError, match="in use by another emulator"):
            await second.start()
        with pytest.raises(RuntimeError, match="not running"):
            _ = second.base_url
    async with Emulator(state_file=path):
        pass


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()


def another_version(path: Path) -> None:
    read_and_write(path, state_with({}))
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (foreign_database, "is not a state file of the emulator"),
        (another_version, "has the format 99, this release reads the format 1"),
        (lambda path: path.write_text("this is no database\n" * 100), "not a database"),
        (lambda path: path.mkdir(), "unable to open"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_and_left_alone(
    make: Callable[[Path], None], problem: str, path: Path
) -> None:
    await asyncio.to_thread(make, path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StateFileError, match=problem):
        await Emulator(state_file=path).start()
    assert (path.read_bytes() if path.is_file() else None) == before


def full_disk(*_: object) -> None:
    raise OSError("no space left")


async def test_a_write_that_fails_is_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Emulator(state_file=path) as emulator:
        storage = emulator._storage
        assert storage is not None
        emulator.add_user("ann")
        with monkeypatch.context() as broken:
            broken.setattr(_StoredApp, "write_blobs", full_disk)
            with pytest.raises(OSError, match="no space left"):
                await storage.save()
        await storage.save()
        assert "ann" in "".join(storage._database.iterdump())
    async with Emulator(state_file=path) as again:
        assert list(again.state.users) == ["ann"]


async def test_a_port_that_is_taken_leaves_the_file_free(path: Path) -> None:
    async with Emulator() as running:
        port = int(running.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address"):
            await Emulator(state_file=path, port=port).start()
    async with Emulator(state_file=path):
        pass


async def test_a_request_waits_for_no_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write waits for the disk, requests are answered."""
    held = threading.Event()
    write = Storage._write

    def slow(storage: Storage) -> None:
        assert held.wait(60)
        write(storage)

    monkeypatch.setattr(Storage, "_write", slow)
    async with aiohttp.ClientSession() as session, Emulator(state_file=path) as emulator:
        saving = asyncio.create_task(emulator.save())
        call = Caller(emulator, session)
        await call.log_in()
        assert (await call("GET", "/users"))[0] == 200
        assert not saving.done()
        held.set()
        await saving
