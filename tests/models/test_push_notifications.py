"""The typed bodies of push notifications are those of the facts, row by row."""

from __future__ import annotations

import copy
import json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import (
    ApnsPush,
    EasemobPush,
    EasemobPushOperation,
    FcmPush,
    FcmV1AndroidConfig,
    FcmV1AndroidNotification,
    FcmV1Push,
    HarmonyPush,
    HonorAndroidConfig,
    HonorAndroidNotification,
    HonorBadge,
    HonorButton,
    HonorClickAction,
    HonorPush,
    HuaweiAndroidConfig,
    HuaweiAndroidNotification,
    HuaweiButton,
    HuaweiMessage,
    HuaweiPush,
    InvalidArgumentError,
    MeizuPush,
    OppoPush,
    PushBadge,
    PushClickAction,
    PushNotification,
    VivoPush,
    VivoReceipt,
    XiaomiPush,
)
from easemob_async.wire import codec
from easemob_async.wire.fields import WIRE
from easemob_async.wire.options import to_wire
from tests import facts_reader as facts

MESSAGE: Final = facts.read("push_notifications")["push_message"]
ROWS: Final[Mapping[str, Mapping[str, Any]]] = {row["name"]: row for row in MESSAGE["fields"]}


# ---------------------------------------------------------------- the fields and their places


@attrs.frozen
class Place:
    """A field of a class, at its path in the JSON of a notification."""

    path: str
    owner: type[Any]
    field: attrs.Attribute[Any]
    kinds: Sequence[Any]

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def choices(self) -> list[Any]:
        """The values of the field, if only some are allowed."""
        sets = [get_args(kind) for kind in self.kinds if get_origin(kind) is Literal]
        return [value for values in sets for value in values]


def places(owner: type[Any], above: str = "") -> Iterator[Place]:
    """Every field of a class and of the classes in it."""
    hints = get_type_hints(owner)
    for field in attrs.fields(owner):
        path = above + field.metadata[WIRE][0]
        hint = hints[field.name]
        union = get_origin(hint) in (Union, types.UnionType)
        kinds = [kind for kind in get_args(hint) if kind is not types.NoneType] if union else [hint]
        yield Place(path, owner, field, kinds)
        for kind in kinds:
            is_list = get_origin(kind) is Sequence
            inner = get_args(kind)[0] if is_list else kind
            if attrs.has(inner):
                yield from places(inner, f"{path}[]." if is_list else f"{path}.")


PLACES: Final = list(places(PushNotification))
AT: Final = {place.path: place for place in PLACES}
PREFIXES: Final = {"config"}
"""Objects that are parts of the names of our fields."""
NOTED: Final = {
    "fcmV1.webPushConfig.notification": ("title", "body", "image"),
    "huawei.message.android.notification.lightSettings.color": ("alpha", "red", "green", "blue"),
}
"""Fields without a row: the note of their object names them, or another object that has them."""

FORMS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "fcmV1.androidConfig.androidNotification.color": ("#01abEF", ["red", "#01abe", "#01abef0", ""]),
    "xiaomi.sound": ("android.resource://app/1", ["ring.mp3", ""]),
    "vivo.category": ("DEVICE_REMINDER", ["im", "Im"]),
    "huawei.message.android.notification.clickAction.url": ("https://a.b", ["http://a.b", ""]),
    "honor.androidConfig.androidNotification.clickAction.url": ("HTTPS://a.b", ["a.b"]),
}
"""The texts that have a form: one that is accepted, and some that are refused."""


def sample(kind: Any, path: str) -> Any:
    """Return a value of a type, at a path."""
    if path in FORMS:
        return FORMS[path][0]
    if attrs.has(kind):
        return made(kind)
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) is Sequence:
        return [sample(get_args(kind)[0], path)]
    if get_origin(kind) is Mapping:
        return {"a": 1}
    values: Mapping[Any, Any] = {
        str: "a",
        int: 1,
        float: 0.5,
        bool: False,
        timedelta: timedelta(seconds=1.5),
        datetime: datetime(2030, 1, 2, tzinfo=UTC),
    }
    return values[kind]


def made(owner: type[Any], /, **given: Any) -> Any:
    """Make an object with the options that are given, and the required ones."""
    required = {
        place.name: sample(place.kinds[0], place.path)
        for place in PLACES
        if place.owner is owner and place.field.default is attrs.NOTHING
    }
    return owner(**required | given)


