"""The calls of the operations on translation."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "translation.translate": lambda c, e: c.translation.translate(
        e.body["text"], e.body["to"], source=e.body["from"]
    ),
    "translation.list_languages": lambda c, e: c.translation.list_languages().page(),
    "translation.detect": lambda c, e: c.translation.detect(e.body["text"]),
}
