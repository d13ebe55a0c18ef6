"""``easemob queue``, ``worker`` and ``job``: a job from its submission to its deletion."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.shell import EASEMOB, FAST, Shell, json_lines
from tests.shared.conftest import postgres_url
from tests.waiting import eventually

__all__ = ["postgres_url"]

PASSWORD = "t0p-secret"


@pytest.fixture
def queue(sh: Shell, postgres_url: str) -> str:
    url = postgres_url.replace("postgres@", f"postgres:{PASSWORD}@", 1)
    sh.env["EASEMOB_QUEUE"] = url
    for _ in range(2):
        installed = sh("queue", "install")
        assert installed.returncode == 0, installed.stderr
        assert "ready" in installed.stdout
        assert PASSWORD not in installed.stdout
    for job in json_lines(sh("job", "list", "--json").stdout):
        sh("job", "stop", job["job_id"])
        assert sh("job", "purge", "--yes", job["job_id"]).returncode == 0
    return url


@pytest.fixture
def ids(tmp_path: Path) -> str:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"user{n:05}\n" for n in range(2_000)) + "user00001\nbad\tname\n")
    return str(path)


@contextmanager
def working(sh: Shell, *options: str) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [*EASEMOB, "worker", *FAST, *options], env=sh.env, stderr=subprocess.PIPE, text=True
    )
    try:
        yield worker
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.communicate()


def test_a_job_from_its_submission_to_its_deletion(
    sh: Shell, queue: str, ids: str, tmp_path: Path
) -> None:
    sent = sh("send", ids, "--text", "Sale!", "--job-id", "spring", "--detach", *FAST)
    assert sent.returncode == 0, sent.stderr
    assert "2,002 targets" in sent.stdout
    assert "spring: running, 2 of 2,002, 1 failed, no worker" in sh("job", "list").stdout
    with working(sh, "--concurrency", "2") as worker:
        watched = sh("job", "watch", "spring")
        assert watched.returncode == 1  # a target failed
        assert "2,000" in watched.stdout
        assert "spring: done" in watched.stderr
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
        assert worker.returncode == 0
        assert "the calls in progress were completed" in said
        assert PASSWORD not in said
    (report,) = json_lines(sh("job", "status", "spring", "--json").stdout)
    assert (report["sent"], report["failed"], report["skipped"]) == (2_000, 1, 1)
    assert "control characters" in sh("job", "status", "spring", "--failed").stdout
    assert len(sh("job", "status", "spring", "--sent").stdout.splitlines()) == 2_000
    assert "spring: done" in sh("queue", "status").stdout
    journal = tmp_path / "spring.db"
    assert sh("job", "export", "spring", str(journal)).returncode == 0
    # The path of a journal is one, also where a queue is set.
    assert "2,000  sent" in sh("job", "status", str(journal)).stdout
    assert sh("job", "purge", "spring", "--yes").returncode == 0
    assert sh("job", "list").stdout == ""
    gone = sh("job", "status", "spring", "--queue", queue)
    assert gone.returncode == 1
    assert "there is no job 'spring'" in gone.stderr


def test_a_job_is_sent_and_waited_for(sh: Shell, queue: str, ids: str, tmp_path: Path) -> None:
    failed = tmp_path / "failed.txt"
    with working(sh):
        sent = sh(
            *("send", ids, "--text", "Sale!", "--queue", queue, "--job-id", "wait", *FAST),
            *("--failed-to", str(failed)),
        )
    assert sent.returncode == 1
    assert "2,000" in sent.stdout
    assert failed.read_text() == "bad\tname\n"
    again = sh("send", ids, "--text", "Sale!", "--job-id", "wait", *FAST)
    assert again.returncode == 1
    assert "'wait' is in the queue already" in again.stderr


def test_a_stopped_job_is_resumed(sh: Shell, queue: str, ids: str) -> None:
    sh("send", ids, "--text", "Sale!", "--job-id", "stops", "--detach", *FAST)
    assert "stopped" in sh("job", "stop", "stops").stdout
    with working(sh) as worker:
        assert "stops: stopped" in sh("job", "watch", "stops").stderr
        assert sh("job", "resume", "stops").returncode == 0
        assert "stops: done" in sh("job", "watch", "stops").stderr
        assert worker.poll() is None


def test_ctrl_c_leaves_the_job_to_the_workers(sh: Shell, queue: str, ids: str) -> None:
    command = [*EASEMOB, "send", ids, "--text", "Sale!", "--job-id", "left", *FAST]
    waiting = subprocess.Popen(command, env=sh.env, stderr=subprocess.PIPE, text=True)
    eventually(lambda: "left: running" in sh("job", "list").stdout)
    waiting.send_signal(signal.SIGTERM)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "the job goes on" in said
    with working(sh):
        assert "left: done" in sh("job", "watch", "left").stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--queue", "postgresql://127.0.0.1:1/x"], "need --job-id"),
        (["--detach"], "need --job-id"),
        (["--job-id", "a", "--journal", "j.db"], "do not go with --queue"),
        (["--job-id", "a", "--detach", "--failed-to", "f.txt"], "does not go with --detach"),
        (["--job-id", "a"], "--queue is missing"),
        (["--job-id", "a", "--queue", "postgresql://u:pw@127.0.0.1:1/x"], "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_is_said(sh: Shell, ids: str, options: list[str], words: str) -> None:
    refused = sh("send", ids, "--text", "hi", *options)
    assert refused.returncode in (1, 2)
    assert words in " ".join(refused.stderr.split())
    assert "pw" not in refused.stderr.replace("pwd", "")
