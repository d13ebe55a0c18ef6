"""The command line, as a shell runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running

FAST = ["--quota-scale", "100"]
EASEMOB = [sys.executable, "-m", "easemob_async"]


def take_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT, and so would ours."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Shell:
    """Runs ``easemob`` with the emulator's credentials in the environment."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        self.env = {**os.environ, **keys, "COLUMNS": "100", "NO_COLOR": "1"}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [*EASEMOB, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in result.stderr, result.stderr
        assert self.emulator.state.client_secret not in result.stdout + result.stderr
        return result


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Emulator(quotas=100)) as emulator:
        yield emulator


@pytest.fixture
def sh(emulator: Emulator) -> Shell:
    return Shell(emulator)


def test_users(sh: Shell) -> None:
    assert sh("users", "create", "ann", "--password", "pw", "--nickname", "A").stdout == (
        "created ann\n"
    )
    again = sh("users", "create", "ann", "--password", "pw-0f-ann")
    assert again.returncode == 1
    assert again.stderr.startswith('error: users.create("ann"): 400 duplicate_unique_property')
    assert len(again.stderr.splitlines()) == 1
    assert "pw-0f-ann" not in again.stderr
    got = sh("users", "get", "ann").stdout
    assert "username     ann" in got
    assert "banned       False" in got
    assert sh("users", "status", "ann").stdout == "ann offline\n"
    assert sh("users", "status", "ann", "bob").stdout == "ann offline\nbob offline\n"
    sh("users", "create", "bob", "--password", "pw")
    assert sh("users", "list").stdout == "ann\nbob\n"
    assert sh("users", "list", "--limit", "1").stdout == "ann\n"
    assert sh("users", "delete", "bob", stdin="n\n").returncode == 1
    assert sh("users", "delete", "bob", "--yes").stdout == "deleted bob\n"
    assert sh("users", "list").stdout == "ann\n"
    missing = sh("users", "get", "nobody")
    assert missing.returncode == 1
    assert "404 service_resource_not_found" in missing.stderr
    assert sh("users", "delete", "", "--yes").returncode == 1


def test_groups(sh: Shell, emulator: Emulator) -> None:
    for name in ("ann", "bob", "eve"):
        emulator.add_user(name)
    made = sh("groups", "create", "friends", "--owner", "ann", "--member", "bob", "--public")
    group_id = made.stdout.strip()
    assert sh("groups", "list").stdout == f"{group_id}\tfriends\n"
    assert sh("groups", "list", "--joined-by", "bob").stdout == f"{group_id}\tfriends\n"
    assert "owner        ann" in sh("groups", "get", group_id).stdout
    assert sh("groups", "members", "add", group_id, "eve").stdout == "added 1 of 1\n"
    listed = sh("groups", "members", "list", group_id).stdout
    assert listed == "ann\towner\nbob\tmember\neve\tmember\n"
    removed = sh("groups", "members", "remove", group_id, "eve", "nobody")
    assert (removed.returncode, removed.stdout) == (1, "removed 1 of 2\n")
    assert "nobody: user nobody doesn't exist." in removed.stderr
    assert sh("groups", "delete", group_id, "--yes").stdout == f"deleted {group_id}\n"


def test_token(sh: Shell, emulator: Emulator) -> None:
    token = sh("token").stdout.strip()
    assert token in emulator.state.tokens


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


