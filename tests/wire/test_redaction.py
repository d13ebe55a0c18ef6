"""The redactor hides values by key names and by known secrets, and nothing else."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.wire.redaction import BLOT, is_secret_key, redact, secrets_in
from tests import facts_reader as facts

ACCESS_TOKEN_2 = facts.read("agora")["access_token_2"]["vectors"][0]["token"]


def test_the_redactor_goes_by_key_and_by_known_value() -> None:
    texts = {
        '{"password": "abc123", "user": "ann"}': f'{{"password": "{BLOT}", "user": "ann"}}',
        "client_secret=abc123&x=1": f"client_secret={BLOT}&x=1",
        "Authorization: Bearer YWMtabc": f"Authorization: {BLOT}",
        "token is illegal.": "token is illegal.",
        "app_certificate: 5ec2e7": f"app_certificate: {BLOT}",
        f"sent {ACCESS_TOKEN_2}!": f"sent 007{BLOT}!",
        "in room 007, e.g. 007edges": "in room 007, e.g. 007edges",
        "share-secret: xyz": f"share-secret: {BLOT}",
        "https://x/f?Expires=1&Signature=abc%2B": f"https://x/f?Expires={BLOT}&Signature={BLOT}",
        "at http://user:pw@proxy:80/": f"at http://{BLOT}@proxy:80/",
        "the passwords are a1,b2": f"the passwords are {BLOT}",
    }
    assert {text: redact(text) for text in texts} == texts
    assert redact("it is s3cret!", ["s3cret"]) == f"it is {BLOT}!"
    assert redact("p is p", ["p"]) == f"{BLOT} is {BLOT}"
    body = {"a": [{"password": "x1"}, {"deep": {"thumb_secret": "x2"}}], "secret": "x3", "n": "y"}
    assert secrets_in(body) == {"x1", "x2", "x3"}


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def in_html_by_number(text: str) -> str:
    return "".join(f"&#{ord(sign)};" if not sign.isalnum() else sign for sign in text)


def in_html_by_hexadecimal_number(text: str) -> str:
    return "".join(f"&#X{ord(sign):04X};" if not sign.isalnum() else sign for sign in text)


def in_html_by_name(text: str) -> str:
    return html.escape(text).replace("é", "&eacute;")


def in_lower_case_of_a_url(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe=""))


def read_as_latin_1(text: str) -> str:
    return text.encode().decode("latin-1")


def read_as_ascii(text: str) -> str:
    return text.encode().decode("ascii", "replace")


SPELLINGS: list[Callable[[str], str]] = [
    str,
    in_json,
    lambda text: in_json(in_json(text)),
    lambda text: in_json(in_json(in_json(text))),
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, safe=""),
    in_lower_case_of_a_url,
    quote_plus,
    html.escape,
    in_html_by_number,
    in_html_by_hexadecimal_number,
    in_html_by_name,
    read_as_latin_1,
    read_as_ascii,
]
# All kinds of signs that are escaped somewhere; letters between them, so that it is long enough.
signs = st.text(st.sampled_from("aZ9_-/\\\"'<>&+%=$.é密😀\x01~"), min_size=1, max_size=12)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda f: f.__name__)
@given(secret=signs)
def test_a_secret_is_hidden_however_it_is_escaped(
    spelling: Callable[[str], str], secret: str
) -> None:
    secret = f"k{secret}k"
    spelt = spelling(secret)
    assert redact(f"<|{spelt}|>", [secret]) == f"<|{BLOT}|>"


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\r", "   ", "\r\n"], ids=ascii)
@pytest.mark.parametrize(
    "spelling",
    [str, in_json, lambda t: in_json(in_json(t)), quote, quote_plus, lambda t: " ".join(t.split())],
)
def test_a_run_of_blanks_may_have_become_another(
    blank: str, spelling: Callable[[str], str]
) -> None:
    secret = f"two{blank}words"
    assert redact(f"<|{spelling(secret)}|>", [secret]) == f"<|{BLOT}|>"
    for escaped in ("\\u0020", "\\u000A", "%0a%0D", "\\u0009\\u000d"):
        assert redact(f"<|two{escaped}words|>", [secret]) == f"<|{BLOT}|>"
    assert redact("twowords", [secret]) == "twowords"


def test_a_backslash_that_is_a_part_of_a_secret_must_be_there() -> None:
    assert redact("a\\b-c ab-c", ["a\\b-c"]) == f"{BLOT} ab-c"
    assert redact("a.b axb", ["a.b"]) == f"{BLOT} axb"


def test_letters_of_a_secret_stand_for_themselves() -> None:
    assert redact("S3CRET s3cret", ["s3cret"]) == f"S3CRET {BLOT}"


def test_the_longest_secret_goes_first() -> None:
    known = ["s3cret", "s3cret-of-ann", "of"]
    assert redact("s3cret-of-ann", known) == BLOT
    assert redact("s3cret-of-ann", reversed(known)) == BLOT


def test_a_secret_of_one_or_two_signs_is_hidden_where_it_stands_alone() -> None:
    assert redact("pw, a pw. apw pwd", ["pw"]) == f"{BLOT}, a {BLOT}. apw pwd"
    assert redact("pwd apwd pwds", ["pwd"]) == f"{BLOT} a{BLOT} {BLOT}s"
    assert redact("nothing", [""]) == "nothing"


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "new_password", "oldPassword", "pin", "secret", "token"),
        *("share-secret", "thumb_secret", "client-secret", "Client_Secret", "ACCESS-TOKEN"),
        *("device_token", "authorization"),
    ],
)
def test_keys_of_secrets_are_known_in_every_spelling(key: str) -> None:
    assert is_secret_key(key)
    assert secrets_in({"a": ({key: "x1"},), "b": "y"}) == {"x1"}


@pytest.mark.parametrize("key", ["username", "tokens", "pass word", "secretary", ""])
def test_other_keys_hold_no_secret(key: str) -> None:
    assert not is_secret_key(key)
    assert secrets_in({key: "x1"}) == set()


@given(st.text())
def test_a_text_without_secrets_that_says_nothing_of_keys_stays(text: str) -> None:
    if not re.search("(?i)token|secret|password|bearer|authorization|signature|sig|://|[?&]", text):
        assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (r"pa\u3000ss", "pa\u3000ss"),
        ("pa%E3%80%80ss", "pa\u3000ss"),
        ("pa&nbsp;ss", "pa\xa0ss"),
        (r"pa\u2028ss", "pa\u2028ss"),
        (r"pa\u000bss", "pa\x0bss"),
        (r"pa \nss", "pa \nss"),
        ("pa+%0Ass", "pa \nss"),
    ],
)
def test_a_blank_of_any_kind_is_found_however_it_is_spelt(text: str, secret: str) -> None:
    assert redact(f"wrong: {text}!", [secret]) == "wrong: ***!"
