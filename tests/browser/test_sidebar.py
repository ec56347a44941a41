"""The sidebar as it changes, and the keys that do something."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from chat import places
from tests.stack import Stack
from workspace import spaces
from workspace.models import SpaceMember

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def room(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ana's tab on General, beside which there is Board."""
    juniper = make_org()
    tab = tab_of(juniper.ana)
    with tab.expect_websocket() as socket:
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    socket.value.wait_for_event("framereceived")  # what happens from here on is told
    return SimpleNamespace(**vars(juniper), tab=tab, side=tab.get_by_role("navigation"), url=served.url)


def test_a_space_that_one_is_added_to_comes_into_the_sidebar_and_goes_when_one_is_taken_out(
    room: SimpleNamespace,
) -> None:
    space = spaces.create(room.ben, name="Design", is_private=True)

    places.add_to_space(room.ben, space, [room.ana])
    expect(room.side.get_by_role("link", name="Design")).to_be_visible()
    places.remove_from_space(room.ben, space, room.ana)

    expect(room.side.get_by_role("link", name="Design")).to_have_count(0)
    expect(room.side.get_by_role("link", name="General")).to_have_attribute("aria-current", "page")


def test_what_is_folded_stays_folded(room: SimpleNamespace) -> None:
    room.side.get_by_text("Spaces", exact=True).click()
    expect(room.side.get_by_role("link", name="General")).to_be_hidden()

    room.tab.reload()

    expect(room.side.get_by_role("link", name="General")).to_be_hidden()
    room.side.get_by_text("Spaces", exact=True).click()
    expect(room.side.get_by_role("link", name="General")).to_be_visible()


def test_the_sheet_lists_the_keys_and_switches_those_of_one_character_off(room: SimpleNamespace) -> None:
    room.tab.get_by_role("textbox", name="Message").press("?")
    expect(room.tab.get_by_role("dialog")).to_have_count(0)

    room.tab.get_by_role("log").focus()
    room.tab.keyboard.press("?")
    sheet = room.tab.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Next Space")
    sheet.get_by_label("Shortcuts of a single character").uncheck()
    room.tab.keyboard.press("Escape")
    expect(sheet).to_have_count(0)

    room.tab.get_by_role("log").focus()
    room.tab.keyboard.press("?")
    expect(room.tab.get_by_role("dialog")).to_have_count(0)
    room.side.get_by_role("button", name="Keyboard shortcuts").click()
    expect(sheet.get_by_label("Shortcuts of a single character")).not_to_be_checked()


def test_alt_and_an_arrow_go_to_the_next_space(room: SimpleNamespace) -> None:
    room.tab.keyboard.press("Alt+ArrowUp")

    expect(room.tab).to_have_title("Board · Juniper · Parley")
    room.tab.keyboard.press("Alt+ArrowDown")
    expect(room.tab).to_have_title("General · Juniper · Parley")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_name_of_a_muted_space_can_be_read_while_it_is_open(room: SimpleNamespace, scheme: str) -> None:
    SpaceMember.objects.filter(space=room.space, member=room.ana).update(is_muted=True)
    room.tab.emulate_media(color_scheme=scheme)
    room.tab.reload()
    expect(room.side.locator("[data-muted] [aria-current]")).to_be_visible()

    room.tab.evaluate(AXE_SCRIPT + "; 0")
    found = room.tab.evaluate("axe.run('.place[data-muted]', {runOnly: ['color-contrast']})")

    assert [each["id"] for each in found["violations"]] == []
    assert found["passes"]
