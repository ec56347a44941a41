"""What one has not read: beside the Spaces, in the title, and in the Space itself."""

from collections.abc import Callable
from types import SimpleNamespace
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import feed
from chat.notices import unread
from tests.browser.tabs import open_at, until
from tests.stack import Stack
from workspace.models import Member, Space

pytestmark = pytest.mark.xdist_group("browser")


def say(space: Space, author: Member, *texts: str) -> None:
    for text in texts:
        feed.post(space, author, text=text, client_id=uuid4())


@pytest.fixture
def room(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ben's tab on Board; in General, which he has read, others write."""
    juniper = make_org()
    say(juniper.space, juniper.ana, "before")
    juniper.space.refresh_from_db()
    unread.read(juniper.ben, juniper.space, juniper.space.revision)
    tab = tab_of(juniper.ben)
    open_at(tab, f"{served.url}/spaces/{juniper.private.pk}/")
    return SimpleNamespace(**vars(juniper), tab=tab, url=served.url, tab_of=tab_of)


def place(tab: Page, name: str) -> Locator:
    return tab.locator("[data-place]").filter(has_text=name)


def test_a_message_elsewhere_makes_its_space_bold_and_a_mention_gives_it_a_figure(room: SimpleNamespace) -> None:
    say(room.space, room.ana, "hello")

    expect(place(room.tab, "General")).to_have_attribute("data-new", "")
    expect(room.tab.get_by_role("link", name="General , 1 unread message")).to_be_visible()
    expect(room.tab).to_have_title("Board · Juniper · Parley")

    say(room.space, room.ana, f"@{room.ben.handle} look", f"@{room.ben.handle} again")
    expect(place(room.tab, "General").locator("[data-unread]")).to_contain_text("2 mentions, 3 unread messages")
    expect(room.tab).to_have_title("(2) Board · Juniper · Parley")


def test_on_a_phone_the_menu_says_that_something_is_new_and_the_drawer_where(room: SimpleNamespace) -> None:
    phone = room.tab_of(room.ben, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_at(phone, f"{room.url}/spaces/{room.private.pk}/")

    say(room.space, room.ana, f"@{room.ben.handle} look")

    expect(phone).to_have_title("(1) Board · Juniper · Parley")
    phone.get_by_role("button", name="Open the menu").tap()
    expect(place(phone, "General").locator("[data-unread]")).to_contain_text("1 mention")
    place(phone, "General").get_by_role("link").first.tap()
    expect(phone.get_by_role("article").get_by_text("look")).to_be_visible()
    expect(phone).to_have_title("General · Juniper · Parley")


def test_opening_a_space_clears_its_figure_in_the_other_tab_too(room: SimpleNamespace) -> None:
    say(room.space, room.ana, f"@{room.ben.handle} look")
    expect(room.tab).to_have_title("(1) Board · Juniper · Parley")

    other = room.tab_of(room.ben)
    other.goto(f"{room.url}/spaces/{room.space.pk}/")

    expect(place(other, "General")).not_to_have_attribute("data-new", "")
    expect(place(room.tab, "General")).not_to_have_attribute("data-new", "")
    expect(room.tab).to_have_title("Board · Juniper · Parley")
    other.reload()
    expect(place(other, "Board")).to_be_visible()
    expect(other).to_have_title("General · Juniper · Parley")


def test_what_comes_while_one_reads_at_the_end_is_read(room: SimpleNamespace) -> None:
    other = room.tab_of(room.ben)
    open_at(other, f"{room.url}/spaces/{room.space.pk}/")

    say(room.space, room.ana, f"@{room.ben.handle} now")

    expect(other.get_by_text(f"@{room.ben.handle} now", exact=True)).to_be_visible()
    until(lambda: unread.counts(room.ben)["spaces"][str(room.space.pk)]["unread"] == 0)
    expect(place(room.tab, "General")).not_to_have_attribute("data-new", "")
    expect(place(other, "General")).not_to_have_attribute("data-new", "")


def test_a_line_stands_over_what_is_new_and_goes_when_one_leaves(room: SimpleNamespace) -> None:
    say(room.space, room.ana, "first", "second")

    room.tab.get_by_role("link", name="General").first.click()

    line = room.tab.locator(".new-line")
    expect(line).to_have_text("New")
    expect(room.tab.locator(".new-line + [data-message-id], .new-line + .day + [data-message-id]")).to_contain_text(
        "first"
    )
    until(lambda: unread.counts(room.ben)["spaces"][str(room.space.pk)]["unread"] == 0)
    expect(line).to_have_count(1)
    room.tab.get_by_role("link", name="Board").first.click()
    expect(room.tab).to_have_title("Board · Juniper · Parley")
    room.tab.get_by_role("link", name="General").first.click()
    expect(room.tab).to_have_title("General · Juniper · Parley")
    expect(room.tab.get_by_text("second", exact=True)).to_be_visible()
    expect(line).to_have_count(0)


@pytest.mark.parametrize("size", [{"width": 1200, "height": 700}, {"width": 390, "height": 700}], ids=["desk", "phone"])
def test_the_pill_leads_to_the_first_unread_that_is_not_loaded(room: SimpleNamespace, size: dict) -> None:
    say(room.space, room.ana, "the first new one", *[f"line {number}" for number in range(80)])
    tab = room.tab_of(room.ben, viewport=size)

    tab.goto(f"{room.url}/spaces/{room.space.pk}/")
    expect(tab.get_by_text("line 79")).to_be_in_viewport()
    tab.get_by_role("button", name="Jump to the first unread").click()

    expect(tab.get_by_text("the first new one")).to_be_in_viewport()
    expect(tab.locator(".new-line")).to_be_in_viewport()
    expect(tab.get_by_role("button", name="Jump to the first unread")).to_be_hidden()


def test_marked_unread_from_a_message_it_stays_so_until_escape(room: SimpleNamespace) -> None:
    say(room.space, room.ana, "one", "two")
    room.tab.get_by_role("link", name="General").first.click()
    until(lambda: unread.counts(room.ben)["spaces"][str(room.space.pk)]["unread"] == 0)

    room.tab.get_by_text("two", exact=True).hover()
    room.tab.get_by_role("toolbar").get_by_role("button", name="More").click()
    room.tab.get_by_role("menuitem", name="Mark unread from here").click()

    expect(place(room.tab, "General")).to_have_attribute("data-new", "")
    expect(room.tab.locator(".new-line + [data-message-id], .new-line + .day + [data-message-id]")).to_contain_text(
        "two"
    )
    assert unread.counts(room.ben)["spaces"][str(room.space.pk)]["unread"] == 1
    room.tab.get_by_role("log").focus()
    room.tab.keyboard.press("Escape")
    expect(room.tab.locator(".new-line")).to_have_count(0)
    until(lambda: unread.counts(room.ben)["spaces"][str(room.space.pk)]["unread"] == 0)
    expect(place(room.tab, "General")).not_to_have_attribute("data-new", "")


def test_n_leads_to_the_next_unread_space(room: SimpleNamespace) -> None:
    say(room.space, room.ana, "hello")
    expect(place(room.tab, "General")).to_have_attribute("data-new", "")

    room.tab.get_by_role("log").focus()
    room.tab.keyboard.press("n")

    expect(room.tab).to_have_title("General · Juniper · Parley")


def test_a_muted_space_shows_nothing_but_a_mention(room: SimpleNamespace) -> None:
    room.tab.get_by_role("link", name="Notices of this Space").click()
    panel = room.tab.get_by_role("complementary")
    panel.get_by_label("Mute this Space").check()
    panel.get_by_role("button", name="Save").click()
    expect(place(room.tab, "Board")).to_have_attribute("data-muted", "")
    expect(panel.get_by_label("Mute this Space")).to_be_checked()
    room.tab.get_by_role("link", name="General").first.click()
    expect(room.tab).to_have_title("General · Juniper · Parley")

    say(room.private, room.ana, "psst")
    with room.tab.expect_response("**/unread/"):
        room.tab.reload()
    expect(place(room.tab, "General")).to_be_visible()
    expect(place(room.tab, "Board")).not_to_have_attribute("data-new", "")
    expect(place(room.tab, "Board").locator("[data-unread]")).to_be_hidden()

    say(room.private, room.ana, f"@{room.ben.handle} psst")

    expect(place(room.tab, "Board").locator("[data-unread]")).to_contain_text("1 mention, 2 unread messages")
