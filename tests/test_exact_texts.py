"""Texts of subclasses of `str`: what counts is their characters, wherever they are given."""

from __future__ import annotations

import json
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Final

import pytest

from easemob_async import EasemobClient, Limit, Quotas, Text
from easemob_async.emulator import Emulator
from easemob_async.quotas import SECOND
from tests.conftest import Against
from tests.servers import Received, Reply


class Mixed(str, Enum):  # noqa: UP042 - the older form, whose str() and hash are those of its name
    """Users as members of an enum, the way it was written before 3.11."""

    ANN = "ann"
    BOB = "bob"


class Strict(StrEnum):
    """The same of today."""

    ANN = "ann"
    BOB = "bob"


class Loud(str):
    """A text that says something else of itself, and is equal to nothing."""

    def __str__(self) -> str:
        return "somebody else"

    def __format__(self, spec: str) -> str:
        return "somebody else"

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        return False


KINDS: Final[Any] = {
    "mixed": (Mixed.ANN, Mixed.BOB),
    "strict": (Strict.ANN, Strict.BOB),
    "loud": (Loud("ann"), Loud("bob")),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def names(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def answered(request: Received) -> Reply:
    body = json.loads(request.body) if request.body[:1] == b"{" else {}
    return Reply(body={"data": dict.fromkeys(body.get("to", []), "1"), "entities": []})


async def test_a_call_names_whom_it_is_given(names: tuple[str, str], against: Against) -> None:
    ann, bob = names
    async with against(answered, token="t") as (client, server):
        await client.users.ban(ann)
        await client.user_attributes.set(ann, {bob: bob})
        sent = await client.messages.send_to_users([ann, ann], Text(bob), ext={bob: [ann]})
        assert dict(sent.message_ids) == {"ann": "1"}
    ban, attributes, message = server.calls
    assert ban.path.endswith("/users/ann/deactivate")
    assert (attributes.path.rpartition("/")[2], attributes.body) == ("ann", b"bob=bob")
    assert json.loads(message.body) == {
        "to": ["ann"],
        "type": "txt",
        "body": {"msg": "bob"},
        "ext": {"bob": ["ann"]},
    }


async def test_a_user_has_one_quota_however_the_name_is_given(names: tuple[str, str]) -> None:
    ann, _ = names
    limit = Limit(1, per=SECOND * 100, key="username")
    quotas = Quotas(overrides={"users.get": [limit]})
    async with Emulator() as emulator:
        emulator.add_user("ann")
        client = EasemobClient(**emulator.credentials, quotas=quotas, timeout=0.1)
        async with client:
            await client.users.get(ann)
            with pytest.raises(Exception, match="quota"):
                await client.users.get("ann")


@pytest.mark.parametrize("kept", [True, False])
async def test_a_job_sends_to_each_once(
    names: tuple[str, str], kept: bool, tmp_path: Path, against: Against
) -> None:
    ann, bob = names
    journal = tmp_path / "j.db" if kept else None
    targets: list[Any] = [ann, "ann", ann, (bob, Text("x")), ("bob", Text("x"))]
    async with against(answered, token="t") as (client, server):
        job = client.fanout.to_users(targets, Text("x"), journal=journal)
        outcomes = [outcome async for outcome in job]
    assert sorted(o.target for o in outcomes if o.status == "sent") == ["ann", "bob"]
    assert len(outcomes) == 5
    assert {type(o.target) for o in outcomes} == {str}
    sent = [name for request in server.calls for name in json.loads(request.body)["to"]]
    assert sorted(sent) == ["ann", "bob"]
