"""Sending one message, or one for each, to very many targets: ``client.fanout``."""

from __future__ import annotations

from easemob_async.fanout.fanout import Fanout

__all__ = ["Fanout"]
