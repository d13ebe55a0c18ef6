"""Bulk jobs on several machines: a queue in PostgreSQL, and workers wherever you like.

A job of ``client.fanout`` that was not started is submitted to a `JobQueue`; whoever calls
`JobQueue.work` sends it. The engine is procrastinate; a ledger in the same database sees to it that
nobody is sent to twice.
"""

from __future__ import annotations

from easemob_async.distributed.job import QueuedJob
from easemob_async.distributed.queue import JobQueue
from easemob_async.distributed.report import JobReport

__all__ = ["JobQueue", "JobReport", "QueuedJob"]
