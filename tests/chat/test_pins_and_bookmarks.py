"""What is kept at hand: by a Space for everyone in it, by a member for themselves."""

import uuid
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat import bookmarks, broadcast, feed, pins
from chat.models import Bookmark, Message
from chat.pins import PINS_MAX
from chat.search import query
from chat.search.find import find
from workspace import spaces
from workspace.errors import Forbidden, Invalid
from workspace.models import Member, Space, SpaceMember, SpaceRole

JSON = {"Accept": "application/json"}


def post(space: Space, author: Member, text: str = "hello") -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())[0]


def test_whoever_writes_here_pins_and_everyone_sees_it(juniper: SimpleNamespace, client: Client) -> None:
    first, second = post(juniper.space, juniper.ana, "first"), post(juniper.space, juniper.ana, "**second**")

    pins.pin(juniper.mei, first)
    (shown,) = pins.pin(juniper.ben, second)

    assert "data-pinned" in str(broadcast.as_json(shown)["html"])
    assert [each.pk for each in pins.pinned(juniper.space)] == [second.pk, first.pk]
    client.force_login(juniper.mei.user)
    page = client.get(reverse("pins", args=[juniper.space.pk])).content.decode()
    assert "<strong>second</strong>" in page and "Pinned by Ben" in page and "data-panel=" in page
    assert client.get(reverse("pins", args=[juniper.space.pk]), headers=JSON).json() == {"count": 2}


def test_pinning_twice_is_pinning_once_and_so_is_unpinning(juniper: SimpleNamespace) -> None:
    message = post(juniper.space, juniper.ana)

    revisions = [act(juniper.ana, message)[0].revision for act in (pins.pin, pins.pin, pins.unpin, pins.unpin)]

    assert revisions == [2, 2, 3, 3]
    assert not pins.pinned(juniper.space).exists()


def test_a_viewer_does_not_pin_and_nobody_does_in_an_archived_space(juniper: SimpleNamespace) -> None:
    message = post(juniper.space, juniper.ana)
    SpaceMember.objects.filter(member=juniper.mei, space=juniper.space).update(role=SpaceRole.VIEWER)

    with pytest.raises(Forbidden):
        pins.pin(juniper.mei, message)
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())
    with pytest.raises(Forbidden):
        pins.pin(juniper.ana, message)

    assert not pins.pinned(juniper.space).exists()


def test_a_space_holds_so_many_pins_and_says_so(juniper: SimpleNamespace) -> None:
    messages = [post(juniper.space, juniper.ana, f"number {number}") for number in range(PINS_MAX + 1)]
    ids = [each.pk for each in messages[:-1]]
    Message.objects.filter(pk__in=ids).update(pinned_at=timezone.now(), pinned_by=juniper.ana)

    with pytest.raises(Invalid, match="Unpin one first"):
        pins.pin(juniper.ana, messages[-1])


def test_a_bookmark_is_seen_by_its_member_alone(juniper: SimpleNamespace, client: Client) -> None:
    message = post(juniper.space, juniper.ana, "@mei, the pear list")
    path = reverse("bookmarks", args=[juniper.org.slug])
    client.force_login(juniper.mei.user)
    for _ in range(2):
        assert client.post(reverse("bookmark", args=[message.pk]), headers=JSON).json()["bookmarked"] is True

    page = client.get(path).content.decode()
    assert "@mei, the pear list" in page and "General" in page
    assert client.get(path, headers=JSON).json() == {"messages": [str(message.pk)]}
    client.force_login(juniper.ben.user)
    assert "pear" not in client.get(path).content.decode()

    client.force_login(juniper.mei.user)
    client.post(reverse("unbookmark", args=[message.pk]))
    assert not Bookmark.objects.exists()


def test_bookmarks_of_a_space_that_one_lost_are_not_shown(juniper: SimpleNamespace) -> None:
    message = post(juniper.private, juniper.ana, "a secret of the board")
    bookmarks.add(juniper.gus, message)
    assert bookmarks.of(juniper.gus).count() == 1

    spaces.remove(juniper.ana, juniper.private, juniper.gus)

    assert bookmarks.of(juniper.gus).count() == 0
    assert Bookmark.objects.filter(member=juniper.gus).exists()


def test_what_is_pinned_is_found_as_pinned_and_what_is_not_is_not(juniper: SimpleNamespace) -> None:
    message = post(juniper.space, juniper.ana)

    def found() -> list[Message]:
        return find(juniper.ana, query.read("has:pin", juniper.ana, zone=ZoneInfo("UTC"))).messages

    pins.pin(juniper.ana, message)
    pinned = found()
    pins.unpin(juniper.ana, message)

    assert (pinned, found()) == ([message], [])