def sent(place: Place, value: Any) -> Any:
    """Return the JSON that is sent for a value of a field."""
    found = to_wire(made(place.owner, **{place.name: value}))
    for key in place.field.metadata[WIRE][0].split("."):
        found = found[key]
    return found


def refused(owner: type[Any], name: str, /, **given: Any) -> str:
    """Return the error for a field, which names its class and the field."""
    with pytest.raises(InvalidArgumentError) as caught:
        made(owner, **given)
    text = str(caught.value)
    assert text.startswith(f"{owner.__name__}: {name} "), text
    return text


# ---------------------------------------------------------------- the rows of the facts


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_exactly_one_field_at_its_path(name: str) -> None:
    found = [f"{place.owner.__name__}.{place.name}" for place in PLACES if place.path == name]
    if name in PREFIXES:
        assert found == []
        assert any(path.startswith(f"{name}.") for path in AT)
    else:
        assert len(found) == 1, found


def test_every_field_has_its_row_or_stands_in_a_note() -> None:
    noted = {f"{path}.{name}" for path, names in NOTED.items() for name in names}
    assert set(AT) - set(ROWS) == noted
    assert ROWS["fcmV1.webPushConfig.notification"]["note"] == "as fcmV1.notification"
    color = "huawei.message.android.notification.lightSettings.color"
    assert all(name in ROWS[color]["note"] for name in NOTED[color])


ROWS_WITH_FIELDS: Final = [name for name in ROWS if name not in PREFIXES]


@pytest.mark.parametrize("name", ROWS_WITH_FIELDS)
def test_a_value_is_sent_in_the_type_of_its_row(name: str) -> None:
    place, said = AT[name], ROWS[name]["type"]
    for kind in place.kinds:
        value = sent(place, sample(kind, name))
        if said == "list":  # of texts: a note says "languages"
            said = "list[string]"
        if said.startswith("list["):
            assert isinstance(value, list)
            (value,) = value
        expected = {"string": str, "date": str, "int": int, "long": int, "bool": bool}
        assert type(value) is expected.get(re.sub(r"list\[(.*)]", r"\1", said), dict)


@pytest.mark.parametrize("name", ROWS_WITH_FIELDS)
def test_what_a_row_or_its_note_requires_is_required(name: str) -> None:
    row = ROWS[name]
    noted = re.search(r"\brequired\b(?! for)", row.get("note", ""))
    assert (AT[name].field.default is attrs.NOTHING) == bool(row.get("required") or noted)


NOTED_CHOICES: Final[Mapping[str, Sequence[Any]]] = {
    "xiaomi.connpt": ["wifi"],
    "huawei.message.android.notification.buttons[].actionType": [0, 1, 2, 3, 4],
    "huawei.message.android.notification.buttons[].intentType": [0, 1],
}
"""Sets of values that stand only in a note."""


@pytest.mark.parametrize("name", ROWS_WITH_FIELDS)
def test_a_field_accepts_the_values_of_its_row_only(name: str) -> None:
    place = AT[name]
    assert place.choices == ROWS[name].get("enum", NOTED_CHOICES.get(name, []))
    for value in place.choices and [99, "", True, "99"]:
        text = refused(place.owner, place.name, **{place.name: value})
        assert text.endswith(f"{', '.join(map(repr, place.choices))}, not {value!r}")


def rows_with(*keys: str) -> list[str]:
    return [name for name, row in ROWS.items() if any(key in row for key in keys)]


