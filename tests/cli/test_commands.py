"""What an operator does by hand: rooms, contacts, push, files, history; lines, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.cli.test_cli import FAST, Shell


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Emulator(quotas=100)) as emulator:
        for name in ("ann", "bob", "eve"):
            emulator.add_user(name)
        yield emulator


@pytest.fixture
def sh(emulator: Emulator) -> Shell:
    return Shell(emulator)


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_rooms(sh: Shell) -> None:
    room_id = sh("rooms", "create", "chat", "--owner", "ann", "--member", "bob").stdout.strip()
    assert sh("rooms", "list").stdout == f"{room_id}\tchat\n"
    assert sh("rooms", "list", "--joined-by", "bob", "--json").stdout.startswith('{"room_id"')
    assert "owner        ann" in sh("rooms", "get", room_id).stdout
    assert sh("rooms", "members", "add", room_id, "eve").stdout == "added 1 of 1\n"
    listed = lines(sh("rooms", "members", "list", room_id, "--json").stdout)
    assert [(m["username"], m["role"]) for m in listed] == [
        ("ann", "owner"),
        ("bob", "member"),
        ("eve", "member"),
    ]
    removed = sh("rooms", "members", "remove", room_id, "eve", "ann", "--json")
    assert removed.returncode == 1
    assert json.loads(removed.stdout)["done"] == 1
    assert sh("rooms", "delete", room_id, "--yes").stdout == f"deleted {room_id}\n"
    assert sh("rooms", "get", room_id).returncode == 1


def test_contacts(sh: Shell) -> None:
    assert sh("contacts", "add", "ann", "bob").stdout == "added bob\n"
    assert sh("contacts", "list", "ann").stdout == "bob\t\n"
    assert lines(sh("contacts", "list", "bob", "--json").stdout) == [
        {"username": "ann", "remark": None}
    ]
    assert sh("contacts", "block", "ann", "eve").stdout == "blocked 1 of 1\n"
    assert sh("contacts", "blocked", "ann").stdout == "eve\n"
    assert sh("contacts", "unblock", "ann", "eve").stdout == "unblocked eve\n"
    assert sh("contacts", "remove", "ann", "bob").stdout == "removed bob\n"
    assert "404" in sh("contacts", "add", "ann", "nobody").stderr


def test_push(sh: Shell, emulator: Emulator) -> None:
    assert sh("push", "settings", "ann", "--mode", "NONE").stdout == "mode         NONE\n"
    assert json.loads(sh("push", "settings", "ann", "--json").stdout)["mode"] == "NONE"
    assert sh("push", "bindings", "ann").stdout == ""
    template = ("push", "templates")
    made = sh(*template, "create", "sale", "--title", "Hi {0}", "--content", "Sale")
    assert made.stdout == "created sale\n"
    assert "title_pattern Hi {0}" in sh(*template, "get", "sale").stdout
    assert sh(*template, "delete", "sale", "--yes").stdout == "deleted sale\n"
    assert sh("push", "statistics", "2026-11-01", "2026-11-02", "--json").stdout == "{}\n"
    assert sh("push", "statistics", "yesterday", "today").returncode == 2


def test_files_and_history(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    source, saved = tmp_path / "a.bin", tmp_path / "b.bin"
    source.write_bytes(bytes(range(256)) * 100)
    uploaded = json.loads(sh("files", "upload", str(source), "--restrict-access", "--json").stdout)
    refused = sh("files", "download", uploaded["file_id"], str(saved))
    assert (refused.returncode, saved.exists()) == (1, False)
    secret = ("--share-secret", uploaded["secret"])
    got = sh("files", "download", uploaded["file_id"], str(saved), *secret)
    assert got.stdout == f"saved {saved}\n"
    assert saved.read_bytes() == source.read_bytes()
    assert sh("files", "upload", str(tmp_path / "missing")).returncode == 2

    ids = tmp_path / "ids"
    ids.write_text("ann\nbob\n")
    report = sh("send", str(ids), "--text", "Hello", "--sender", "shop", "--json", *FAST)
    assert json.loads(report.stdout)["sent"] == 2
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    assert sh("history", "get", hour).stdout.startswith("http://")
    found = lines(sh("history", "messages", hour, "--json").stdout)
    assert [(m["sender"], m["target"]) for m in found] == [("shop", "ann"), ("shop", "bob")]
    assert found[0]["bodies"] == [{"text": "Hello"}]
    assert "shop\tann\tHello\n" in sh("history", "messages", hour).stdout
    bad = sh("history", "get", "never")
    assert (bad.returncode, "is no time such as" in bad.stderr) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ("users", "list"),
        ("users", "get", "ann"),
        ("users", "status", "ann", "bob"),
        ("groups", "list"),
        ("token",),
    ],
)
def test_json_is_an_answer_a_line(sh: Shell, command: tuple[str, ...]) -> None:
    result = sh(*command, "--json")
    assert result.returncode == 0
    assert all(isinstance(answer, dict) for answer in lines(result.stdout))


def test_a_journal_as_json(sh: Shell, tmp_path: Path) -> None:
    ids, journal = tmp_path / "ids", tmp_path / "sale.db"
    ids.write_text("ann\n\tbad\x01\n")
    sh("send", str(ids), "--text", "x", "--journal", str(journal), *FAST)
    told = json.loads(sh("job", "status", str(journal), "--json").stdout)
    assert told == {"kind": "fanout.to_users", "sent": 1, "failed": 1, "unknown": 0}
    (failed,) = lines(sh("job", "status", str(journal), "--failed", "--json").stdout)
    assert failed["target"] == "bad\x01"
