"""The quick start does what it says, from top to bottom."""

from __future__ import annotations

import shutil

import pytest

from easemob_async import DataCenter
from tests.guide import Reader, Story, of, story

__all__ = ["story"]  # the fixture
PAGE = "quickstart.md"


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_page_can_be_followed(story: Story) -> None:
    *_, mailbox, again, group, test = Reader(story).follow(PAGE)
    (message,) = mailbox.answers[0]["messages"]
    assert message["body"] == {"msg": "hello"}
    assert (again.text, group.text) == ("python again.py\n", "python group.py\n")
    assert "1 passed" in test.out


def test_the_app_of_ones_own_is_in_the_data_centre_that_is_named() -> None:
    (own,) = of(PAGE, "sh", runs=False)
    assert f"EASEMOB_BASE_URL={DataCenter.CHINA_1.base_url}\n" in own