@pytest.mark.parametrize("name", rows_with("max_length"))
def test_a_text_has_at_most_the_characters_of_its_row(name: str) -> None:
    place, most = AT[name], ROWS[name]["max_length"]
    double = "counts as two" in ROWS[name].get("note", "")
    longest = ["a" * most, "中" * (most // 2 if double else most)]
    if ROWS[name]["type"] == "object":  # a pair is written {"a":"..."}
        longest = [{"a": "a" * (most - 8)}, {"a": "中" * (most - 8)}]
    for value in longest:
        sent(place, value)
        longer = {"a": value["a"] + "a"} if isinstance(value, dict) else value + "a"
        text = refused(place.owner, place.name, **{place.name: longer})
        assert f"has {most + 1} characters" in text
        assert text.endswith(f"at most {most} are allowed")


@pytest.mark.parametrize("name", rows_with("max_items"))
def test_a_list_has_at_most_the_entries_of_its_row(name: str) -> None:
    place, most = AT[name], ROWS[name]["max_items"]
    entries: Any = sample(place.kinds[0], name)

    def of(count: int) -> Any:
        return (
            entries * count if isinstance(entries, list) else dict.fromkeys(map(str, range(count)))
        )

    sent(place, of(most))
    text = refused(place.owner, place.name, **{place.name: of(most + 1)})
    assert text.endswith(f"has {most + 1} entries; at most {most} are allowed")


@pytest.mark.parametrize("name", rows_with("min", "max"))
def test_a_number_is_within_the_bounds_of_its_row(name: str) -> None:
    place, least, most = AT[name], ROWS[name]["min"], ROWS[name]["max"]
    assert (sent(place, least), sent(place, most)) == (least, most)
    for value in (least - 1, most + 1):
        text = refused(place.owner, place.name, **{place.name: value})
        assert text.endswith(f"must be from {least} to {most}, not {value}")


# ---------------------------------------------------------------- what stands in the notes


def needs() -> Iterator[Any]:
    for name, row in ROWS.items():
        for other, values in re.findall(
            r"required for (\w+) (\d+(?: and \d+)*)", row.get("note", "")
        ):
            for value in map(int, values.split(" and ")):
                yield pytest.param(name, f"{name.rpartition('.')[0]}.{other}", value)


@pytest.mark.parametrize(("name", "other", "value"), list(needs()))
def test_an_option_is_required_for_the_values_that_its_note_names(
    name: str, other: str, value: int
) -> None:
    place, switch = AT[name], AT[other]
    assert place.owner is switch.owner
    beside = {
        one.name: sample(one.kinds[0], one.path) for one in PLACES if one.owner is place.owner
    }
    given = {**beside, switch.name: value}
    assert place.owner(**given)
    del given[place.name]
    text = refused(place.owner, place.name, **given)
    assert text.endswith(f"{place.name} is required for {switch.name} {value}")


BUTTON: Final = "huawei.message.android.notification.buttons[]"
COLOR: Final = "huawei.message.android.notification.lightSettings.color"
LIMITS: Final[Mapping[str, tuple[Sequence[Any], Sequence[Any]]]] = {
    "fcm.timeToLive": (
        [timedelta(0), timedelta(weeks=4)],
        [timedelta(weeks=4, microseconds=1)],
    ),
    "vivo.skipContent": (["a" * 1001], []),
    "huawei.message.android.notification.badge.addNum": ([1, 99], [0, 100]),
    "huawei.message.android.notification.badge.setNum": ([0, 99], [-1, 100]),
    "huawei.message.android.notification.vibrateConfig": (
        [[timedelta(microseconds=1), timedelta(seconds=60)]],
        [[timedelta(0)], [timedelta(seconds=1), timedelta(seconds=60, microseconds=1)], ["1.5S"]],
    ),
    "huawei.message.android.notification.inboxContent": (
        [["a" * 1024, "中" * 1024]],
        [["a" * 1025], ["a", "b" * 1025], "a"],
    ),
    f"{BUTTON}.name": (["a" * 40, "中" * 40], ["a" * 41]),
    f"{BUTTON}.data": (["a" * 1024, "中" * 1024], ["a" * 1025]),
    **{
        f"{COLOR}.{name}": ([0, 0.5, 1], [-0.01, 1.01, float("nan"), "1"])
        for name in ("alpha", "red", "green", "blue")
    },
}
"""The limits that stand only in a note: values that are accepted, and values that are refused."""
NOT_CHECKED: Final = {
    "apns.sound": "the length of a file",
    "fcmV1.notification.image": "the size of a file",
    "fcmV1.androidConfig.collapseKey": "a limit for several messages together",
    COLOR: "its parts are checked",
}


def test_every_limit_in_a_note_is_checked_or_it_is_said_why_not() -> None:
    named = {
        name
        for name, row in ROWS.items()
        if re.search(r"at most|less than|\d to \d", row.get("note", ""))
        and not {"max_length", "max_items"} & row.keys()
    }
    vibration_and_lines = {name for name in LIMITS if "max_items" in ROWS.get(name, {})}
    parts = {name for name in LIMITS if name not in ROWS}
    assert named | vibration_and_lines | parts == LIMITS.keys() | NOT_CHECKED.keys()


NOTED_RULES: Final = {**LIMITS, **{name: ([good], bad) for name, (good, bad) in FORMS.items()}}


@pytest.mark.parametrize("name", NOTED_RULES)
def test_a_rule_that_stands_in_a_note_is_checked(name: str) -> None:
    place = AT[name]
    accepted, wrong = NOTED_RULES[name]
    for value in accepted:
        sent(place, value)
    for value in wrong:
        refused(place.owner, place.name, **{place.name: value})


def test_the_link_of_a_vivo_push_has_at_most_1000_characters() -> None:
    link = "https://a.b/" + "c" * 988
    VivoPush(skip_type=2, skip_content=link)
    VivoPush(skip_type=4, skip_content=link + "c")
    text = refused(VivoPush, "skip_content", skip_type=2, skip_content=link + "c")
    assert text.endswith("has 1001 characters; at most 1000 are allowed for skip_type 2")


def test_the_web_page_of_an_honor_button_is_an_https_url() -> None:
    HonorButton(name="Shop", action_type=2, intent="https://a.b")
    HonorButton(name="Shop", action_type=1, intent_type=1, intent="com.a.b")
    text = refused(HonorButton, "intent", name="Shop", action_type=2, intent="http://a.b")
    assert text.endswith("must begin with 'https://', not 'http://a.b'")


def test_the_ext_of_a_notification_is_checked_as_json() -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"PushNotification: ext\['a'\]: a set is not JS"
    ):
        PushNotification(title="Sale", content="Today", ext={"a": set()})


@pytest.mark.parametrize(
    ("owner", "given", "text"),
    [
        (
            OppoPush,
            {"click_action_type": 5},
            "click_action_url is required for click_action_type 5",
        ),
        (HuaweiAndroidNotification, {"style": 3}, "inbox_content is required for style 3"),
        (HuaweiButton, {"name": "a" * 41}, "name has 41 characters; at most 40 are allowed"),
        (
            HuaweiAndroidNotification,
            {"vibrate_config": [timedelta(seconds=61)]},
            "vibrate_config at index 0 must be from 0:00:00.000001 to 0:01:00, not 0:01:01",
        ),
        (
            FcmPush,
            {"time_to_live": timedelta(days=29)},
            "time_to_live must be from 0:00:00 to 28 days, 0:00:00, not 29 days, 0:00:00",
        ),
        (
            FcmV1AndroidNotification,
            {"color": "red"},
            "color must be a color as '#rrggbb', not 'red'",
        ),
        (VivoPush, {"category": "im"}, "category must be in upper case, not 'im'"),
        (
            PushNotification,
            {"title": "您" * 17},
            "title has 34 characters, a Chinese character counts as two; at most 32 are allowed",
        ),
        (
            PushNotification,
            {"oppo": VivoPush()},
            "oppo must be an OppoPush or a mapping (a JSON object), not VivoPush",
        ),
        (HonorBadge, {"badge_class": None}, "badge_class must be a string, not None"),
        (HonorClickAction, {"type": None}, "type must be one of 1, 2, 3, not None"),
    ],
)
def test_an_error_says_what_is_wrong(owner: type[Any], given: Mapping[str, Any], text: str) -> None:
    assert refused(owner, text.split()[0], **given) == f"{owner.__name__}: {text}"


def test_a_mapping_for_a_push_service_is_sent_as_it_is() -> None:
    own = {"title": "a" * 1000, "newOption": None, "notifyType": 7}
    notification = PushNotification(title="Sale", content="Today", vivo=own)
    assert to_wire(notification) == {"title": "Sale", "content": "Today", "vivo": own}


# ---------------------------------------------------------------- durations and times


def kind_places(kind: type) -> list[Place]:
    return [place for place in PLACES if kind in place.kinds]


UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "seconds": timedelta(seconds=1),
    "hours": timedelta(hours=1),
}


