"""The AI robots of an app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.wire.fields import Id, wire


class RobotProvider(StrEnum):
    """The provider of a robot's language model."""

    MINIMAX = "MINIMAX"


@attrs.frozen
class Robot:
    """An AI robot: a user who answers with the help of a language model."""

    entry_id: str = wire("id")
    """The id of the entry in the list."""
    robot_id: str | None = wire("robotId", default=None)
    """The id of the robot."""
    robot_app_id: str | None = wire("robotAppId", default=None)
    """The id of the robot's app."""
    name: str | None = None
    """The name."""
    usernames: Sequence[Id] = wire("targetId", default=())
    """The usernames of the robot; there is one so far."""
    message_type: str | None = wire("msgType", default=None)
    """The type of messages that it answers: ``"TEXT"``, or ``"txt"``."""
    chat_type: str | None = wire("targetType", default=None)
    """The type of conversations that it answers in: ``"CHAT"``, or ``"chat"``."""
    status: str | None = None
    """The status; ``"ACTIVE"`` if it is switched on."""
    provider: RobotProvider | str | None = wire("providerType", default=None)
    """The provider of the language model."""
    provider_id: str | None = wire("providerId", default=None)
    """The id of the provider's entry."""
    provider_api: str | None = wire("providerTextApi", default=None)
    """The interface of the provider, e.g. ``"chatcompletion_pro"``."""
    model: str | None = wire("providerModel", default=None)
    """The name of the language model."""
    role: str | None = wire("providerContent", default=None)
    """The description of the robot's role."""
    top_p: float | None = wire("providerPayload.top_p", default=None)
    """The parameter ``top_p`` of the language model."""
    temperature: float | None = wire("providerPayload.temperature", default=None)
    """The temperature of the language model."""
    max_tokens: int | None = wire("providerPayload.tokens_to_generate", default=None)
    """The most tokens of an answer."""
    parameters: Mapping[str, Any] | None = wire(
        "providerPayload", default=None, read=lambda value: value
    )
    """All parameters of the language model, if the answer has them."""
    avatar: str | None = wire("providerAttribute.avatar", default=None)
    """The URL of the avatar."""
    app_key: str | None = wire("appkey", default=None)
    """The App Key of the app."""
    created: datetime | None = wire("createDateTime", default=None)
    """The time of creation."""
    updated: datetime | None = wire("updateDateTime", default=None)
    """The time of the last change."""
