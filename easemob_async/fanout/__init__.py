"""Bulk sending of one message, or of one message each, to any number of targets."""

from __future__ import annotations

from easemob_async.fanout.fanout import Fanout

__all__ = ["Fanout"]
