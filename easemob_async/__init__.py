"""The asyncio client of Easemob (环信) instant messaging; see `EasemobClient`.

Names are loaded on first use; type checkers see them all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from easemob_async.client import ClientOptions as ClientOptions
    from easemob_async.client import EasemobClient as EasemobClient
    from easemob_async.config import AppKey as AppKey
    from easemob_async.config import AttemptEnded as AttemptEnded
    from easemob_async.config import AttemptStarted as AttemptStarted
    from easemob_async.config import DataCenter as DataCenter
    from easemob_async.config import Hooks as Hooks
    from easemob_async.config import PoolOptions as PoolOptions
    from easemob_async.config import RetryPolicy as RetryPolicy
    from easemob_async.config import Timeouts as Timeouts
    from easemob_async.errors import APIError as APIError
    from easemob_async.errors import AppNotFoundError as AppNotFoundError
    from easemob_async.errors import AuthenticationError as AuthenticationError
    from easemob_async.errors import BadRequestError as BadRequestError
    from easemob_async.errors import ClientClosedError as ClientClosedError
    from easemob_async.errors import ConfigurationError as ConfigurationError
    from easemob_async.errors import ConflictError as ConflictError
    from easemob_async.errors import ConnectError as ConnectError
    from easemob_async.errors import EasemobError as EasemobError
    from easemob_async.errors import InvalidArgumentError as InvalidArgumentError
    from easemob_async.errors import JournalError as JournalError
    from easemob_async.errors import NotFoundError as NotFoundError
    from easemob_async.errors import PayloadTooLargeError as PayloadTooLargeError
    from easemob_async.errors import PermissionDeniedError as PermissionDeniedError
    from easemob_async.errors import RateLimitError as RateLimitError
    from easemob_async.errors import Request as Request
    from easemob_async.errors import RequestTimeoutError as RequestTimeoutError
    from easemob_async.errors import ResponseError as ResponseError
    from easemob_async.errors import ServerError as ServerError
    from easemob_async.errors import TransportError as TransportError
    from easemob_async.errors import WebhookError as WebhookError
    from easemob_async.fanout.fanout import Body as Body
    from easemob_async.fanout.fanout import Target as Target
    from easemob_async.fanout.fanout import Targets as Targets
    from easemob_async.fanout.job import FanoutJob as FanoutJob
    from easemob_async.fanout.pacing import Pace as Pace
    from easemob_async.fanout.report import FanoutPlan as FanoutPlan
    from easemob_async.fanout.report import Progress as Progress
    from easemob_async.models.broadcasts import SentBroadcast as SentBroadcast
    from easemob_async.models.chat_groups import ChatGroup as ChatGroup
    from easemob_async.models.chat_groups import CreatedGroup as CreatedGroup
    from easemob_async.models.chat_groups import GroupFile as GroupFile
    from easemob_async.models.chat_groups import GroupSummary as GroupSummary
    from easemob_async.models.chat_groups import JoinedGroup as JoinedGroup
    from easemob_async.models.chat_groups import JoinedGroupsPage as JoinedGroupsPage
    from easemob_async.models.chat_rooms import AutoDelete as AutoDelete
    from easemob_async.models.chat_rooms import ChatRoom as ChatRoom
    from easemob_async.models.chat_rooms import CreatedRoom as CreatedRoom
    from easemob_async.models.chat_rooms import JoinedRoom as JoinedRoom
    from easemob_async.models.chat_rooms import RoomSummary as RoomSummary
    from easemob_async.models.contacts import BlockRelation as BlockRelation
    from easemob_async.models.contacts import Contact as Contact
    from easemob_async.models.contacts import ContactRelation as ContactRelation
    from easemob_async.models.favorites import Favorite as Favorite
    from easemob_async.models.favorites import NewFavorite as NewFavorite
    from easemob_async.models.files import Lifetime as Lifetime
    from easemob_async.models.files import UploadedFile as UploadedFile
    from easemob_async.models.history import HistoryFile as HistoryFile
    from easemob_async.models.history import HistoryMessage as HistoryMessage
    from easemob_async.models.message_imports import ImportedMessage as ImportedMessage
    from easemob_async.models.messages import Audio as Audio
    from easemob_async.models.messages import ChatType as ChatType
    from easemob_async.models.messages import Command as Command
    from easemob_async.models.messages import Custom as Custom
    from easemob_async.models.messages import File as File
    from easemob_async.models.messages import Image as Image
    from easemob_async.models.messages import Location as Location
    from easemob_async.models.messages import Message as Message
    from easemob_async.models.messages import Recall as Recall
    from easemob_async.models.messages import RecalledMessage as RecalledMessage
    from easemob_async.models.messages import RoomMessageLevel as RoomMessageLevel
    from easemob_async.models.messages import RouteType as RouteType
    from easemob_async.models.messages import SentMessages as SentMessages
    from easemob_async.models.messages import StreamChunk as StreamChunk
    from easemob_async.models.messages import StreamFormat as StreamFormat
    from easemob_async.models.messages import TargetType as TargetType
    from easemob_async.models.messages import Text as Text
    from easemob_async.models.messages import Video as Video
    from easemob_async.models.mutes import UserMute as UserMute
    from easemob_async.models.mutes import UserMutesPage as UserMutesPage
    from easemob_async.models.offline_messages import DeliveryStatus as DeliveryStatus
    from easemob_async.models.pages import Page as Page
    from easemob_async.models.pages import Paginator as Paginator
    from easemob_async.models.pages import Sort as Sort
    from easemob_async.models.places import GroupMember as GroupMember
    from easemob_async.models.places import GroupRole as GroupRole
    from easemob_async.models.places import MutedMember as MutedMember
    from easemob_async.models.presence import Presence as Presence
    from easemob_async.models.presence import PresenceSubscription as PresenceSubscription
    from easemob_async.models.presence import PresenceSubscriptionsPage as PresenceSubscriptionsPage
    from easemob_async.models.push import ApnsOptions as ApnsOptions
    from easemob_async.models.push import DirectedTemplate as DirectedTemplate
    from easemob_async.models.push import HarmonyOptions as HarmonyOptions
    from easemob_async.models.push import PushChatType as PushChatType
    from easemob_async.models.push import PushCounts as PushCounts
    from easemob_async.models.push import PushDisplayStyle as PushDisplayStyle
    from easemob_async.models.push import PushFilter as PushFilter
    from easemob_async.models.push import PushMode as PushMode
    from easemob_async.models.push import PushOptions as PushOptions
    from easemob_async.models.push import PushPlatform as PushPlatform
    from easemob_async.models.push import PushSettings as PushSettings
    from easemob_async.models.push import PushTemplate as PushTemplate
    from easemob_async.models.push import StoredPushTemplate as StoredPushTemplate
    from easemob_async.models.reactions import AddedReaction as AddedReaction
    from easemob_async.models.reactions import MessageReactions as MessageReactions
    from easemob_async.models.reactions import Reaction as Reaction
    from easemob_async.models.reactions import ReactionPage as ReactionPage
    from easemob_async.models.received import Combined as Combined
    from easemob_async.models.threads import CreatedThread as CreatedThread
    from easemob_async.models.threads import Thread as Thread
    from easemob_async.models.tokens import FOREVER as FOREVER
    from easemob_async.models.tokens import AppToken as AppToken
    from easemob_async.models.tokens import Token as Token
    from easemob_async.models.tokens import TokenProvider as TokenProvider
    from easemob_async.models.tokens import UserToken as UserToken
    from easemob_async.models.users import DeletedUsers as DeletedUsers
    from easemob_async.models.users import Device as Device
    from easemob_async.models.users import NewUser as NewUser
    from easemob_async.models.users import OnlineStatus as OnlineStatus
    from easemob_async.models.users import PushBinding as PushBinding
    from easemob_async.models.users import User as User
    from easemob_async.models.webhook_storage import ReplayedWebhooks as ReplayedWebhooks
    from easemob_async.models.webhook_storage import StoredWebhooks as StoredWebhooks
    from easemob_async.outcomes import BatchOutcome as BatchOutcome
    from easemob_async.outcomes import BatchResult as BatchResult
    from easemob_async.outcomes import FanoutReport as FanoutReport
    from easemob_async.outcomes import Outcome as Outcome
    from easemob_async.outcomes import OutcomeStatus as OutcomeStatus
    from easemob_async.quotas import Limit as Limit
    from easemob_async.quotas import Quotas as Quotas
    from easemob_async.resources.streams import StreamWriter as StreamWriter
    from easemob_async.transport.downloads import Download as Download
    from easemob_async.transport.quota_account import QuotaAccount as QuotaAccount
    from easemob_async.transport.quota_account import Usage as Usage
    from easemob_async.transport.user_tokens import UserTokens as UserTokens
    from easemob_async.version import __version__ as __version__


# Where each name lives; a test holds this table and the imports above to one another.
_HOMES = {
    "client": """
        ClientOptions EasemobClient
    """,
    "config": """
        AppKey AttemptEnded AttemptStarted DataCenter Hooks PoolOptions RetryPolicy Timeouts
    """,
    "errors": """
        APIError AppNotFoundError AuthenticationError BadRequestError ClientClosedError
        ConfigurationError ConflictError ConnectError EasemobError InvalidArgumentError
        JournalError NotFoundError PayloadTooLargeError PermissionDeniedError RateLimitError
        Request RequestTimeoutError ResponseError ServerError TransportError WebhookError
    """,
    "fanout.fanout": """
        Body Target Targets
    """,
    "fanout.job": """
        FanoutJob
    """,
    "fanout.pacing": """
        Pace
    """,
    "fanout.report": """
        FanoutPlan Progress
    """,
    "models.broadcasts": """
        SentBroadcast
    """,
    "models.chat_groups": """
        ChatGroup CreatedGroup GroupFile GroupSummary JoinedGroup JoinedGroupsPage
    """,
    "models.chat_rooms": """
        AutoDelete ChatRoom CreatedRoom JoinedRoom RoomSummary
    """,
    "models.contacts": """
        BlockRelation Contact ContactRelation
    """,
    "models.favorites": """
        Favorite NewFavorite
    """,
    "models.files": """
        Lifetime UploadedFile
    """,
    "models.history": """
        HistoryFile HistoryMessage
    """,
    "models.message_imports": """
        ImportedMessage
    """,
    "models.messages": """
        Audio ChatType Command Custom File Image Location Message Recall RecalledMessage
        RoomMessageLevel RouteType SentMessages StreamChunk StreamFormat TargetType Text Video
    """,
    "models.mutes": """
        UserMute UserMutesPage
    """,
    "models.offline_messages": """
        DeliveryStatus
    """,
    "models.pages": """
        Page Paginator Sort
    """,
    "models.places": """
        GroupMember GroupRole MutedMember
    """,
    "models.presence": """
        Presence PresenceSubscription PresenceSubscriptionsPage
    """,
    "models.push": """
        ApnsOptions DirectedTemplate HarmonyOptions PushChatType PushCounts PushDisplayStyle
        PushFilter PushMode PushOptions PushPlatform PushSettings PushTemplate StoredPushTemplate
    """,
    "models.reactions": """
        AddedReaction MessageReactions Reaction ReactionPage
    """,
    "models.received": """
        Combined
    """,
    "models.threads": """
        CreatedThread Thread
    """,
    "models.tokens": """
        FOREVER AppToken Token TokenProvider UserToken
    """,
    "models.users": """
        DeletedUsers Device NewUser OnlineStatus PushBinding User
    """,
    "models.webhook_storage": """
        ReplayedWebhooks StoredWebhooks
    """,
    "outcomes": """
        BatchOutcome BatchResult FanoutReport Outcome OutcomeStatus
    """,
    "quotas": """
        Limit Quotas
    """,
    "resources.streams": """
        StreamWriter
    """,
    "transport.downloads": """
        Download
    """,
    "transport.quota_account": """
        QuotaAccount Usage
    """,
    "transport.user_tokens": """
        UserTokens
    """,
    "version": """
        __version__
    """,
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'easemob_async' has no attribute {name!r}")
    value: object = getattr(import_module(f"easemob_async.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
