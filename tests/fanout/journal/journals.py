"""Journals with all kinds of outcomes."""

from __future__ import annotations

from pathlib import Path

from easemob_async import EasemobClient, FanoutReport, Text
from easemob_async.fanout.journal import reader, rows
from tests.fanout.jobs import accept
from tests.servers import CUT, Answer, Received, Reply

JOB = {"kind": "fanout.to_users", "job_id": "", "message and options": "x"}


def people(number: int) -> list[str]:
    return [f"user{n}" for n in range(number)]


def mixed(request: Received) -> Answer:
    """Some accepted, some refused, some unknown."""
    to = request.json["to"]
    if "user1" in to:
        return accept(request)
    if "user700" in to:
        return CUT
    if any(name.endswith("77") for name in to):
        return Reply(status=400, body={"error": "x", "error_description": f"no {to[0]}"})
    data = {name: f"id-{name}" for name in to if not name.endswith("5")}
    return Reply(body={"data": data})


def states(path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in reader.read_states(path, 0):
        for name, state in part:
            if found.get(name) != rows.SENT:
                found[name] = state
    return found


async def write(client: EasemobClient, path: Path, number: int = 2400) -> FanoutReport:
    return await client.fanout.to_users(people(number), Text("x"), journal=path, workers=1)
