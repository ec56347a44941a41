"""Emoji by their :shortcodes in the composer, in two languages, and the keys that lead from Space to Space."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from chat import feed, places
from tests.stack import Stack
from workspace.models import SpaceMember

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def room(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    juniper = make_org()
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    box = tab.get_by_role("textbox", name="Message")
    return SimpleNamespace(**vars(juniper), tab=tab, box=box, url=served.url)


def test_a_shortcode_offers_emoji_and_tab_or_enter_puts_one_in(room: SimpleNamespace) -> None:
    options = room.tab.get_by_role("listbox", name="Emoji").get_by_role("option")
    room.box.press_sequentially("well done :tad")
    expect(options.first).to_contain_text("🎉")
    expect(options.first).to_contain_text(":tada:")
    expect(room.box).to_have_attribute("aria-activedescendant", "message-emoji-0")
    room.box.press("Tab")
    expect(room.box).to_have_value("well done 🎉 ")
    expect(room.box).to_be_focused()

    room.box.press_sequentially("and :thumbs")
    expect(options.first).to_contain_text("👍")
    room.box.press("ArrowDown")
    room.box.press("Enter")
    expect(room.box).to_have_value("well done 🎉 and 👎 ")

    room.box.press_sequentially(":壽")
    expect(options.first).to_contain_text("🍣")
    options.first.click()
    expect(room.box).to_have_value("well done 🎉 and 👎 🍣 ")


def test_a_shortcode_that_is_typed_out_becomes_its_emoji(room: SimpleNamespace) -> None:
    room.box.press_sequentially(":rocket:")
    expect(room.box).to_have_value("🚀")
    room.box.press_sequentially(" :no_such_thing: at 10:30: `a :tada: b` https://e.test:80")
    room.box.press("Enter")

    expect(room.tab.locator(".message__body").last).to_have_text(
        "🚀 :no_such_thing: at 10:30: a :tada: b https://e.test:80"
    )


def test_escape_leaves_what_was_typed_and_enter_then_sends_it(room: SimpleNamespace) -> None:
    room.box.press_sequentially(":smi")
    listbox = room.tab.get_by_role("listbox", name="Emoji")
    expect(listbox).to_be_visible()
    room.box.press("Escape")
    expect(listbox).to_be_hidden()
    room.box.press_sequentially("l")
    expect(listbox).to_be_hidden()
    room.box.press("Enter")

    expect(room.tab.locator(".message__body").last).to_have_text(":smil")


def test_the_editor_of_a_message_knows_shortcodes_too(room: SimpleNamespace) -> None:
    room.box.fill("Lunch")
    room.box.press("Enter")
    row = room.tab.locator("article.message[data-state=sent]")
    expect(row).to_have_count(1)
    room.box.press("ArrowUp")
    field = row.locator("textarea")
    expect(field).to_have_value("Lunch")
    field.press("End")
    field.press_sequentially(" :sush")
    expect(row.get_by_role("option").first).to_contain_text("🍣")
    field.press("Enter")
    expect(field).to_have_value("Lunch 🍣 ")
    field.press("Enter")

    expect(row.locator(".message__body")).to_have_text("Lunch 🍣")


def test_keys_lead_to_the_next_space_and_to_the_next_unread_one(room: SimpleNamespace) -> None:
    garden, zoo = (places.create_space(room.ben, name=name, is_private=False) for name in ("Garden", "Zoo"))
    for space in (garden, zoo):
        SpaceMember.objects.create(org=room.org, space=space, member=room.ana)
    feed.post(zoo, room.ben, text="hello", client_id=uuid.uuid4())
    room.tab.reload()
    expect(room.tab.locator("[data-place][data-new]", has_text="Zoo")).to_be_visible()
    title = room.tab.locator(".bar__title")

    room.box.press_sequentially("half a thought")
    room.tab.keyboard.press("Alt+Shift+ArrowDown")
    expect(title).to_contain_text("Zoo")
    room.tab.keyboard.press("Alt+ArrowUp")
    expect(title).to_contain_text("General")
    expect(room.box).to_have_value("half a thought")
    room.tab.locator("#feed [role=log]").focus()
    room.tab.keyboard.press("?")
    sheet = room.tab.get_by_role("dialog")
    for name in ("Next Space", "Previous Space", "Next unread Space", "Previous unread Space"):
        expect(sheet.get_by_text(name, exact=True)).to_have_count(1)