@pytest.mark.parametrize("place", kind_places(timedelta), ids=lambda place: place.path)
@given(length=st.timedeltas(timedelta(0), timedelta(weeks=4)))
def test_a_duration_is_sent_in_the_unit_of_its_note_rounded_up(
    place: Place, length: timedelta
) -> None:
    note = ROWS[place.path]["note"]
    unit = UNITS[note.split()[0]]
    value = sent(place, length)
    if "decimals and a closing s" in note:
        assert re.fullmatch(r"\d+(\.\d{1,9})?s", value)
        assert Decimal(value[:-1]) * 10**6 == length // timedelta(microseconds=1)
    else:
        assert length <= int(value) * unit < length + unit


@given(st.lists(st.timedeltas(timedelta(microseconds=1), timedelta(seconds=60)), max_size=10))
def test_the_durations_of_a_vibration_are_sent_in_seconds(lengths: list[timedelta]) -> None:
    values = to_wire(HuaweiAndroidNotification(vibrate_config=lengths))["vibrateConfig"]
    assert [round(float(value[:-1]) * 10**6) for value in values] == [
        length // timedelta(microseconds=1) for length in lengths
    ]
    assert all(re.fullmatch(r"\d+(\.\d{1,9})?S", value) for value in values)


def test_durations_are_sent_in_the_documented_form() -> None:
    lengths = [timedelta(seconds=1.5), timedelta(minutes=1)]
    vibration = to_wire(HuaweiAndroidNotification(vibrate_config=lengths))
    assert vibration == {"vibrateConfig": ["1.5S", "60S"]}
    assert to_wire(FcmV1AndroidConfig(ttl=timedelta(seconds=3.5))) == {"ttl": "3.5s"}
    assert to_wire(FcmPush(time_to_live=timedelta(weeks=4))) == {"timeToLive": "2419200"}
    assert to_wire(MeizuPush(valid_time=timedelta(minutes=61))) == {"validTime": 2}


