"""The documented events, and posts made of them."""

from __future__ import annotations

from typing import Any

from easemob_async.webhooks import sign
from tests import facts_reader

SECRET = "the-secret-of-the-rule"
EVENTS: list[dict[str, Any]] = facts_reader.read("webhooks")["events"]
DELIVERY: dict[str, Any] = facts_reader.read("webhooks")["delivery"]


def examples() -> list[tuple[str, dict[str, Any]]]:
    """Every printed event, also those of older pages, and those put together of a page's parts."""
    found = []
    parts = next(e["payload_examples"] for e in EVENTS if e["id"] == "chat.message")
    for entry in EVENTS:
        for key in ("examples", "older_examples", "composed_examples"):
            found += [(entry["id"], example) for example in entry.get(key, ())]
        # The other messages' payloads are said to be those of chat.message.
        for part in parts if "payload_examples" in entry else ():
            for whole in entry.get("composed_examples", ()):
                found.append((entry["id"], {**whole, "payload": part["payload"]}))
    return found


def signed(payload: dict[str, Any], secret: str = SECRET, /, **changes: Any) -> dict[str, Any]:
    """A post as the service signs it."""
    post = {"callId": "acme#shop_1", "timestamp": 1_600_060_847_294, **payload, **changes}
    return {**post, "security": sign(post["callId"], secret, post["timestamp"])}


MESSAGE: dict[str, Any] = {
    "callId": "acme#shop_8924312242322",
    "eventType": "chat",
    "timestamp": 1_600_060_847_294,
    "chat_type": "chat",
    "from": "ann",
    "to": "bot",
    "msg_id": "8924312242322",
    "payload": {"ext": {"k": 1}, "bodies": [{"msg": "hello", "type": "txt"}]},
    "appkey": "acme#shop",
    "host": "server-1",
}
QUESTION: dict[str, Any] = {
    "callId": "acme#shop_0990a64f-0000-6c50-8696-cf3b48b20e7e",
    "timestamp": 1_600_060_847_294,
    "chat_type": "chat",
    "from": "ann",
    "to": "bob",
    "msg_id": "8924312242322",
    "payload": {"bodies": [{"msg": "hello", "type": "txt"}], "ext": {"k": 1}},
}
# A rule may offer edits, in a form that no page shows: the envelope of a question is taken, and
# the content of the event of an edit.
EDIT_QUESTION: dict[str, Any] = {
    **QUESTION,
    "chat_type": "edit",
    "payload": {
        "edit_message_id": "8924312242000",
        "bodies": [{"msg": "hello", "type": "txt"}],
        "ext": {"k": 1},
        "type": "edit",
    },
}
OLDER_EDIT: dict[str, Any] = next(e for e in EVENTS if e["id"] == "message.edited")[
    "older_examples"
][0]
