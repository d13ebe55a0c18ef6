"""The pages about several machines do what they say, in both languages."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.guide import ROOT, of
from tests.shared.conftest import postgres_url

__all__ = ["postgres_url"]

PAGES = ("several-machines.md", "several-machines.zh-CN.md")


@contextmanager
def background(command: str, env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(["bash", "-c", f"exec {command}"], env=env)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def env(tmp_path: Path, postgres_url: str) -> Iterator[dict[str, str]]:
    shim = tmp_path / "bin" / "easemob"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m easemob_async "$@"\n')
    shim.chmod(0o755)
    with running(Emulator(quotas=None)) as emulator:
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        path = f"{shim.parent}:{os.environ['PATH']}"
        yield {
            **os.environ,
            **keys,
            "PATH": path,
            "NO_COLOR": "1",
            "EASEMOB_QUEUE": postgres_url,
            "PYTHONPATH": str(ROOT),
        }


def test_the_commands_do_what_the_page_says(env: dict[str, str], tmp_path: Path) -> None:
    venv, demo, install, send, worker, watch, after, resume = of(PAGES[0], "sh")
    assert venv.startswith("python3 -m venv .venv")
    assert demo == "easemob demo --queue\n"

    def sh(block: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            ["bash", "-ec", block],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result

    export, command = install.splitlines()
    assert export == "export EASEMOB_QUEUE=postgresql://localhost/easemob"
    sh(command)
    subprocess.run(
        ["bash", "-c", "easemob job stop spring; easemob job purge spring --yes"], env=env
    )
    assert "100,000 targets" in sh(send).stdout
    with background(worker.strip(), env):
        watched = sh(watch)
        assert "spring: done" in watched.stderr
        sh(resume)
    listed = sh(after).stdout
    assert "spring: done, 100,000 of 100,000" in listed
    assert (tmp_path / "spring.db").exists()


async def test_the_programs_do_what_the_page_says(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    submit, work = (
        block.replace("postgresql://localhost/easemob", env["EASEMOB_QUEUE"])
        for block in of(PAGES[0], "python")
    )
    submit = submit.replace('"spring"', '"from-python"')
    purge = (
        "\nasync with JobQueue(URL) as queue:\n    await queue.install()\n"
        '    job = queue.job("from-python")\n'
        '    if "from-python" in [one.job_id for one in await queue.jobs()]:\n'
        "        await job.stop()\n        await job.purge()\n"
    )
    imports, _, program = submit.partition("\n\n")
    purge = purge.replace("URL", repr(env["EASEMOB_QUEUE"]))
    made: dict[str, Any] = {"targets": ["ann", "bad\nname"]}
    exec(
        f"{imports}\nasync def purge():\n{textwrap.indent(purge, '    ')}\n"
        f"async def submit():\n{textwrap.indent(program, '    ')}\n"
        f"async def work():\n{textwrap.indent(work, '    ')}\n",
        made,
    )
    await made["purge"]()
    worker = asyncio.create_task(made["work"]())
    try:
        await made["submit"]()
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    assert "bad\nname fanout.to_users" in capsys.readouterr().out


def test_compose_and_kubernetes_files_are_whole() -> None:
    compose, deployment = (yaml.safe_load(block) for block in of(PAGES[0], "yaml"))
    assert compose["services"].keys() == {"postgres", "install", "worker"}
    assert compose["services"]["worker"]["environment"].keys() >= {
        "EASEMOB_QUEUE",
        "EASEMOB_SHARED",
        "EASEMOB_APP_KEY",
    }
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["worker", "--concurrency", "2"]