@pytest.mark.parametrize("place", kind_places(timedelta), ids=lambda place: place.path)
def test_a_negative_duration_is_refused(place: Place) -> None:
    text = refused(place.owner, place.name, **{place.name: timedelta(microseconds=-1)})
    assert text.endswith("not -1 day, 23:59:59.999999")


TIMES: Final = st.datetimes(timezones=st.timezones(), min_value=datetime(1970, 1, 2))  # noqa: DTZ001
START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("place", kind_places(datetime), ids=lambda place: place.path)
@given(time=TIMES.filter(lambda time: time < datetime(9999, 12, 31, tzinfo=UTC)))
def test_a_time_is_sent_in_unix_milliseconds_or_in_utc(place: Place, time: datetime) -> None:
    value = sent(place, time)
    if isinstance(value, str):
        assert value.endswith("Z")
        assert datetime.fromisoformat(value) == time.astimezone(UTC)
    else:
        after = START + timedelta(milliseconds=value) - time
        assert timedelta(0) <= after < timedelta(milliseconds=1)


@pytest.mark.parametrize("place", kind_places(datetime), ids=lambda place: place.path)
def test_a_naive_time_and_a_time_before_1970_are_refused(place: Place) -> None:
    naive = START.replace(tzinfo=None, year=2030)
    assert "an aware datetime" in refused(place.owner, place.name, **{place.name: naive})
    early = START - timedelta(microseconds=1)
    assert "must be from 1970" in refused(place.owner, place.name, **{place.name: early})


# ---------------------------------------------------------------- the documented examples

