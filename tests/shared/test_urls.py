"""URLs of stores: what is wrong with them is said without a part of the password."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from easemob_async import ConfigurationError, EasemobClient
from easemob_async.distributed import JobQueue

SECRET = "Zq7vXw"
ODD = st.text(string.printable + "é你\x00", max_size=4)


def made(url: str) -> str:
    """Return all that is said of a URL, where it may be given."""
    said = ""
    for make in (
        lambda: EasemobClient("acme#shop", token="t", shared=url),
        lambda: EasemobClient("acme#shop", token="t", base_url=url),
        lambda: JobQueue(url),
    ):
        try:
            said += repr(make())
        except ConfigurationError as error:
            assert error.__cause__ is None
            assert error.__context__ is None or SECRET not in repr(error.__context__)
            said += str(error)
    return said


@given(
    st.sampled_from(["postgresql", "postgres", "redis", "rediss", "unix", "mysql", "https", ""]),
    st.sampled_from(["://", ":/", ":", "//"]),
    ODD,
    ODD,
    st.sampled_from(["h", "h:1", "[h", "[::1]:6379", "", "h/d", "h:99999/0", "/tmp/x.sock"]),
)
@example("postgresql", "://", "", "%ZZ", "h/d")
@example("postgresql", "://", "", " pw", "h/d")
@example("redis", "://", "", "/x", "h/0")
@example("redis", "://", "", "#x", "h/0")
@example("unix", "://", "", "", "x")
@example("https", "://", "", "", "h\n")
def test_no_password_is_shown_whatever_the_url(
    scheme: str, separator: str, before: str, after: str, place: str
) -> None:
    assert SECRET not in made(f"{scheme}{separator}user:{before}{SECRET}{after}@{place}")


@pytest.mark.parametrize("url", [f"https://h?token={SECRET}", f"https://h/#{SECRET}"])
def test_no_query_is_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="query") as caught:
        EasemobClient("acme#shop", token="t", base_url=url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p@h/d", "h:5432"),
        ("postgres://h:1/d", "h:1"),
        ("postgresql://a,b/d", "a,b:5432"),
        ("postgresql:///d", "a local socket"),
        ("host=/tmp dbname=d", "a local socket"),
        ("host=h dbname=d password=p", "h:5432"),
        ("postgresql://u:p%40%2F@h/d", "h:5432"),
    ],
)
def test_where_a_queue_is(url: str, place: str) -> None:
    assert repr(JobQueue(url)) == f"<JobQueue at {place}>"


@pytest.mark.parametrize("url", ["", "x", "mysql://h/d", "http://h", "postgresql:/h", 5, None])
def test_what_is_no_url_of_a_database_is_refused_at_once(url: str) -> None:
    if url == "":  # what libpq takes: all by default
        JobQueue(url)
        return
    with pytest.raises(ConfigurationError, match="postgresql://user:password@host"):
        JobQueue(url)
