"""Signatures: the documented ones, forged, missing, and of a ``callId`` cut in an emoji."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.webhooks import Allow, DropReason, PreDelivery, sign
from easemob_async.webhooks.signature import Signature, check_signature, spellings
from tests.webhooks.kept import Kept, post
from tests.webhooks.posts import DELIVERY, MESSAGE, QUESTION, SECRET, signed


@pytest.mark.parametrize("example", DELIVERY["signature"]["worked_examples"])
def test_the_worked_examples_of_the_signature(example: dict[str, Any]) -> None:
    found = sign(example["callId"], example["secret"], example["timestamp"])
    assert found == example["security"]


async def test_each_of_several_secrets_is_good() -> None:
    kept = Kept(secret=["first", "second"])
    async with kept.listening() as receiver:
        for number, secret in enumerate(("first", "second", "third")):
            status, _ = await post(receiver, signed(MESSAGE, secret, callId=f"acme#shop_{number}"))
            assert status == (403 if secret == "third" else 200)
    assert len(kept.events) == 2
    assert kept.reasons() == [DropReason.FORGED]


@pytest.mark.parametrize(
    "change",
    [
        {"security": "0" * 32},
        {"security": "é"},
        {"security": 5},
        {"security": ["a"]},
        {"callId": "acme#shop_other"},
        {"timestamp": 1},
        {"timestamp": 1.5},
        {"timestamp": True},
        {"callId": {"a": 1}},
    ],
)
@pytest.mark.parametrize("post_", [MESSAGE, QUESTION])
async def test_a_forged_post_is_refused(post_: dict[str, Any], change: dict[str, Any]) -> None:
    kept = Kept(allow_unsigned=True)
    asked: list[PreDelivery] = []

    @kept.receiver.before_delivery()
    def screen(message: PreDelivery) -> Allow:
        asked.append(message)
        return Allow()

    async with kept.listening() as receiver:
        status, _ = await post(receiver, {**signed(post_), **change})
    assert status == 403
    assert (kept.events, asked) == ([], [])
    assert kept.reasons() == [DropReason.FORGED]


async def test_a_timestamp_may_be_text() -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE, timestamp="1600060847294")))[0] == 200
    assert len(kept.events) == 1


@pytest.mark.parametrize("missing", ["security", "callId", "timestamp"])
async def test_an_unsigned_event_is_dropped_with_a_200(missing: str) -> None:
    kept = Kept()
    payload = signed(MESSAGE)
    del payload[missing]
    async with kept.listening() as receiver:
        assert await post(receiver, payload) == (200, {})
    assert kept.events == []
    expected = DropReason.DAMAGED if missing == "timestamp" else DropReason.UNSIGNED
    assert kept.reasons() == [expected]


async def test_unsigned_events_are_taken_where_that_is_allowed() -> None:
    kept = Kept(allow_unsigned=True)
    reaction = {
        "chat_type": "notify",
        "eventType": "chat",
        "timestamp": 1,
        "from": "a",
        "to": "b",
        "payload": {"type": "reaction", "data": []},
    }
    async with kept.listening() as receiver:
        assert await post(receiver, reaction) == (200, {})
        # It has no callId: nothing tells whether it has come before.
        assert await post(receiver, reaction) == (200, {})
    assert [event.kind for event in kept.events] == ["message.reaction_changed"] * 2


CALL_IDS = ["x\ud83dy", "\ud83d\ud83d", "x\ude00", "cut\ud83d \ud83d", "\udc80\ud83d"]


SIGNED_AS = {
    "?": lambda text: b"".join(b"?" if "\ud800" <= c <= "\udfff" else c.encode() for c in text),
    "U+FFFD": lambda text: "".join(
        "\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text
    ).encode(),
    "as it came": lambda text: text.encode("utf-8", "surrogatepass"),
}


@pytest.mark.parametrize("spelling", SIGNED_AS.values(), ids=SIGNED_AS)
@pytest.mark.parametrize("call_id", CALL_IDS, ids=ascii)
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "escaped"])
async def test_a_call_id_cut_in_an_emoji_is_known_by_its_likely_spellings(
    call_id: str, spelling: Any, raw: bool
) -> None:
    post = {**MESSAGE, "callId": call_id}
    post["security"] = sign(spelling(call_id), SECRET, post["timestamp"])
    body = json.dumps(post).encode()
    if raw:
        body = body.replace(
            json.dumps(call_id).encode(), b'"' + call_id.encode("utf-8", "surrogatepass") + b'"'
        )
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await receiver.answer(body)).status == 200
        wrong = body.replace(post["security"].encode(), b"0" * 32)
        assert (await receiver.answer(wrong)).status == 403
    assert len(kept.events) == 1


@given(st.text(st.characters(codec=None, min_codepoint=0xD700, max_codepoint=0xE000)))
def test_there_are_few_spellings_and_all_can_be_written(spelt: str) -> None:
    assert 1 <= len(spellings(spelt)) <= 8


# ---------------------------------------------------------------- compared without a receiver


def post_of(call_id: Any, secret: str = SECRET, timestamp: Any = 1) -> dict[str, Any]:
    security = sign(call_id, secret, timestamp)
    return {"callId": call_id, "timestamp": timestamp, "security": security}


@given(st.text(min_size=1), st.text(min_size=1), st.integers() | st.text())
def test_what_was_signed_with_one_of_the_secrets_is_good_and_nothing_else(
    call_id: str, secret: str, timestamp: int | str
) -> None:
    payload = post_of(call_id, secret, timestamp)
    for secrets in ([secret], ["another", secret], [secret, "another"]):
        assert check_signature(payload, secrets) is Signature.GOOD
    assert check_signature(payload, [secret + "x"]) is Signature.FORGED
    assert check_signature(payload, []) is Signature.FORGED
    for change in ({"callId": call_id + "x"}, {"timestamp": f"{timestamp}1"}):
        assert check_signature({**payload, **change}, [secret]) is Signature.FORGED


@pytest.mark.parametrize("field", ["callId", "timestamp", "security"])
@pytest.mark.parametrize("value", [None, "", "missing"])
def test_a_signature_is_missing_with_any_of_what_it_is_made_of(
    field: str, value: str | None
) -> None:
    payload = {**post_of("acme#shop_1", timestamp="1"), field: value}
    if value == "missing":
        del payload[field]
    # An empty timestamp is one that may have been signed.
    expected = Signature.FORGED if (field, value) == ("timestamp", "") else Signature.MISSING
    assert check_signature(payload, [SECRET]) is expected
    assert check_signature(post_of("acme#shop_1", timestamp=0), [SECRET]) is Signature.GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"security": 5},
        {"security": ["a"]},
        {"security": b"bytes"},
        {"callId": 7},
        {"callId": ["a"]},
        {"timestamp": 1.0},
        {"timestamp": True},
        {"timestamp": []},
    ],
)
def test_a_signature_of_anything_but_text_is_forged(change: dict[str, Any]) -> None:
    payload = {**post_of("acme#shop_1"), **change}
    assert check_signature(payload, [SECRET]) is Signature.FORGED


def test_a_signature_that_is_no_text_is_compared_all_the_same() -> None:
    payload = {**post_of("acme#shop_1"), "security": "\ud83d"}
    assert check_signature(payload, [SECRET]) is Signature.FORGED


def test_only_an_id_that_was_no_good_text_is_spelt_otherwise() -> None:
    def spelt() -> str:
        return "x\ud83dy"

    signed_as = sign(b"x?y", SECRET, 1)
    payload = {"callId": "x\ufffdy", "timestamp": 1, "security": signed_as}
    assert check_signature(payload, [SECRET]) is Signature.FORGED
    assert check_signature(payload, [SECRET], spelt) is Signature.GOOD
    assert check_signature(payload, ["another", SECRET, "third"], spelt) is Signature.GOOD
    assert check_signature(payload, ["another"], spelt) is Signature.FORGED
    assert check_signature({**payload, "callId": "xy"}, [SECRET], spelt) is Signature.FORGED
    # Where nobody can tell how it was spelt, it is what it is.
    whole = {**payload, "security": sign("x\ufffdy", SECRET, 1)}
    assert check_signature(whole, [SECRET], lambda: None) is Signature.GOOD


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [
        # An escape of half a pair.
        ("x\ud83dy", [b"x\xed\xa0\xbdy", b"x?y", b"x\xef\xbf\xbdy"]),
        # A raw byte, which the reader keeps as a lone surrogate.
        ("x\udcffy", [b"x\xffy", b"x\xed\xb3\xbfy", b"x?y", b"x\xef\xbf\xbdy"]),
        # Two of them: one sign for each, or one for both.
        (
            "\ud83d\ud83d",
            [b"\xed\xa0\xbd\xed\xa0\xbd", b"??", b"?", b"\xef\xbf\xbd" * 2, b"\xef\xbf\xbd"],
        ),
        # Raw CESU-8: three bytes, one for each, or one for the half that they are.
        (
            "\udced\udca0\udcbd",
            [
                b"\xed\xa0\xbd",
                "\udced\udca0\udcbd".encode("utf-8", "surrogatepass"),
                b"???",
                b"?",
                b"\xef\xbf\xbd" * 3,
                b"\xef\xbf\xbd",
            ],
        ),
        ("ann", [b"ann"]),
    ],
    ids=ascii,
)
def test_the_likely_spellings(spelt: str, expected: list[bytes]) -> None:
    assert spellings(spelt) == expected
