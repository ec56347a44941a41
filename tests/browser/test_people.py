"""Two people in a direct conversation, on a desk and on a phone, and a draft that follows its writer."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat import directs, drafts, feed
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


def box(page: Page) -> Any:
    return page.get_by_role("textbox", name="Message")


def test_two_people_write_to_each_other_and_see_who_is_here_and_who_is_writing(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    ana, mei = tab_of(juniper.ana), tab_of(juniper.mei, **PHONE)
    mei.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    ana.goto(f"{served.url}/orgs/{juniper.org.slug}/directs/")
    ana.get_by_role("searchbox", name="Search people").fill("me")
    expect(ana.get_by_role("checkbox")).to_have_count(1)
    ana.get_by_role("checkbox", name="Mei").check()
    ana.get_by_role("button", name="Open conversation").click()
    expect(ana.get_by_role("heading", level=1)).to_contain_text("Mei")
    expect(ana.locator(".bar presence-mark").first).to_have_attribute("data-state", "active")

    box(ana).fill("only for you")
    box(ana).press("Enter")
    mei.get_by_role("button", name="Open the menu").click()
    mei.locator("#sidebar").get_by_role("link", name="Ana").click()
    expect(mei.locator("article.message")).to_contain_text("only for you")
    box(mei).press_sequentially("I am")

    expect(ana.locator("typing-line")).to_have_text("Mei is typing")
    box(mei).press_sequentially(" here")
    mei.get_by_role("button", name="Send").click()
    expect(ana.locator("article.message").last).to_contain_text("I am here")
    expect(ana.locator("typing-line")).to_have_text("")
    mei.context.close()
    expect(ana.locator(".bar presence-mark").first).to_have_attribute("data-state", "gone", timeout=20_000)


def test_a_draft_follows_to_another_browser_and_is_gone_when_it_is_sent(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    directs.open(juniper.ana, [juniper.mei])
    page = f"{served.url}/spaces/{juniper.space.pk}/"
    desk, phone = tab_of(juniper.ana), tab_of(juniper.ana, **PHONE)
    desk.goto(page)
    with desk.expect_response("**/draft/"):
        box(desk).press_sequentially("begun at the desk")

    phone.goto(page)
    expect(box(phone)).to_have_value("begun at the desk")
    with phone.expect_response("**/draft/"):
        box(phone).press_sequentially(", ended on the phone")
    expect(box(desk)).to_have_value("begun at the desk, ended on the phone")
    phone.get_by_role("button", name="Send").click()

    expect(desk.locator("article.message")).to_contain_text("ended on the phone")
    expect(box(desk)).to_have_value("")
    desk.goto(f"{served.url}/orgs/{juniper.org.slug}/drafts/")
    expect(desk.get_by_text("waits here, on every device")).to_be_visible()


def test_what_two_devices_wrote_apart_is_offered_and_neither_is_lost(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    page = f"{served.url}/spaces/{juniper.space.pk}/"
    desk, phone = tab_of(juniper.ana), tab_of(juniper.ana, **PHONE)
    desk.goto(page)
    phone.goto(page)
    phone.context.set_offline(True)
    box(phone).press_sequentially("on the train")
    with desk.expect_response("**/draft/"):
        box(desk).press_sequentially("at the desk")

    phone.context.set_offline(False)
    box(phone).press_sequentially(" home")
    offer = phone.locator("draft-keeper").get_by_role("status")
    expect(offer).to_contain_text("at the desk")
    expect(box(phone)).to_have_value("on the train home")
    offer.get_by_role("button", name="Use it").tap()

    expect(box(phone)).to_have_value("at the desk")
    expect(offer).to_contain_text("on the train home")
    offer.get_by_role("button", name="Dismiss").tap()
    expect(offer).to_be_hidden()
    expect(box(phone)).to_be_focused()


def test_the_list_of_drafts_leads_to_each_and_discards_one_beside_the_page(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    (root,) = feed.post(juniper.space, juniper.mei, text="Who comes?", client_id=uuid.uuid4())
    drafts.save(juniper.ana, juniper.space, text="half a **thought**")
    drafts.save(juniper.ana, juniper.space, text="me, if", parent=root)
    ana = tab_of(juniper.ana)
    ana.goto(f"{served.url}/spaces/{juniper.private.pk}/")
    ana.get_by_role("link", name="Drafts").click()
    panel = ana.locator("side-panel")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(panel).to_contain_text("half a **thought**")

    panel.get_by_role("listitem").filter(has_text="half a").get_by_role("button", name="Discard").click()
    expect(panel.get_by_role("listitem")).to_have_count(1)
    panel.get_by_role("link", name="General, in a thread").click()

    expect(ana.get_by_role("textbox", name="Reply")).to_have_value("me, if")
    assert [draft.text for draft in drafts.of(juniper.ana)] == ["me, if"]
