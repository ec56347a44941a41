"""A thread between two people, a model in it, and links that lead to a message: on a desk and on a phone."""

import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chat import feed
from chat.models import Message, Reply, ThreadMember
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts
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


def post(stage: SimpleNamespace, author: Member, text: str, **where: Any) -> Message:
    return feed.post(stage.space, author, text=text, client_id=uuid.uuid4(), **where)[0]


def visit(stage: SimpleNamespace, member: Member, **how: Any) -> Page:
    tab = stage.tab_of(member, **how)
    tab.goto(f"{stage.url}/spaces/{stage.space.pk}/")
    return tab


def panel(tab: Page) -> Locator:
    return tab.locator("side-panel")


def open_thread(tab: Page, root: Message) -> Locator:
    """As the menu of a message does it."""
    address = f"/messages/{root.pk}/thread/"
    tab.evaluate("(url) => document.dispatchEvent(new CustomEvent('panel.open', {detail: {url}}))", address)
    expect(panel(tab).get_by_role("textbox", name="Reply")).to_be_visible()
    return panel(tab)


def write(thread: Locator, text: str) -> None:
    thread.get_by_role("textbox", name="Reply").fill(text)
    thread.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
def test_a_thread_between_two_people(stage: SimpleNamespace, how: dict[str, Any]) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    ana, ben = visit(stage, stage.ana), visit(stage, stage.ben, **how)

    thread = open_thread(ana, root)
    write(thread, "I could, on Friday")
    expect(thread.get_by_role("article")).to_have_count(2)
    expect(ana.locator("#main").get_by_text("I could, on Friday")).to_have_count(0)
    foot = ben.locator(f"#message-{root.pk} .thread-foot")
    expect(foot).to_contain_text("1 reply")
    foot.click()
    theirs = panel(ben)
    expect(theirs.get_by_text("I could, on Friday")).to_be_visible()
    theirs.get_by_label("Send to the Space too").check()
    write(theirs, "Please do")

    expect(thread.get_by_text("Please do")).to_be_visible()
    expect(thread.get_by_role("button", name="Following")).to_be_visible()
    sent = ana.locator("#main article", has_text="Please do")
    expect(sent).to_contain_text("replied in a thread: Who books the trains?")
    expect(ana.locator(f"#main #message-{root.pk}")).to_contain_text("2 replies")
    assert ben.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(theirs.get_by_role("textbox", name="Reply")).to_be_in_viewport()
    expect(theirs.get_by_label("Send to the Space too")).not_to_be_checked()