LOGO: Final = "https://www.easemob.com/statics/common/images/logo.png?20211109"
BIG_LOGO: Final = "https://docs-im.easemob.com/lib/tpl/bootstrap3_ori/images/logo.png"
EXAMPLES: Final[Mapping[str, PushNotification | Mapping[str, attrs.AttrsInstance]]] = {
    "skeleton of the stored page": PushNotification(
        title="您有一条新消息",
        subtitle="",
        content="请及时查看",
        ext={},
        click_action=PushClickAction(url="", action="", activity=""),
        badge=PushBadge(add_num=0, set_num=0),
        easemob=EasemobPush(),
        apns=ApnsPush(),
        fcm=FcmPush(),
        fcm_v1=FcmV1Push(),
        huawei=HuaweiPush(),
        meizu=MeizuPush(),
        oppo=OppoPush(),
        vivo=VivoPush(),
        xiaomi=XiaomiPush(),
        honor=HonorPush(),
    ),
    "sample of the published page": PushNotification(
        title="环信推送服务",
        content="你好,欢迎使用环信推送服务",
        subtitle="环信",
        click_action=PushClickAction(url="https://www.easemob.com"),
        easemob=EasemobPush(
            style=2,
            icon_url=LOGO,
            big_picture="https://www.easemob.com/statics/images/push/case1@2x.png",
            sound=1,
            vibrate=1,
        ),
        huawei=HuaweiPush(
            message=HuaweiMessage(android=HuaweiAndroidConfig(category="IM", target_user_type=1))
        ),
        honor=HonorPush(
            android_config=HonorAndroidConfig(
                android_notification=HonorAndroidNotification(importance="NORMAL")
            )
        ),
        xiaomi=XiaomiPush(channel_id="{{xiaomi_channel_id}}"),
        oppo=OppoPush(channel_id="{{oppo_channel_id}}"),
        vivo=VivoPush(classification=1, category="IM"),
        apns=ApnsPush(content_available=True, mutable_content=True),
        fcm_v1=FcmV1Push(
            android_config=FcmV1AndroidConfig(
                android_notification=FcmV1AndroidNotification(image=LOGO)
            )
        ),
        harmony_os=HarmonyPush(title="鸿蒙推送", body="欢迎测试环信鸿蒙推送", image=LOGO),
    ),
    "easemob, big picture": {
        "easemob": EasemobPush(
            title="通知栏显示的通知标题",
            content="通知栏展示的通知内容",
            subtitle="通知栏显示的通知副标题",
            icon_url=BIG_LOGO,
            need_notification=True,
            badge=PushBadge(
                set_num=0,
                add_num=1,
                activity="com.hyphenate.easeim.section.me.activity.AboutHxActivity",
            ),
            operation=EasemobPushOperation(
                type=2,
                open_url="https://www.baidu.com/",
                open_action=(
                    "com.hyphenate.easeim.section.me.activity.OfflinePushSettingsActivity"
                ),
            ),
            channel_id="chat",
            channel_name="消息",
            channel_level=3,
            auto_cancel=1,
            expires_time=START + timedelta(hours=1),
            sound=0,
            vibrate=0,
            style=2,
            big_text="大文本内容",
            big_picture=BIG_LOGO,
            id=56734579,
        )
    },
    "xiaomi, own channel and web page": {
        "xiaomi": XiaomiPush(
            title="你好，欢迎使用环信",
            description="你好",
            channel_id="easemob-test",
            notify_effect="3",
            web_uri="http://www.easemob.com",
        )
    },
    "vivo, system message with receipt and web page": {
        "vivo": VivoPush(
            classification=1,
            extra=VivoReceipt(
                callback="http://www.easemob.com/callback", callback_param="test push callback"
            ),
            skip_content="http://www.easemob.com",
            skip_type=2,
        )
    },
    "oppo, title and web page": {
        "oppo": OppoPush(
            title="你好，欢迎使用环信推送",
            subtitle="你好",
            content="你好先生",
            channel_id="easemob-channel",
            click_action_type=2,
            click_action_url="http://www.easemob.com",
        )
    },
    "huawei, own sound": {
        "huawei": HuaweiPush(
            message=HuaweiMessage(
                android=HuaweiAndroidConfig(
                    notification=HuaweiAndroidNotification(
                        title="wx1994发来新消息3",
                        body="联系人发来新消息",
                        channel_id="hyphenate_offline_push_notification",
                        default_sound=False,
                        sound="/raw/ring",
                        importance="NORMAL",
                    )
                )
            )
        )
    },
    "honor": {
        "honor": HonorPush(
            data={"key1": "value1"},
            android_config=HonorAndroidConfig(
                android_notification=HonorAndroidNotification(
                    title="honor",
                    body="body",
                    click_action=HonorClickAction(type=2, url="https://wwww.easemob.com"),
                    badge_notification=HonorBadge(
                        set_num=1,
                        badge_class=(
                            "com.hyphenate.chatdemo.section.login.activity.SplashActivity"
                        ),
                    ),
                )
            ),
        )
    },
}
"""The documented examples, written with the classes."""

