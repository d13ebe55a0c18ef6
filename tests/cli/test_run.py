"""Running a command: errors of one line, interrupts that end it cleanly."""

from __future__ import annotations

import fcntl
import re
import signal
import socket
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, FAST, Shell, take_interrupts
from tests.cli.terminal import Terminal
from tests.waiting import eventually


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["send", "-"], 2, "say what to send"),
        (["send", "-", "--text", "a", "--file", "b"], 2, "say what to send"),
        (["send", "-", "--text", "a", "--ext", "[1]"], 2, "--ext must be a JSON object"),
        (["send", "-", "--text", "a", "--ext", "{"], 2, "--ext is not JSON"),
        (["send", "-", "--location", "here"], 2, "LAT,LNG,ADDRESS"),
        (["send", "-", "--location", "99,0,x"], 2, "latitude must be from -90 to 90 degrees"),
        (["send", "-", "--image", "u", "--size", "big"], 2, "WIDTHxHEIGHT"),
        (["send", "-", "--text", "a", "--sender", ""], 1, "sender '' must not be empty"),
        (["send", "-", "--text", "a"], 1, "no targets were found"),
        (["send", "nothing.txt", "--text", "a"], 2, "No such file"),
        (["send", "-", "--text", "x" * 6000], 1, "message is too large"),
        (["users", "get", "..", "--token", "t"], 1, "must not be '.' or '..'"),
        (
            ["users", "get", "a", "--base-url", "http://127.0.0.1:1"],
            1,
            "no connection to 127.0.0.1:1",
        ),
        (["users", "get", "a", "--base-url", "http://example.com"], 1, "unencrypted"),
        (["users", "get", "a", "--app-key", "nonsense"], 1, "must be 'org#app'"),
        (["users", "get", "a", "--app-key", "acme#nope"], 1, "organization_application_not_found"),
        (["users", "get", "a", "--client-secret", "wrong-one"], 1, "client_secret does not match"),
        (["users", "get", "a", "--token", "wrong-token"], 1, "corrupt access token"),
    ],
)
def test_what_goes_wrong_is_one_readable_line(
    sh: Shell, arguments: list[str], status: int, says: str
) -> None:
    result = sh(*arguments)
    assert result.returncode == status, result.stderr
    assert says in result.stderr
    assert "wrong-one" not in result.stderr
    assert "wrong-token" not in result.stderr


def has_delivered(emulator: Emulator, number: int) -> bool:
    return emulator.state.delivered >= number


def unread(pipe: IO[bytes]) -> int:
    """Return how many bytes of a pipe its reader has not read yet."""
    size = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(size, sys.byteorder)


def test_an_interrupt_ends_it_while_standard_input_is_silent(sh: Shell) -> None:
    with subprocess.Popen(
        [*EASEMOB, "send", "-", "--text", "x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=sh.env,
        preexec_fn=take_interrupts,
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(b"a\nb\n")
            process.stdin.flush()
            pipe = process.stdin
            eventually(lambda: unread(pipe) == 0)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        finally:
            process.kill()


def test_missing_credentials_are_named(sh: Shell) -> None:
    del sh.env["EASEMOB_CLIENT_ID"], sh.env["EASEMOB_APP_KEY"]
    result = sh("token")
    assert result.returncode == 1
    assert "EASEMOB_APP_KEY, EASEMOB_CLIENT_ID" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_cleanly_with_the_report_so_far(
    sh: Shell, emulator: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    emulator.quotas.scale = 1
    targets = tmp_path / "targets.txt"
    targets.write_text("".join(f"u{n}\n" for n in range(50_000)))
    process = subprocess.Popen(
        [*EASEMOB, "send", str(targets), "--text", "x"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=sh.env,
        preexec_fn=take_interrupts,
    )
    try:
        eventually(partial(has_delivered, emulator, 600))
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "600  sent" in stdout
    assert "0  unknown" in stdout
    assert "stopped: the calls in progress were completed" in stderr
    assert "Traceback" not in stderr
    assert emulator.state.delivered == 600


def test_a_second_interrupt_gives_up_what_is_on_its_way(sh: Shell, tmp_path: Path) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text("ann\nbob\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        terminal = Terminal(
            ["send", str(targets), "--text", "x", "--token", "t", "--base-url", base_url], sh.env
        )
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(65536).startswith(b"POST /easemob-demo/testapp/messages/users")
            terminal.process.send_signal(signal.SIGINT)
            terminal.until("Ctrl-C again gives it up")
            terminal.process.send_signal(signal.SIGINT)
            status = terminal.end()
    assert status == 130
    assert re.search(r"\b2\b.*unknown", terminal.seen), terminal.seen
    assert "2 targets are unknown" in terminal.seen


def test_ctrl_c_while_a_csv_is_read_is_silent(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,name\n" + "".join(f"u{n},x\n" for n in range(200_000)))
    for source in (str(path), "-"):
        with path.open("rb") as stdin:
            process = subprocess.Popen(
                [*EASEMOB, "send", source, "--text", "Hi {name}", "--quota-scale", "0.01", "--yes"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=sh.env,
                preexec_fn=take_interrupts,
            )
            before = emulator.state.delivered
            eventually(partial(has_delivered, emulator, before + 1))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Exception ignored" not in err
        assert "Traceback" not in err
        assert re.search(r"\b0  unknown", out)
        assert "stopped:" in err


@pytest.mark.parametrize("answer", ["y\n", "", "n\n"])
def test_ctrl_c_at_a_question_aborts_the_command(
    sh: Shell, emulator: Emulator, tmp_path: Path, answer: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"u{n}\n" for n in range(10_001)))
    terminal = Terminal(["send", str(path), "--text", "x", *FAST], sh.env)
    terminal.until("Send to 10,001 users?")
    terminal.interrupt(1 if answer else 9)
    if answer:
        terminal.say(answer)  # nobody may be there any more
    assert terminal.end() == 130, terminal.seen
    assert "Traceback" not in terminal.seen
    assert emulator.state.delivered == 0


def test_a_deletion_needs_an_answer_or_an_option(sh: Shell, emulator: Emulator) -> None:
    assert sh("users", "create", "ann", "--password", "secret").returncode == 0
    terminal = Terminal(["users", "delete", "ann"], sh.env)
    terminal.until("Delete ann")
    terminal.interrupt()
    terminal.say("y\n")
    assert terminal.end() == 130
    result = sh("users", "delete", "ann")
    assert result.returncode == 2
    assert "--yes" in result.stderr
    terminal = Terminal(["users", "create", "eve"], sh.env)
    terminal.until("Password")
    terminal.interrupt(9)
    assert terminal.end() == 130
    assert sh("users", "get", "ann").returncode == 0
    assert sh("users", "get", "eve").returncode == 1


def test_help_lists_the_connection_options_separately(sh: Shell) -> None:
    text = sh("send", "--help").stdout
    own, _, connection = text.partition("\nConnection:\n")
    assert "--text" in own
    assert "--token" not in own
    assert re.search(r"--token.*(\n.*)*`ps`", connection)
    assert "EASEMOB_TOKEN" in connection
    assert "YYYY-MM-DD" in sh("push", "statistics", "--help").stdout
    assert "%Y" not in sh("push", "statistics", "--help").stdout
    assert "YYYY-MM-DD" in sh("push", "statistics", "yesterday", "2026-11-20").stderr
    wrong = sh("webhooks", "send", "message.chat", "http://127.0.0.1:1").stderr
    assert "there is no event 'message.chat'; did you mean" in wrong
