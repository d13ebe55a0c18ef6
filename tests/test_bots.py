"""docs/bots.md and the bots of examples/, as printed, against an emulator that calls them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.cli.shell import take_interrupts
from tests.guide import of
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent
SECRET = "s3cret"


class World:
    def __init__(self, emulator: Emulator, env: dict[str, str]) -> None:
        self.emulator = emulator
        self.env = env

    def sh(self, line: str) -> subprocess.CompletedProcess[str]:
        command = line.replace("easemob ", f"{sys.executable} -m easemob_async ", 1)
        return subprocess.run(
            ["bash", "-c", command],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def texts(self, target: str) -> list[str]:
        return [str(message["body"].get("msg")) for message in self.emulator.received(target)]


@contextmanager
def bot(example: str) -> Iterator[World]:
    with running(Emulator()) as emulator:
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        env = {**os.environ, **keys, "EASEMOB_WEBHOOK_SECRET": SECRET, "PORT": "0"}
        process = subprocess.Popen(
            [sys.executable, ROOT / "examples" / example],
            env={**env, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=take_interrupts,
        )
        assert process.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found, "it says where it listens"
            url = f"{found[0]}/easemob"
            emulator.add_webhook(url, secret=SECRET)
            emulator.add_webhook(url, secret=SECRET, before_delivery=True, wait=5)
            yield World(emulator, env)
        finally:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest, rest


def test_the_page_prints_the_example() -> None:
    page = (ROOT / "docs" / "bots.md").read_text(encoding="utf-8")
    assert (ROOT / "examples" / "echo_bot.py").read_text(encoding="utf-8") in page
    # What the page tells a shell is what the emulator is made with by default.
    exports = of("bots.md", "sh")[2]
    state = Emulator().state
    for value in (f"{state.org}#{state.app}", state.client_id, state.client_secret, SECRET):
        assert value in exports


def test_the_echo_bot_as_the_page_says() -> None:
    install, emulator_line, _, start, speak, look = of("bots.md", "sh")
    assert install.startswith("python3 -m venv .venv")
    assert f"--webhook-secret {SECRET}" in emulator_line
    assert start == "python examples/echo_bot.py\n"
    assert look.startswith("easemob webhooks listen")
    with bot("echo_bot.py") as world:
        *users, hello, darn, group = speak.splitlines()
        for line in users:
            assert world.sh(line).returncode == 0
        said = world.sh(hello)
        assert said.stdout.startswith("delivered"), said.stdout + said.stderr
        assert eventually(lambda: world.texts("ann")) == ["You said: hello"]
        refused = world.sh(darn)
        assert refused.stdout == "refused: Mind your words.\n"
        assert world.texts("bob") == []
        assert world.sh(group).returncode == 0
        eventually(lambda: len(world.texts("ann")) == 2)
        assert world.texts("ann")[1] == "Welcome, ann!"


def test_the_streaming_bot() -> None:
    with bot("streaming_bot.py") as world:
        for name in ("ann", "poet"):
            world.emulator.add_user(name)
        assert world.sh("easemob webhooks say ann poet why?").returncode == 0
        words = "You ask: why? I shall think about it, and answer slowly."
        eventually(lambda: world.texts("ann") and world.texts("ann")[0].strip() == words)
        (stream,) = world.emulator.state.streams.values()
        eventually(lambda: stream.over)
        assert stream.seq > 1  # it came in pieces


@pytest.mark.parametrize("example", ["echo_bot.py", "streaming_bot.py"])
def test_the_bots_are_short(example: str) -> None:
    lines = (ROOT / "examples" / example).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
