"""What a device is told, and when it is not."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import deletions, directs, feed, notices
from chat.models import Message, Notice, Push, PushSubscription, Reminder
from chat.notices import inbox, levels, unread
from chat.push import sealing, telling
from tests.chat.notices.cast import come, follow, prefer, say, sit
from tests.chat.push.cast import post_all, turn_on
from tests.doubles.push_service import PushService
from workspace import spaces
from workspace.models import Availability, Member, User


@pytest.fixture
def phone(juniper: SimpleNamespace, service: PushService) -> SimpleNamespace:
    """Mei's phone is told; `told()` is what it was given to show."""
    name = uuid.uuid4().hex
    subscription = turn_on(juniper.mei, service, name)
    return SimpleNamespace(**vars(juniper), subscription=subscription, name=name, told=lambda: service.told(name))


def test_a_mention_comes_to_the_phone_as_it_stands_in_the_inbox(phone: SimpleNamespace, service: PushService) -> None:
    say(phone.space, phone.ana, "@mei have a *look*\n\nat this")
    notice = Notice.objects.get()
    (seen,) = inbox.show(phone.mei).items

    post_all()

    (told,) = phone.told()
    at = int(notice.created_at.timestamp() * 1000)
    assert (seen.title, seen.excerpt) == ("Ana mentioned you in #General", "@mei have a look at this")
    assert told == {
        "title": seen.title,
        "body": seen.excerpt,
        "url": f"/notices/{notice.pk}/",
        "tag": f"space:{phone.space.pk}",
        "lang": "en",
        "at": at,
        "badge": 1,
    }
    (letter,) = service.letters(phone.name)
    assert {name: letter["headers"][name] for name in ("ttl", "urgency", "topic", "content-encoding")} == {
        "ttl": "86400",
        "urgency": "high",
        "topic": sealing.topic(phone.subscription, phone.space.pk),
        "content-encoding": "aes128gcm",
    }
    assert not Push.objects.exists()
    assert PushSubscription.objects.get().used_at is not None


def test_what_was_told_is_not_told_again(phone: SimpleNamespace) -> None:
    message = say(phone.space, phone.ana, "@mei once")
    post_all()
    unread.unread_from(phone.mei, message)

    again = post_all()

    assert again == 0
    assert len(phone.told()) == 1


def test_every_device_of_a_person_is_told_and_nobody_elses(phone: SimpleNamespace, service: PushService) -> None:
    turn_on(phone.mei, service, "laptop")
    turn_on(phone.ben, service, "of-ben")

    say(phone.space, phone.ana, "@mei both")
    post_all()

    assert len(phone.told()) == len(service.told("laptop")) == 1
    assert service.told("of-ben") == []


def test_nothing_goes_before_its_time(phone: SimpleNamespace, settings: Any) -> None:
    settings.PUSH_DELAY_SECONDS = 30.0
    say(phone.space, phone.ana, "@mei soon")

    assert post_all() == 0
    Push.objects.update(due_at=timezone.now())
    assert post_all() == 1


def _read(phone: SimpleNamespace, message: Message) -> None:
    unread.read(phone.mei, phone.space, message.position)


def _delete(phone: SimpleNamespace, message: Message) -> None:
    deletions.delete(phone.ana, message)


def _close(phone: SimpleNamespace, message: Message) -> None:
    phone.space.is_private = True
    phone.space.save(update_fields=["is_private"])
    spaces.remove(phone.ana, phone.space, phone.mei)


def _leave(phone: SimpleNamespace, message: Message) -> None:
    Member.objects.filter(pk=phone.mei.pk).update(left_at=timezone.now())


def _suspend(phone: SimpleNamespace, message: Message) -> None:
    phone.org.suspended_at = timezone.now()
    phone.org.save()


def _lock_out(phone: SimpleNamespace, message: Message) -> None:
    User.objects.filter(pk=phone.mei.user_id).update(is_active=False)


def _silence(phone: SimpleNamespace, message: Message) -> None:
    levels.change(phone.mei, phone.space, level="nothing", is_muted=False)


def _stop_all(phone: SimpleNamespace, message: Message) -> None:
    levels.change_push(phone.mei, is_pushed=False, shows_text=True)


def _ask_for_quiet(phone: SimpleNamespace, message: Message) -> None:
    Member.objects.filter(pk=phone.mei.pk).update(availability=Availability.BUSY)


MEANWHILE = [_read, _delete, _close, _leave, _suspend, _lock_out, _silence, _stop_all, _ask_for_quiet]


