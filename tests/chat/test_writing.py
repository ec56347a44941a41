"""Who may write in a Space: one question, asked by every verb that writes."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chat import asking, feed, replies
from chat.models import Message
from workspace import spaces
from workspace.models import Space, SpaceMember, SpaceRole


def post(juniper: SimpleNamespace, text: str = "Hello") -> list[Message]:
    return feed.post(juniper.space, juniper.mei, text=text, client_id=uuid.uuid4())


def test_who_writes_in_a_public_space_joins_it(juniper: SimpleNamespace) -> None:
    space = spaces.create(juniper.ana, name="Open", is_private=False)

    feed.post(space, juniper.mei, text="Hello", client_id=uuid.uuid4())

    assert SpaceMember.objects.get(space=space, member=juniper.mei).role == SpaceRole.EDITOR


def test_a_viewer_posts_nothing_and_nothing_is_left_behind(juniper: SimpleNamespace) -> None:
    post(juniper)
    before = Space.objects.get(pk=juniper.space.pk).revision
    SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).update(role=SpaceRole.VIEWER)

    with pytest.raises(spaces.ReadOnly):
        post(juniper)

    assert Message.objects.filter(space=juniper.space).count() == 1
    assert Space.objects.get(pk=juniper.space.pk).revision == before


def test_a_message_sent_again_after_the_space_was_archived_is_still_the_first(juniper: SimpleNamespace) -> None:
    client_id = uuid.uuid4()
    (first,) = feed.post(juniper.space, juniper.mei, text="Hello", client_id=client_id)
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())

    (again,) = feed.post(juniper.space, juniper.mei, text="Hello", client_id=client_id)
    with pytest.raises(spaces.Archived):
        post(juniper)

    assert again.pk == first.pk


def test_a_viewer_and_an_archive_take_no_second_try(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> None:
    make_model("parrot")
    answer = post(juniper, "@parrot hello")[1].reply
    replies.stop(juniper.mei, answer)
    seat = SpaceMember.objects.filter(space=juniper.space, member=juniper.mei)

    seat.update(role=SpaceRole.VIEWER)
    with pytest.raises(spaces.ReadOnly):
        asking.retry(juniper.mei, answer)
    seat.update(role=SpaceRole.EDITOR)
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=timezone.now())
    with pytest.raises(spaces.Archived):
        asking.retry(juniper.mei, answer)
    Space.objects.filter(pk=juniper.space.pk).update(archived_at=None)

    assert len(asking.retry(juniper.mei, answer)) == 2
