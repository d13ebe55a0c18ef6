"""Push options on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from easemob_async import (
    ApnsOptions,
    DirectedTemplate,
    HarmonyOptions,
    InvalidArgumentError,
    PushFilter,
    PushOptions,
    PushTemplate,
)
from tests import facts_reader as facts


def test_all_push_options_are_the_documented_keys() -> None:
    options = PushOptions(
        devices=PushFilter(
            accept_device_id=[],
            ignore_device_id=[],
            accept_notifier_name=[],
            ignore_notifier_name=[],
        ),
        mention=["abc"],
        template=PushTemplate(
            name="test6", title_args=["test1"], content_args=["{$fromNickname}", "{$msg}"]
        ),
        custom={"test": 1},
        group_user_nickname="happy",
        silent=False,
        force=True,
        apns=ApnsOptions(
            category="",
            mutable_content=True,
            sound="appsound.mp3",
            badge=1,
            thread_id="abc",
            content_available=1,
        ),
        android={"fcm_options": {"key": "value"}, "fcm_channel_id": ""},
        harmony=HarmonyOptions(
            click_action="com.a.b.shot",
            category="IM",
            notify_id=1,
            receipt_id="RCP78C959D4",
            is_test_message=True,
        ),
    )
    documented = facts.read("push")["message_ext"]["examples"][0]["ext"]
    assert options.to_ext() == documented


def test_a_directed_template_and_a_call() -> None:
    options = PushOptions(
        title="Group Name",
        content="Allen: Sent a message",
        call=True,
        template=PushTemplate(
            directed_template=DirectedTemplate(
                target=["hxtest"],
                name="at_push_template",
                title_args=["Group Name"],
                content_args=["Allen", "Mentioned you in the group"],
            )
        ),
    )
    documented = facts.read("push")["message_ext"]["examples"][6]["ext"]
    assert options.to_ext() == documented
    assert PushOptions(mention="all").to_ext() == {"em_at_list": "all"}
    assert PushOptions().to_ext() == {}


def test_a_mention_is_a_list_or_all() -> None:
    assert PushOptions(mention=("ann", "bob")).to_ext() == {"em_at_list": ["ann", "bob"]}
    with pytest.raises(InvalidArgumentError, match="must be a list of strings or 'all', not 'ann'"):
        PushOptions(mention="ann")


@pytest.mark.parametrize(
    ("owner", "given", "text"),
    [
        (PushOptions, {"call": 1}, "PushOptions: call must be a bool, not 1"),
        (PushOptions, {"custom": "a"}, "PushOptions: custom must be a mapping"),
        (PushOptions, {"apns": {"sound": "a.caf"}}, "PushOptions: apns must be an ApnsOptions"),
        (ApnsOptions, {"badge": "1"}, "ApnsOptions: badge must be an int, not '1'"),
        (PushFilter, {"accept_device_id": "a"}, "PushFilter: accept_device_id must be a list of"),
        (DirectedTemplate, {"target": "ann"}, "DirectedTemplate: target must be a list of strings"),
        (PushTemplate, {"directed_template": "a"}, "directed_template must be a DirectedTemplate"),
        (HarmonyOptions, {"notify_id": True}, "HarmonyOptions: notify_id must be an int, not True"),
    ],
)
def test_a_value_of_another_type_is_refused(
    owner: type[Any], given: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        owner(**given)
