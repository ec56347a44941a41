"""A command that is sent twice: answered twice, obeyed once."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from chat.commands import obeying
from chat.models import Message, Note, Obeyed, Reminder
from workspace.models import Member


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
