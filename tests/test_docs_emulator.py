"""The pages about the emulator do what they say: their blocks are run as printed."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from easemob_async.cli.emulator import emulator as command
from easemob_async.emulator import Emulator
from easemob_async.emulator.control import ENDPOINTS
from easemob_async.emulator.features import FEATURES
from easemob_async.emulator.in_thread import running
from tests.guide import DOCS, PRINTED, ROOT, START, Ran, Story, blocks, of, story, tables

PAGES = ("emulator.md", "emulator.zh-CN.md")
__all__ = ["story"]  # the fixture


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])
    assert len(blocks(PAGES[0])) > 20


def test_both_languages_have_the_same_tables() -> None:
    def names(page: str) -> list[list[list[str]]]:
        return [[re.findall(r"`[^`]+`", row[0]) for row in table] for table in tables(page)]

    assert names(PAGES[0]) == names(PAGES[1])


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")
def test_the_commands_run_as_printed(story: Story) -> None:
    install, *texts = of(PAGES[0], "sh")
    assert install.startswith("python3 -m venv .venv")
    exports = next(text for text in texts if text.startswith(PRINTED))
    certificate = next(text for text in texts if text.startswith("openssl"))
    assert story.shell(certificate).returncode == 0
    texts = [text for text in texts if text not in (exports, certificate)]
    starts = [number for number, text in enumerate(texts) if text.startswith(START)]
    assert starts[0] == 0
    for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
        story.tell(texts[start:end])

    port = re.compile(r":\d+$", re.MULTILINE)
    assert port.sub(":8099", story.printed[0]) == exports

    def block(part: str) -> Ran:
        (found,) = (ran for ran in story.ran if part in ran.text)
        return found

    for ran in story.ran:
        if "/faults" not in ran.text:
            assert all(200 <= status < 300 for status in ran.statuses), ran
    (mailbox,) = block('$EASEMOB_BASE_URL/_emulator/users/ann/messages"').answers
    assert [message["body"]["msg"] for message in mailbox["messages"]] == ["hello"]
    assert block('"$control/say"').answers[0]["delivered"] is True
    (message,) = block('"$control/say"').answers[1]["messages"]
    assert message["body"]["msg"] == "hi"
    assert block('-X DELETE "$control/state"').answers[0] == {"reset": True}
    assert block('"$control/faults"').statuses[-2:] == [503, 200]
    assert block("tokens/expire").answers[-1]["expired"] >= 1
    assert block("$control/requests").answers[0]["requests"]
    assert "state?app=" in story.ran[-2].text or block("acme%23blog").answers
    assert block("acme%23blog").answers[0]["app"] == "acme#blog"
    assert len(block("let-me-in").answers) == 3
    assert block("--cacert").answers[0]["status"] == "ok"
    assert block("--cacert").out.splitlines()[-1]  # the token
    assert (story.folder / "emulator.db").exists()


def test_python_runs_as_printed(tmp_path: Path) -> None:
    (code,) = of(PAGES[0], "python")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "{'msg': 'hello'}\n", done.stderr


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node")
def test_javascript_runs_as_printed(tmp_path: Path) -> None:
    (code,) = of(PAGES[0], "js")
    (tmp_path / "example.js").write_text(code)
    with running(Emulator()) as emulator:
        emulator.add_user("ann")
        keys = {f"EASEMOB_{name.upper()}": str(v) for name, v in emulator.credentials.items()}
        done = subprocess.run(
            ["node", tmp_path / "example.js"],
            env={**os.environ, **keys},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert emulator.received("ann")[0]["body"] == {"msg": "hello from Node"}


@pytest.mark.parametrize(
    ("language", "suffix", "parse"),
    [
        ("php", "php", ["php", "-l"]),
        ("ruby", "rb", ["ruby", "-c"]),
        ("go", "go", ["gofmt", "-l"]),
        # The SDK is not here: only what is missing may be wrong.
        ("java", "java", ["javac", "-proc:none", "-d", "."]),
    ],
)
def test_blocks_of_other_languages_can_be_parsed(
    tmp_path: Path, language: str, suffix: str, parse: list[str]
) -> None:
    (code,) = of(PAGES[0], language, runs=False)
    if shutil.which(parse[0]) is None:
        pytest.skip(f"there is no {parse[0]}")
    (tmp_path / f"Example.{suffix}").write_text(code)
    done = subprocess.run(
        [*parse, f"Example.{suffix}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if language == "java":
        errors = re.findall(r"error: (.*)", done.stderr)
        missing = ("package com.easemob.im.server does not exist", "cannot find symbol")
        assert all(error in missing for error in errors), done.stderr
    else:
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_that_is_not_run_says_so() -> None:
    assert {block.language for block in blocks(PAGES[0]) if not block.runs} == {
        *("java", "php", "go", "ruby", "sh")
    }
    (docker,) = of(PAGES[0], "sh", runs=False)
    assert all(line.startswith("docker ") for line in docker.splitlines())


def instructions() -> list[str]:
    """The instructions of the Dockerfile, each on one line."""
    text = (DOCS / "docker" / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", "").splitlines()


def test_the_dockerfile_on_the_page_is_the_one_in_its_folder() -> None:
    assert of(PAGES[0], "dockerfile") == [(DOCS / "docker" / "Dockerfile").read_text()]


def test_the_dockerfile_starts_what_there_is(story: Story) -> None:
    (entry,) = (line for line in instructions() if line.startswith("ENTRYPOINT"))
    (health,) = (line for line in instructions() if line.startswith("HEALTHCHECK"))
    words = json.loads(entry.partition(" ")[2])
    assert words == [*START.split(), "--host", "0.0.0.0", "--port", "8099"]
    check = json.loads(health.partition("CMD ")[2])
    assert check[0] == "python"
    with story.started(shlex.join([*START.split(), "--host", "0.0.0.0"])) as exports:
        base = re.findall(r"EASEMOB_BASE_URL=(\S+)", exports)[0]
        code = check[2].replace("http://127.0.0.1:8099", base)
        assert code != check[2]
        subprocess.run([sys.executable, check[1], code], check=True, timeout=30)


def test_the_dockerfile_installs_extras_that_there_are() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    extras = re.findall(r"whl\)\[([\w,]+)\]", (DOCS / "docker" / "Dockerfile").read_text())
    for extra in extras[0].split(","):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra


def test_compose_and_ci_use_what_there_is() -> None:
    compose, github, gitlab = map(yaml.safe_load, of(PAGES[0], "yaml"))
    defaults = {
        name: str(inspect.signature(Emulator).parameters[argument].default)
        for name, argument in (
            ("EASEMOB_APP_KEY", "app_key"),
            ("EASEMOB_CLIENT_ID", "client_id"),
            ("EASEMOB_CLIENT_SECRET", "client_secret"),
        )
    }
    service, app = compose["services"]["easemob"], compose["services"]["app"]
    assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    context = command.make_context("emulator", list(service["command"]), resilient_parsing=False)
    assert context.params["state_file"].startswith("/data/")
    assert service["volumes"] == ["easemob:/data"]
    assert "easemob" in compose["volumes"]
    assert "install -d -o nobody /data" in "".join(instructions())
    assert app["depends_on"] == {"easemob": {"condition": "service_healthy"}}
    job, other = github["jobs"]["test"], gitlab["test"]
    for env, host in (
        (app["environment"], "easemob"),
        (job["env"], "127.0.0.1"),
        (other["variables"], "easemob"),
    ):
        assert defaults.items() <= env.items()
        assert env["EASEMOB_BASE_URL"] == f"http://{host}:8099"
        assert (env.get("EASEMOB_ALLOW_HTTP") == "1") == (host == "easemob")
    assert job["services"]["easemob"]["ports"] == ["8099:8099"]
    assert other["services"][0]["alias"] == "easemob"
    for variables in (
        service["environment"],
        job["services"]["easemob"]["env"],
        other["services"][0]["variables"],
    ):
        assert variables == {"EASEMOB_CONTROL_KEY": "let-me-in"}


@pytest.mark.parametrize("page", PAGES)
def test_every_control_request_is_in_the_table_with_its_fields(page: str) -> None:
    control, _ = tables(page)
    rows = {
        request: what
        for requests, what in control
        for request in re.findall(r"`([A-Z]+ /_emulator/[^`]*)`", requests)
    }
    real = {
        f"{method} /_emulator/{path}": endpoint.fields
        for path, methods in ENDPOINTS.items()
        for method, endpoint in methods.items()
        if not path.startswith("page/")
    }
    assert rows.keys() == real.keys()
    for request, fields in real.items():
        for field in fields:
            assert f"`{field}`" in rows[request], (request, field)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_and_argument_is_in_the_table(page: str) -> None:
    table = "\n".join(" | ".join(row) for row in tables(page)[-1])
    for parameter in command.params:
        assert f"`{parameter.opts[0]}" in table, parameter.opts
    for argument in inspect.signature(Emulator).parameters:
        assert re.search(rf"`{argument}[`=]", table), argument
    for option in re.findall(r"`(--[\w-]+)", table):
        assert any(option in parameter.opts for parameter in command.params), option
    text = (DOCS / page).read_text(encoding="utf-8")
    last = text[text.index("`threads`") :]
    assert tuple(re.findall(r"`(\w+)`", last)[: len(FEATURES)]) == FEATURES
