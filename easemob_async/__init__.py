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
    from easemob_async.config import Discovery as Discovery
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
    from easemob_async.errors import SharedStoreError as SharedStoreError
    from easemob_async.errors import TransportError as TransportError
    from easemob_async.errors import WebhookError as WebhookError
    from easemob_async.fanout.fanout import Body as Body
    from easemob_async.fanout.fanout import PushBody as PushBody
    from easemob_async.fanout.fanout import PushTargets as PushTargets
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
    from easemob_async.models.chat_groups import LegacyJoinedGroup as LegacyJoinedGroup
    from easemob_async.models.chat_rooms import AutoDelete as AutoDelete
    from easemob_async.models.chat_rooms import ChatRoom as ChatRoom
    from easemob_async.models.chat_rooms import CreatedRoom as CreatedRoom
    from easemob_async.models.chat_rooms import JoinedRoom as JoinedRoom
    from easemob_async.models.chat_rooms import RoomSummary as RoomSummary
    from easemob_async.models.contacts import BlockRelation as BlockRelation
    from easemob_async.models.contacts import Contact as Contact
    from easemob_async.models.contacts import ContactRelation as ContactRelation
    from easemob_async.models.conversations import Conversation as Conversation
    from easemob_async.models.conversations import LastMessage as LastMessage
    from easemob_async.models.favorites import Favorite as Favorite
    from easemob_async.models.favorites import NewFavorite as NewFavorite
    from easemob_async.models.files import Lifetime as Lifetime
    from easemob_async.models.files import UploadedFile as UploadedFile
    from easemob_async.models.history import HistoryFile as HistoryFile
    from easemob_async.models.history import HistoryMessage as HistoryMessage
    from easemob_async.models.message_imports import ImportedMessage as ImportedMessage
    from easemob_async.models.message_search import FoundContent as FoundContent
    from easemob_async.models.message_search import FoundMessage as FoundMessage
    from easemob_async.models.message_search import FoundTranslation as FoundTranslation
    from easemob_async.models.message_search import Highlight as Highlight
    from easemob_async.models.message_search import KeywordMatch as KeywordMatch
    from easemob_async.models.message_search import SearchExt as SearchExt
    from easemob_async.models.message_search import SearchMode as SearchMode
    from easemob_async.models.message_search import SearchPage as SearchPage
    from easemob_async.models.message_search import SearchSort as SearchSort
    from easemob_async.models.message_search import SearchType as SearchType
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
    from easemob_async.models.moderation import Disposition as Disposition
    from easemob_async.models.moderation import ExportStatus as ExportStatus
    from easemob_async.models.moderation import ModeratedMessageType as ModeratedMessageType
    from easemob_async.models.moderation import ModerationExport as ModerationExport
    from easemob_async.models.moderation import ModerationResult as ModerationResult
    from easemob_async.models.moderation import ModerationWord as ModerationWord
    from easemob_async.models.moderation import ReviewResult as ReviewResult
    from easemob_async.models.moderation import TextVerdict as TextVerdict
    from easemob_async.models.moderation import WordList as WordList
    from easemob_async.models.moderation import WordListCategory as WordListCategory
    from easemob_async.models.moderation import WordListScope as WordListScope
    from easemob_async.models.moderation import WordListStatus as WordListStatus
    from easemob_async.models.mutes import UserMute as UserMute
    from easemob_async.models.mutes import UserMutesPage as UserMutesPage
    from easemob_async.models.offline_messages import DeliveryStatus as DeliveryStatus
    from easemob_async.models.pages import CountedPage as CountedPage
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
    from easemob_async.models.push import PushFilter as PushFilter
    from easemob_async.models.push import PushMode as PushMode
    from easemob_async.models.push import PushOptions as PushOptions
    from easemob_async.models.push import PushPlatform as PushPlatform
    from easemob_async.models.push import PushSettings as PushSettings
    from easemob_async.models.push import PushTemplate as PushTemplate
    from easemob_async.models.push import StoredPushTemplate as StoredPushTemplate
    from easemob_async.models.push_notifications import ApnsPush as ApnsPush
    from easemob_async.models.push_notifications import EasemobPush as EasemobPush
    from easemob_async.models.push_notifications import EasemobPushOperation as EasemobPushOperation
    from easemob_async.models.push_notifications import FcmNotification as FcmNotification
    from easemob_async.models.push_notifications import FcmPush as FcmPush
    from easemob_async.models.push_notifications import FcmV1AndroidConfig as FcmV1AndroidConfig
    from easemob_async.models.push_notifications import (
        FcmV1AndroidNotification as FcmV1AndroidNotification,
    )
    from easemob_async.models.push_notifications import FcmV1ApnsConfig as FcmV1ApnsConfig
    from easemob_async.models.push_notifications import FcmV1Notification as FcmV1Notification
    from easemob_async.models.push_notifications import FcmV1Push as FcmV1Push
    from easemob_async.models.push_notifications import FcmV1WebPushConfig as FcmV1WebPushConfig
    from easemob_async.models.push_notifications import HarmonyPush as HarmonyPush
    from easemob_async.models.push_notifications import HonorAndroidConfig as HonorAndroidConfig
    from easemob_async.models.push_notifications import (
        HonorAndroidNotification as HonorAndroidNotification,
    )
    from easemob_async.models.push_notifications import HonorBadge as HonorBadge
    from easemob_async.models.push_notifications import HonorButton as HonorButton
    from easemob_async.models.push_notifications import HonorClickAction as HonorClickAction
    from easemob_async.models.push_notifications import HonorPush as HonorPush
    from easemob_async.models.push_notifications import HuaweiAndroidConfig as HuaweiAndroidConfig
    from easemob_async.models.push_notifications import (
        HuaweiAndroidNotification as HuaweiAndroidNotification,
    )
    from easemob_async.models.push_notifications import HuaweiBadge as HuaweiBadge
    from easemob_async.models.push_notifications import HuaweiButton as HuaweiButton
    from easemob_async.models.push_notifications import HuaweiClickAction as HuaweiClickAction
    from easemob_async.models.push_notifications import HuaweiLightColor as HuaweiLightColor
    from easemob_async.models.push_notifications import HuaweiLightSettings as HuaweiLightSettings
    from easemob_async.models.push_notifications import HuaweiMessage as HuaweiMessage
    from easemob_async.models.push_notifications import HuaweiNotification as HuaweiNotification
    from easemob_async.models.push_notifications import HuaweiPush as HuaweiPush
    from easemob_async.models.push_notifications import LabeledUser as LabeledUser
    from easemob_async.models.push_notifications import MeizuPush as MeizuPush
    from easemob_async.models.push_notifications import OppoPush as OppoPush
    from easemob_async.models.push_notifications import PushBadge as PushBadge
    from easemob_async.models.push_notifications import PushClickAction as PushClickAction
    from easemob_async.models.push_notifications import PushLabel as PushLabel
    from easemob_async.models.push_notifications import PushNotification as PushNotification
    from easemob_async.models.push_notifications import PushResult as PushResult
    from easemob_async.models.push_notifications import PushStatus as PushStatus
    from easemob_async.models.push_notifications import PushStrategy as PushStrategy
    from easemob_async.models.push_notifications import (
        StoredPushNotification as StoredPushNotification,
    )
    from easemob_async.models.push_notifications import VivoPush as VivoPush
    from easemob_async.models.push_notifications import VivoReceipt as VivoReceipt
    from easemob_async.models.push_notifications import XiaomiPush as XiaomiPush
    from easemob_async.models.reactions import AddedReaction as AddedReaction
    from easemob_async.models.reactions import MessageReactions as MessageReactions
    from easemob_async.models.reactions import Reaction as Reaction
    from easemob_async.models.reactions import ReactionPage as ReactionPage
    from easemob_async.models.received import Combined as Combined
    from easemob_async.models.robots import Robot as Robot
    from easemob_async.models.robots import RobotProvider as RobotProvider
    from easemob_async.models.rtc import RtcUsage as RtcUsage
    from easemob_async.models.threads import CreatedThread as CreatedThread
    from easemob_async.models.threads import Thread as Thread
    from easemob_async.models.tokens import FOREVER as FOREVER
    from easemob_async.models.tokens import AppToken as AppToken
    from easemob_async.models.tokens import RtcAccess as RtcAccess
    from easemob_async.models.tokens import RtcPrivilege as RtcPrivilege
    from easemob_async.models.tokens import RtmAccess as RtmAccess
    from easemob_async.models.tokens import Token as Token
    from easemob_async.models.tokens import TokenProvider as TokenProvider
    from easemob_async.models.translation import DetectedLanguage as DetectedLanguage
    from easemob_async.models.translation import Language as Language
    from easemob_async.models.users import DeletedUsers as DeletedUsers
    from easemob_async.models.users import Device as Device
    from easemob_async.models.users import NewUser as NewUser
    from easemob_async.models.users import ObjectType as ObjectType
    from easemob_async.models.users import OnlineStatus as OnlineStatus
    from easemob_async.models.users import PushBinding as PushBinding
    from easemob_async.models.users import PushDisplayStyle as PushDisplayStyle
    from easemob_async.models.users import User as User
    from easemob_async.models.users import UserToken as UserToken
    from easemob_async.models.webhook_storage import ReplayedWebhooks as ReplayedWebhooks
    from easemob_async.models.webhook_storage import StoredWebhooks as StoredWebhooks
    from easemob_async.outcomes import BatchOutcome as BatchOutcome
    from easemob_async.outcomes import BatchResult as BatchResult
    from easemob_async.outcomes import FanoutReport as FanoutReport
    from easemob_async.outcomes import Outcome as Outcome
    from easemob_async.outcomes import OutcomeStatus as OutcomeStatus
    from easemob_async.plans import Plan as Plan
    from easemob_async.plans import PlanFigures as PlanFigures
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
        AppKey AttemptEnded AttemptStarted DataCenter Discovery Hooks PoolOptions RetryPolicy
        Timeouts
    """,
    "errors": """
        APIError AppNotFoundError AuthenticationError BadRequestError ClientClosedError
        ConfigurationError ConflictError ConnectError EasemobError InvalidArgumentError
        JournalError NotFoundError PayloadTooLargeError PermissionDeniedError RateLimitError
        Request RequestTimeoutError ResponseError ServerError SharedStoreError TransportError
        WebhookError
    """,
    "fanout.fanout": """
        Body PushBody PushTargets Target Targets
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
        LegacyJoinedGroup
    """,
    "models.chat_rooms": """
        AutoDelete ChatRoom CreatedRoom JoinedRoom RoomSummary
    """,
    "models.contacts": """
        BlockRelation Contact ContactRelation
    """,
    "models.conversations": """
        Conversation LastMessage
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
    "models.message_search": """
        FoundContent FoundMessage FoundTranslation Highlight KeywordMatch SearchExt SearchMode
        SearchPage SearchSort SearchType
    """,
    "models.messages": """
        Audio ChatType Command Custom File Image Location Message Recall RecalledMessage
        RoomMessageLevel RouteType SentMessages StreamChunk StreamFormat TargetType Text Video
    """,
    "models.moderation": """
        Disposition ExportStatus ModeratedMessageType ModerationExport ModerationResult
        ModerationWord ReviewResult TextVerdict WordList WordListCategory WordListScope
        WordListStatus
    """,
    "models.mutes": """
        UserMute UserMutesPage
    """,
    "models.offline_messages": """
        DeliveryStatus
    """,
    "models.pages": """
        CountedPage Page Paginator Sort
    """,
    "models.places": """
        GroupMember GroupRole MutedMember
    """,
    "models.presence": """
        Presence PresenceSubscription PresenceSubscriptionsPage
    """,
    "models.push": """
        ApnsOptions DirectedTemplate HarmonyOptions PushChatType PushCounts PushFilter PushMode
        PushOptions PushPlatform PushSettings PushTemplate StoredPushTemplate
    """,
    "models.push_notifications": """
        ApnsPush EasemobPush EasemobPushOperation FcmNotification FcmPush FcmV1AndroidConfig
        FcmV1AndroidNotification FcmV1ApnsConfig FcmV1Notification FcmV1Push FcmV1WebPushConfig
        HarmonyPush HonorAndroidConfig HonorAndroidNotification HonorBadge HonorButton
        HonorClickAction HonorPush HuaweiAndroidConfig HuaweiAndroidNotification HuaweiBadge
        HuaweiButton HuaweiClickAction HuaweiLightColor HuaweiLightSettings HuaweiMessage
        HuaweiNotification HuaweiPush LabeledUser MeizuPush OppoPush PushBadge PushClickAction
        PushLabel PushNotification PushResult PushStatus PushStrategy StoredPushNotification
        VivoPush VivoReceipt XiaomiPush
    """,
    "models.reactions": """
        AddedReaction MessageReactions Reaction ReactionPage
    """,
    "models.received": """
        Combined
    """,
    "models.robots": """
        Robot RobotProvider
    """,
    "models.rtc": """
        RtcUsage
    """,
    "models.threads": """
        CreatedThread Thread
    """,
    "models.tokens": """
        FOREVER AppToken RtcAccess RtcPrivilege RtmAccess Token TokenProvider
    """,
    "models.translation": """
        DetectedLanguage Language
    """,
    "models.users": """
        DeletedUsers Device NewUser ObjectType OnlineStatus PushBinding PushDisplayStyle User
        UserToken
    """,
    "models.webhook_storage": """
        ReplayedWebhooks StoredWebhooks
    """,
    "outcomes": """
        BatchOutcome BatchResult FanoutReport Outcome OutcomeStatus
    """,
    "plans": """
        Plan PlanFigures
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
