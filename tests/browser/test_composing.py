"""The composer and the feed under the fingers of a person."""

import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat import feed
from chat.models import Message
from tests.browser.tabs import open_at
from tests.stack import Stack

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def room(served: Stack, make_org: Callable, make_model: Callable, tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ana's tab on General, with a model that can be asked."""
    make_model("parrot")
    juniper = make_org()
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    box = tab.get_by_role("textbox", name="Message")
    return SimpleNamespace(**vars(juniper), tab=tab, box=box, url=served.url)


def test_the_at_sign_offers_people_and_models_by_keyboard(room: SimpleNamespace) -> None:
    room.box.press_sequentially("@p")
    option = room.tab.get_by_role("option", name="parrot")

    expect(option).to_contain_text("credits a message")
    expect(room.box).to_have_attribute("aria-activedescendant", re.compile("message-options-"))
    room.box.press("Tab")
    expect(room.box).to_have_value("@parrot ")

    room.box.press_sequentially("@")
    expect(room.tab.get_by_role("option").first).to_contain_text("Ben")
    room.box.press("ArrowDown")
    expect(room.tab.get_by_role("option", selected=True)).to_contain_text("Mei")
    room.box.press("Escape")
    expect(room.tab.get_by_role("option")).to_have_count(0)
    room.box.press("Escape")
    room.box.fill("write to a@p")
    expect(room.tab.get_by_role("option")).to_have_count(0)


def test_enter_sends_shift_enter_breaks_and_an_input_method_is_left_alone(room: SimpleNamespace) -> None:
    room.box.press_sequentially("one")
    room.box.press("Shift+Enter")
    room.box.press_sequentially("two")
    expect(room.box).to_have_value("one\ntwo")
    room.box.evaluate(
        "(box) => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(room.box).to_have_value("one\ntwo")

    room.box.press("Enter")

    expect(room.box).to_have_value("")
    expect(room.tab.locator("article[data-state=sent]")).to_contain_text("one")
    assert Message.objects.get().text == "one\ntwo"


def test_a_draft_outlives_a_reload_and_belongs_to_its_space(room: SimpleNamespace) -> None:
    room.box.fill("half a thought")
    room.tab.wait_for_timeout(400)

    room.tab.reload()
    expect(room.box).to_have_value("half a thought")
    room.tab.goto(f"{room.url}/spaces/{room.private.pk}/")

    expect(room.box).to_have_value("")


def test_a_message_that_cannot_be_sent_stays_with_retry_and_settles_once(room: SimpleNamespace) -> None:
    posts = re.compile(r"/spaces/[^/]+/messages/$")
    room.tab.route(posts, lambda route: route.abort())
    room.box.fill("are you there?")
    room.box.press("Enter")
    row = room.tab.locator("article", has_text="are you there?")

    expect(row).to_have_attribute("data-state", "failed")
    room.tab.unroute(posts)
    row.get_by_role("button", name="Retry").click()

    expect(row).to_have_attribute("data-state", "sent")
    expect(row).to_have_count(1)
    assert Message.objects.filter(text="are you there?").count() == 1


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desk", "phone"])
def test_offline_and_back_nothing_is_lost_and_nothing_is_there_twice(
    screen: dict[str, Any], room: SimpleNamespace, tab_of: Callable[..., Page]
) -> None:
    room.tab.close()
    ana, ben = tab_of(room.ana, **screen), tab_of(room.ben, **screen)
    for tab in (ana, ben):
        open_at(tab, f"{room.url}/spaces/{room.space.pk}/")
    ana.context.set_offline(True)

    for text in ("first from the tunnel", "second from the tunnel"):
        ana.get_by_role("textbox", name="Message").fill(text)
        ana.get_by_role("button", name="Send").click()
    ben.get_by_role("textbox", name="Message").fill("where is Ana?")
    ben.get_by_role("button", name="Send").click()
    expect(ana.locator("article[data-state=failed]")).to_have_count(2, timeout=15_000)
    expect(ana.get_by_text("You are offline.")).to_be_visible()
    ana.context.set_offline(False)

    said = ["where is Ana?", "first from the tunnel", "second from the tunnel"]
    for tab in (ana, ben):
        expect(tab.locator("#main article .message__body")).to_have_text(said, timeout=20_000)
    assert list(Message.objects.order_by("position").values_list("text", flat=True)) == said


def test_a_refusal_says_why_and_gives_the_text_back(room: SimpleNamespace) -> None:
    text = "a" * 10_001
    room.box.fill(text)
    room.box.press("Enter")

    expect(room.tab.get_by_role("alert")).to_contain_text("10,000")
    expect(room.box).to_have_value(text)
    assert not Message.objects.exists()


def test_older_messages_come_while_scrolling_up_and_the_place_is_kept(room: SimpleNamespace) -> None:
    for number in range(130):
        feed.post(room.space, room.ben, text=f"line {number}", client_id=uuid.uuid4())
    room.tab.reload()
    log = room.tab.get_by_role("log")
    expect(room.tab.get_by_role("article")).to_have_count(50)
    expect(room.tab.get_by_text("line 129", exact=True)).to_be_in_viewport()

    seen = room.tab.get_by_text("line 85", exact=True)
    seen.scroll_into_view_if_needed()
    log.evaluate("(log) => { log.scrollTop = 40; }")
    before = seen.bounding_box()
    expect(room.tab.get_by_role("article")).to_have_count(100)
    after = seen.bounding_box()

    assert before and after and abs(before["y"] - after["y"]) < 120
    log.evaluate("(log) => { log.scrollTop = 0; }")
    expect(room.tab.get_by_role("article")).to_have_count(130)
    expect(room.tab.get_by_text("line 0", exact=True)).to_have_count(1)


def test_text_that_arrives_while_one_reads_above_moves_nothing_and_is_announced(room: SimpleNamespace) -> None:
    for number in range(60):
        feed.post(room.space, room.ben, text=f"line {number}", client_id=uuid.uuid4())
    room.tab.reload()
    log = room.tab.get_by_role("log")
    log.evaluate("(log) => { log.scrollTop = log.scrollHeight / 2; }")
    place = log.evaluate("(log) => log.scrollTop")

    feed.post(room.space, room.ben, text="something new", client_id=uuid.uuid4())

    pill = room.tab.get_by_role("button", name=re.compile("new message"))
    expect(pill).to_be_visible()
    assert log.evaluate("(log) => log.scrollTop") == place
    pill.click()
    expect(room.tab.locator("#main article", has_text="something new")).to_be_in_viewport()


@pytest.mark.parametrize("width", [360, 768, 1720])
def test_nothing_overflows_at_any_width(room: SimpleNamespace, width: int) -> None:
    text = (
        "word " * 80
        + "a" * 400
        + "\n\n```python\n"
        + "x = 1; " * 60
        + "\n```\n\n| a | b |\n|--|--|\n| "
        + "c" * 300
        + " | d |"
    )
    feed.post(room.space, room.ben, text=text, client_id=uuid.uuid4())
    room.tab.set_viewport_size({"width": width, "height": 740})
    room.tab.reload()
    expect(room.tab.get_by_role("article")).to_have_count(1)

    assert room.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(room.box).to_be_in_viewport()
    expect(room.tab.get_by_role("status", name="Credits")).to_be_in_viewport()
