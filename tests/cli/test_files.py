"""``easemob files`` and ``easemob history``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell, json_lines

pytestmark = pytest.mark.usefixtures("registered")


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
    found = json_lines(sh("history", "messages", hour, "--json").stdout)
    assert [(m["sender"], m["target"]) for m in found] == [("shop", "ann"), ("shop", "bob")]
    assert found[0]["bodies"] == [{"text": "Hello"}]
    assert "shop\tann\tHello\n" in sh("history", "messages", hour).stdout
    bad = sh("history", "get", "never")
    assert (bad.returncode, "is not a time such as" in bad.stderr) == (2, True)