@pytest.mark.parametrize("change", MEANWHILE)
@pytest.mark.parametrize("is_late", [False, True], ids=["before it is handed over", "on its way"])
def test_nothing_is_told_of_what_changed_meanwhile(
    change: Callable[[SimpleNamespace, Message], None], is_late: bool, phone: SimpleNamespace
) -> None:
    message = say(phone.space, phone.ana, "@mei secret")
    if is_late:
        telling.spread()
        assert Push.objects.count() == 1

    change(phone, message)

    assert post_all() == 0
    assert phone.told() == []
    assert not Push.objects.exists()


def test_a_space_muted_meanwhile_tells_of_a_mention_by_name_and_of_nothing_else(phone: SimpleNamespace) -> None:
    sit(phone.space, phone.mei, notice_level="all")
    say(phone.space, phone.ana, "to all")
    telling.spread()
    sit(phone.space, phone.mei, notice_level="all", is_muted=True)
    assert post_all() == 0

    say(phone.space, phone.ana, "@mei to you")
    post_all()

    assert [told["title"] for told in phone.told()] == ["Ana mentioned you in #General"]


def test_who_is_at_a_tab_is_told_when_they_have_gone(phone: SimpleNamespace) -> None:
    come(phone.mei)
    say(phone.space, phone.ana, "@mei look")

    assert post_all() == 0
    push = Push.objects.get()
    assert timedelta(0) < push.due_at - timezone.now() <= telling.AGAIN

    _go_away(phone)
    Push.objects.update(due_at=timezone.now())
    assert post_all() == 1


def test_who_stays_at_their_tab_is_not_told(phone: SimpleNamespace) -> None:
    come(phone.mei)
    say(phone.space, phone.ana, "@mei look")
    post_all()

    Push.objects.update(due_at=timezone.now(), created_at=timezone.now() - telling.WATCHED - timedelta(seconds=1))

    assert post_all() == 0
    assert not Push.objects.exists()


def test_of_several_from_one_space_the_newest_goes_out_and_of_two_spaces_one_each(phone: SimpleNamespace) -> None:
    sit(phone.private, phone.mei)
    for number in range(4):
        say(phone.space, phone.ana, f"@mei {number}")
    say(phone.private, phone.ana, "@mei and here")

    assert post_all() == 2

    assert sorted(told["body"] for told in phone.told()) == ["@mei 3", "@mei and here"]
    assert {told["badge"] for told in phone.told()} == {5}
    assert not Push.objects.exists()


def test_an_older_one_that_is_wanted_goes_out_before_a_newer_one_that_is_not(phone: SimpleNamespace) -> None:
    sit(phone.space, phone.mei, notice_level="all")
    say(phone.space, phone.ana, "@mei to you")
    say(phone.space, phone.ana, "to all")
    telling.spread()
    sit(phone.space, phone.mei, notice_level="all", is_muted=True)

    post_all()

    assert [told["body"] for told in phone.told()] == ["@mei to you"]
    assert not Push.objects.exists()


def test_a_push_service_cannot_tell_who_shares_a_space(phone: SimpleNamespace, service: PushService) -> None:
    turn_on(phone.ben, service, "topic-of-ben")
    for number in range(2):
        say(phone.space, phone.ana, f"@mei @ben {number}")
        post_all()

    of_mei, again = (letter["headers"]["topic"] for letter in service.letters(phone.name))
    of_ben = service.letters("topic-of-ben")[0]["headers"]["topic"]
    assert of_mei == again != of_ben
    assert len(of_mei) == 32 and phone.space.pk.hex not in (of_mei, of_ben)


def test_one_that_fails_holds_up_none_behind_it(phone: SimpleNamespace, service: PushService) -> None:
    broken = turn_on(phone.ben, service, "broken")
    PushSubscription.objects.filter(pk=broken.pk).update(p256dh="no key at all")
    say(phone.space, phone.ana, "@ben first")
    say(phone.space, phone.ana, "@mei second")

    post_all()

    assert [told["body"] for told in phone.told()] == ["@mei second"]
    assert not Push.objects.exists()


def test_a_direct_message_a_thread_and_an_answer_are_told_and_a_reaction_is_not(phone: SimpleNamespace) -> None:
    direct = directs.open(phone.ana, [phone.mei])
    say(direct, phone.ana, "just you")
    root = say(phone.space, phone.mei, "root")
    follow(root, phone.mei)
    feed.post(phone.space, phone.ana, text="in the thread", client_id=uuid.uuid4(), parent=root)
    notices.note_reaction(root, phone.ana, "👍")

    post_all()

    assert sorted(told["title"] for told in phone.told()) == [
        "Ana replied in a thread in #General",
        "Ana wrote to you",
    ]


