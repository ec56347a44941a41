"""The inbox, levels, and calling everybody."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat import feed
from chat.models import Notice
from chat.notices import groups, inbox, levels
from tests.chat.notices.cast import come, prefer, say, sit, told
from workspace import spaces
from workspace.errors import Forbidden, NotFound
from workspace.models import SpaceMember

Counts = Callable[..., Any]
JSON = {"Accept": "application/json"}


def titles(found: inbox.Inbox) -> list[str]:
    return [said.title for said in found.items]


def test_the_inbox_says_what_happened_newest_first(juniper: SimpleNamespace) -> None:
    say(juniper.space, juniper.ana, "@mei have a look")
    say(juniper.space, juniper.ben, "@space lunch")

    found = inbox.show(juniper.mei)

    assert titles(found) == ["Ben called everybody in #General", "Ana mentioned you in #General"]
    assert found.items[1].excerpt == "@mei have a look"
    assert titles(inbox.show(juniper.mei, kinds="reactions")) == []


def test_pages_follow_each_other_without_a_gap_or_a_double(juniper: SimpleNamespace) -> None:
    for number in range(inbox.PAGE * 2 + 5):
        say(juniper.space, juniper.ana, f"@mei {number}")

    seen, key = [], ""
    while True:
        page = inbox.show(juniper.mei, before=key)
        seen += [said.notice.pk for said in page.items]
        key = page.next_key
        if not key:
            break

    assert len(seen) == len(set(seen)) == inbox.PAGE * 2 + 5


def test_a_page_takes_as_many_queries_with_thirty_as_with_one(
    juniper: SimpleNamespace, django_assert_num_queries: Counts
) -> None:
    for _ in range(2):
        for number in range(inbox.PAGE):
            say(juniper.space, juniper.ana, f"@mei {number}")
        with django_assert_num_queries(1):  # none of them in a direct conversation
            inbox.show(juniper.mei)


def test_what_one_may_no_longer_see_is_gone_from_the_inbox(juniper: SimpleNamespace) -> None:
    say(juniper.private, juniper.ana, "@gus secret")
    notice = Notice.objects.get()
    spaces.remove(juniper.ana, juniper.private, juniper.gus)

    assert titles(inbox.show(juniper.gus)) == []
    with pytest.raises(NotFound):
        inbox.one(juniper.gus, notice.pk)


def test_the_page_is_read_one_by_one_and_all_at_once(client: Client, juniper: SimpleNamespace) -> None:
    for number in range(3):
        say(juniper.space, juniper.ana, f"@mei <b>{number}</b>")
    client.force_login(juniper.mei.user)
    page = reverse("notices", args=[juniper.org.slug])
    assert client.get(page).content.decode().count("Unread:") == 3

    client.post(reverse("notice_read", args=[Notice.objects.first().pk]))  # type: ignore[union-attr]
    assert client.get(page).content.decode().count("Unread:") == 2
    client.post(reverse("notices_read", args=[juniper.org.slug]))
    shown = client.get(page).content.decode()

    assert "Unread:" not in shown and "&lt;b&gt;" in shown
    assert "Nothing of this kind" in client.get(f"{page}?kinds=reminders").content.decode()
    assert client.get(f"{page}?before=nonsense&kinds=nonsense").status_code == 200


def test_a_notice_leads_to_its_message_and_is_nobody_elses(client: Client, juniper: SimpleNamespace) -> None:
    message = say(juniper.space, juniper.ana, "@mei look")
    path = reverse("notice", args=[Notice.objects.get().pk])

    client.force_login(juniper.mei.user)
    words, way = client.get(path, headers=JSON).json(), client.get(path)
    client.force_login(juniper.ben.user)

    assert words["title"] == "Ana mentioned you in #General"
    assert way["Location"] == f"/messages/{message.pk}/"
    assert Notice.objects.get().read_at is not None  # who has followed it has read it
    assert client.get(path).status_code == 404


def test_a_level_is_kept_for_a_space_and_for_everything_else(client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)

    client.post(reverse("space_notices", args=[juniper.space.pk]), {"level": "nothing", "muted": "on"})
    client.post(reverse("notice_settings", args=[juniper.org.slug]), {"level": "all", "digest": "soon"})

    seat = SpaceMember.objects.get(space=juniper.space, member=juniper.mei)
    usual = levels.settings_of(juniper.mei)
    assert (seat.notice_level, seat.is_muted) == ("nothing", True)
    assert usual.level == "all"
    for name in ("space_notices", "notice_settings"):
        where = juniper.space.pk if name == "space_notices" else juniper.org.slug
        assert client.post(reverse(name, args=[where]), {"level": "loud"}).status_code == 422
        assert client.get(reverse(name, args=[where])).status_code == 200


def test_who_has_not_joined_has_no_level(juniper: SimpleNamespace) -> None:
    juniper.space.space_members.filter(member=juniper.mei).delete()

    with pytest.raises(Forbidden):
        levels.change(juniper.mei, juniper.space, level="all", is_muted=False)


def test_the_number_before_sending_is_the_number_that_are_told(juniper: SimpleNamespace) -> None:
    sit(juniper.space, juniper.ben, is_muted=True)
    before = groups.audience(juniper.ana, juniper.space)
    message = say(juniper.space, juniper.ana, "@space")
    assert before["space"] == len(told(message)) == 1

    sit(juniper.space, juniper.ben, is_muted=False)
    prefer(juniper.mei, level="nothing")
    come(juniper.ben)
    before = groups.audience(juniper.ana, juniper.space)
    message = say(juniper.space, juniper.ana, "@here")
    assert before["here"] == len(told(message)) == 1


def test_a_guest_calls_people_by_name_only(client: Client, juniper: SimpleNamespace) -> None:
    with pytest.raises(groups.NoCaller):
        feed.post(juniper.private, juniper.gus, text="@space hello", client_id=uuid.uuid4())

    client.force_login(juniper.gus.user)
    answer = client.post(reverse("messages", args=[juniper.private.pk]), {"text": "@here hi"}, headers=JSON)
    listed = client.get(reverse("mentionables", args=[juniper.private.pk]), {"q": "he"}).json()["mentionables"]

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_caller")
    assert not [each for each in listed if each["kind"] == "group"]
    assert groups.audience(juniper.gus, juniper.private)["may"] is False
    assert groups.audience(juniper.ana, juniper.private)["may"] is True
