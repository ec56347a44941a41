"""Commands, previews, reminders, formulas and long messages, as a person meets them."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, Route, expect

from chat import feed
from chat.models import Message, Notice, Reminder
from tests.doubles.site import Site
from tests.flows.acts import wait_until
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def room(served: Stack, site: Site, make_org: Callable, tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ana's tab on General, where previews may ask the site."""
    juniper = make_org()
    tab = tab_of(juniper.ana)
    tab.goto(f"{served.url}/spaces/{juniper.space.pk}/")
    box = tab.get_by_role("textbox", name="Message")
    return SimpleNamespace(**vars(juniper), tab=tab, box=box, url=served.url, site=site)


def post(room: SimpleNamespace, text: str) -> Message:
    return feed.post(room.space, room.ben, text=text, client_id=uuid.uuid4())[0]


def test_a_slash_offers_commands_and_their_answer_is_for_one_alone(room: SimpleNamespace) -> None:
    room.box.press("/")
    expect(room.tab.get_by_role("option").first).to_be_visible()
    room.box.press_sequentially("wh")
    expect(room.tab.get_by_role("option")).to_have_count(1)
    expect(room.tab.get_by_role("option")).to_contain_text("/who")
    room.box.press("Tab")
    expect(room.box).to_have_value("/who")
    room.box.press("Enter")

    answer = room.tab.get_by_role("status", name="Only you see this")
    expect(answer).to_contain_text("@mei")
    expect(room.box).to_have_value("")
    expect(room.tab.locator("article.message")).to_have_count(0)
    room.box.press("Escape")
    expect(answer).to_be_hidden()
    many = {"here": 9, "space": 99, "may": True, "ask_over": 10}
    room.tab.route("**/audience/", lambda route: route.fulfill(json=many))
    room.box.fill("/who @space")
    expect(room.tab.get_by_text("@space will notify 99 people")).to_be_visible()
    room.box.press("Enter")
    expect(room.tab.get_by_text("/who takes nothing after it")).to_be_visible()
    expect(room.box).to_have_value("/who @space")
    expect(room.tab.get_by_role("dialog")).to_have_count(0)
    room.tab.route("**/commands/", lambda route: route.abort())
    room.tab.reload()
    room.box.fill("/who")
    room.box.press("Enter")
    expect(answer).to_contain_text("@mei")
    expect(room.box).to_have_value("")


def test_an_unknown_command_keeps_the_draft_and_a_path_is_sent(room: SimpleNamespace) -> None:
    room.box.fill("/shurg it off")
    room.box.press("Enter")
    expect(room.tab.get_by_role("alert")).to_contain_text("Did you mean /shrug")
    expect(room.box).to_have_value("/shurg it off")

    room.box.fill("/etc/hosts")
    room.box.press("Enter")
    expect(room.tab.locator(".message__body").last).to_have_text("/etc/hosts")
    room.box.fill("/shrug")
    room.box.press("Enter")
    expect(room.tab.locator(".message__body").last).to_have_text("¯\\_(ツ)_/¯")


def test_a_command_whose_answer_was_lost_is_sent_again_and_acts_once(room: SimpleNamespace) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        route.fetch()  # it reaches the server, and what the server says does not come back
        lost.append(route.request.post_data or "")
        route.abort()

    room.tab.route("**/messages/", lose, times=1)
    room.box.fill("/remind me in 2 hours to call Mei")
    room.box.press("Enter")
    expect(room.tab.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(room.box).to_have_value("/remind me in 2 hours to call Mei")
    room.box.press("Enter")

    expect(room.tab.get_by_role("status", name="Only you see this")).to_contain_text("call Mei")
    assert len(lost) == 1 and "client_id=" in lost[0]
    assert Reminder.objects.count() == 1


def test_a_reminder_comes_when_it_is_due(room: SimpleNamespace) -> None:
    room.box.fill("/remind me in 1 minute to call Mei")
    room.box.press("Enter")
    expect(room.tab.get_by_role("status", name="Only you see this")).to_contain_text("call Mei")
    room.tab.goto(f"{room.url}/orgs/{room.org.slug}/reminders/")
    expect(room.tab.get_by_role("list", name="Reminders to come")).to_contain_text("call Mei")

    due = Reminder.objects.get()
    Reminder.objects.filter(pk=due.pk).update(due_at=due.created_at)

    wait_until(lambda: Notice.objects.filter(member=room.ana, text="call Mei").exists(), what="the reminder")


def test_a_preview_arrives_and_its_author_takes_it_away(room: SimpleNamespace) -> None:
    room.box.fill(f"read {room.site.url}/article")
    room.box.press("Enter")
    preview = room.tab.locator(".preview")
    expect(preview).to_contain_text("A walk <b>in the woods</b>", timeout=20_000)
    expect(preview).to_contain_text("127.0.0.1")

    preview.hover()
    preview.get_by_role("button", name="Remove this preview").click()
    expect(preview).to_have_count(0)
    room.tab.reload()
    expect(room.tab.locator(".message__body")).to_have_count(1)
    expect(preview).to_have_count(0)


def test_a_message_is_sent_without_a_preview_when_its_author_says_so(room: SimpleNamespace) -> None:
    room.box.press_sequentially(f"read {room.site.url}/unwanted")
    room.tab.get_by_label("No preview of the link").check()
    room.box.press("Enter")
    wait_until(Message.objects.exists, what="the message")

    assert not Message.objects.get().links.exists()
    expect(room.tab.get_by_label("No preview of the link")).to_be_hidden()


def test_a_long_message_folds_and_stays_as_its_reader_wants_it(room: SimpleNamespace) -> None:
    short = post(room, "\n\n".join(f"line {number}" for number in range(5)))
    long = post(room, "\n\n".join(f"line {number}" for number in range(60)))
    row = room.tab.locator(f"#message-{long.pk}")
    more = row.get_by_role("button", name="Show more")

    expect(more).to_have_attribute("aria-expanded", "false")
    expect(room.tab.locator(f"#message-{short.pk}").get_by_role("button", name="Show more")).to_have_count(0)
    assert row.bounding_box()["height"] < 700  # type: ignore[index]
    more.click()
    expect(row.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    assert row.bounding_box()["height"] > 1200  # type: ignore[index]

    room.tab.goto(f"{room.url}/spaces/{room.space.pk}/")
    expect(more).to_be_visible()
    room.tab.goto(f"{room.url}/spaces/{room.space.pk}/#message-{long.pk}")
    expect(row.get_by_text("line 59")).to_be_visible()


def test_formulas_and_tasks_are_drawn(room: SimpleNamespace) -> None:
    post(room, "It is $O(n^2)$, not $5 and $6.\n\n$$\n\\sum_{i=1}^n i\n$$\n\n- [x] done\n- [ ] not")

    row = room.tab.locator("article.message")
    expect(row.locator("math")).to_have_count(2)
    expect(row).to_contain_text("not $5 and $6.")
    expect(row.locator(".task")).to_have_text(["☑", "☐"])
    assert row.locator("msup").bounding_box()["height"] > 5  # type: ignore[index]
