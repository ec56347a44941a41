"""Notices in the page: in a corner, in the inbox, before calling many; and the page behind a mail's link."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from chat import feed, places
from chat.models import Digest, Message, Notice, NoticeSettings
from chat.notices import levels, mail_links
from tests.browser.tabs import open_at, until
from tests.stack import Stack
from workspace import members
from workspace.models import Member, Role, Space, SpaceMember, User

pytestmark = pytest.mark.xdist_group("browser")


def say(space: Space, author: Member, text: str, *, parent: Message | None = None) -> Message:
    return feed.post(space, author, text=text, client_id=uuid4(), parent=parent)[0]


@pytest.fixture
def room(served: Stack, make_org: Callable[..., SimpleNamespace], tab_of: Callable[..., Page]) -> SimpleNamespace:
    """Ben's tab on Board; in General others write."""
    juniper = make_org()
    tab = tab_of(juniper.ben, timezone_id="Asia/Taipei")
    open_at(tab, f"{served.url}/spaces/{juniper.private.pk}/")
    return SimpleNamespace(**vars(juniper), tab=tab, url=served.url, tab_of=tab_of)


def test_what_comes_elsewhere_is_shown_in_a_corner_and_leads_there(room: SimpleNamespace) -> None:
    room.tab.evaluate("window.isSamePage = true")
    message = say(room.space, room.ana, "@ben have a look")

    toast = room.tab.get_by_role("status", name="New notices").get_by_role("link")
    expect(toast).to_contain_text("Ana mentioned you in #General")
    expect(toast).to_contain_text("@ben have a look")
    toast.click()

    expect(room.tab.locator(f"#message-{message.pk}")).to_be_visible()
    expect(room.tab.locator(".toast")).to_have_count(0)
    until(lambda: not Notice.objects.filter(read_at=None).exists())
    expect(room.tab.get_by_role("link", name="1 unread notice")).to_have_count(0)
    assert room.tab.evaluate("window.isSamePage")


def test_at_most_three_stay_until_escape_takes_the_newest_and_the_text_stays(room: SimpleNamespace) -> None:
    room.tab.get_by_label("Message", exact=True).fill("half a sentence")
    for number in range(4):
        say(room.space, room.ana, f"@ben number {number}")
        expect(room.tab.locator(".toast").last).to_contain_text(f"number {number}")
    toasts = room.tab.locator(".toast")

    expect(toasts).to_have_count(3)
    room.tab.keyboard.press("Escape")
    expect(toasts).to_have_count(2)
    expect(toasts.last).to_contain_text("number 2")
    toasts.last.get_by_role("button", name="Dismiss").click()

    expect(toasts).to_have_count(1)
    expect(room.tab.get_by_label("Message", exact=True)).to_have_value("half a sentence")


@pytest.mark.parametrize("why", ["busy", "off", "here"])
def test_nothing_is_shown_to_who_is_busy_has_it_off_or_is_there(why: str, room: SimpleNamespace) -> None:
    where = room.private if why == "here" else room.space
    if why == "busy":
        Member.objects.filter(pk=room.ben.pk).update(availability="busy")
    if why == "off":
        NoticeSettings.objects.create(member=room.ben, has_toasts=False)

    if why == "here":
        say(where, room.ana, "@ben look")
        expect(room.tab.get_by_role("log")).to_contain_text("look")
    else:
        with room.tab.expect_response(re.compile(r"/notices/[0-9a-f-]{36}/$")):  # which says whether to show it
            say(where, room.ana, "@ben look")
        expect(room.tab.locator(".bell")).to_contain_text("1 unread notice")
    # What follows is heard after it.
    Member.objects.update(availability="")
    NoticeSettings.objects.update(has_toasts=True)
    say(room.space, room.ana, "@ben again")

    expect(room.tab.locator(".toast")).to_contain_text("again")
    expect(room.tab.locator(".toast")).to_have_count(1)


def test_the_inbox_opens_by_the_keyboard_from_the_middle_of_a_sentence(room: SimpleNamespace) -> None:
    say(room.space, room.ana, "@ben look")
    expect(room.tab.locator(".bell")).to_contain_text("1 unread notice")
    room.tab.get_by_label("Message", exact=True).click()

    room.tab.keyboard.press("Alt+i")

    panel = room.tab.locator("#panel")
    expect(panel.get_by_role("heading", name="Notices")).to_be_visible()
    expect(panel.get_by_role("link", name="Ana mentioned you in #General")).to_be_visible()


