"""From nothing to a conversation: sign up, found an organization, invite, join, sign out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")


def sign_up(page: Page, name: str, email: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("sea-otter-lamp-7")
    page.get_by_role("button", name="Sign up").click()


def test_a_newcomer_founds_an_organization_and_a_colleague_joins_by_link(served: Stack, chromium: Browser) -> None:
    troubles: list[str] = []
    rosa, tom = (chromium.new_context(viewport=size).new_page() for size in (None, {"width": 360, "height": 720}))
    for page in (rosa, tom):
        watch(page, troubles)

    rosa.goto(served.url)
    rosa.get_by_role("link", name="Sign up").first.click()
    sign_up(rosa, "Rosa Klein", "rosa@otter.example.com")
    rosa.get_by_label("Organization").fill("Otter Works")
    rosa.get_by_role("button", name="Create organization").click()
    expect(rosa.get_by_role("heading", name="General", exact=True)).to_be_visible()
    expect(rosa.get_by_role("status", name="Credits")).to_contain_text("100.00")
    space = rosa.url
    rosa.get_by_role("link", name="People").click()
    rosa.get_by_role("button", name="Create link").click()
    link = rosa.locator("input[readonly]").first.input_value()

    tom.goto(link)
    expect(tom.get_by_role("heading", name="Join Otter Works")).to_be_visible()
    tom.get_by_role("link", name="Sign up and join").click()
    sign_up(tom, "Tom Abel", "tom@otter.example.com")
    tom.get_by_role("button", name="Join as Tom Abel").click()
    expect(tom).to_have_url(space)
    rosa.goto(space)
    tom.get_by_role("textbox", name="Message").fill("Hello Rosa")
    tom.get_by_role("button", name="Send").click()
    expect(rosa.get_by_role("article")).to_contain_text("Hello Rosa")
    expect(rosa.get_by_role("article")).to_contain_text("Tom Abel")

    stranger = chromium.new_context().new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("no longer good")).to_be_visible()
    assert troubles == []
    for page in (rosa, tom, stranger):
        page.context.close()


def test_the_starter_plan_has_one_space_and_says_which_plan_lifts_that(
    served: Stack, make_org: Callable, tab_of: Callable[..., Page]
) -> None:
    juniper = make_org(plan="business")
    from billing.models import Account

    Account.objects.filter(org=juniper.org).update(plan="starter")
    ana = tab_of(juniper.ana)

    ana.goto(f"{served.url}/orgs/juniper/spaces/")
    ana.get_by_label("Name").fill("A second one")
    ana.get_by_role("button", name="Create Space").click()

    expect(ana.get_by_text(re.compile("Starter plan allows 1 Space.*Team"))).to_be_visible()
    expect(ana.get_by_label("Name")).to_have_value("A second one")


def test_a_renamed_space_is_renamed_in_every_open_tab_and_a_removed_member_is_told(
    served: Stack, make_org: Callable, tab_of: Callable[..., Page]
) -> None:
    juniper = make_org()
    ana, ben = tab_of(juniper.ana), tab_of(juniper.ben)
    ben.goto(f"{served.url}/spaces/{juniper.private.pk}/")
    ana.goto(f"{served.url}/spaces/{juniper.private.pk}/edit/")

    ana.get_by_label("Name").fill("Board and budget")
    ana.get_by_role("button", name="Save").click()
    expect(ben.get_by_role("heading", name="Board and budget")).to_be_visible()
    ana.goto(f"{served.url}/spaces/{juniper.private.pk}/members/")
    row = ana.get_by_role("listitem").filter(has_text="Ben")
    row.get_by_text("Change Ben").click()
    row.get_by_role("button", name=re.compile("Remove")).click()

    expect(ben.get_by_text("There is nothing here")).to_be_visible(timeout=5_000)


def test_signing_out_in_one_tab_ends_the_other(served: Stack, make_org: Callable, tab_of: Callable[..., Page]) -> None:
    juniper = make_org()
    first = tab_of(juniper.ana)
    first.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    second = first.context.new_page()
    second.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    second.get_by_role("button", name="Sign out").or_(second.get_by_role("link", name="Sign out")).first.click()
    if "logout" in second.url:
        second.get_by_role("button", name="Sign out").click()

    expect(first.get_by_text(re.compile("signed out", re.I)).first).to_be_visible(timeout=5_000)
