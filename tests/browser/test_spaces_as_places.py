"""Spaces as places: joining and leaving, closing and opening again, going from one to another without losing anything."""

import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, Route, expect

from chat import deletions, feed, memory, pins, places
from tests.stack import Stack
from workspace import spaces
from workspace.models import Space, SpaceMember

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def house(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ana's tab on General; `enter` opens a tab of somebody, and waits until it hears what happens."""
    juniper = make_org()

    def enter(member: object, path: str) -> Page:
        tab = tab_of(member)
        with tab.expect_websocket() as socket:
            tab.goto(f"{served.url}{path}")
        socket.value.wait_for_event("framereceived")
        return tab

    tab = enter(juniper.ana, f"/spaces/{juniper.space.pk}/")
    return SimpleNamespace(**vars(juniper), tab=tab, enter=enter, url=served.url)


def loads_of(tab: Page) -> list[str]:
    """Pages that were loaded whole from now on."""
    loads: list[str] = []
    tab.on("request", lambda request: request.is_navigation_request() and loads.append(request.url))
    return loads


def test_one_looks_first_then_joins_writes_and_leaves(house: SimpleNamespace) -> None:
    space = spaces.create(house.ana, name="Design", is_private=False)
    feed.post(space, house.ana, text="Which blue?", client_id=uuid.uuid4())
    tab = house.enter(house.mei, "/orgs/juniper/spaces/")

    tab.get_by_role("main").get_by_role("link", name="Design").click()
    expect(tab.get_by_text("Which blue?")).to_be_visible()
    expect(tab.get_by_role("textbox", name="Message")).to_have_count(0)
    assert not SpaceMember.objects.filter(space=space, member=house.mei).exists()
    tab.get_by_role("button", name="Join Design").click()

    tab.get_by_role("textbox", name="Message").fill("The dark one.")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("article").filter(has_text="The dark one.")).to_be_visible()
    expect(tab.get_by_role("navigation").get_by_role("link", name="Design")).to_have_attribute("aria-current", "page")
    tab.get_by_role("link", name="2 members").click()
    tab.locator("#main summary").filter(has_text="Mei").click()
    tab.get_by_role("button", name="Leave").click()
    expect(tab.get_by_role("navigation").get_by_role("link", name="Design")).to_have_count(0)


def test_an_archive_and_its_end_are_seen_by_the_others_at_once(house: SimpleNamespace) -> None:
    tab = house.enter(house.mei, f"/spaces/{house.space.pk}/")
    expect(tab.get_by_role("textbox", name="Message")).to_be_visible()

    places.archive_space(house.ana, house.space)

    expect(tab.get_by_text("This Space is archived.")).to_be_visible()
    expect(tab.get_by_role("textbox", name="Message")).to_have_count(0)
    expect(tab.get_by_role("navigation").get_by_role("link", name="General")).to_have_count(0)
    house.tab.get_by_role("button", name="Restore").click()
    expect(tab.get_by_role("textbox", name="Message")).to_be_visible()
    expect(tab.get_by_role("navigation").get_by_role("link", name="General")).to_be_visible()


def test_a_name_and_a_topic_that_were_missed_are_learned_on_the_way_back(house: SimpleNamespace) -> None:
    tab = house.enter(house.mei, f"/spaces/{house.space.pk}/")
    tab.context.set_offline(True)
    places.change_space(house.ana, house.space, name="Everybody", topic="The offsite")

    tab.context.set_offline(False)

    expect(tab.get_by_role("heading", name="Everybody", level=1)).to_be_visible()
    expect(tab.locator("[data-topic]")).to_have_text("The offsite")