def test_a_journal_lets_the_same_line_go_on(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
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
    assert (missing.returncode, "there is no such file" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "type_", "body"),
    [
        (["--text", "a"], "txt", {"msg": "a"}),
        (
            ["--image", "http://f", "--filename", "f", "--secret", "s", "--size", "4x3"],
            "img",
            {"url": "http://f", "filename": "f", "secret": "s", "size": {"width": 4, "height": 3}},
        ),
        (["--audio", "u", "--duration", "9"], "audio", {"url": "u", "length": 9}),
        (
            ["--video", "u", "--thumb", "t", "--thumb-secret", "s"],
            "video",
            {"url": "u", "thumb": "t", "thumb_secret": "s"},
        ),
        (["--file", "u"], "file", {"url": "u"}),
        (["--location", "1.5,2,a, b"], "loc", {"lat": "1.5", "lng": "2.0", "addr": "a, b"}),
        (["--command", "jump"], "cmd", {"action": "jump"}),
        (
            ["--custom", "e", "--exts", '{"k": "v"}'],
            "custom",
            {"customEvent": "e", "customExts": {"k": "v"}},
        ),
    ],
)
def test_every_type_of_message(
    sh: Shell, emulator: Emulator, options: list[str], type_: str, body: object
) -> None:
    assert sh("send", "-", *options, stdin="u1\n").returncode == 0
    (message,) = emulator.received("u1")
    assert (message["type"], message["body"]) == (type_, body)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["send", "-"], 2, "say what to send"),
        (["send", "-", "--text", "a", "--file", "b"], 2, "say what to send"),
        (["send", "-", "--text", "a", "--ext", "[1]"], 2, "--ext must be a JSON object"),
        (["send", "-", "--text", "a", "--ext", "{"], 2, "--ext is not JSON"),
        (["send", "-", "--location", "here"], 2, "LAT,LNG,ADDRESS"),
        (["send", "-", "--location", "99,0,x"], 2, "latitude must be degrees"),
        (["send", "-", "--image", "u", "--size", "big"], 2, "WIDTHxHEIGHT"),
        (["send", "-", "--text", "a", "--sender", ""], 1, "sender '' must not be empty"),
        (["send", "-", "--text", "a"], 1, "no targets were given"),
        (["send", "nothing.txt", "--text", "a"], 2, "No such file"),
        (["send", "-", "--text", "x" * 6000], 1, "message is too large"),
        (["users", "get", "..", "--token", "t"], 1, "must not be '.' or '..'"),
        (
            ["users", "get", "a", "--base-url", "http://127.0.0.1:1"],
            1,
            "no connection to 127.0.0.1:1",
        ),
        (["users", "get", "a", "--base-url", "http://example.com"], 1, "in the clear"),
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


def test_the_emulator_says_in_a_line_why_it_cannot_serve(sh: Shell, emulator: Emulator) -> None:
    port = emulator.base_url.rpartition(":")[2]
    for arguments, says in (
        (["--port", port], "in use"),
        (["--port", "99999"], "0<=x<=65535"),
        (["--app-key", "foo"], "must be 'org#app'"),
    ):
        result = sh("emulator", *arguments)
        assert result.returncode != 0
        assert says in result.stderr


def test_an_id_given_twice_is_sent_to_once(sh: Shell, emulator: Emulator) -> None:
    result = sh("send", "-", "--to", "groups", "--text", "x", *FAST, stdin="1\n2\n3\n" * 5)
    assert "3  sent" in result.stdout
    assert "12  skipped" in result.stdout
    assert len(emulator.received("1")) == 1


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
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        finally:
            process.kill()


def test_missing_credentials_are_named(sh: Shell) -> None:
    del sh.env["EASEMOB_CLIENT_ID"], sh.env["EASEMOB_APP_KEY"]
    result = sh("token")
    assert result.returncode == 1
    assert "EASEMOB_APP_KEY, EASEMOB_CLIENT_ID" in result.stderr


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
        until = time.monotonic() + 30
        while emulator.state.delivered < 600 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "600  sent" in stdout
    assert "0  unknown" in stdout
    assert "stopped: calls that were on their way are done" in stderr
    assert "Traceback" not in stderr
    assert emulator.state.delivered == 600