SLIPS: Final[Mapping[str, Mapping[tuple[str, ...], tuple[object, object]]]] = {
    "easemob, big picture": {("easemob", "operation", "type"): ("2", 2)},
    "xiaomi, own channel and web page": {
        ("xiaomi", "notifyEffect"): (3, "3"),
        ("xiaomi", "content"): ("你好", None),
        ("xiaomi", "description"): (None, "你好"),
    },
}
"""Where an example is not what the table of the options says: as printed, and as it is sent."""


@pytest.mark.parametrize("example", MESSAGE["examples"], ids=lambda example: example["of"])
def test_a_documented_example_is_sent_as_it_is_printed(example: Mapping[str, Any]) -> None:
    name = example["of"]
    expected = copy.deepcopy(example["request"])
    for (*path, key), (printed, ours) in SLIPS.get(name, {}).items():
        place = expected
        for part in path:
            place = place[part]
        assert place.pop(key, None) == printed
        if ours is not None:
            place[key] = ours
    written = EXAMPLES[name]
    if isinstance(written, PushNotification):
        assert to_wire(written) == expected
    else:
        assert {vendor: to_wire(push) for vendor, push in written.items()} == expected


# ---------------------------------------------------------------- all that the classes accept

TEXT: Final = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [accepted for accepted, _ in FORMS.values()]
)
JSON: Final = st.recursive(
    st.booleans() | st.integers(codec.INT64_MIN, codec.INT64_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def values(kind: Any, path: str) -> st.SearchStrategy[Any]:
    """Values of a type, of which a class may accept some."""
    if attrs.has(kind):
        return st.just(made(kind))
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is Sequence:
        return st.lists(values(get_args(kind)[0], path), max_size=4)
    if get_origin(kind) is Mapping:
        return st.dictionaries(TEXT, JSON, max_size=4)
    strategies: Mapping[Any, st.SearchStrategy[Any]] = {
        str: TEXT,
        int: st.integers(-1, 100) | st.integers(codec.INT64_MIN, codec.INT64_MAX),
        float: st.floats(0, 1) | st.floats(),
        bool: st.booleans(),
        timedelta: st.timedeltas(timedelta(0), timedelta(minutes=1)) | st.timedeltas(),
        datetime: st.datetimes(timezones=st.timezones()),
    }
    return strategies[kind]


def accepts(place: Place, value: Any) -> bool:
    try:
        made(place.owner, **{place.name: value})
    except InvalidArgumentError as error:
        # Another option may be required for the value.
        return not str(error).startswith(f"{place.owner.__name__}: {place.name} ")
    return True


@st.composite
def objects(draw: st.DrawFn, owner: type[Any]) -> Any:
    """Objects of a class, with any of its options."""
    own = {place.name: place for place in PLACES if place.owner is owner}
    given = {}
    for name, place in own.items():
        if place.field.default is attrs.NOTHING or draw(st.booleans()):
            strategy = values(place.kinds[0], place.path)
            given[name] = draw(strategy.filter(partial(accepts, place)))
    while True:
        try:
            return owner(**given)
        except InvalidArgumentError as error:
            name = str(error).split()[1]
            if given.pop(name, None) is None:  # another option requires it
                given[name] = sample(own[name].kinds[0], own[name].path)


def without_documentation(value: Mapping[str, Any], above: str) -> Iterator[str]:
    """The paths of an object that have no row and stand in no note."""
    for key, item in value.items():
        path = f"{above}{key}"
        if path not in AT and path not in PREFIXES:
            yield path
        elif path in AT and any(get_origin(kind) is Mapping for kind in AT[path].kinds[:1]):
            continue  # the app's own keys
        elif isinstance(item, dict):
            yield from without_documentation(item, f"{path}.")
        elif isinstance(item, list):
            for one in item:
                if isinstance(one, dict):
                    yield from without_documentation(one, f"{path}[].")


OWNERS: Final = list({place.owner: None for place in PLACES})


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
@given(data=st.data())
def test_whatever_a_class_accepts_is_sent_as_json_with_documented_keys(
    owner: type[Any], data: st.DataObject
) -> None:
    value = to_wire(data.draw(objects(owner)))
    written = codec.std_dumps(codec.checked_json(value, "pushMessage"))
    assert json.loads(written) == value
    assert value is not None
    first = next(place for place in PLACES if place.owner is owner)
    above = first.path.removesuffix(first.field.metadata[WIRE][0])
    assert list(without_documentation(value, above)) == []
    assert "null" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", written.decode())