def test_going_to_another_space_loads_no_page_and_loses_no_draft_and_no_place(house: SimpleNamespace) -> None:
    for number in range(30):
        feed.post(house.space, house.ben, text=f"line {number}", client_id=uuid.uuid4())
    expect(house.tab.get_by_role("article").get_by_text("line 29")).to_be_visible()
    house.tab.get_by_role("textbox", name="Message").fill("not sent yet")
    house.tab.get_by_role("article").filter(has_text="line 9").first.scroll_into_view_if_needed()
    expect(house.tab.get_by_role("article").get_by_text("line 29")).not_to_be_in_viewport()
    before = house.tab.get_by_role("article").filter(has_text="line 9").first.bounding_box()
    loads = loads_of(house.tab)

    house.tab.get_by_role("navigation").get_by_role("link", name="Board").click()
    expect(house.tab.get_by_role("heading", name="Board", level=1)).to_be_visible()
    expect(house.tab).to_have_title("Board · Juniper · Parley")
    expect(house.tab.get_by_role("textbox", name="Message")).to_have_value("")
    feed.post(house.private, house.ben, text="heard at once", client_id=uuid.uuid4())
    expect(house.tab.get_by_role("article").get_by_text("heard at once")).to_be_visible()
    house.tab.go_back()

    expect(house.tab.get_by_role("heading", name="General", level=1)).to_be_visible()
    expect(house.tab.get_by_role("textbox", name="Message")).to_have_value("not sent yet")
    expect(house.tab.get_by_role("article").get_by_text("line 29")).not_to_be_in_viewport()
    after = house.tab.get_by_role("article").filter(has_text="line 9").first.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    assert loads == []


def test_a_space_and_a_person_are_found_by_a_few_letters(house: SimpleNamespace) -> None:
    house.tab.keyboard.press("Control+k")
    field = house.tab.get_by_role("combobox", name="Go to a Space or a person")
    expect(house.tab.get_by_role("option").first).to_contain_text("Board")
    field.press_sequentially("brd")
    expect(house.tab.get_by_role("option", selected=True)).to_contain_text("Board")
    field.press("Enter")
    expect(house.tab.get_by_role("heading", name="Board", level=1)).to_be_visible()

    house.tab.keyboard.press("Control+k")
    field.press_sequentially("mei")
    expect(house.tab.get_by_role("option", selected=True)).to_contain_text("@mei")
    field.press("Enter")
    expect(house.tab.get_by_role("heading", name="Mei", level=1)).to_be_visible()

    house.tab.keyboard.press("Control+k")
    field.press("Escape")
    expect(field).to_have_count(0)


def test_a_space_is_moved_to_the_favourites_by_keyboard(house: SimpleNamespace) -> None:
    side = house.tab.get_by_role("navigation")
    side.get_by_role("button", name="Move Board").focus()
    house.tab.keyboard.press("Enter")
    expect(house.tab.get_by_role("menuitem", name="Add to favourites")).to_be_focused()
    house.tab.keyboard.press("Enter")

    expect(side.get_by_role("heading", name="Favourites")).to_be_visible()
    expect(side.locator("[data-group=favourites]").get_by_role("link", name="Board")).to_be_visible()


def test_a_note_is_written_beside_the_conversation_and_seen_by_the_others(house: SimpleNamespace) -> None:
    tab = house.enter(house.mei, f"/spaces/{house.space.pk}/notes/")
    house.tab.get_by_role("link", name="Notes").click()
    house.tab.get_by_label("New note").fill("The offsite is in Lisbon.")
    house.tab.get_by_role("button", name="Add", exact=True).click()

    expect(house.tab.get_by_role("complementary").locator("p", has_text="The offsite is in Lisbon.")).to_be_visible()
    expect(tab.locator("p", has_text="The offsite is in Lisbon.")).to_be_visible()
    expect(tab.get_by_text("1 note of at most 100")).to_be_visible()


