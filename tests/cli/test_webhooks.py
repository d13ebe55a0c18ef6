"""``easemob webhooks``: listening, posting examples, speaking as a user of the emulator."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from easemob_async.cli.webhooks import _examples
from easemob_async.emulator import Emulator
from easemob_async.webhooks import EVENTS, parse_event
from tests.cli.shell import EASEMOB, Shell, take_interrupts
from tests.webhooks import posts

pytestmark = pytest.mark.usefixtures("registered")

SECRET = "the-secret-of-the-rule"


class Running:
    """A command that goes on, with its lines as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out, self.err = self._lines(process.stdout), self._lines(process.stderr)

    def _lines(self, stream: Any) -> queue.Queue[str]:
        found: queue.Queue[str] = queue.Queue()

        def read() -> None:
            with stream:
                for line in stream:
                    found.put(line.rstrip("\n"))

        threading.Thread(target=read, daemon=True).start()
        return found


@contextmanager
def listening(sh: Shell, *options: str) -> Iterator[tuple[Running, str]]:
    process = subprocess.Popen(
        [*EASEMOB, "webhooks", "listen", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=sh.env,
        preexec_fn=take_interrupts,
    )
    found = Running(process)
    try:
        first = found.err.get(timeout=30)
        assert first.startswith("listening on http://127.0.0.1:")
        yield found, first.removeprefix("listening on ")
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(20)
    assert status == 0


def test_the_examples_are_those_of_the_facts() -> None:
    examples = _examples()
    assert set(examples) == {cls.kind for cls in EVENTS}
    entries = {entry["id"]: entry for entry in posts.EVENTS}
    for kind, example in examples.items():
        assert parse_event(example).kind == kind
        assert "security" not in example
        printed = [*entries[kind].get("examples", ()), *entries[kind].get("composed_examples", ())]
        # Two have none, a room's message needs its content type, a question's content is elided.
        if kind not in (
            "group.member_left",
            "push.error",
            "chatroom.message",
            "message.pre_delivery",
        ):
            assert example in [{k: v for k, v in p.items() if k != "security"} for p in printed]


def test_every_example_is_sent_and_printed(sh: Shell) -> None:
    with listening(sh, "--secret", SECRET, "--json", "--allow-unsigned") as (found, url):
        for kind in ("group.member_joined", "message.reaction_changed", "push.succeeded"):
            assert sh("webhooks", "send", kind, url, "--secret", SECRET).stdout == "200 {}\n"
            event = json.loads(found.out.get(timeout=30))
            assert event["kind"] == kind
        asked = sh("webhooks", "send", "message.pre_delivery", url, "--secret", SECRET)
        assert asked.stdout == '200 {"valid":true}\n'
        assert json.loads(found.out.get(timeout=30))["kind"] == "message.pre_delivery"


def test_lines_for_people_and_changes_of_an_example(sh: Shell) -> None:
    with listening(sh) as (found, url):
        secret = found.err.get(timeout=30).removeprefix("export EASEMOB_WEBHOOK_SECRET=")
        changes = ["--set", "id=g1", "--set", 'payload.member=["bob"]']
        sent = sh("webhooks", "send", "group.member_joined", url, "--secret", secret, *changes)
        assert sent.returncode == 0
        line = found.out.get(timeout=30)
        assert " group.member_joined " in line
        assert 'group_id=g1 usernames=["bob"]' in line
        forged = sh("webhooks", "send", "user.login", url, "--secret", "another")
        assert (forged.returncode, forged.stdout) == (1, "403 {}\n")
        assert "signed with another secret" in found.err.get(timeout=30)
        assert sh("webhooks", "send", "user.login", url).returncode == 0
        assert "--allow-unsigned accepts it" in found.err.get(timeout=30)
        for _ in range(2):
            sh("webhooks", "send", "user.login", url, "--secret", secret, "--repeat")
        assert found.err.get(timeout=30) == "dropped user.login: duplicate"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["send", "group.nonsense", "http://127.0.0.1:1/"], "`easemob webhooks events` lists"),
        (
            ["send", "user.login", "http://127.0.0.1:1/"],
            "error: http://127.0.0.1:1/: Cannot connect",
        ),
        (["send", "user.login", "nonsense"], "is not a URL"),
        (["send", "user.login", "http://127.0.0.1:1/", "--set", "x"], "is not KEY=VALUE"),
        (["send", "user.login", "http://127.0.0.1:1/", "--set", "os.x=1"], "os is not an object"),
        (["listen", "--path", "easemob"], "must begin with /"),
        (["say", "nobody", "bob", "hi"], "the sender 'nobody' does not exist"),
        (["say", "ann", "1", "hi", "--group"], "the groupchat '1' does not exist"),
        (["say", "ann", "bob", "hi", "--base-url", "http://127.0.0.1:1"], "Cannot connect"),
    ],
)
def test_bad_input_is_told_in_a_line(sh: Shell, arguments: list[str], words: str) -> None:
    result = sh("webhooks", *arguments)
    assert result.returncode != 0
    assert words in result.stderr


def test_events_are_listed(sh: Shell) -> None:
    listed = sh("webhooks", "events").stdout.splitlines()
    assert len(listed) == 61
    assert "group.member_joined                      GroupMemberJoined" in listed


def test_a_user_of_the_emulator_says_something(sh: Shell, emulator: Emulator) -> None:
    assert sh("webhooks", "say", "ann", "bob", "hello").stdout.startswith("delivered ")
    assert emulator.received("bob")[0]["body"] == {"msg": "hello"}
    found = json.loads(sh("webhooks", "say", "ann", "bob", "hello", "--json").stdout)
    assert found["delivered"] is True
    emulator.add_webhook(
        "http://127.0.0.1:1/", secret=SECRET, before_delivery=True, deliver_on_failure=False
    )
    refused = sh("webhooks", "say", "ann", "bob", "hello")
    assert (refused.returncode, refused.stdout) == (1, "refused: custom internal error\n")


def test_an_emulator_started_from_a_shell_posts_and_asks(sh: Shell) -> None:
    with listening(sh, "--secret", SECRET) as (found, url):
        process = subprocess.Popen(
            [*EASEMOB, "emulator", "--webhook", url, "--pre-delivery", url],
            stdout=subprocess.PIPE,
            text=True,
            env={**sh.env, "EASEMOB_WEBHOOK_SECRET": SECRET},
            preexec_fn=take_interrupts,
        )
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(5)]
            assert lines[4] == f"export EASEMOB_WEBHOOK_SECRET={SECRET}"
            base_url = lines[0].removeprefix("export EASEMOB_BASE_URL=")
            other = Shell(sh.emulator)
            other.env = {**sh.env, "EASEMOB_BASE_URL": base_url}
            for name in ("ann", "bob"):
                other("users", "create", name, "--password", "pw")
            assert other("webhooks", "say", "ann", "bob", "hello").returncode == 0
            assert " message.pre_delivery " in found.out.get(timeout=30)
            assert " chat.message " in found.out.get(timeout=30)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


def test_an_emulator_refuses_a_webhook_that_is_no_url(sh: Shell) -> None:
    result = sh("emulator", "--webhook", "localhost:8080")
    assert result.returncode == 2
    assert "must begin with http" in result.stderr
