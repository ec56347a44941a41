"""Forwarding: what one sees, to where one may write, calling nobody again."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat import bookmarks, broadcast, deletions, directs, edits, feed, forwards, mentions, reminders
from chat.models import Message, MessageLink, Reply
from workspace import spaces
from workspace.errors import Forbidden, Refused
from workspace.models import Member, Space, SpaceMember, SpaceRole

JSON = {"Accept": "application/json"}


def post(space: Space, author: Member, text: str = "hello") -> Message:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())[0]


def forward(member: Member, message: Message, space: Space, note: str = "") -> list[Message]:
    return forwards.forward(member, message, space, note=note, client_id=uuid.uuid4())


def html(message: Message) -> str:
    (row,) = feed.load([message.pk])
    return str(broadcast.as_json(row)["html"])


def test_a_copy_quotes_the_original_under_ones_note_and_says_whose_it_was(juniper: SimpleNamespace) -> None:
    original = post(juniper.space, juniper.mei, "two\n\n- lines")

    (copy,) = forward(juniper.ana, original, juniper.private, note="See **this**")

    assert copy.text == "See **this**\n\n> two\n>\n> - lines"
    assert (copy.author_id, copy.space_id, copy.forwarded_from_id) == (juniper.ana.pk, juniper.private.pk, original.pk)
    assert "Forwarded from Mei" in html(copy)


def test_no_space_is_named_where_its_message_went(juniper: SimpleNamespace) -> None:
    original = post(juniper.private, juniper.gus, "a plan")

    (copy,) = forward(juniper.ana, original, juniper.space)

    assert "Forwarded from Gus" in html(copy)
    assert "Board" not in html(copy) and str(juniper.private.pk) not in html(copy)
    assert f'href="/messages/{original.pk}/"' in html(copy)  # which opens for who may see it


def test_whom_the_original_calls_is_not_called_again_but_whom_the_note_calls_is(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    make_model("owl")
    original = post(juniper.space, juniper.mei, "@parrot, @ben and @here: what now?")
    before = Reply.objects.count()

    copy, answer = forward(juniper.ana, original, juniper.private, note="@owl, any idea?")

    assert Reply.objects.count() == before + 1
    assert answer.ai_model and answer.ai_model.handle == "owl"
    assert set(mentions.known_to(copy)) == {"owl"}
    assert "> @parrot, @ben and @here: what now?" in copy.text


def test_an_answer_is_forwarded_whole_when_it_is_done(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> None:
    make_model("parrot")
    answer = feed.post(juniper.space, juniper.ana, text="@parrot hi", client_id=uuid.uuid4())[1]
    with pytest.raises(Refused, match="still being written"):
        forward(juniper.ana, answer, juniper.private)
    Reply.objects.filter(pk=answer.reply.pk).update(state="finished", ended_at=timezone.now())
    Message.objects.filter(pk=answer.pk).update(text="word " * 5000)

    (copy,) = forward(juniper.ana, Message.objects.get(pk=answer.pk), juniper.private)

    assert copy.text.count("word") == 5000
    assert "Forwarded from Parrot" in html(copy)


def test_a_long_answer_that_was_forwarded_can_be_edited_and_a_message_gets_no_longer(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    mine, answer = feed.post(juniper.space, juniper.ana, text="@parrot hi", client_id=uuid.uuid4())
    Reply.objects.filter(pk=answer.reply.pk).update(state="finished", ended_at=timezone.now())
    Message.objects.filter(pk=answer.pk).update(text="word " * 5000)
    (copy,) = forward(juniper.ana, Message.objects.get(pk=answer.pk), juniper.private)

    edited = edits.edit(juniper.ana, copy, text=f"First of all:\n\n{copy.text}").messages[0]

    assert edited.text.startswith("First of all:") and edited.text.count("word") == 5000
    with pytest.raises(feed.TooLong):
        edits.edit(juniper.ana, mine, text="word " * 5000)


def test_a_note_is_as_long_as_a_message_and_no_longer(juniper: SimpleNamespace) -> None:
    original = post(juniper.space, juniper.mei)

    with pytest.raises(feed.TooLong):
        forward(juniper.ana, original, juniper.private, note="a" * (feed.TEXT_MAX + 1))


def test_nothing_is_forwarded_to_where_one_may_not_write(juniper: SimpleNamespace, client: Client) -> None:
    original = post(juniper.space, juniper.mei)
    SpaceMember.objects.filter(member=juniper.ben, space=juniper.private).update(role=SpaceRole.VIEWER)

    with pytest.raises(Forbidden):
        forward(juniper.ben, original, juniper.private)
    client.force_login(juniper.mei.user)
    path = reverse("forward", args=[original.pk])
    assert client.post(path, {"space": juniper.private.pk}, headers=JSON).status_code == 404
    option = f'<option value="{juniper.private.pk}">'
    assert option not in client.get(path).content.decode()
    client.force_login(juniper.ben.user)
    assert option not in client.get(path).content.decode()
    client.force_login(juniper.ana.user)
    assert option in client.get(path).content.decode()


def test_the_same_client_id_again_makes_no_second_copy(juniper: SimpleNamespace, client: Client) -> None:
    original = post(juniper.space, juniper.mei)
    client.force_login(juniper.ana.user)
    fields = {"space": str(juniper.private.pk), "note": "see", "client_id": str(uuid.uuid4())}

    for _ in range(2):
        answer = client.post(reverse("forward", args=[original.pk]), fields, headers=JSON)
        assert answer.status_code == 201

    assert Message.objects.filter(space=juniper.private).count() == 1


def test_a_deleted_message_is_not_forwarded_and_what_was_forwarded_stays(juniper: SimpleNamespace) -> None:
    original = post(juniper.space, juniper.mei, "a pear")
    (copy,) = forward(juniper.ana, original, juniper.private)
    deletions.delete(juniper.mei, original)

    with pytest.raises(Refused, match="deleted"):
        forward(juniper.ana, Message.objects.get(pk=original.pk), juniper.private)

    assert "pear" in html(copy) and "Forwarded from Mei" in html(copy)


def test_what_the_original_showed_no_preview_of_the_copy_shows_none_of(juniper: SimpleNamespace) -> None:
    text = "http://one.test/ and http://two.test/"
    (off,) = feed.post(juniper.space, juniper.mei, text=text, client_id=uuid.uuid4(), has_previews=False)
    hidden = post(juniper.space, juniper.mei, text)
    MessageLink.objects.filter(message=hidden, link__url="http://one.test/").update(is_hidden=True)

    (first,), (second,) = (forward(juniper.ana, each, juniper.private, "http://own.test/") for each in (off, hidden))

    assert [row.link.url for row in first.links.all()] == ["http://own.test/"]
    assert [row.link.url for row in second.links.all()] == ["http://own.test/", "http://two.test/"]


def test_direct_conversations_are_named_wherever_messages_are_listed(juniper: SimpleNamespace, client: Client) -> None:
    direct = directs.open(juniper.ana, [juniper.mei, juniper.ben])
    first, second = post(direct, juniper.mei, "a pear"), post(direct, juniper.mei, "a pear tree")
    for message in (first, second):
        bookmarks.add(juniper.ana, message)
        reminders.ask(juniper.ana, direct, who=juniper.ana, due_at=timezone.now(), message=message)
    client.force_login(juniper.ana.user)

    places = [space.name for space in forwards.places(juniper.ana)]
    hits = client.get(reverse("search", args=[juniper.org.slug]), {"q": "pear"}, headers=JSON).json()["hits"]

    assert direct.name == "Ben, Mei" and direct.name in places
    assert [hit["space"]["name"] for hit in hits] == [direct.name] * 2
    kept = bookmarks.shown(juniper.ana, bookmarks.of(juniper.ana))
    assert {row.message.space.name for row in kept} == {direct.name}
    assert {each.space.name for each in reminders.coming(juniper.ana)} == {direct.name}


def test_what_goes_to_a_person_stands_in_the_conversation_of_the_two_and_begins_it_once(
    juniper: SimpleNamespace, client: Client
) -> None:
    original = post(juniper.private, juniper.ben, "a plan")
    client.force_login(juniper.ana.user)
    fields = {"member": str(juniper.mei.pk), "note": "for you", "client_id": str(uuid.uuid4())}

    answers = [client.post(reverse("forward", args=[original.pk]), fields, headers=JSON) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    direct = directs.open(juniper.mei, [juniper.ana])
    assert [each.text for each in feed.latest(direct).messages] == ["for you\n\n> a plan"]
    assert "Board" not in html(Message.objects.get(space=direct))


def test_a_refused_copy_begins_no_conversation(juniper: SimpleNamespace, client: Client) -> None:
    original = post(juniper.space, juniper.ben)
    client.force_login(juniper.ana.user)
    path, known = reverse("forward", args=[original.pk]), Space.objects.count()

    too_long = {"member": str(juniper.mei.pk), "note": "a" * (feed.TEXT_MAX + 1)}
    codes = [
        client.post(path, fields, headers=JSON).status_code
        for fields in (too_long, {}, {"member": str(juniper.mei.pk), "space": str(juniper.space.pk)}, {"member": "x"})
    ]

    assert codes == [413, 422, 422, 422]
    assert Space.objects.count() == known


def test_a_guest_forwards_to_nobody_whom_they_do_not_know(
    juniper: SimpleNamespace, other: SimpleNamespace, client: Client
) -> None:
    original = post(juniper.private, juniper.ben)
    client.force_login(juniper.gus.user)
    path = reverse("forward", args=[original.pk])

    offered = client.get(path, headers=JSON).json()
    codes = [client.post(path, {"member": str(each.pk)}, headers=JSON).status_code for each in (juniper.mei, other.mei)]

    assert [space["name"] for space in offered["spaces"]] == ["Board"]
    assert [person["handle"] for person in offered["people"]] == ["ana", "ben", "gus"]
    assert codes == [404, 404]


def test_where_one_last_was_is_offered_first_and_people_stand_for_conversations_of_two(
    juniper: SimpleNamespace, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    original = post(juniper.space, juniper.mei)
    group, _pair = directs.open(juniper.ana, [juniper.mei, juniper.ben]), directs.open(juniper.ana, [juniper.mei])
    spaces.visit(juniper.private, juniper.ana)
    client.force_login(juniper.ana.user)

    with django_assert_max_num_queries(18):
        offered = client.get(reverse("forward", args=[original.pk]), headers=JSON).json()

    places = [(space["name"], space["kind"]) for space in offered["spaces"]]
    assert places == [("Board", "private"), (group.name, "direct"), ("General", "public")]
    assert [person["handle"] for person in offered["people"]] == ["ana", "ben", "gus", "mei"]
