"""Two members in two browsers, and a real local model between them."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from billing import ledger, prices
from catalog import sources, sync
from chat.models import Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")
ANSWER_MS = 60_000


def write(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    box.press("Enter")


def answers(page: Page) -> object:
    return page.locator('article[data-kind="ai_model"]')


def test_a_mentions_the_local_model_and_b_watches_it_stream(
    served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]
) -> None:
    sync.take(sources.local_model())
    sync.switch_on()
    prices.publish()
    juniper = make_org(plan="starter")
    before = ledger.balance(juniper.org.pk).free_ucr
    ana, ben = tab_of(juniper.ana), tab_of(juniper.ben)
    for tab in (ana, ben):
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    expect(ben.get_by_role("status", name="Credits")).to_contain_text("100.00")

    write(ana, "@smollm2 write four sentences about the sea")
    expect(answers(ben)).to_have_attribute("data-state", "streaming", timeout=ANSWER_MS)
    expect(answers(ana)).to_have_attribute("data-state", "finished", timeout=ANSWER_MS)
    expect(answers(ben)).to_have_attribute("data-state", "finished", timeout=ANSWER_MS)

    reply = Reply.objects.select_related("message").get()
    assert reply.message.text.strip()
    shown = [answers(tab).locator("[data-blocks]").inner_html() for tab in (ana, ben)]
    assert shown[0] == shown[1]
    ben.reload()
    assert answers(ben).locator("[data-blocks]").inner_html() == shown[0]
    assert reply.cost_ucr and ledger.balance(juniper.org.pk).free_ucr == before - reply.cost_ucr
    assert ledger.balance(juniper.org.pk).held_ucr == 0
    expect(answers(ben)).to_contain_text(f"{reply.cost_text} credits")
    expect(ana.get_by_role("status", name="Credits")).to_contain_text("99.9")
    call_command("audit_ledger")


def test_one_who_reloads_in_the_middle_of_an_answer_ends_with_the_same_text(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    provider: ScriptedProvider,
    tab_of: Callable[..., Page],
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=120, every_ms=50, text="one **two** 😀\n\n"))
    juniper = make_org()
    ana, ben = tab_of(juniper.ana), tab_of(juniper.ben)
    for tab in (ana, ben):
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    write(ana, "@parrot go on")
    expect(answers(ben)).to_contain_text("two", timeout=10_000)
    ben.reload()
    expect(answers(ben)).to_contain_text("two", timeout=10_000)
    expect(answers(ben)).to_have_attribute("data-state", "streaming")
    for tab in (ana, ben):
        expect(answers(tab)).to_have_attribute("data-state", "finished", timeout=20_000)

    shown = [answers(tab).locator("[data-blocks]").inner_text() for tab in (ana, ben)]
    assert shown[0] == shown[1]
    assert shown[0].count("one two 😀") == 120


def test_the_asker_stops_an_answer_and_tries_it_again(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    provider: ScriptedProvider,
    tab_of: Callable[..., Page],
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=400, every_ms=50), Script(deltas=3))
    juniper = make_org()
    ana, mei = tab_of(juniper.ana), tab_of(juniper.mei)
    for tab in (ana, mei):
        tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    write(ana, "@parrot a long story")
    expect(answers(mei)).to_contain_text("word5", timeout=10_000)
    expect(mei.get_by_role("button", name="Stop")).to_have_count(0)
    ana.get_by_role("button", name="Stop").click()

    expect(answers(mei)).to_have_attribute("data-state", "stopped", timeout=10_000)
    expect(answers(mei)).to_contain_text("Stopped")
    expect(answers(mei)).to_contain_text("word5")
    ana.get_by_role("button", name="Retry").click()
    expect(answers(mei)).to_have_count(2)
    expect(answers(mei).last).to_have_attribute("data-state", "finished", timeout=10_000)
    call_command("audit_ledger")


def test_a_busy_provider_is_waited_for_in_plain_sight(
    served: Stack,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    provider: ScriptedProvider,
    tab_of: Callable[..., Page],
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(status=429, headers={"retry-after": "3"}), Script(deltas=3))
    juniper = make_org()
    ana = tab_of(juniper.ana)
    ana.goto(f"{served.url}/spaces/{juniper.space.pk}/")

    write(ana, "@parrot are you there?")

    expect(answers(ana)).to_contain_text("Model busy, trying again", timeout=10_000)
    expect(answers(ana)).to_have_attribute("data-state", "finished", timeout=10_000)
    expect(answers(ana)).not_to_contain_text("busy")