def test_an_answer_that_one_watches_leaves_no_notice_and_one_elsewhere_is_told(
    room: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    room.tab.get_by_label("Message", exact=True).fill("@parrot hello")
    room.tab.keyboard.press("Enter")
    until(lambda: Notice.objects.filter(kind="answer").exists())
    until(lambda: not Notice.objects.filter(kind="answer", read_at=None).exists())

    asked = feed.post(room.space, room.ben, text="@parrot hello there", client_id=uuid4())
    until(lambda: Notice.objects.filter(message=asked[1]).exists())

    expect(room.tab.locator(".toast")).to_contain_text("Parrot answered you in #General")


def fill(room: SimpleNamespace) -> None:
    """More people in the private Space than are called without a question."""
    for number in range(11):
        user = User.objects.create(email=f"person{number}@people.example.com", password="", name=f"Person {number}")
        member = members.admit(room.org, user, role=Role.MEMBER)
        SpaceMember.objects.create(org=room.org, space=room.private, member=member)


def test_calling_many_is_asked_first_and_who_says_no_keeps_the_text(room: SimpleNamespace) -> None:
    fill(room)
    box = room.tab.get_by_label("Message", exact=True)
    box.press_sequentially("`@space` is how; lunch @space")

    expect(room.tab.locator("call-note")).to_have_text("@space will notify 13 people")
    box.press("Enter")
    dialog = room.tab.get_by_role("dialog", name="@space will notify 13 people")
    expect(dialog.get_by_role("button", name="Send")).to_be_focused()
    room.tab.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(box).to_have_value("`@space` is how; lunch @space")
    expect(box).to_be_focused()
    assert not Message.objects.filter(space=room.private).exists()
    box.press("Enter")
    expect(dialog).to_be_visible()
    room.tab.keyboard.press("Enter")
    expect(box).to_have_value("")
    until(lambda: Notice.objects.filter(kind="group").count() == 13)


def test_an_edit_that_calls_many_is_asked_first(room: SimpleNamespace) -> None:
    fill(room)
    (message,) = feed.post(room.private, room.ben, text="lunch", client_id=uuid4())
    row = room.tab.locator(f"#message-{message.pk}")
    row.hover()
    row.get_by_role("button", name="Edit").click()
    field = row.locator("textarea")
    expect(field).to_have_value("lunch")
    field.fill("lunch @space")

    field.press("Enter")
    dialog = room.tab.get_by_role("dialog", name="@space will notify 13 people")
    dialog.get_by_role("button", name="Go back").click()

    expect(field).to_have_value("lunch @space")
    assert Message.objects.get(pk=message.pk).text == "lunch"
    field.press("Enter")
    dialog.get_by_role("button", name="Send").click()
    expect(field).to_have_count(0)
    until(lambda: Notice.objects.filter(kind="group").count() == 13)
    row.hover()
    row.get_by_role("button", name="Edit").click()
    expect(field).to_have_value("lunch @space")
    field.fill("lunch at one @space")
    field.press("Enter")  # it called them before
    expect(row).to_contain_text("lunch at one")
    expect(dialog).to_have_count(0)


def test_the_comment_of_a_forward_that_calls_many_is_asked_first(room: SimpleNamespace) -> None:
    fill(room)
    (message,) = feed.post(room.private, room.ana, text="the plan", client_id=uuid4())
    row = room.tab.locator(f"#message-{message.pk}")
    row.hover()
    row.get_by_role("button", name="More").click()
    room.tab.get_by_role("menuitem", name="Forward").click()
    forward = room.tab.get_by_role("dialog", name="Forward a message")
    forward.get_by_role("combobox").fill("boa")
    forward.get_by_role("option", name="Board").click()
    forward.get_by_role("textbox", name="Comment, if you like").fill("look @space")

    forward.get_by_role("button", name="Forward", exact=True).click()
    dialog = room.tab.get_by_role("dialog", name="@space will notify 13 people")
    expect(dialog).to_be_visible()
    room.tab.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(forward.get_by_role("textbox", name="Comment, if you like")).to_have_value("look @space")
    assert Message.objects.filter(space=room.private).count() == 1
    forward.get_by_role("button", name="Forward", exact=True).click()
    dialog.get_by_role("button", name="Send").click()
    expect(forward).to_be_hidden()
    until(lambda: Notice.objects.filter(kind="group").count() == 13)


def test_calling_a_few_is_said_and_not_asked(room: SimpleNamespace) -> None:
    box = room.tab.get_by_label("Message", exact=True)
    box.press_sequentially("lunch @space")

    expect(room.tab.locator("call-note")).to_have_text("@space will notify 2 people")
    box.press("Enter")

    expect(box).to_have_value("")
    expect(room.tab.locator("call-note")).to_be_hidden()
    until(lambda: Notice.objects.filter(kind="group").count() == 2)


def test_the_link_of_a_mail_works_signed_out_and_can_be_undone(room: SimpleNamespace) -> None:
    stranger = room.tab.context.browser.new_context(locale="en-GB").new_page()
    stranger.goto(room.url + re.sub(r"^https?://[^/]+", "", mail_links.address(room.ben, Digest.DAILY)))

    stranger.get_by_role("button", name="Turn them off").click()
    expect(stranger.get_by_role("heading", name="The mails are off")).to_be_visible()
    is_off = levels.settings_of(room.ben).digest
    stranger.get_by_role("button", name="Undo").click()
    expect(stranger.get_by_role("heading", name="Turn these mails off?")).to_be_visible()

    assert (is_off, levels.settings_of(room.ben).digest) == (Digest.OFF, Digest.DAILY)
    stranger.context.close()


def test_the_zone_of_the_browser_is_taken_once_and_never_over_a_choice(room: SimpleNamespace) -> None:
    def zones() -> tuple[str, str]:
        return User.objects.values_list("time_zone", "browser_zone").get(pk=room.ben.user_id)

    until(lambda: zones() == ("Asia/Taipei", "Asia/Taipei"))

    User.objects.filter(pk=room.ben.user_id).update(time_zone="")
    away = room.tab_of(room.ben, timezone_id="Europe/Lisbon")
    open_at(away, f"{room.url}/spaces/{room.private.pk}/")

    until(lambda: zones() == ("", "Europe/Lisbon"))


def test_who_comes_and_goes_is_seen_in_the_lists_that_are_open(room: SimpleNamespace) -> None:
    there = room.tab_of(room.ana)
    open_at(there, f"{room.url}/spaces/{room.private.pk}/members/")
    people = there.get_by_role("region", name="In this Space")
    expect(people).not_to_contain_text("Mei")

    places.add_to_space(room.ana, room.private, [room.mei])
    expect(people).to_contain_text("Mei")
    expect(people).to_contain_text("4 people, and every model")
    places.remove_from_space(room.ana, room.private, room.mei)
    expect(people).not_to_contain_text("Mei")