def test_the_emulator_serves_until_it_is_told_to_stop() -> None:
    command = [*EASEMOB, "emulator", "--app-key", "acme#shop"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=take_interrupts
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(4)]
            settings = dict(line.removeprefix("export ").split("=", 1) for line in lines)
            settings["EASEMOB_APP_KEY"] = settings["EASEMOB_APP_KEY"].strip("'")
            env = {**os.environ, **settings}
            used = subprocess.run([*EASEMOB, "token"], env=env, capture_output=True, check=False)
            assert used.returncode == 0
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_the_demo_adds_up() -> None:
    result = subprocess.run(
        [*EASEMOB, "demo", "--targets", "1500"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "1,501 registered" in result.stdout
    assert "1,500  sent" in result.stdout
    assert "delivered it to 1,500 users and refused 0 calls" in result.stdout
    assert "20 times the service's defaults, on both sides" in result.stdout


@pytest.mark.parametrize(
    "command",
    [
        *(
            [],
            ["send"],
            ["job", "status"],
            ["users"],
            ["groups"],
            ["groups", "members"],
            ["token"],
            ["emulator"],
        ),
        *(["demo"], ["users", "create"]),
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    result = subprocess.run(
        [*EASEMOB, *command, "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage: easemob" in result.stdout


def rows(*lines: str) -> str:
    return "".join(line + "\n" for line in lines)


PEOPLE = {
    "people.csv": rows("name,id,left", 'Ann,u1,"2, or 3"', "Bob,u2,4", "Éva,u3,{}"),
    "people.jsonl": rows(
        '{"name": "Ann", "id": "u1", "left": "2, or 3"}',
        "",
        '{"id": "u2", "name": "Bob", "left": 4}',
        '{"name": "Éva", "id": "u3", "left": "{}"}',
    ),
}


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("by_stdin", [False, True])
def test_each_row_gets_its_own_message(
    sh: Shell, emulator: Emulator, tmp_path: Path, name: str, by_stdin: bool
) -> None:
    path = tmp_path / name
    path.write_text(PEOPLE[name], encoding="utf-8")
    source = ["-", "--format", path.suffix[1:]] if by_stdin else [str(path)]
    text = "Hi {name}, {{{left}}} left"
    stdin = PEOPLE[name] if by_stdin else ""
    result = sh("send", *source, "--text", text, *FAST, stdin=stdin)
    assert result.returncode == 0, result.stderr
    assert [emulator.received(f"u{n}")[0]["body"]["msg"] for n in (1, 2, 3)] == [
        "Hi Ann, {2, or 3} left",
        "Hi Bob, {4} left",
        "Hi Éva, {{}} left",
    ]


def test_a_row_that_cannot_be_filled_fails_alone(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path, failed = tmp_path / "people.jsonl", tmp_path / "failed.csv"
    path.write_text(
        rows('{"id": "u1", "n": 1}', "{rubbish", "[]", '{"id": "u2"}', '{"id": 3, "n": 0}')
    )
    result = sh("send", str(path), "--text", "{n}", "--failed-to", str(failed), *FAST)
    assert result.returncode == 1
    assert "2  sent" in result.stdout
    assert "3  failed" in result.stdout
    assert emulator.received("3")[0]["body"]["msg"] == "0"
    lines = failed.read_text().splitlines()
    assert lines[0] == "id,status,reason"
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["line 2", "failed"],
        ["line 3", "failed"],
        ["u2", "failed"],
    ]
    assert "there is no value for {n}" in lines[3]


@pytest.mark.parametrize(
    ("name", "content", "arguments", "words"),
    [
        ("a.csv", "id,name\nu1,Ann\n", ["--text", "Hi {nam}"], "no column nam; it has id, name"),
        ("a.csv", "x,y\n1,2\n", ["--text", "x", "--id-column", "id"], "no column id"),
        ("a.csv", 'id\nu1\n"u2\n', ["--text", "x"], "is no CSV"),
        ("a.txt", "u1\n", ["--text", "Hi {name}"], "no columns to fill {name}"),
        ("a.txt", "u1\n", ["--text", "Hi", "--failed-to", "a.txt"], "would overwrite"),
        ("a.txt", "u1\n", ["--text", "Hi", "--failed-to", "no/where"], "No such file"),
    ],
)
def test_input_that_cannot_work_sends_nothing(
    sh: Shell,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content)
    result = sh("send", name, *arguments, *FAST)
    assert result.returncode != 0
    assert words in result.stderr
    assert emulator.state.delivered == 0
    assert (tmp_path / name).read_text() == content


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


def test_who_failed_can_be_sent_to_again(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
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


def test_a_journal_of_a_template_is_another_templates_no_more(sh: Shell, tmp_path: Path) -> None:
    path, journal = tmp_path / "people.csv", tmp_path / "sale.db"
    path.write_text(PEOPLE["people.csv"])
    line = ("send", str(path), "--journal", str(journal), *FAST)
    assert sh(*line, "--text", "Hi {name}").returncode == 0
    other = sh(*line, "--text", "Bye {name}")
    assert other.returncode == 1
    assert "of another job: it differs in job_id" in other.stderr
    again = sh(*line, "--text", "Hi {name}")
    assert again.returncode == 0
    assert "3  skipped" in again.stdout
