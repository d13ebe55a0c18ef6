"""What tests of jobs share: targets, a service that accepts, and whether a report adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from easemob_async import FanoutReport, Quotas
from tests.servers import Received, Reply, ScriptedServer

FREE = Quotas(enabled=False)


def users(number: int, start: int = 0) -> Iterator[str]:
    return (f"u{n}" for n in range(start, number))


def adds_up(report: FanoutReport) -> bool:
    return report.read == (
        report.sent + report.failed + report.unknown + report.skipped + report.not_sent
    )


def tasks_beside(server: ScriptedServer) -> set[asyncio.Task[Any]]:
    """Return the tasks that run beside the test's own and those of the server's connections."""
    known = {asyncio.current_task(), *server.tasks}
    return {task for task in asyncio.all_tasks() if task not in known}


def accept(request: Received) -> Reply:
    return Reply(body={"data": {target: f"id-{target}" for target in request.json["to"]}})
