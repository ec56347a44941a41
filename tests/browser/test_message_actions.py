"""What a person does with messages, seen by another in the same moment: on a desk, by keyboard alone, on a phone."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace

from playwright.sync_api import Locator, Page, expect

from chat import edits, feed, reactions
from chat.models import Message
from tests.stack import Stack

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def post(juniper: SimpleNamespace, text: str) -> Message:
    return feed.post(juniper.space, juniper.ana, text=text, client_id=uuid.uuid4())[0]


def go(page: Page, served: Stack, juniper: SimpleNamespace) -> None:
    page.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    page.wait_for_function("document.querySelector('message-actions').bar !== undefined")


def row(page: Page, message: Message) -> Locator:
    return page.locator(f"#message-{message.pk}")


def press_long(page: Page, message: Message) -> None:
    """A finger that stays down on a message until the menu opens."""
    touch = {"pointerType": "touch", "bubbles": True, "isPrimary": True}
    row(page, message).locator(".message__body").dispatch_event("pointerdown", touch)
    expect(page.get_by_role("menu")).to_be_visible()


def test_an_edit_a_reaction_and_a_deletion_are_seen_by_the_other_at_once(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    message, other = post(juniper, "Lunch at noon"), post(juniper, "and nothing else")
    ana, mei = tab_of(juniper.ana), tab_of(juniper.mei)
    go(ana, served, juniper)
    go(mei, served, juniper)

    row(ana, message).hover()
    row(ana, message).get_by_role("button", name="Edit").click()
    field = row(ana, message).locator("textarea")
    expect(field).to_have_value("Lunch at noon")
    field.fill("Lunch at one")
    field.press("Enter")
    expect(row(mei, message)).to_contain_text("Lunch at one")
    expect(row(mei, message)).to_contain_text("edited")
    row(mei, message).get_by_role("link", name="edited").click()
    expect(mei.locator("del")).to_have_text("noon")

    row(mei, message).hover()
    row(mei, message).get_by_role("button", name="React").click()
    mei.get_by_role("combobox", name="Search emoji").fill("avocado")
    mei.keyboard.press("Enter")
    chip = row(ana, message).get_by_role("button", name="Mei reacted with 🥑")
    expect(chip).to_have_text("🥑1")
    chip.click()
    expect(row(mei, message).locator(".reaction")).to_have_text("🥑2")
    expect(row(ana, message).locator(".reaction")).to_have_attribute("aria-pressed", "true")

    row(ana, other).hover()
    row(ana, other).get_by_role("button", name="More").click()
    ana.get_by_role("menuitem", name="Delete").click()
    expect(ana.get_by_role("dialog")).to_contain_text("for everyone")
    ana.keyboard.press("Enter")
    expect(row(mei, other)).to_contain_text("This message was deleted.")
    expect(row(mei, other)).not_to_contain_text("nothing else")


def test_an_edit_and_a_deletion_on_a_phone_are_seen_by_the_other_at_once(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    message, other = post(juniper, "Lunch at noon"), post(juniper, "and nothing else")
    ana, mei = tab_of(juniper.ana, **PHONE), tab_of(juniper.mei, **PHONE)
    go(ana, served, juniper)
    go(mei, served, juniper)

    press_long(ana, message)
    ana.get_by_role("menuitem", name="Edit").tap()
    row(ana, message).locator("textarea").fill("Lunch at one")
    row(ana, message).get_by_role("button", name="Save").tap()
    expect(row(mei, message)).to_contain_text("Lunch at one")
    press_long(ana, other)
    ana.get_by_role("menuitem", name="Delete").tap()
    ana.get_by_role("dialog").get_by_role("button", name="Delete").tap()

    expect(row(mei, other)).to_contain_text("This message was deleted.")
    expect(row(mei, other)).not_to_contain_text("nothing else")


def test_an_open_editor_is_left_alone_by_what_others_do(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    message = post(juniper, "one")
    ana = tab_of(juniper.ana)
    go(ana, served, juniper)
    row(ana, message).hover()
    row(ana, message).get_by_role("button", name="Edit").click()
    field = row(ana, message).locator("textarea")
    field.fill("my own words")

    reactions.toggle(juniper.mei, message, emoji="👍")
    expect(row(ana, message).locator(".reaction")).to_have_text("👍1")
    expect(field).to_have_value("my own words")
    expect(field).to_be_focused()
    ana.evaluate("async () => (await import('parley/models/visits')).visits.again()")
    expect(field).to_have_value("my own words")
    expect(field).to_be_focused()

    edits.edit(juniper.ana, message, text="from another tab")
    field.press("Enter")
    expect(row(ana, message).get_by_role("alert")).to_contain_text("edited elsewhere")
    expect(field).to_have_value("my own words")
    field.press("Enter")
    expect(row(ana, message).locator(".message__body")).to_have_text("my own words")


def test_everything_is_done_by_keyboard(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    first, last = post(juniper, "first of all"), post(juniper, "last of all")
    ana = tab_of(juniper.ana)
    go(ana, served, juniper)
    composer = ana.locator("message-composer textarea")

    composer.press("ArrowUp")
    field = row(ana, last).locator("textarea")
    expect(field).to_be_focused()
    field.press("Escape")
    expect(composer).to_be_focused()

    composer.press("Shift+Tab")
    while not ana.evaluate("document.activeElement.matches('[role=log]')"):
        ana.keyboard.press("Shift+Tab")
    ana.keyboard.press("k")
    expect(row(ana, last)).to_be_focused()
    ana.keyboard.press("k")
    expect(row(ana, first)).to_be_focused()
    ana.keyboard.press(":")
    ana.get_by_role("combobox", name="Search emoji").fill("壽司")
    ana.keyboard.press("Enter")
    expect(row(ana, first).locator(".reaction")).to_have_text("🍣1")
    expect(row(ana, first)).to_be_focused()
    ana.keyboard.press("p")
    expect(row(ana, first)).to_contain_text("Pinned")
    ana.keyboard.press("e")
    row(ana, first).locator("textarea").fill("first, again")
    ana.keyboard.press("Enter")
    expect(row(ana, first).locator(".message__body")).to_have_text("first, again")
    expect(row(ana, first)).to_be_focused()
    ana.keyboard.press("q")
    expect(composer).to_have_value(f"[Ana]({served.url}/messages/{first.pk}/):\n> first, again\n\n")
    composer.fill("")

    ana.keyboard.type("jk plain words")
    expect(composer).to_have_value("jk plain words")


def test_a_long_press_on_a_phone_opens_the_menu_from_below(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    message = post(juniper, "Lunch at noon")
    ana = tab_of(juniper.ana, **PHONE)
    go(ana, served, juniper)

    press_long(ana, message)
    menu = ana.get_by_role("menu")
    expect(menu).to_be_visible()
    box = menu.bounding_box()
    assert box and (box["x"], box["width"]) == (0, 390) and round(box["y"] + box["height"]) == 844
    menu.get_by_role("menuitem", name="Edit").tap()
    row(ana, message).locator("textarea").fill("Lunch at one")
    row(ana, message).get_by_role("button", name="Save").tap()
    expect(row(ana, message).locator(".message__body")).to_have_text("Lunch at one")
    assert ana.evaluate("document.documentElement.scrollWidth") == 390


def test_a_mention_leads_to_a_card_without_a_mouse_and_back(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    message = post(juniper, "@mei knows")
    ana = tab_of(juniper.ana)
    go(ana, served, juniper)
    mention = row(ana, message).get_by_role("link", name="@mei")

    mention.focus()
    ana.keyboard.press("Enter")
    expect(ana.locator("side-panel").get_by_role("heading", name="Mei")).to_be_visible()
    ana.keyboard.press("Escape")

    expect(mention).to_be_focused()


def test_lifting_the_finger_that_opened_the_menu_chooses_nothing(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    messages = [post(juniper, f"Line {number}\n\nand more") for number in range(12)]
    ana = tab_of(juniper.ana, **PHONE)
    go(ana, served, juniper)
    press_long(ana, messages[-1])
    box = ana.get_by_role("menuitem", name="Forward").bounding_box()
    assert box
    ana.keyboard.press("Escape")
    expect(ana.get_by_role("menu")).to_be_hidden()
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    finger = ana.context.new_cdp_session(ana)

    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [where]})
    expect(ana.get_by_role("menu")).to_be_visible()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    ana.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    expect(ana.get_by_role("menu")).to_be_visible()
    expect(ana.get_by_role("dialog")).to_have_count(0)
    ana.get_by_role("menuitem", name="Forward").tap()
    expect(ana.get_by_role("dialog", name="Forward a message")).to_be_visible()