def test_what_is_written_in_the_panel_outlives_what_else_happens_there(house: SimpleNamespace) -> None:
    memory.add(house.ana, house.space, text="The offsite is in Lisbon.")
    page = house.enter(house.mei, f"/spaces/{house.space.pk}/notes/")
    house.tab.get_by_role("link", name="Notes").click()
    panel = house.tab.locator("side-panel")
    field = panel.get_by_label("New note")
    field.fill("Half a thought")

    panel.get_by_role("button", name="Remove").click()
    expect(panel.get_by_text("Lisbon")).to_have_count(0)
    expect(field).to_have_value("Half a thought")
    house.tab.route("**/notes/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel.get_by_role("alert")).to_have_text("The server cannot be reached.")
    expect(field).to_have_value("Half a thought")
    house.tab.unroute("**/notes/")
    page.context.set_offline(True)
    field.fill("  ")
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel.get_by_role("alert")).to_have_text("The note is empty. Write what is worth remembering.")
    field.fill("A whole one")
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel.locator(".note", has_text="A whole one")).to_be_visible()
    expect(field).to_have_value("")

    page.context.set_offline(False)

    expect(page.locator(".note", has_text="A whole one")).to_be_visible(timeout=20_000)


def test_a_slow_link_leads_nowhere_once_one_has_gone_elsewhere(house: SimpleNamespace) -> None:
    first = feed.post(house.space, house.ben, text="Where it began", client_id=uuid.uuid4())[0]
    feed.post(house.space, house.ben, text=f"See [there]({house.url}/messages/{first.pk}/)", client_id=uuid.uuid4())
    house.tab.route(f"**/messages/{first.pk}/", lambda route: None)

    with house.tab.expect_event("requestfailed", lambda request: str(first.pk) in request.url, timeout=8000):
        house.tab.get_by_role("link", name="there").click()
        house.tab.get_by_role("navigation").get_by_role("link", name="Board").click()

    expect(house.tab.get_by_role("heading", name="Board", level=1)).to_be_visible()
    expect(house.tab).to_have_url(f"{house.url}/spaces/{house.private.pk}/")


def test_the_bar_counts_pins_and_members_as_they_come(house: SimpleNamespace) -> None:
    message = feed.post(house.space, house.ana, text="Keep this", client_id=uuid.uuid4())[0]
    tab = house.enter(house.mei, f"/spaces/{house.space.pk}/")
    pinned, members = tab.locator("[data-tally=pins]"), tab.locator("[data-tally=members]")
    expect(pinned).to_be_hidden()
    expect(members).to_have_text("3")

    pins.pin(house.ana, message)
    expect(pinned).to_have_text("1")
    places.remove_from_space(house.ana, house.space, house.ben)
    expect(members).to_have_text("2")
    deletions.delete(house.ana, message)
    expect(pinned).to_be_hidden()


def test_who_is_on_the_way_to_another_page_arrives_there_whatever_changes_here(house: SimpleNamespace) -> None:
    tab = house.enter(house.mei, f"/spaces/{house.space.pk}/")
    held: list[Route] = []
    tab.route("**/members/", lambda route: held.append(route))
    with tab.expect_request("**/members/"):
        tab.get_by_role("link", name=re.compile("members$")).click()

    places.set_role(house.ana, house.space, house.mei, "viewer")
    feed.post(house.space, house.ana, text="Now you only read.", client_id=uuid.uuid4())
    expect(tab.get_by_role("article").get_by_text("Now you only read.")).to_be_visible()
    held[0].continue_()

    expect(tab).to_have_url(re.compile("/members/$"))
    expect(tab.locator("#main").get_by_text("Reads only")).to_be_visible()


def test_a_space_that_was_only_looked_at_and_became_private_is_gone(house: SimpleNamespace) -> None:
    space = spaces.create(house.ana, name="Design", is_private=False)
    tab = house.enter(house.mei, f"/spaces/{space.pk}/")
    expect(tab.get_by_role("button", name="Join Design")).to_be_visible()

    Space.objects.filter(pk=space.pk).update(is_private=True)
    tab.evaluate(
        """async (space) => (await import("parley/models/connection")).connection.learned({type: "space.removed", space})""",
        str(space.pk),
    )

    expect(tab.get_by_role("heading", name="Design")).to_have_count(0)
