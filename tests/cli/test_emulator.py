"""The command ``easemob emulator``, in real processes."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from easemob_async.cli.emulator import emulator as command
from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, Shell, take_interrupts
from tests.waiting import eventually


@attrs.frozen
class Served:
    """An emulator in a process of its own."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def env(self) -> Mapping[str, str]:
        """What it printed to be pasted into a shell, as a shell reads it."""
        words = shlex.split((self.folder / "out").read_text())
        return dict(word.split("=", 1) for word in words if word != "export")

    @property
    def errors(self) -> str:
        return (self.folder / "err").read_text()

    @property
    def pages(self) -> list[str]:
        lines = [line for line in self.errors.splitlines() if line.startswith("page: ")]
        return [line.removeprefix("page: ") for line in lines]

    def easemob(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **self.env, "NO_COLOR": "1"}
        return subprocess.run(
            [*EASEMOB, *arguments], env=env, capture_output=True, text=True, check=False, timeout=60
        )


@contextmanager
def served(folder: Path, *arguments: str, signal_: int = signal.SIGINT) -> Iterator[Served]:
    """Run the command until the block ends; it must end cleanly."""
    folder.mkdir(exist_ok=True)
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [*EASEMOB, "emulator", *arguments], stdout=out, stderr=err, preexec_fn=take_interrupts
        )
        emulator = Served(process, folder)
        try:
            eventually(lambda: emulator.pages or process.poll() is not None)
            assert process.poll() is None, emulator.errors
            yield emulator
            process.send_signal(signal_)
            assert process.wait(20) == 0, emulator.errors
            assert "Traceback" not in emulator.errors
        finally:
            process.kill()
            process.wait()


def call(
    url: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"Content-Type": "application/json", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def token(base: str, app: str = "easemob-demo/testapp", **more: str) -> tuple[int, Any]:
    credentials = {"client_id": "YXA6-emulator-id", "client_secret": "YXA6-emulator-secret"}
    body = {"grant_type": "client_credentials", **credentials, **more}
    return call(f"{base}/{app}/token", body)


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, signal_: int) -> None:
    with served(tmp_path, "--app-key", "acme#shop", signal_=signal_) as emulator:
        assert emulator.env["EASEMOB_APP_KEY"] == "acme#shop"
        assert emulator.easemob("token").returncode == 0
        assert emulator.pages == [f"{emulator.env['EASEMOB_BASE_URL']}/_emulator/"]


def test_a_port_in_use_is_one_line(sh: Shell) -> None:
    port = sh.emulator.base_url.rpartition(":")[2]
    result = sh("emulator", "--port", port)
    assert result.returncode == 2
    said = f"Error: port {port} of 127.0.0.1 is in use; choose another one with --port\n"
    assert result.stderr == said


def test_a_host_that_is_not_this_machine_is_one_line(sh: Shell) -> None:
    result = sh("emulator", "--host", "198.51.100.7", "--port", "1")
    assert result.returncode == 2
    assert result.stderr == "Error: 198.51.100.7 is no address of this machine; see --host\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "99999"], "0<=x<=65535"),
        (["--app-key", "foo"], "must be 'org#app'"),
        (["--app-key", "acme#shop", "--app-key", "foo"], "'foo': must be 'org#app'"),
        (["--switched-off", "thread"], "no feature 'thread'; did you mean 'threads'?"),
        (["--switched-off", "xyz"], "there are threads, presence, reactions"),
        (["--delay", "2-1"], "'2-1' is not a number of seconds such as 0.2 or 0.1-0.5"),
        (["--delay", "-1"], "'-1' is not a number of seconds"),
        (["--delay", "nan"], "'nan' is not a number of seconds"),
        (["--delay", "inf"], "'inf' is not a number of seconds"),
        (["--quotas", "nan"], "nan is not a factor"),
        (["--quotas", "inf"], "inf is not a factor"),
        (["--token-ttl", "0"], "x>=1"),
        (["--max-messages", "-1"], "x>=0"),
        (["--app-id", "x" * 32], "app_id must be 32 hexadecimal digits"),
        (["--app-certificate", "a" * 31], "app_certificate must be 32 hexadecimal digits"),
        (["--tls-key", __file__], "--tls-key needs --tls-cert"),
        (["--tls-cert", "nowhere.pem"], "'nowhere.pem' does not exist"),
        (["--webhook", "example.com"], "must begin with http:// or https://"),
    ],
)
def test_an_option_that_cannot_be_is_refused(sh: Shell, arguments: list[str], says: str) -> None:
    result = sh("emulator", *arguments)
    assert result.returncode == 2
    assert says in result.stderr


