"""Finding what was said: a word in the box, a hit among its neighbours, the Space opened at it. On a desk and a phone."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat import feed
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def stage(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """A Space in which the thing that is looked for was said long ago."""
    juniper = make_org()
    for number in range(140):
        text = "The sparrow lands at **noon**" if number == 12 else f"line {number}"
        feed.post(juniper.space, juniper.ana, text=text, client_id=uuid.uuid4())
    feed.post(juniper.private, juniper.ana, text="sparrow of the board", client_id=uuid.uuid4())
    return SimpleNamespace(**vars(juniper), url=served.url, tab_of=tab_of)


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
def test_a_hit_leads_to_the_message_in_its_space(stage: SimpleNamespace, how: dict[str, Any]) -> None:
    tab = stage.tab_of(stage.mei, **how)
    tab.goto(f"{stage.url}/spaces/{stage.space.pk}/")
    expect(tab.get_by_text("line 139")).to_be_visible()

    if "is_mobile" in how:
        tab.get_by_role("button", name="Open the menu").click()
    tab.get_by_role("searchbox", name="Search messages").fill("sparrow")
    tab.keyboard.press("Enter")

    hits = tab.locator(".hit")
    expect(hits).to_have_count(1)
    expect(hits).to_contain_text("The sparrow lands at noon")
    expect(hits).to_contain_text("line 11")
    expect(hits.locator("mark")).to_have_text("sparrow")
    hits.locator(".hit__link").click()
    expect(tab.locator("article", has_text="The sparrow lands")).to_be_in_viewport()
    expect(tab.get_by_text("line 139")).to_have_count(0)


def test_a_key_leads_to_the_box(stage: SimpleNamespace) -> None:
    tab = stage.tab_of(stage.mei, **DESK)
    tab.goto(f"{stage.url}/spaces/{stage.space.pk}/")
    tab.locator(".feed__log").focus()

    tab.keyboard.press("/")

    expect(tab.get_by_role("searchbox", name="Search messages")).to_be_focused()
