"""At one's own limit: one asks, an admin answers with one click in another tab, and one sends the same again."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing import caps, ledger
from billing.models import CapRequest
from tests.browser.tabs import open_at, until
from tests.doubles.provider import Script, ScriptedProvider
from tests.stack import Stack
from workspace.models import Member

pytestmark = pytest.mark.xdist_group("browser")
DESK: dict[str, Any] = {"viewport": {"width": 1360, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def stage(
    served: Stack, make_org: Callable[..., SimpleNamespace], make_model: Callable[..., Any], tab_of: Callable[..., Page]
) -> SimpleNamespace:
    make_model("parrot")
    return SimpleNamespace(**vars(make_org()), url=served.url, tab_of=tab_of)


def space_of(stage: SimpleNamespace, member: Member, **how: Any) -> Page:
    tab = stage.tab_of(member, **how)
    open_at(tab, f"{stage.url}/spaces/{stage.space.pk}/")
    return tab


def write(tab: Page, text: str) -> None:
    tab.get_by_role("textbox", name="Message").fill(text)
    tab.get_by_role("button", name="Send", exact=True).click()


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
def test_asked_answered_with_one_click_and_sent_again(
    stage: SimpleNamespace, provider: ScriptedProvider, how: dict[str, Any]
) -> None:
    provider.script("parrot", Script(text="Good morning "))
    caps.set_member(stage.ana, stage.mei, 1000)
    mei, ana = space_of(stage, stage.mei, **how), stage.tab_of(stage.ana, **DESK)
    open_at(ana, f"{stage.url}/orgs/{stage.org.slug}/people/")
    expect(mei.locator(".balance__own")).to_have_text("0.00 for you")

    write(mei, "@parrot hello")
    answer = mei.get_by_role("article", name="Parrot").last
    expect(answer).to_contain_text("Your own limit of 0.001 credits a month does not cover this")
    answer.get_by_role("button", name="Ask for more").click()
    expect(answer).to_contain_text("Asked. Owners and admins are told")

    banner = ana.locator("limit-news")
    expect(banner).to_contain_text("Mei asks for more credits")
    banner.get_by_role("link", name="Answer").click()
    ana.get_by_role("button", name="Give until").click()
    expect(ana.get_by_text("Done. Mei is told, and can send again.")).to_be_visible()
    expect(banner).not_to_contain_text("Mei asks")

    expect(mei.locator("limit-news")).to_contain_text("Ana gave 1.00 more credits until")
    expect(mei.locator(".balance__own")).to_have_text("1.00 for you")
    answer.get_by_role("button", name="Retry").click()
    expect(mei.get_by_role("article", name="Parrot").last).to_contain_text("Good morning")
    until(lambda: ledger.balance(stage.org.pk).held_ucr == 0)
    expect(mei.locator(".balance__own")).not_to_have_text("1.00 for you")

    mei.locator("limit-news").get_by_role("button", name="Put away").click()
    expect(mei.locator("limit-news .banner")).to_have_count(0)
    mei.reload()
    expect(mei.locator("limit-news .banner")).to_have_count(0)
    assert CapRequest.objects.get().answered_by == stage.ana


def test_others_are_not_shown_the_figures_of_who_asked(stage: SimpleNamespace) -> None:
    caps.set_member(stage.ana, stage.mei, 1000)
    mei, ben = space_of(stage, stage.mei, **DESK), space_of(stage, stage.ben, **DESK)

    write(mei, "@parrot hello")

    theirs = ben.get_by_role("article", name="Parrot").last
    expect(theirs).to_contain_text("The own limit of the person who asked does not cover this.")
    expect(theirs.get_by_text("Your own limit of")).to_be_hidden()
    expect(theirs.get_by_role("button", name="Ask for more")).to_be_hidden()
    expect(theirs.get_by_role("link", name="Limits")).to_be_visible()


def test_a_limit_that_is_set_elsewhere_is_seen_where_one_writes(stage: SimpleNamespace) -> None:
    mei = space_of(stage, stage.mei, **DESK)
    expect(mei.locator(".balance__own")).to_be_hidden()
    ana = stage.tab_of(stage.ana, **DESK)
    ana.goto(f"{stage.url}/orgs/{stage.org.slug}/limits/")

    ana.locator("#limit-everybody").fill("-3")
    ana.get_by_role("button", name="Save").first.click()
    expect(ana.get_by_text("Credits cannot be less than nothing.")).to_be_visible()
    expect(ana.locator("#limit-everybody")).to_have_value("-3")
    ana.locator("#limit-everybody").fill("40")
    ana.get_by_role("button", name="Save").first.click()

    expect(mei.locator(".balance__own")).to_have_text("40.00 for you")
    ana.get_by_role("button", name="Put back").first.click()
    expect(mei.locator(".balance__own")).to_be_hidden()