def test_credentials_lifetime_and_limits_are_as_given(tmp_path: Path) -> None:
    options = ["--client-id", "me", "--client-secret", "it's a secret", "--token-ttl", "77"]
    limits = ["--user-limit", "1", "--switched-off", "presence", "--switched-off", "threads"]
    with served(tmp_path, *options, *limits) as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        assert emulator.env["EASEMOB_CLIENT_SECRET"] == "it's a secret"
        assert token(base)[0] == 400
        status, answer = token(base, client_id="me", client_secret="it's a secret")
        assert (status, answer["expires_in"]) == (200, 77)
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        app = f"{base}/easemob-demo/testapp"
        ann, bob = ({"username": name, "password": "x"} for name in ("ann", "bob"))
        assert call(f"{app}/users", ann, bearer)[0] == 200
        assert call(f"{app}/users", bob, bearer)[0] != 200
        assert call(f"{app}/threads/chatgroups/1/user/ann", None, bearer)[0] >= 400


def test_answers_are_delayed(tmp_path: Path) -> None:
    with served(tmp_path, "--delay", "0.2-0.3") as emulator:
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{emulator.env['EASEMOB_BASE_URL']}/a/b/users", timeout=0.1)
        assert token(emulator.env["EASEMOB_BASE_URL"])[0] == 200


def test_ctrl_c_is_clean_while_requests_and_streams_are_open(tmp_path: Path) -> None:
    with served(tmp_path, "--delay", "60") as emulator, contextlib.ExitStack() as open_:
        host, _, port = emulator.env["EASEMOB_BASE_URL"].removeprefix("http://").partition(":")
        for path in ("easemob-demo/testapp/users", "_emulator/events"):
            connection = open_.enter_context(socket.create_connection((host, int(port)), 30))
            connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        open_.enter_context(socket.create_connection((host, int(port)), 30)).sendall(b"GET /half")
        # A request that is answered after them has seen them arrive.
        assert call(f"http://{host}:{port}/_emulator/health")[0] == 200
        emulator.process.send_signal(signal.SIGINT)
        assert emulator.process.wait(20) == 0


def test_several_apps_are_served(tmp_path: Path) -> None:
    with served(tmp_path, "--app-key", "acme#shop", "--app-key", "acme#blog") as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        assert emulator.env["EASEMOB_APP_KEY"] == "acme#shop"
        assert "apps: acme#shop, acme#blog\n" in emulator.errors
        tokens = {app: token(base, f"acme/{app}") for app in ("shop", "blog", "news")}
        assert [status for status, _ in tokens.values()] == [200, 200, 404]
        bearer = {"Authorization": f"Bearer {tokens['shop'][1]['access_token']}"}
        assert call(f"{base}/acme/shop/users", None, bearer)[0] == 200
        assert call(f"{base}/acme/blog/users", None, bearer)[0] == 401


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1"])
def test_every_address_that_is_printed_works(tmp_path: Path, host: str) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with served(tmp_path, "--host", host) as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        assert base.startswith("http://[::1]:" if ":" in host else "http://127.0.0.1:")
        assert emulator.easemob("token").returncode == 0
        assert emulator.pages[0].startswith(f"{base}/_emulator/")
        for page in emulator.pages:
            assert token(page.partition("/_emulator/")[0])[0] == 200


