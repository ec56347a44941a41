"""A command that is sent twice: answered twice, obeyed once."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from chat import feed
from chat.commands import obeying
from chat.models import Message, Note, Obeyed, Reminder
from workspace.errors import Invalid
from workspace.models import Member, Space, SpaceMember


@pytest.mark.parametrize("text", ["/remind @ben in 2 hours to call", "/dm @ben hello", "/note twice", "/away"])
def test_a_command_that_is_sent_again_answers_again_and_acts_once(
    client: Client, juniper: SimpleNamespace, text: str
) -> None:
    """A second press, or a retry after an answer that was lost on its way."""
    client.force_login(juniper.mei.user)
    fields = {"text": text, "client_id": str(uuid.uuid4())}
    path = f"/spaces/{juniper.space.pk}/messages/"

    first, again = (client.post(path, fields, headers={"Accept": "application/json"}) for _ in range(2))

    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    done = Reminder.objects.count() + Message.objects.count() + Note.objects.count()
    assert done == (text != "/away")
    assert Member.objects.get(pk=juniper.mei.pk).availability == ("away" if text == "/away" else "")


@pytest.mark.parametrize("in_thread", [False, True])
def test_leaving_a_private_space_twice_is_answered_twice_and_to_nobody_else(
    client: Client, juniper: SimpleNamespace, in_thread: bool
) -> None:
    juniper.private.space_members.filter(member=juniper.gus).delete()
    SpaceMember.objects.create(org=juniper.org, space=juniper.private, member=juniper.mei)
    (message,) = feed.post(juniper.private, juniper.ana, text="hello", client_id=uuid.uuid4())
    path = f"/messages/{message.pk}/thread/" if in_thread else f"/spaces/{juniper.private.pk}/messages/"
    fields = {"text": f"/leave {juniper.private.name}", "client_id": str(uuid.uuid4())}

    def send(who: Member) -> HttpResponse:
        client.force_login(who.user)
        return client.post(path, fields, headers={"Accept": "application/json"})

    first, again, stranger = send(juniper.mei), send(juniper.mei), send(juniper.gus)
    another = client.post(path, {**fields, "client_id": "no uuid"})

    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert (stranger.status_code, another.status_code) == (404, 404)


def test_a_command_that_writes_is_posted_once_and_one_that_was_refused_can_be_sent_again(
    client: Client, juniper: SimpleNamespace
) -> None:
    client.force_login(juniper.mei.user)
    path, client_id = f"/spaces/{juniper.space.pk}/messages/", str(uuid.uuid4())

    codes = [
        client.post(path, {"text": text, "client_id": client_id}, headers={"Accept": "application/json"}).status_code
        for text in ("/dm @nobody hi", "/shrug", "/shrug", "/nothing")
    ]

    assert codes == [422, 201, 201, 422]
    assert Message.objects.count() == 1
    assert not Obeyed.objects.exists()


def test_what_was_obeyed_is_forgotten_after_a_day(juniper: SimpleNamespace) -> None:
    for _ in range(2):
        obeying.obey(juniper.ana, juniper.space, "/who", client_id=uuid.uuid4())
    Obeyed.objects.filter(pk=Obeyed.objects.earliest("pk").pk).update(at=timezone.now() - timedelta(days=2))

    obeying.forget_old()

    assert Obeyed.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/archive some-other-space", "for the Space where it is written, and this is General"),
        ("/leave Board", "for the Space where it is written"),
        ("/mute x", "for the Space where it is written"),
        ("/unmute x", "for the Space where it is written"),
        ("/away until friday", "/away takes nothing after it"),
        ("/who\nis there", "/who takes nothing after it"),
        ("/help leave", "/help takes nothing after it"),
    ],
)
def test_words_that_a_command_would_pass_over_are_refused(juniper: SimpleNamespace, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        obeying.obey(juniper.ben if "leave" in text else juniper.ana, juniper.space, text)

    assert Space.objects.get(pk=juniper.space.pk).archived_at is None
    assert not SpaceMember.objects.filter(is_muted=True).exists()
    assert SpaceMember.objects.filter(space=juniper.space, member=juniper.ben).exists()


def test_the_name_of_the_space_itself_may_follow(juniper: SimpleNamespace) -> None:
    obeying.obey(juniper.mei, juniper.space, "/mute #general")
    obeying.obey(juniper.ana, juniper.space, "/archive General")

    assert SpaceMember.objects.filter(member=juniper.mei, is_muted=True).exists()
    assert Space.objects.get(pk=juniper.space.pk).archived_at is not None


def test_a_private_space_is_left_only_by_its_name(juniper: SimpleNamespace) -> None:
    seat = SpaceMember.objects.filter(space=juniper.private, member=juniper.ben)

    with pytest.raises(Invalid, match="Board is private.*write /leave Board"):
        obeying.obey(juniper.ben, juniper.private, "/leave")
    assert seat.exists()
    obeying.obey(juniper.ben, juniper.private, "/leave board")

    assert not seat.exists()
