"""Large bodies: how much is kept at once, and whose."""

from types import SimpleNamespace

from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from config.uploads import Shelf, sender


def test_no_more_is_kept_at_once_of_one_or_of_all_than_there_is_room_for() -> None:
    shelf = Shelf(in_all=100, each=60)

    taken = [shelf.take(who, size) for who, size in (("ana", 40), ("ana", 30), ("ben", 50), ("mei", 20), ("mei", 10))]
    shelf.give_back("ana", 40)
    again = shelf.take("ana", 40)

    assert taken == [True, False, True, False, True]
    assert again


def test_a_sender_is_somebody_who_is_signed_in_now(juniper: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(juniper.ben.user)
    key = browser.session.session_key
    SessionStore().create()

    found = [sender(f"a=b; parley={name}".encode()) for name in (key, "nobody", "")]
    get_user_model().objects.filter(pk=juniper.ben.user.pk).update(is_active=False)

    assert found == [str(juniper.ben.user.pk), "", ""]
    assert sender(f"parley={key}".encode()) == ""