def test_other_machines_need_the_control_key(tmp_path: Path) -> None:
    with served(tmp_path / "made", "--host", "0.0.0.0") as emulator:
        made = emulator.env["EASEMOB_CONTROL_KEY"]
        assert len(made) >= 16
        base = emulator.env["EASEMOB_BASE_URL"]
        assert emulator.pages[0] == f"{base}/_emulator/?key={made}"
        assert call(f"{base}/_emulator/health")[0] == 200
        assert call(f"{base}/_emulator/state")[0] == 403
        assert call(f"{base}/_emulator/state", None, {"X-Emulator-Key": made})[0] == 200
        app_token = token(base)[1]["access_token"]
        for name in ("ann", "bob"):
            user = {"username": name, "password": "x"}
            bearer = {"Authorization": f"Bearer {app_token}"}
            assert call(f"{base}/easemob-demo/testapp/users", user, bearer)[0] == 200
        said = emulator.easemob("webhooks", "say", "ann", "bob", "hello")
        assert said.stdout.startswith("delivered"), said.stderr
    with served(tmp_path / "given", "--host", "0.0.0.0", "--control-key", "k 1&") as emulator:
        assert emulator.env["EASEMOB_CONTROL_KEY"] == "k 1&"
        state = emulator.pages[0].replace("/_emulator/?", "/_emulator/state?")
        assert call(state)[0] == 200


