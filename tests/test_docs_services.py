"""The guide to services does what it says; what starts containers is read and compared."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.webhooks import WebhookReceiver
from tests.guide import DOCS, Reader, Story, answers, files, free_port, of, story, tables
from tests.shared.conftest import redis_url
from tests.waiting import eventually

__all__ = ["redis_url", "story"]  # the fixtures
PAGE = "services.md"
PAGES = (PAGE, "services.zh-CN.md")


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_page_can_be_followed(story: Story) -> None:
    reader = Reader(story)

    def look() -> None:
        answer = "We answer within the hour."
        eventually(lambda: answer in [m["body"]["msg"] for m in reader.mailbox("ann")])

    _, said, tests, *_ = reader.follow(PAGE, look)
    assert "delivered" in said.out
    assert "3 passed" in tests.out


def test_a_handler_in_progress_ends_before_the_shop_does(story: Story) -> None:
    (story.folder / "shop.py").write_text(files(PAGE)["shop.py"], encoding="utf-8")
    port = free_port()
    with running(Emulator(delay=(1.0, 1.0))) as emulator:
        emulator.add_user("ann")
        emulator.add_user("shop")
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        env = {**story.env, **keys, "EASEMOB_WEBHOOK_SECRET": "s3cret"}
        run = ["uvicorn", "--factory", "shop:create_app", "--port", str(port)]
        with subprocess.Popen(run, cwd=story.folder, env=env, stderr=subprocess.PIPE) as process:
            try:
                eventually(lambda: answers(port) or process.poll() is not None)
                emulator.add_webhook(f"http://127.0.0.1:{port}/easemob", secret="s3cret")
                words = ["easemob", "webhooks", "say", "ann", "shop", "hello"]
                subprocess.run(words, env=env, check=True, stdout=subprocess.DEVNULL)
                eventually(lambda: emulator.webhooks.posted)  # the answer takes two seconds
                process.terminate()
                _, log = process.communicate(timeout=30)
            finally:
                process.kill()
        assert "Application shutdown complete." in log.decode()
        assert "Traceback" not in log.decode()
        (reply,) = emulator.received("ann")
        assert reply["body"]["msg"] == "We answer within the hour."


def command() -> list[str]:
    (line,) = (line for line in files(PAGE)["Dockerfile"].splitlines() if line.startswith("CMD "))
    words: list[str] = json.loads(line.removeprefix("CMD "))
    return words


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(files(PAGE)["shop.yaml"]))


def test_the_containers_run_what_the_page_runs() -> None:
    (run,) = (text for text in of(PAGE, "sh") if text.startswith("uvicorn --factory"))
    words = [word for word in command() if word not in ("--host", "0.0.0.0")]
    assert words == run.split()
    assert "COPY shop.py" in files(PAGE)["Dockerfile"]
    _, deployment, service = documents()
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"] == [{"containerPort": 8000}]
    assert service["spec"]["ports"][0]["targetPort"] == 8000
    assert (
        f'@router.get("{container["readinessProbe"]["httpGet"]["path"]}")' in files(PAGE)["shop.py"]
    )


def test_labels_and_names_of_the_cluster_match() -> None:
    secret, deployment, service = documents()
    spec = deployment["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    compose = yaml.safe_load(files(PAGE)["compose.yaml"])
    store = compose["services"]["shop"]["environment"]["EASEMOB_SHARED"]
    assert store == secret["stringData"]["EASEMOB_SHARED"]
    assert re.findall("//(.*):", store) == ["redis"]
    assert "noeviction" in compose["services"]["redis"]["command"]


def test_the_variables_of_the_cluster_are_those_that_are_read() -> None:
    secret, *_ = documents()
    given = dict(secret["stringData"])
    client = EasemobClient.from_env(given)
    assert str(client.app_key) == given["EASEMOB_APP_KEY"]
    assert '"EASEMOB_WEBHOOK_SECRET"' in files(PAGE)["shop.py"]


@pytest.mark.parametrize("page", PAGES)
def test_the_grace_is_longer_than_the_steps(page: str) -> None:
    cells = [row[1] for row in tables(page)[-1]]
    pre_stop, requests, handlers = (int(cell.split()[0]) for cell in cells[:3])
    _, deployment, _ = documents()
    pod = deployment["spec"]["template"]["spec"]
    grace = pod["terminationGracePeriodSeconds"]
    assert pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1] == str(pre_stop)
    assert command()[-2:] == ["--timeout-graceful-shutdown", str(requests)]
    drain = inspect.signature(WebhookReceiver).parameters["drain_within"].default
    assert drain.total_seconds() == handlers
    assert grace > pre_stop + requests + handlers
    compose = yaml.safe_load(files(PAGE)["compose.yaml"])
    assert compose["services"]["shop"]["stop_grace_period"] == f"{grace}s"


@pytest.mark.parametrize("page", PAGES)
def test_the_ways_to_a_user_token_are_those_of_the_library(page: str) -> None:
    tokens = EasemobClient("a#b", token="t").tokens
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, arguments in re.findall(r"tokens\.(\w+)\((.*?)\)`", text):
        known = inspect.signature(getattr(tokens, name)).parameters
        assert set(re.findall(r"(\w+)=", arguments)) <= set(known)


async def test_replicas_share_quota_and_token_by_the_variable_of_the_page(redis_url: str) -> None:
    (line,) = (text for text in of(PAGE, "sh", runs=False) if "EASEMOB_SHARED" in text)
    name, _, _ = line.removeprefix("export ").partition("=")
    async with Emulator() as emulator:
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        env = {**keys, name: redis_url}
        async with EasemobClient.from_env(env) as one, EasemobClient.from_env(env) as other:
            for client in (one, other):
                await client.messages.send_to_users(["ann"], Text("hi"))
            (messages,) = (u for u in other.quotas.usage() if u.limit.unit == "messages")
            assert messages.used == 2  # of both
        assert [path for _, path in emulator.requests].count("/easemob-demo/testapp/token") == 1
