"""Forwarding a message: to a Space and to a person, by keyboard and on a phone; and keeping one in the notes."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from chat import directs, feed
from chat.models import Message
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def room(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    juniper = make_org()
    (plan,) = feed.post(juniper.space, juniper.mei, text="The plan: **trains** at noon", client_id=uuid.uuid4())

    def visit(**how: object) -> Page:
        tab = tab_of(juniper.ana, **how)
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
        tab.wait_for_function("document.querySelector('message-actions').bar !== undefined")
        return tab

    return SimpleNamespace(**vars(juniper), plan=plan, visit=visit)


def texts_in(space: object) -> list[str]:
    return [message.text for message in Message.objects.filter(space=space).order_by("position")]


def menu(tab: Page, message: Message) -> Locator:
    row = tab.locator(f"#message-{message.pk}")
    row.hover()
    row.get_by_role("button", name="More").click()
    return tab.get_by_role("menu", name="Message actions")


def test_a_message_is_forwarded_by_keyboard_with_a_comment(room: SimpleNamespace) -> None:
    tab = room.visit()
    tab.locator("#feed [role=log]").focus()
    tab.keyboard.press("k")
    tab.keyboard.press("f")
    dialog = tab.get_by_role("dialog", name="Forward a message")
    expect(dialog).to_contain_text("The plan: trains at noon")
    expect(dialog.get_by_role("option").first).to_be_visible()
    tab.keyboard.type("boa")
    expect(dialog.get_by_role("option")).to_have_count(1)
    expect(dialog.get_by_role("option", selected=True)).to_contain_text("Board")
    tab.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Board")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Comment, if you like")).to_be_focused()
    tab.keyboard.type("See this")
    tab.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(tab.get_by_text("Forwarded to Board")).to_be_visible()
    assert texts_in(room.private) == ["See this\n\n> The plan: **trains** at noon"]
    expect(tab.locator(f"#message-{room.plan.pk}")).to_be_focused()


def test_a_message_is_forwarded_to_a_person_on_a_phone(room: SimpleNamespace) -> None:
    tab = room.visit(**PHONE)
    tab.locator(f"#message-{room.plan.pk} .message__body").dispatch_event(
        "pointerdown", {"pointerType": "touch", "bubbles": True, "isPrimary": True}
    )
    tab.get_by_role("menuitem", name="Forward").tap()
    dialog = tab.get_by_role("dialog", name="Forward a message")
    dialog.get_by_role("combobox").fill("ben")
    dialog.get_by_role("option", name="Ben").tap()
    dialog.get_by_role("button", name="Ben").tap()  # not him, after all
    dialog.get_by_role("combobox").fill("")
    dialog.get_by_role("option", name="Mei").tap()
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    dialog.get_by_role("button", name="Forward", exact=True).tap()

    expect(dialog).to_be_hidden()
    expect(tab.get_by_text("Forwarded to Mei")).to_be_visible()
    assert texts_in(directs.open(room.ana, [room.mei])) == ["> The plan: **trains** at noon"]


def test_escape_forwards_nothing_and_a_name_that_nobody_has_says_so(room: SimpleNamespace) -> None:
    tab = room.visit()
    menu(tab, room.plan).get_by_role("menuitem", name="Forward").click()
    dialog = tab.get_by_role("dialog", name="Forward a message")
    expect(dialog.get_by_role("option").first).to_be_visible()
    dialog.get_by_role("combobox").fill("xyzzy")
    expect(dialog.get_by_role("status")).to_have_text("Nothing has a name like that.")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    assert Message.objects.count() == 1


def test_a_message_is_kept_in_the_notes_once_and_the_panel_shows_it(room: SimpleNamespace) -> None:
    tab = room.visit()
    for _ in range(2):
        menu(tab, room.plan).get_by_role("menuitem", name="Save to notes").click()
        expect(tab.get_by_text("Saved to the notes")).to_be_visible()

    tab.locator(".bar").get_by_role("link", name="Notes").click()
    panel = tab.locator("side-panel")
    expect(panel.locator(".note")).to_have_count(1)
    expect(panel.locator(".note")).to_contain_text("The plan: **trains** at noon")
    expect(panel.locator(".note")).to_contain_text("Ana")


def test_after_an_answer_that_was_lost_another_place_is_taken(room: SimpleNamespace) -> None:
    tab = room.visit()
    menu(tab, room.plan).get_by_role("menuitem", name="Forward").click()
    dialog = tab.get_by_role("dialog", name="Forward a message")
    dialog.get_by_role("combobox").fill("boa")
    dialog.get_by_role("option", name="Board").click()

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    tab.route("**/forward/", lose)
    for _ in range(2):
        dialog.get_by_role("button", name="Forward", exact=True).click()
        expect(dialog.get_by_role("alert")).to_be_visible()
    tab.unroute("**/forward/")
    dialog.get_by_role("button", name="Board").click()
    dialog.get_by_role("combobox").fill("Mei")
    dialog.get_by_role("option", name="Mei").click()
    dialog.get_by_role("button", name="Forward", exact=True).click()

    expect(dialog).to_be_hidden()
    assert texts_in(room.private) == ["> The plan: **trains** at noon"]
    assert texts_in(directs.open(room.ana, [room.mei])) == ["> The plan: **trains** at noon"]