def test_it_serves_https(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    cert, key, both = (tmp_path / name for name in ("cert.pem", "key.pem", "both.pem"))
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    certificate.private_key_and_cert_chain_pem.write_to_path(both)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    for name, options in (
        ("two", ["--tls-cert", str(cert), "--tls-key", str(key)]),
        ("one", ["--tls-cert", str(both)]),
    ):
        with served(tmp_path / name, *options) as emulator:
            base = emulator.env["EASEMOB_BASE_URL"]
            assert base.startswith("https://127.0.0.1:")
            status, _ = call(f"{base}/easemob-demo/testapp/users", context=context)
            assert status == 401  # a token is missing, not the certificate


def test_a_bad_certificate_is_one_line(sh: Shell, tmp_path: Path) -> None:
    authority = trustme.CA()
    cert, key, other = (tmp_path / name for name in ("cert.pem", "key.pem", "other.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    authority.issue_cert("127.0.0.1").private_key_pem.write_to_path(other)
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    for options in (
        ["--tls-cert", str(text)],
        ["--tls-cert", str(cert)],  # the key is missing
        ["--tls-cert", str(cert), "--tls-key", str(other)],
        ["--tls-cert", str(cert), "--tls-key", str(text)],
    ):
        result = sh("emulator", *options)
        assert result.returncode == 2
        assert result.stderr.startswith(f"Error: {options[1]}")
        assert result.stderr.count("\n") == 1
    secret = load_pem_private_key(key.read_bytes(), None)
    locked = BestAvailableEncryption(b"password")
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    result = sh("emulator", "--tls-cert", str(cert), "--tls-key", str(key))
    assert result.returncode == 2
    assert result.stderr == f"Error: {key}: the private key is encrypted; decrypt it first\n"


def test_requests_and_webhooks_are_logged_unless_quiet(tmp_path: Path) -> None:
    hook = "http://127.0.0.1:1/hook"
    with served(tmp_path / "loud", "--webhook", hook) as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        answer = token(base)[1]
        assert token(base, client_secret="wrong")[0] == 400
        eventually(lambda: emulator.errors.count("POST /") >= 2)
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        for name in ("ann", "bob"):
            user = {"username": name, "password": "x"}
            call(f"{base}/easemob-demo/testapp/users", user, bearer)
        body = {"from": "ann", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}}
        assert call(f"{base}/easemob-demo/testapp/messages/users", body, bearer)[0] == 200
        eventually(lambda: hook in emulator.errors)
        assert answer["access_token"] not in emulator.errors
        assert "YXA6-emulator-secret" not in emulator.errors
    with served(tmp_path / "quiet", "--quiet") as emulator:
        assert token(emulator.env["EASEMOB_BASE_URL"])[0] == 200
        assert emulator.errors.count("\n") == 1  # the page


def test_webhooks_are_those_of_all_apps(tmp_path: Path) -> None:
    hook = "http://127.0.0.1:1/hook"
    apps = ["--app-key", "acme#shop", "--app-key", "acme#blog"]
    with served(tmp_path, *apps, "--webhook", hook, "--pre-delivery", hook) as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        for name in ("shop", "blog"):
            _, answer = call(f"{base}/_emulator/webhooks?app=acme%23{name}")
            assert [rule["before_delivery"] for rule in answer["rules"]] == [False, True]
            assert {rule["url"] for rule in answer["rules"]} == {hook}
            assert emulator.env["EASEMOB_WEBHOOK_SECRET"] not in json.dumps(answer)


def test_the_state_is_kept_over_a_restart(tmp_path: Path) -> None:
    state = ["--state", str(tmp_path / "state.db")]
    with served(tmp_path / "first", *state) as emulator:
        app = f"{emulator.env['EASEMOB_BASE_URL']}/easemob-demo/testapp"
        answer = token(emulator.env["EASEMOB_BASE_URL"])[1]
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert call(f"{app}/users", {"username": "ann", "password": "x"}, bearer)[0] == 200
    with served(tmp_path / "second", *state) as emulator:
        app = f"{emulator.env['EASEMOB_BASE_URL']}/easemob-demo/testapp"
        assert call(f"{app}/users/ann", None, bearer)[0] == 200


def test_a_state_file_of_something_else_is_one_line(sh: Shell, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database, " * 100)
    for path in (text, tmp_path / "no folder" / "state.db"):
        result = sh("emulator", "--state", str(path))
        assert result.returncode == 2
        assert str(path) in result.stderr
        assert result.stderr.count("\n") == 1
    assert text.read_text() == "no database, " * 100


def test_no_more_messages_are_kept_than_asked_for(tmp_path: Path) -> None:
    with served(tmp_path, "--max-messages", "2") as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        bearer = {"Authorization": f"Bearer {token(base)[1]['access_token']}"}
        app = f"{base}/easemob-demo/testapp"
        assert call(f"{app}/users", {"username": "bob", "password": "x"}, bearer)[0] == 200
        for text in "abc":
            body = {"from": "shop", "to": ["bob"], "type": "txt", "body": {"msg": text}}
            assert call(f"{app}/messages/users", body, bearer)[0] == 200
        _, mailbox = call(f"{base}/_emulator/users/bob/messages")
        assert [message["body"]["msg"] for message in mailbox["messages"]] == ["b", "c"]


def test_with_a_maximum_of_0_messages_are_only_counted(tmp_path: Path) -> None:
    with served(tmp_path, "--max-messages", "0") as emulator:
        base = emulator.env["EASEMOB_BASE_URL"]
        bearer = {"Authorization": f"Bearer {token(base)[1]['access_token']}"}
        app = f"{base}/easemob-demo/testapp"
        assert call(f"{app}/users", {"username": "bob", "password": "x"}, bearer)[0] == 200
        body = {"from": "shop", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}}
        assert call(f"{app}/messages/users", body, bearer)[0] == 200
        assert call(f"{base}/_emulator/users/bob/messages")[1]["messages"] == []


def test_every_argument_of_the_emulator_has_an_option() -> None:
    """But the clocks, which are functions; and webhooks are added by a method."""
    options = {
        name for parameter in command.params for name in (parameter.name or "", *parameter.opts)
    }
    named = {"app_key": "app_keys", "more_apps": "app_keys", "ssl": "tls_cert"}
    named["keep_messages"] = "max_messages"
    for argument in inspect.signature(Emulator).parameters:
        if argument not in {"now", "monotonic"}:
            assert named.get(argument, argument) in options, argument
