"""``easemob send``: what is sent, reported, resumed and confirmed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell
from tests.cli.target_files import ROWS, csv_of, excel, rows
from tests.cli.terminal import Terminal


def test_send_from_a_file_and_from_stdin(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text("".join(f"u{n}\n" for n in range(1300)) + "\n  \n")
    result = sh(
        "send", str(targets), "--text", "Sale!", "--sender", "shop", "--ext", '{"k": 1}', *FAST
    )
    assert result.returncode == 0, result.stderr
    assert "1,300  sent" in result.stdout
    assert "1,300  targets read" in result.stdout
    (message,) = emulator.received("u1299")
    assert (message["from"], message["body"], message["ext"]) == (
        "shop",
        {"msg": "Sale!"},
        {"k": 1},
    )
    result = sh("send", "-", "--to", "rooms", "--text", "x", stdin="1\n2\n3\n")
    assert result.returncode == 0
    assert len(emulator.received("3")) == 1


def test_a_journal_resumes_the_same_command(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    journal = str(tmp_path / "sale.db")
    line = ["send", "-", "--text", "x", "--journal", journal]
    assert sh(*line, stdin="a\nb\n\x01\n").returncode == 1
    again = sh(*line, stdin="a\nb\nc\n")
    assert again.returncode == 0
    assert "1  sent" in again.stdout
    assert "2  skipped" in again.stdout
    assert [len(emulator.received(name)) for name in "abc"] == [1, 1, 1]
    other = sh("send", "-", "--text", "y", "--journal", journal, stdin="a\n")
    assert other.returncode == 1
    assert "of another job" in other.stderr
    status = sh("job", "status", journal).stdout
    assert "fanout.to_users: 4 targets were tried" in status
    assert "         3  sent" in status
    assert "         1  failed" in status
    assert "control characters" in sh("job", "status", journal, "--failed").stdout
    assert sh("job", "status", journal, "--unknown").stdout == ""
    missing = sh("job", "status", str(tmp_path / "none.db"))
    assert (missing.returncode, "the file does not exist" in missing.stderr) == (1, True)


def test_an_id_given_twice_is_sent_to_once(sh: Shell, emulator: Emulator) -> None:
    result = sh("send", "-", "--to", "groups", "--text", "x", *FAST, stdin="1\n2\n3\n" * 5)
    assert "3  sent" in result.stdout
    assert "12  skipped" in result.stdout
    assert len(emulator.received("1")) == 1


def test_a_bad_target_fails_alone_and_the_exit_status_says_so(sh: Shell) -> None:
    result = sh("send", "-", "--text", "x", stdin="good\nbad\x01one\nfine\n")
    assert result.returncode == 1
    assert "2  sent" in result.stdout
    assert "1  failed" in result.stdout
    assert "3  targets read" in result.stdout


def test_an_error_that_every_call_meets_comes_with_the_report(sh: Shell) -> None:
    result = sh("send", "-", "--text", "x", "--client-secret", "wrong-one", stdin="a\nb\n")
    assert result.returncode == 1
    assert "2  not sent" in result.stdout
    assert "client_secret does not match" in result.stderr


def test_a_dry_run_tells_what_a_run_would_do(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, journal = tmp_path / "targets.txt", tmp_path / "sale.db"
    path.write_text(rows(*(f"u{n}" for n in range(12_000)), "u1", "bad\tone"))
    line = ("send", str(path), "--text", "Sale!", "--journal", str(journal))
    dry = sh(*line, "--dry-run")
    assert dry.returncode == 1  # one id breaks a rule
    assert "nothing was sent: 12,002 read: 12,000 to send to, 1 failed, 0 unknown" in dry.stdout
    assert "20 calls; about 0:02:00 at the quota" in dry.stdout
    assert not journal.exists()
    assert emulator.requests == []
    sh(*line, *FAST)
    again = sh(*line, "--dry-run")
    assert "0 to send to, 0 failed, 0 unknown, 12,002 skipped" in again.stdout
    assert emulator.state.delivered == 12_000


def test_failed_targets_can_be_sent_to_again(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, failed, journal = tmp_path / "ids.txt", tmp_path / "failed.txt", tmp_path / "sale.db"
    path.write_text(rows(*(f"u{n}" for n in range(1000))))
    line = ("send", str(path), "--text", "Sale!", "--failed-to", str(failed), *FAST)
    no = {"error": "message_send_error", "error_description": "message is too large"}

    for extra in ((), ("--journal", str(journal))):
        emulator.fail("POST", "/messages/users", status=400, body=no)
        assert sh(*line, "--workers", "1", *extra).returncode == 1
        assert failed.read_text() == ""  # everybody's message was refused: nothing was sent
    one = tmp_path / "one.csv"
    one.write_text("id,text\n" + rows(*(f"u{n},{n % 2}" for n in range(1000))))
    emulator.fail("POST", "/messages/users", status=400, body=no)
    result = sh("send", str(one), "--text", "{text}", "--failed-to", str(failed), *FAST)
    assert "500  failed" in result.stdout
    assert sh("send", str(failed), "--text", "again", *FAST).returncode == 0
    assert emulator.state.delivered == 1000


@pytest.mark.parametrize(
    "option", [["--retry-failed"], ["--on-unknown", "resend"], ["--keep-message-ids"]]
)
def test_what_needs_a_journal_says_so(sh: Shell, tmp_path: Path, option: list[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("u1\n")
    result = sh("send", str(path), "--text", "x", *option)
    assert result.returncode == 2
    assert "need --journal" in result.stderr.replace("\n", " ")


def test_targets_that_cannot_be_usernames_are_named_before(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("ann\n李雷\nbob smith\neve\n")
    result = sh("send", str(path), "--text", "Hi", *FAST)
    assert "2 of the targets cannot be usernames; the first is '李雷'" in result.stderr


def test_dry_run_only_and_limit_try_a_send_out(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(csv_of())
    line = ("send", str(path), "--text", "Hi {name}", *FAST)
    dry = sh(*line, "--dry-run")
    assert 'the first message, to user000001: {"type": "txt", "msg": "Hi 李雷"}' in dry.stdout
    assert emulator.state.delivered == 0
    assert sh(*line, "--only", "user000002").returncode == 0
    assert [bool(emulator.received(u)) for u, _ in ROWS] == [False, True, False]
    assert sh(*line, "--limit", "1").returncode == 0
    assert [len(emulator.received(u)) for u, _ in ROWS] == [1, 1, 0]
    nobody = sh(*line, "--only", "nobody")
    assert nobody.returncode == 1
    assert "no targets" in nobody.stderr


def test_the_exit_status_is_0_only_when_everybody_was_sent_to(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path, journal = tmp_path / "ids.txt", tmp_path / "sale.db"
    path.write_text("u1\nbad\tone\n")
    line = ("send", str(path), "--text", "x", "--journal", str(journal), "--format", "ids", *FAST)
    assert sh(*line).returncode == 1
    again = sh(*line)
    assert again.returncode == 1
    assert "2  skipped" in again.stdout
    assert "1  of the skipped targets failed earlier" in again.stdout
    path.write_text("u1\n")
    assert sh(*line).returncode == 0


def test_failed_targets_are_written_once(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, failed, journal = tmp_path / "ids.txt", tmp_path / "failed.txt", tmp_path / "j"
    path.write_text("u1\nbad\tone\nbad\tone\nu2\nbad\tone\n")
    line = ("send", str(path), "--text", "x", "--format", "ids", "--failed-to", str(failed), *FAST)
    for extra in ((), ("--journal", str(journal)), ("--journal", str(journal), "--retry-failed")):
        assert sh(*line, *extra).returncode == 1
        assert failed.read_text() == "bad\tone\n"
    status = sh("job", "status", str(journal))
    assert re.search(r"\b1  failed", status.stdout)


def test_more_than_ten_thousand_are_confirmed_in_a_terminal(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"u{n}\n" for n in range(10_001)))
    line = ["send", str(path), "--text", "x", *FAST]
    terminal = Terminal(line, sh.env)
    terminal.until("Send to 10,001 users?")
    terminal.say("n\n")
    assert terminal.end() == 1
    assert emulator.state.delivered == 0
    terminal = Terminal([*line, "--yes"], sh.env)
    assert terminal.end() == 0
    assert "Send to" not in terminal.seen
    assert emulator.state.delivered == 10_001
    # Nobody is there to answer: cron is not asked.
    assert sh(*line).returncode == 0
    assert emulator.state.delivered == 20_002


@pytest.mark.parametrize("form", ["json", "xlsx", "csv", "jsonl"])
def test_more_than_ten_thousand_are_confirmed_whatever_the_format(
    sh: Shell, emulator: Emulator, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"many.{form}"
    names = [f"u{n}" for n in range(10_001)]
    if form == "xlsx":
        excel(path, {"Sheet": [[name] for name in ["id", *names]]})
    elif form == "json":
        path.write_text(json.dumps(names))
    elif form == "jsonl":
        path.write_text("".join(json.dumps({"id": name}) + "\n" for name in names))
    else:
        path.write_text("\n".join(["id", *names]))
    terminal = Terminal(["send", str(path), "--text", "x", *FAST], sh.env)
    terminal.until("users?")
    terminal.say("n\n")
    assert terminal.end() == 1
    assert emulator.state.delivered == 0
