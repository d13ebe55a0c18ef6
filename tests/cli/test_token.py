"""``easemob token``, and the options that say who asks and whom."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from easemob_async import ConfigurationError, Discovery, EasemobClient
from easemob_async.cli import run
from easemob_async.cli.token import token
from easemob_async.emulator import Emulator, access_token
from tests.cli.shell import Shell


@pytest.fixture
def agora(emulator: Emulator) -> Shell:
    """A shell that has the App ID and the App Certificate, and no client id."""
    return Shell(emulator, emulator.agora_credentials)


def test_token(sh: Shell, emulator: Emulator) -> None:
    printed = sh("token").stdout.strip()
    assert printed in emulator.state.tokens


def test_a_token_of_agora_is_exchanged(agora: Shell, emulator: Emulator) -> None:
    printed = agora("token").stdout.strip()
    assert printed in emulator.state.tokens
    assert not printed.startswith("007")


def test_agora_credentials_are_options_as_well(sh: Shell, emulator: Emulator) -> None:
    state = emulator.state
    keys = ("--app-id", state.app_id, "--app-certificate", state.app_certificate)
    assert sh("token", *keys).stdout.strip() in state.tokens
    refused = sh("token", "--app-id", state.app_id)
    assert refused.returncode == 1
    assert "EASEMOB_APP_CERTIFICATE" in refused.stderr
    refused = sh("token", "--app-id", "short", "--app-certificate", "5ec2e7")
    assert refused.returncode == 1
    assert "app_id must be 32 hexadecimal digits" in refused.stderr
    assert "5ec2e7" not in refused.stderr
    refused = sh("token", *keys, "--token", "t")
    assert "pass either token, or app_id and app_certificate, not both" in refused.stderr


def test_variables_of_two_sets_are_refused(sh: Shell, emulator: Emulator) -> None:
    sh.env["EASEMOB_APP_ID"] = emulator.state.app_id
    refused = sh("token")
    assert refused.returncode == 1
    assert "EASEMOB_APP_ID are set in the environment: unset all but one" in refused.stderr


def test_a_users_own_token(agora: Shell, emulator: Emulator) -> None:
    emulator.add_user("ann")

    def signed(*options: str) -> access_token.AccessToken:
        text = agora("token", "--agora", "ann", *options).stdout.strip()
        own = json.loads(text)["access_token"] if "--json" in options else text
        return access_token.read(own, emulator.state.app_id, emulator.state.app_certificate)

    for options, lasts in ((), 3600), (("--expires-in", "60", "--json"), 60):
        found = signed(*options)
        assert found.services[access_token.CHAT].fields == (emulator.state.users["ann"].uuid,)
        assert list(found.services[access_token.CHAT].privileges) == [access_token.USER]
        assert found.expires_at - found.issued_at == lasts


def test_what_is_wrong_with_a_users_own_token_is_said(sh: Shell, agora: Shell) -> None:
    unknown = agora("token", "--agora", "ann")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert 'users.get("ann"): 404' in unknown.stderr
    useless = agora("token", "--expires-in", "60")
    assert useless.returncode == 2
    assert "--expires-in is for --agora" in useless.stderr
    sh.emulator.add_user("ann")
    without = sh("token", "--agora", "ann")
    assert without.returncode == 1
    assert "pass app_id and app_certificate to the client" in without.stderr


def test_the_hosts_of_the_app_are_asked_for(sh: Shell, emulator: Emulator) -> None:
    emulator.add_user("ann")
    # What is asked stands before the variable, which is of another place here.
    sh.env["EASEMOB_BASE_URL"] = "http://127.0.0.1:1"
    asked = f"{emulator.base_url}/easemob/server.json"
    found = sh("users", "get", "ann", "--discover-at", asked)
    assert "ann" in found.stdout, found.stderr
    assert next(path for _, path in emulator.requests).startswith("/easemob/server.json?app_key=")


def test_the_hosts_come_from_one_place(sh: Shell) -> None:
    both = sh("users", "get", "ann", "--discover", "--base-url", "http://127.0.0.1:1")
    assert both.returncode == 2
    assert "use either --base-url or --discover, not both" in both.stderr
    refused = sh("users", "get", "ann", "--discover-at", "http://rs.example/server.json")
    assert refused.returncode == 1
    assert "Discovery: url" in refused.stderr
    assert "--allow-http" in refused.stderr


def test_discover_asks_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []

    def note(**options: object) -> EasemobClient:
        found.append(options["base_url"])
        raise ConfigurationError("far enough")  # nothing leaves this machine

    monkeypatch.setattr(run, "connect", note)
    result = CliRunner().invoke(token, ["--discover"])
    assert result.exit_code == 1
    assert found == [Discovery()]
