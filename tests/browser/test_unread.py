"""What one has not read: beside the Spaces, in the title, and in the Space itself."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import feed
from chat.notices import unread
from tests.stack import Stack
from workspace.models import Member, Space

pytestmark = pytest.mark.xdist_group("browser")


def say(space: Space, author: Member, *texts: str) -> None:
    for text in texts:
        feed.post(space, author, text=text, client_id=uuid4())


def open_at(tab: Page, url: str) -> None:
    """The page, once its socket has heard something: what happens from here on is told."""
    with tab.expect_websocket() as socket:
        tab.goto(url)
    socket.value.wait_for_event("framereceived")


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what only the database shows."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