def test_the_panel_is_in_the_address_and_escape_or_back_closes_it(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    post(stage, stage.ben, "I do", parent=root)
    ana = visit(stage, stage.ana, **DESK)
    foot = ana.locator(f"#main #message-{root.pk} .thread-foot")

    foot.click()
    expect(panel(ana).get_by_text("I do")).to_be_visible()
    expect(ana).to_have_url(re.compile(rf"\?thread={root.pk}"))
    panel(ana).get_by_role("textbox", name="Reply").press("Escape")
    expect(panel(ana)).to_be_hidden()
    expect(foot).to_be_focused()
    expect(ana).to_have_url(re.compile(r"/$"))

    foot.press("Enter")
    expect(panel(ana).get_by_text("I do")).to_be_visible()
    ana.reload()
    expect(panel(ana).get_by_text("I do")).to_be_visible()
    ana.go_back()
    expect(panel(ana)).to_be_hidden()


def test_on_a_phone_a_thread_is_a_page_with_a_way_back(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    post(stage, stage.ben, "I do", parent=root)
    ana = visit(stage, stage.ana, **PHONE)

    ana.locator(f"#main #message-{root.pk} .thread-foot").tap()
    expect(panel(ana).get_by_text("I do")).to_be_visible()
    expect(ana.locator("#message-text")).not_to_be_focused()
    assert ana.evaluate("document.getElementById('main').inert")
    panel(ana).get_by_role("button", name="Back").tap()

    expect(panel(ana)).to_be_hidden()
    assert not ana.evaluate("document.getElementById('main').inert")
    expect(ana.get_by_text("Who books the trains?")).to_be_in_viewport()


def test_the_thread_of_an_answer_names_the_model_that_will_answer_and_streams_in_it(
    stage: SimpleNamespace, provider: ScriptedProvider
) -> None:
    provider.script("parrot", Script(deltas=2), Script(deltas=40, every_ms=40), Script(deltas=2))
    _, root = feed.post(stage.space, stage.ana, text="@parrot hi", client_id=uuid.uuid4())
    ana = visit(stage, stage.ana, **DESK)
    expect(ana.locator(f"#message-{root.pk}")).to_have_attribute("data-state", "finished", timeout=20_000)

    thread = open_thread(ana, root)
    option = thread.get_by_role("checkbox", name=re.compile("@parrot will answer · about .* credits a message"))
    expect(option).to_be_checked()
    write(thread, "and again")
    answer = thread.locator('article[data-kind="ai_model"]').last
    expect(answer).to_contain_text("word5", timeout=20_000)
    expect(answer).to_have_attribute("data-state", "finished", timeout=20_000)
    expect(ana.locator("#main").get_by_text("word39")).to_have_count(0)

    expect(option).to_be_checked()
    option.uncheck()
    write(thread, "thank you")
    expect(thread.get_by_text("thank you")).to_be_visible()
    expect(option).to_be_hidden()
    thread.get_by_role("textbox", name="Reply").fill("nobody answers this")
    assert Reply.objects.count() == 2


def test_replies_that_come_while_the_thread_is_open_are_read_and_others_are_listed_as_new(
    stage: SimpleNamespace,
) -> None:
    roots = [post(stage, stage.ana, f"matter {number}") for number in range(2)]
    ana = visit(stage, stage.ana, **DESK)
    thread = open_thread(ana, roots[0])

    replies = [post(stage, stage.ben, "an answer", parent=root) for root in roots]

    expect(thread.get_by_text("an answer")).to_be_visible()
    mine = ThreadMember.objects.filter(member=stage.ana, thread_id=roots[0].pk)
    acts.wait_until(lambda: mine.get().read_position == replies[0].position, what="what was seen is read")
    ana.goto(f"{stage.url}/orgs/{stage.org.slug}/threads/")
    expect(ana.locator(".threads__row").first).to_contain_text("matter 1")
    expect(ana.locator(".threads__row").first).to_contain_text("1 new")
    expect(ana.locator(".threads__row").last).not_to_contain_text("new")
    ana.get_by_role("link", name=re.compile("matter 1")).click()
    expect(panel(ana).get_by_text("an answer")).to_be_visible()
    post(stage, stage.ben, "and one more", parent=roots[1])
    expect(panel(ana).get_by_text("and one more")).to_be_visible()


def test_a_long_thread_comes_page_by_page(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "a long matter")
    for number in range(70):
        post(stage, stage.ben, f"line {number}", parent=root)
    ana = visit(stage, stage.ana, **DESK)

    thread = open_thread(ana, root)

    expect(thread.get_by_text("line 69", exact=True)).to_be_in_viewport()
    thread.get_by_role("log").evaluate("(log) => { log.scrollTop = 0; }")
    expect(thread.get_by_text("line 0", exact=True)).to_have_count(1)
    expect(thread.get_by_role("article")).to_have_count(71)


def test_a_link_to_a_message_opens_the_space_around_it_and_scrolls_on_to_what_is_live(stage: SimpleNamespace) -> None:
    made = [post(stage, stage.ben, f"line {number}") for number in range(160)]
    ana = stage.tab_of(stage.ana, **DESK)

    ana.goto(f"{stage.url}/messages/{made[60].pk}/")
    found = ana.get_by_text("line 60", exact=True)
    expect(found).to_be_in_viewport()
    expect(ana.locator(f"#message-{made[60].pk}")).to_have_attribute("data-found", "")
    expect(ana.get_by_text("line 159", exact=True)).to_have_count(0)
    pill = ana.locator("#feed [data-newest]")
    expect(pill).to_have_text("Jump to the newest")
    place = found.bounding_box()
    post(stage, stage.ben, "just now")
    expect(pill).to_have_text("1 new message")
    expect(ana.get_by_text("just now")).to_have_count(0)
    expect(ana.locator(f"#message-{made[60].pk}")).not_to_have_attribute("data-found", "")
    assert found.bounding_box() == place

    log = ana.locator("#feed").get_by_role("log")
    for _ in range(12):
        log.evaluate("(log) => { log.scrollTop = log.scrollHeight; }")
        if ana.get_by_text("just now").count():
            break
        ana.wait_for_timeout(200)
    expect(ana.get_by_text("just now")).to_be_visible()
    numbers = [
        int(text) for text in log.locator("article").all_inner_texts() for text in re.findall(r"line (\d+)", text)
    ]
    assert numbers == list(range(numbers[0], 160))
    log.evaluate("(log) => { log.scrollTop = log.scrollHeight; }")
    post(stage, stage.ben, "live again")
    expect(ana.locator("#main article", has_text="live again")).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_a_link_within_the_space_loads_no_page_and_back_leads_back(stage: SimpleNamespace) -> None:
    made = [post(stage, stage.ben, f"line {number}") for number in range(160)]
    post(stage, stage.ben, f"see {stage.url}/messages/{made[5].pk}/ for that")
    ana = visit(stage, stage.ana, **DESK)
    ana.evaluate("window.stayed = true")

    ana.locator(f'#main a[href$="/messages/{made[5].pk}/"]').click()
    expect(ana.get_by_text("line 5", exact=True)).to_be_in_viewport()
    expect(ana).to_have_url(re.compile(rf"\?at={made[5].position}#message-"))
    expect(ana.get_by_text("line 159", exact=True)).to_have_count(0)
    ana.go_back()
    expect(ana.get_by_text("line 159", exact=True)).to_be_in_viewport()
    ana.go_forward()
    expect(ana.get_by_text("line 5", exact=True)).to_be_in_viewport()

    ana.get_by_role("textbox", name="Message").fill("my own word")
    ana.get_by_role("textbox", name="Message").press("Enter")
    expect(ana.get_by_text("my own word")).to_be_in_viewport()
    expect(ana.get_by_text("line 159", exact=True)).to_have_count(1)
    expect(ana.locator('article[data-state="pending"]')).to_have_count(0)
    assert ana.evaluate("window.stayed")


def test_a_link_to_a_message_of_a_thread_opens_the_thread_beside_its_root(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    reply = post(stage, stage.ben, "I do", parent=root)
    ana = stage.tab_of(stage.ana, **DESK)

    ana.goto(f"{stage.url}/messages/{reply.pk}/")

    expect(panel(ana).get_by_text("I do")).to_be_visible()
    expect(ana.locator("#main").get_by_text("Who books the trains?")).to_be_in_viewport()


def test_a_link_to_an_old_reply_of_a_long_thread_leads_to_it_and_back_to_the_newest(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    replies = [post(stage, stage.ben, f"reply {number}", parent=root) for number in range(120)]
    ana = stage.tab_of(stage.ana, **DESK)

    ana.goto(f"{stage.url}/messages/{replies[4].pk}/")
    thread = panel(ana)
    expect(thread.get_by_text("reply 4", exact=True)).to_be_in_viewport()
    expect(thread.get_by_text("reply 119", exact=True)).to_have_count(0)
    newest = thread.get_by_role("button", name="Jump to the newest")
    post(stage, stage.ben, "and one more", parent=root)
    expect(thread.get_by_role("button", name="1 new reply")).to_be_visible()
    expect(thread.get_by_text("and one more")).to_have_count(0)
    thread.get_by_role("button", name="1 new reply").click()
    expect(thread.get_by_text("and one more")).to_be_in_viewport()
    expect(newest).to_be_hidden()

    ana.goto(f"{stage.url}/messages/{replies[60].pk}/")
    expect(thread.get_by_text("reply 60", exact=True)).to_be_in_viewport()
    thread.locator("[role=log]").hover()
    ana.mouse.wheel(0, 20_000)
    expect(thread.get_by_text("reply 95", exact=True)).to_have_count(1)
    write(thread, "my own word")
    expect(thread.get_by_text("my own word")).to_be_in_viewport()
    numbers = [int(text.split()[1]) for text in thread.locator(".message__body").all_inner_texts() if "reply " in text]
    assert numbers == list(range(numbers[0], 120))


def test_a_thread_reads_and_writes_without_scripts(stage: SimpleNamespace) -> None:
    root = post(stage, stage.ana, "Who books the trains?")
    post(stage, stage.ben, "I do", parent=root)
    ana = stage.tab_of(stage.ana, java_script_enabled=False, **DESK)
    ana.goto(f"{stage.url}/spaces/{stage.space.pk}/")

    ana.get_by_role("link", name=re.compile("1 reply")).click()
    ana.get_by_role("textbox", name="Reply").fill("Thank you")
    ana.get_by_role("button", name="Send").click()

    expect(ana.get_by_text("Thank you")).to_be_visible()
    expect(ana.get_by_role("button", name="Following")).to_be_visible()
    assert Message.objects.filter(parent=root).count() == 2