def test_words_are_in_the_language_of_who_is_told(phone: SimpleNamespace) -> None:
    PushSubscription.objects.update(language="zh-hant")
    say(phone.space, phone.ana, "@mei 早安")
    post_all()
    User.objects.filter(pk=phone.mei.user_id).update(language="en")
    say(phone.space, phone.ana, "@mei again")
    post_all()

    first, second = phone.told()
    assert "Ana" in first["title"] and "提及了您" in first["title"]
    assert (first["lang"], first["body"]) == ("zh-hant", "@mei 早安")
    assert second["title"] == "Ana mentioned you in #General"


def test_who_wants_no_text_shown_is_told_who_and_where_only(phone: SimpleNamespace) -> None:
    prefer(phone.mei, shows_text=False)
    say(phone.space, phone.ana, "@mei the code is 1234")
    made = {"org": phone.org, "member": phone.mei, "asked_by": phone.mei, "space": phone.space}
    reminder = Reminder.objects.create(**made, text="the other code is 5678", due_at=timezone.now())
    post_all()
    notices.note_reminders([reminder])
    post_all()

    mention, reminded = phone.told()
    assert (mention["title"], mention["body"]) == ("Ana mentioned you in #General", "")
    assert (reminded["title"], reminded["body"]) == ("Reminder", "")


def test_a_long_message_stays_below_what_services_take(phone: SimpleNamespace, service: PushService) -> None:
    """Services take 4,096 bytes; names and excerpts are cut, whatever they are made of."""
    Member.objects.filter(pk=phone.ana.pk).update(display_name="\U0001f9d1" * 80)
    phone.space.name = "\U0001f9d1" * 80
    phone.space.save(update_fields=["name"])
    say(phone.space, phone.ana, "@mei " + "\U0001f9d1" * 9000)

    post_all()

    (letter,) = service.letters(phone.name)
    assert letter["size"] <= 3000
    assert letter["told"]["body"].endswith("…")


def test_old_news_are_settled_and_not_told(phone: SimpleNamespace) -> None:
    say(phone.space, phone.ana, "@mei yesterday")
    Notice.objects.update(created_at=timezone.now() - timedelta(minutes=telling.NEWS_MINUTES, seconds=1))

    assert post_all() == 0
    assert Notice.objects.get().pushed_at is not None


def test_what_a_worker_that_was_away_finds_is_no_news_but_a_retry_is(phone: SimpleNamespace) -> None:
    say(phone.space, phone.ana, "@mei look")
    telling.spread()
    Notice.objects.update(created_at=timezone.now() - timedelta(minutes=telling.NEWS_MINUTES, seconds=1))
    Push.objects.update(attempts=1)
    assert len(telling.due()) == 1

    Push.objects.update(attempts=0, due_at=timezone.now())

    assert telling.due() == []
    assert not Push.objects.exists()


def test_without_a_key_notices_are_settled_and_nothing_heaps_up(phone: SimpleNamespace, settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = 0
    say(phone.space, phone.ana, "@mei look")

    assert telling.spread() == 1

    assert Notice.objects.get().pushed_at is not None
    assert not Push.objects.exists()


def test_deciding_takes_the_same_queries_for_one_letter_and_for_many(
    phone: SimpleNamespace, service: PushService
) -> None:
    sit(phone.private, phone.mei)
    say(phone.space, phone.ana, "@mei one")
    telling.spread()
    with CaptureQueriesContext(connection) as of_one:
        assert len(telling.due()) == 1

    turn_on(phone.mei, service, "second", session_key=phone.subscription.session_key)
    turn_on(phone.mei, service, "third", session_key=phone.subscription.session_key)
    for space in (phone.space, phone.private):
        say(space, phone.ana, "@mei more")
    telling.spread()
    with CaptureQueriesContext(connection) as of_many:
        assert len(telling.due()) == 6

    assert len(of_one) == len(of_many) <= 11


def test_handing_over_takes_one_query_for_any_number(
    phone: SimpleNamespace, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(12):
        say(phone.space, phone.ana, f"@mei @ben {number}")

    with django_assert_num_queries(3):  # with the savepoint of the test around it
        settled = telling.spread()

    assert settled == 24
    assert Push.objects.count() == 12


@pytest.mark.parametrize("kinds", ["mentions"])
def test_the_link_of_a_notification_leads_to_the_message_and_marks_it_read(
    kinds: str, phone: SimpleNamespace, client: Any
) -> None:
    message = say(phone.space, phone.ana, "@mei look")
    post_all()
    client.force_login(phone.mei.user)

    answer = client.get(phone.told()[0]["url"])

    assert answer["Location"] == f"/messages/{message.pk}/"
    assert not inbox.show(phone.mei, kinds=kinds).items[0].is_unread


def _go_away(phone: SimpleNamespace) -> None:
    from chat import broadcast, presence

    here, active, _ = presence._keys(phone.org.pk)
    assert broadcast.ask(lambda pipe: pipe.delete(here, active)) is not None
